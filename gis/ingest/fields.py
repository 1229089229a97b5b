"""What is a field of a kind of data, and under which column names is it known?"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["LAT_NAMES", "LON_NAMES", "WKT_NAMES", "Field", "Kind", "fold_name"]

FieldType = Literal["code", "text", "integer", "number", "date", "time", "flag", "word"]


def fold_name(name: str) -> str:
    """Fold a column's name for comparing: half width, lower case, no blanks, dashes or underscores.

    >>> fold_name("Dwelling_Units ")
    'dwellingunits'
    """
    return re.sub(r"[\s_\-./()（）]+", "", unicodedata.normalize("NFKC", str(name))).casefold()


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold_name(word) for word in text.split()))


LON_NAMES = _names("lon lng longitude long x 经度 东经 easting x坐标 wgs84_lon gcj02_lon bd09_lon")
LAT_NAMES = _names("lat latitude y 纬度 北纬 northing y坐标 wgs84_lat gcj02_lat bd09_lat")
WKT_NAMES = _names("wkt geometry geom the_geom shape 几何 图形")


@dataclass(frozen=True)
class Field:
    """One field of a kind.

    Parameters
    ----------
    name : str
        Name in the frame, that of the table's column where there is one.
    type : str
        ``code`` (text that keeps its zeros), ``text``, ``integer`` and ``number`` (both >= 0), ``date``, ``time``,
        ``flag`` (yes or no), ``word`` (one of `words`).
    aliases : str
        Further column names it is known by, best first, Chinese and English, with blanks between.
    required : bool
        A row without it is refused.
    words : mapping of str to (str or None), optional
        What the values mean; None means "not such a thing, leave the row out".
    open_words : bool
        Unknown values are kept as they are (told), not refused.
    by_column : mapping of str to mapping, optional
        Other meanings of the values where they come from the column of that (folded) name.
    private : bool
        Of a count of persons: no report repeats what is written there, should it say who they are.
    about : str
        What it holds, in Chinese, for people who fill in a template; fields without are not in templates.
    example : str
        A value as it may be written there.
    """

    name: str
    type: FieldType = "text"
    aliases: str = ""
    required: bool = False
    words: dict[str, str | None] | None = None
    open_words: bool = False
    by_column: dict[str, dict[str, str | None]] = field(default_factory=dict)
    private: bool = False
    about: str = ""
    example: str = ""

    @property
    def header(self) -> str:
        """Its column in a template: the first Chinese name."""
        return next((n for n in self.aliases.split() if "一" <= n[0] <= "鿿"), self.name)

    @property
    def choices(self) -> tuple[str, ...]:
        """The first Chinese word of each meaning, for a list to choose from."""
        first: dict[str, str] = {}
        for word, meaning in (self.words or {}).items():
            if meaning is not None and "一" <= word[:1] <= "鿿":
                first.setdefault(meaning, word)
        return tuple(first.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names, folded, the field's own first."""
        return tuple(dict.fromkeys(fold_name(n) for n in (self.name, *self.aliases.split())))


@dataclass(frozen=True)
class Kind:
    """One kind of thing that files hold.

    Parameters
    ----------
    name : str
    label : dict
        zh and en, for people.
    fields : tuple of Field
    shapes : tuple of str
        Geometry wanted: ``polygon``, ``line``, ``point``; empty where the kind has none.
    shape_needed : bool
        Rows without geometry are refused.
    columns : tuple of str
        Columns of the checked frame, in order; ``geometry`` included.
    raw : bool
        The frame also carries raw_x, raw_y, raw_crs.
    outside : {"error", "note", "leave_out"}
        What happens to single rows far outside the district.
    key : str
        The field by which a row is known again.
    broken : {"mend", "tell"}
        Invalid polygons are mended or refused here, or only told: whoever takes the rows mends them.
    """

    name: str
    label: dict[str, str]
    fields: tuple[Field, ...]
    shapes: tuple[str, ...]
    columns: tuple[str, ...]
    shape_needed: bool = True
    raw: bool = False
    outside: Literal["error", "note", "leave_out"] = "error"
    key: str = "code"
    broken: Literal["mend", "tell"] = "mend"

    def field(self, name: str) -> Field | None:
        """The field of that name (or alias)."""
        key = fold_name(name)
        for entry in self.fields:
            if entry.name == name:
                return entry
        return next((f for f in self.fields if key in f.names), None)
