"""What is a network of grids: its levels, what each level's grids are and stay inside, and how is one named?

A network is one complete set of grids for one purpose; all networks of a district stand on the same cells. Its levels
are numbered from coarse (1) to fine (n), as 一级/二级/三级网格 are; every grid of a level lies in one grid of the level
above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gis.codes import PROFILES
from gis.errors import InputError
from gis.partition.counts import check_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "DIVISION_LEVELS",
    "KINDS",
    "STREET_RULES",
    "Level",
    "Network",
    "Reference",
    "read_level",
    "read_reference",
    "require_sound",
]

DIVISION_LEVELS = ("district", "subdistrict", "community")
"""From the largest to the smallest: what the grids of a level may be bound to."""

KINDS: Mapping[str, Mapping[str, str]] = {
    "basic": {"zh": "基础网格", "en": "Basic grid"},
    "dedicated": {"zh": "专属网格", "en": "Dedicated grid"},
    "rural": {"zh": "农村网格", "en": "Rural grid"},
    "unit": {"zh": "单元网格", "en": "Unit grid"},
    "responsibility": {"zh": "责任网格", "en": "Responsibility grid"},
    "service": {"zh": "服务网格", "en": "Service grid"},
}
"""What the grids of a level are."""

STREET_RULES: Mapping[str, Mapping[str, str]] = {
    "geometric": {"zh": "按位置", "en": "By position"},
    "duty": {"zh": "按主责地块", "en": "By home cell"},
}
"""Who answers for a point on a street: the grid it lies in, or the grid of the street's home cell."""

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_REFERENCE = re.compile(
    r"(?P<network>[^:@#]+)(?::(?P<level>[0-9]{1,2}))?"
    r"(?:@(?:v(?P<version>[0-9]{1,9})|(?P<at>.+))|#(?P<plan>[0-9]{1,9}))?"
)
_KEYS = ("division_level", "kind", "profile", "target", "min", "max")


@dataclass(frozen=True)
class Level:
    """One level of a network.

    Parameters
    ----------
    level : int
        1 is the coarsest.
    division_level : str
        Of `DIVISION_LEVELS`: a grid stays inside one division of that level.
    kind : str
        Of `KINDS`.
    code_profile : str
        Grid profile of `gis.codes.PROFILES`; divisions whose code has not 12 digits get ``local`` codes anyway.
    target, minimum, maximum : int
        Households a grid should have.
    """

    level: int
    division_level: str = "community"
    kind: str = "basic"
    code_profile: str = "gbt30428_2013"
    target: int = 200
    minimum: int = 150
    maximum: int = 300


@dataclass(frozen=True)
class Network:
    """One complete set of grids for one purpose.

    Parameters
    ----------
    code, name : str
    name_en : str, optional
    street_rule : str
        Of `STREET_RULES`.
    levels : tuple of Level
        From coarse to fine.
    """

    code: str
    name: str
    name_en: str | None = None
    street_rule: str = "geometric"
    levels: tuple[Level, ...] = (Level(1),)


@dataclass(frozen=True)
class Reference:
    """Grids of a network level at a version or moment, or of a plan, as somebody names them; none of these: now.

    Parameters
    ----------
    network : str
    level : int
    version : int, optional
        The grids as they were when that version took effect.
    at : str, optional
        A day or moment as it was written; without a time zone it is the district's.
    plan : int, optional
        The grids as that plan has them, published or not.
    """

    network: str
    level: int = 1
    version: int | None = None
    at: str | None = None
    plan: int | None = None


def read_reference(text: str) -> Reference:
    """Read ``NETWORK[:LEVEL][@vVERSION | @DAY | #PLAN]``.

    Raises
    ------
    InputError

    Examples
    --------
    >>> read_reference("police#12").plan
    12
    >>> read_reference("police:2@v3")
    Reference(network='police', level=2, version=3, at=None, plan=None)
    >>> read_reference("community@2026-08-01").at
    '2026-08-01'
    """
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"{text!r} names no grids.", "Write NETWORK, NETWORK:LEVEL, NETWORK@v1, NETWORK@2026-08-01 or NETWORK#12."
        )
    version, plan = (None if match[name] is None else int(match[name]) for name in ("version", "plan"))
    return Reference(match["network"], int(match["level"] or 1), version, match["at"], plan)


def read_level(text: str) -> Level:
    """Read ``LEVEL:key=value,...`` as the command line writes it.

    Keys are ``division_level``, ``kind``, ``profile``, ``target``, ``min``, ``max``; what is left out is as of `Level`,
    minimum and maximum 0.75 and 1.5 of the target, the profile ``local`` where grids are not bound to communities.

    Raises
    ------
    InputError

    Examples
    --------
    >>> read_level("1:division_level=subdistrict,kind=responsibility,target=3000")  # doctest: +NORMALIZE_WHITESPACE
    Level(level=1, division_level='subdistrict', kind='responsibility', code_profile='local', target=3000,
          minimum=2250, maximum=4500)
    """
    number, _, rest = text.partition(":")
    given = dict(part.partition("=")[::2] for part in rest.split(",") if part.strip())
    values = {key.strip(): value.strip() for key, value in given.items()}
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise InputError(f"Level {text!r}: there is no {unknown[0]!r}.", f"Known: {', '.join(_KEYS)}.")
    division = values.get("division_level", "community")
    target = _whole(values.get("target", "200"), text)
    return Level(
        level=_whole(number, text),
        division_level=division,
        kind=values.get("kind", "basic"),
        code_profile=values.get("profile", "gbt30428_2013" if division == "community" else "local"),
        target=target,
        minimum=_whole(values["min"], text) if "min" in values else int(0.75 * target),
        maximum=_whole(values["max"], text) if "max" in values else int(1.5 * target),
    )


def _whole(text: str, where: str) -> int:
    if not text.strip().isdecimal():
        raise InputError(f"Level {where!r}: {text!r} is no whole number.", "Write e.g. 1:kind=basic,target=200.")
    return int(text)


def require_sound(network: Network) -> Network:
    """Refuse a network that contradicts itself.

    Raises
    ------
    InputError
        Naming the first fault and its remedy.
    """
    if not _CODE.fullmatch(network.code):
        raise InputError(
            f"{network.code!r} is no code of a network.", "Use small letters, digits, - and _, a letter first: police."
        )
    if not network.name.strip():
        raise InputError(f"Network {network.code} has no name.", "Give --name.")
    _one_of(f"Network {network.code}: street rule", network.street_rule, STREET_RULES)
    numbers = [level.level for level in network.levels]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        told = ", ".join(map(str, numbers)) or "none"
        raise InputError(
            f"Network {network.code} has the levels {told}.", "Number them 1, 2, 3 ... from coarse to fine, each once."
        )
    for level in network.levels:
        _require_sound_level(network.code, level)
    _require_nesting(network.code, network.levels)
    return network


def _require_sound_level(network: str, level: Level) -> None:
    where = f"Network {network}, level {level.level}"
    _one_of(f"{where}: kind", level.kind, KINDS)
    _one_of(f"{where}: division level", level.division_level, DIVISION_LEVELS)
    profiles = [name for kind, name in PROFILES if kind == "grid"]
    _one_of(f"{where}: code profile", level.code_profile, profiles)
    if level.division_level != "community" and level.code_profile != "local":
        raise InputError(
            f"{where}: codes of profile {level.code_profile} begin with a community, "
            f"but its grids are bound to a {level.division_level}.",
            "Use profile=local.",
        )
    check_limits(level.target, level.minimum, level.maximum)


def _require_nesting(network: str, levels: Sequence[Level]) -> None:
    for coarse, fine in pairwise(levels):
        if DIVISION_LEVELS.index(coarse.division_level) > DIVISION_LEVELS.index(fine.division_level):
            raise InputError(
                f"Network {network}: grids of level {coarse.level} stay inside a {coarse.division_level}, those of the "
                f"finer level {fine.level} only inside a {fine.division_level}: they could not lie in one.",
                f"Bind level {fine.level} to a {coarse.division_level} or to something smaller.",
            )
        if coarse.target < fine.target:
            raise InputError(
                f"Network {network}: grids of level {coarse.level} are to have {coarse.target} households, those of "
                f"the finer level {fine.level} {fine.target}.",
                "Number the levels from coarse to fine.",
            )


def _one_of(what: str, value: str, known: Sequence[str] | Mapping[str, object]) -> None:
    if value not in known:
        raise InputError(f"{what}: there is no {value!r}.", f"Known: {', '.join(known)}.")
