"""What did the caller say about a file: ``FILE:kind=street,class=COLUMN``, ``--map column=field``?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from gis.errors import InputError

__all__ = ["FileSpec", "parse_map", "parse_spec"]

OPTIONS = ("kind", "class", "level", "layer", "crs", "within")
"""What may follow the file's name: the barrier's or land cover's kind, the column (or fixed value) of its class,
the level of divisions, the layer (or sheet) of a file with several, the reference system, the area whose divisions
are wanted of an OpenStreetMap extract."""

_TAIL = re.compile(r"^(?P<path>.+?):(?P<tail>[a-z_]+=[^:/\\]*(?::\d+)?(?:,.*)?)$")


@dataclass(frozen=True)
class FileSpec:
    """A file and what was said about it.

    Parameters
    ----------
    path : Path
    options : dict
        Of `OPTIONS`.
    map : dict
        Column -> field; ``lon``, ``lat`` and ``wkt`` name the place columns.
    """

    path: Path
    options: dict[str, str] = field(default_factory=dict)
    map: dict[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str | None:
        """The option's value, if it was given."""
        return self.options.get(name)

    def at(self, path: Path) -> FileSpec:
        """The same said about another path."""
        return replace(self, path=path)

    def with_options(self, **options: str) -> FileSpec:
        """The same with options that were not given filled in."""
        return replace(self, options=options | self.options)


def parse_spec(text: str | Path | FileSpec) -> FileSpec:
    """Read ``FILE`` or ``FILE:kind=street,class=COLUMN``.

    Examples
    --------
    >>> parse_spec("roads.gpkg:kind=street,class=road_class").options
    {'kind': 'street', 'class': 'road_class'}

    Raises
    ------
    InputError
        For an unknown option.
    """
    if isinstance(text, FileSpec):
        return text
    match = None if isinstance(text, Path) else _TAIL.match(text)
    if match is None or Path(text).exists():
        return FileSpec(Path(text))
    options: dict[str, str] = {}
    for part in match["tail"].split(","):
        name, equals, value = part.partition("=")
        if name.strip() not in OPTIONS or not equals or not value.strip():
            raise InputError(
                f"'{part}' after {match['path']} is not understood.",
                f"Known are {', '.join(f'{o}=' for o in OPTIONS)}.",
            )
        options[name.strip()] = value.strip()
    return FileSpec(Path(match["path"]), options)


def parse_map(entries: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Read ``column=field`` entries (``--map``); a comma separates several in one.

    Examples
    --------
    >>> parse_map(["HS=households", "经度=lon,纬度=lat"])
    {'HS': 'households', '经度': 'lon', '纬度': 'lat'}
    """
    mapping: dict[str, str] = {}
    for entry in entries:
        for part in entry.split(","):
            column, equals, name = part.partition("=")
            if not equals or not column.strip() or not name.strip():
                raise InputError(f"'{part}' is no column=field.", "Write --map COLUMN=FIELD, e.g. --map HS=households.")
            mapping[column.strip()] = name.strip()
    return mapping
