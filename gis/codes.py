"""How are divisions, grids and parts numbered, and is a given code a good one?

The layouts follow public descriptions of the standards named (GB/T 30428, GB/T 47678, CJ/T 349); they are data, kept
in `PROFILES`, because cities differ and standards are replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "PROFILES",
    "CodeField",
    "CodeProfile",
    "SerialsUsedUpError",
    "community_grid_profile",
    "grid_profile",
    "part_profile",
    "position_order",
]


class SerialsUsedUpError(InputError):
    """Every serial that the code has room for has been used once; a withdrawn one is never used again."""


@dataclass(frozen=True)
class CodeField:
    """One run of digits in a code.

    Parameters
    ----------
    name : str
        Key in what `CodeProfile.parse` returns.
    digits : int
        Width.
    zh, en : str
        What it is called.
    lowest : int
        Least value allowed (1 where all zeros is no code).
    default : str, optional
        Digits that `CodeProfile.format` takes when the field is not given.
    """

    name: str
    digits: int
    zh: str
    en: str
    lowest: int = 0
    default: str | None = None


COUNTY = CodeField("county", 6, "区县", "county", 1)
SUBDISTRICT = CodeField("subdistrict", 3, "街道(乡镇)", "subdistrict", 1)
COMMUNITY = CodeField("community", 3, "社区(村)", "community", 1)
PLACE = ("county", "subdistrict", "community")


def _serial(digits: int, lowest: int = 1) -> CodeField:
    return CodeField("serial", digits, "顺序号", "serial", lowest)


@dataclass(frozen=True)
class CodeProfile:
    """A layout of codes: parse, format, validate, explain, and the next serial.

    Parameters
    ----------
    name : str
        E.g. ``gbt30428_2013``.
    kind : str
        ``grid``, ``part`` or ``division``.
    title : mapping
        ``zh`` and ``en``.
    fields : tuple of CodeField
        From left to right; the last one is the serial where the profile has one.
    parent_fields : tuple of str
        The fields that together are the code of the division the thing lies in.
    free_parent : bool
        True where the parent is any text (not digits), set off from the serial by a hyphen.
    """

    name: str
    kind: str
    title: Mapping[str, str]
    fields: tuple[CodeField, ...]
    parent_fields: tuple[str, ...] = PLACE
    free_parent: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        body = "".join(f"(?P<{f.name}>[0-9]{{{f.digits}}})" for f in self.fields)
        body = rf"(?P<parent>.+)-{body}" if self.free_parent else body
        object.__setattr__(self, "_pattern", re.compile(body, re.DOTALL))

    @property
    def digits(self) -> int | None:
        """Length of a code; None where the parent is free text."""
        return None if self.free_parent else sum(f.digits for f in self.fields)

    @property
    def last_serial(self) -> int:
        """Highest serial the code has room for."""
        return int(10 ** self.fields[-1].digits) - 1

    def parse(self, code: str) -> dict[str, str | int]:
        """Take a code apart.

        Returns
        -------
        dict
            Each field as the digits it has, ``serial`` as int, and ``parent`` (the division's code) where there is
            one. ``format(**parse(code)) == code``.

        Raises
        ------
        InputError
            Where it is no code of this profile.
        """
        match = self._pattern.fullmatch(code) if isinstance(code, str) else None
        if match is None:
            shape = f"{self.digits} digits" if self.digits else "a parent, a hyphen and three digits"
            raise InputError(
                f"{code!r} is no {self.kind} code of profile {self.name} ({shape}).",
                f"Expected {self._layout('en')}.",
            )
        values = match.groupdict()
        for f in self.fields:
            if int(values[f.name]) < f.lowest:
                raise InputError(
                    f"{code!r}: the {f.en} ({values[f.name]}) begins at {f.lowest:0{f.digits}d}.",
                    "Give a code that was assigned.",
                )
        parsed: dict[str, str | int] = dict(values)
        if "serial" in parsed:
            parsed["serial"] = int(parsed["serial"])
        if not self.free_parent and self.parent_fields:
            parsed["parent"] = "".join(values[name] for name in self.parent_fields)
        return parsed

    def format(self, **values: str | int) -> str:
        """Put a code together from its fields, or from ``parent`` and the fields that it does not hold.

        Raises
        ------
        SerialsUsedUpError
            Where the serial has no room.
        InputError
            Where a field is missing or does not fit.
        """
        known = dict(values)
        parent = str(known.pop("parent", ""))
        if self.free_parent:
            if not parent:
                raise InputError(f"A {self.kind} code of profile {self.name} needs a parent.", "Give parent=...")
            prefix = f"{parent}-"
        else:
            prefix = ""
            if parent:
                known = self._from_parent(parent) | known
        code = prefix
        for f in self.fields:
            value = known.get(f.name, f.default)
            if value is None:
                raise InputError(f"A {self.kind} code of profile {self.name} lacks its {f.en}.", f"Give {f.name}=...")
            if f.name == "serial" and int(value) > self.last_serial:
                raise self._used_up(parent)
            code += f"{int(value):0{f.digits}d}" if isinstance(value, int) else value
        self.parse(code)
        return code

    def faults(self, code: str, parent: str | None = None) -> list[str]:
        """Say what is wrong with a code; an empty list where nothing is.

        Parameters
        ----------
        code : str
        parent : str, optional
            Code of the division it must belong to.
        """
        try:
            parsed = self.parse(code)
        except InputError as fault:
            return [str(fault)]
        if parent is not None and parsed.get("parent") != parent:
            return [f"{code!r} belongs to {parsed.get('parent')}, not to {parent}."]
        return []

    def validate(self, code: str, parent: str | None = None) -> None:
        """Raise `InputError` where `faults` finds any."""
        faults = self.faults(code, parent)
        if faults:
            raise InputError(faults[0], "Correct the code or name another profile.")

    def next_serial(self, used: Iterable[int], parent: str = "") -> int:
        """Give the next serial never used.

        Parameters
        ----------
        used : iterable of int
            Every serial ever used under the parent, withdrawn ones too.
        parent : str, optional
            For the message.

        Raises
        ------
        SerialsUsedUpError
            Where there is none left.
        """
        taken = set(used)
        lowest = max(1, self.fields[-1].lowest)
        following = max(taken, default=lowest - 1) + 1
        if following <= self.last_serial:
            return max(following, lowest)
        for serial in range(lowest, self.last_serial + 1):
            if serial not in taken:
                return serial
        raise self._used_up(parent)

    def explain(self, code: str) -> dict[str, str]:
        """Say in words what each run of digits means, ``zh`` and ``en``."""
        parsed = self.parse(code)
        lead = {"zh": "", "en": ""}
        if self.free_parent:
            lead = {"zh": f"上级 {parsed['parent']} · ", "en": f"parent {parsed['parent']} · "}
        shown = {f.name: f"{int(parsed[f.name]):0{f.digits}d}" for f in self.fields}
        return {
            "zh": f"{self.title['zh']}:" + lead["zh"] + " · ".join(f"{f.zh} {shown[f.name]}" for f in self.fields),
            "en": f"{self.title['en']}: " + lead["en"] + " · ".join(f"{f.en} {shown[f.name]}" for f in self.fields),
        }

    def _layout(self, language: str) -> str:
        runs = " + ".join(f"{f.digits} {f.zh if language == 'zh' else f.en}" for f in self.fields)
        return f"parent + '-' + {runs}" if self.free_parent else runs

    def _from_parent(self, parent: str) -> dict[str, str | int]:
        by_name = {f.name: f for f in self.fields}
        widths = [by_name[name].digits for name in self.parent_fields]
        if not re.fullmatch(rf"[0-9]{{{sum(widths)}}}", parent):
            raise InputError(
                f"{parent!r} is no division code of {sum(widths)} digits, as profile {self.name} needs.",
                "Give the division's code, or use the profile `local`.",
            )
        stops = np.cumsum([0, *widths])
        return {name: parent[stops[i] : stops[i + 1]] for i, name in enumerate(self.parent_fields)}

    def _used_up(self, parent: str) -> SerialsUsedUpError:
        where = f" of {parent}" if parent else ""
        return SerialsUsedUpError(
            f"The {self.last_serial} serials{where} that profile {self.name} has room for are used up.",
            "Divide the division in two, or use larger grids.",
        )


_UNIT = (COUNTY, SUBDISTRICT, COMMUNITY, _serial(3))

PROFILES: dict[tuple[str, str], CodeProfile] = {
    (p.kind, p.name): p
    for p in (
        CodeProfile(
            "gbt30428_2013",
            "grid",
            {"zh": "网格编码(参照 GB/T 30428.1—2013)", "en": "Grid code (follows GB/T 30428.1-2013)"},
            _UNIT,
        ),
        CodeProfile(
            "gbt47678_2026",
            "grid",
            {"zh": "网格编码(参照 GB/T 47678—2026)", "en": "Grid code (follows GB/T 47678-2026)"},
            _UNIT,
        ),
        CodeProfile(
            "cjt349_2010",
            "grid",
            {"zh": "社区网格编码(参照 CJ/T 349—2010)", "en": "Community grid code (follows CJ/T 349-2010)"},
            (
                CodeField("object_class", 6, "对象类别", "object class", 0, "000000"),
                COUNTY,
                SUBDISTRICT,
                COMMUNITY,
                _serial(2, 0),
            ),
        ),
        CodeProfile(
            "local",
            "grid",
            {"zh": "本地网格编码", "en": "Local grid code"},
            (_serial(3),),
            parent_fields=(),
            free_parent=True,
        ),
        CodeProfile(
            "gbt30428_2013",
            "part",
            {"zh": "部件编码(参照 GB/T 30428.2—2013)", "en": "Part code (follows GB/T 30428.2-2013)"},
            (
                COUNTY,
                CodeField("major", 2, "大类", "major class", 1),
                CodeField("minor", 2, "小类", "minor class", 1),
                _serial(6),
            ),
            parent_fields=("county",),
        ),
        CodeProfile(
            "gbt47678_2026",
            "part",
            {"zh": "部件编码(参照 GB/T 47678.5—2026)", "en": "Part code (follows GB/T 47678.5-2026)"},
            (
                COUNTY,
                CodeField("major", 2, "大类", "major class", 1),
                CodeField("minor", 3, "小类", "minor class", 1),
                _serial(6),
            ),
            parent_fields=("county",),
        ),
        CodeProfile(
            "community",
            "division",
            {"zh": "社区(村)区划代码", "en": "Community division code"},
            (COUNTY, SUBDISTRICT, COMMUNITY),
        ),
        CodeProfile(
            "subdistrict",
            "division",
            {"zh": "街道(乡镇)区划代码", "en": "Subdistrict division code"},
            (COUNTY, SUBDISTRICT),
            parent_fields=("county",),
        ),
        CodeProfile(
            "district", "division", {"zh": "区县区划代码", "en": "District division code"}, (COUNTY,), parent_fields=()
        ),
    )
}
"""Every profile by (kind, name)."""


def _profile(kind: str, name: str) -> CodeProfile:
    try:
        return PROFILES[kind, name]
    except KeyError:
        known = ", ".join(n for k, n in PROFILES if k == kind)
        raise InputError(f"There is no {kind} code profile {name!r}.", f"Known: {known}.") from None


def grid_profile(name: str) -> CodeProfile:
    """Get the grid code profile of that name."""
    return _profile("grid", name)


def part_profile(name: str) -> CodeProfile:
    """Get the part code profile of that name."""
    return _profile("part", name)


def community_grid_profile(community_id: str, name: str = "gbt30428_2013") -> CodeProfile:
    """Choose the profile for a community's grids: `name` where its code has 12 digits, else ``local``."""
    return grid_profile(name if not PROFILES["division", "community"].faults(community_id) else "local")


def position_order(centre: np.ndarray, area_m2: float) -> np.ndarray:
    """Order grids by position: bands from north to south, within a band from west to east (ARCHITECTURE rule 4).

    Parameters
    ----------
    centre : ndarray, shape (k, 2)
        Centroids, metres east and north.
    area_m2 : float
        Of the community; a band is ``sqrt(area / k)`` high, the first begins at the northernmost centroid.

    Returns
    -------
    ndarray of int64, shape (k,)
        Positions in `centre`, the first serial first; ties by position in `centre`.

    Examples
    --------
    >>> position_order(np.array([[0.0, 0.0], [9.0, 11.0], [1.0, 10.0]]), 300.0).tolist()
    [2, 1, 0]
    """
    centre = np.asarray(centre, float)
    height = np.sqrt(area_m2 / max(1, len(centre))) or 1.0
    band = np.floor((centre[:, 1].max() - centre[:, 1]) / height) if len(centre) else np.empty(0)
    return np.lexsort((np.arange(len(centre)), centre[:, 0], band))
