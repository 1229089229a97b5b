"""Which files of a folder hold what of a district, and what is in them?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from gis.errors import InputError, NoRowsError
from gis.ingest.bounds import DistrictBounds
from gis.ingest.kinds import KINDS
from gis.ingest.options import ReadOptions
from gis.ingest.osm import OSM_KINDS
from gis.ingest.read import read_kind
from gis.ingest.readers import FORMATS
from gis.ingest.specs import FileSpec
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gis.ingest.read import Batch

__all__ = ["Folder", "FolderItem", "FolderRead", "read_folder", "recognise_folder"]

NAMES: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "divisions": (("divisions", {}),),
    "communities": (("divisions", {"level": "community"}),),
    "subdistricts": (("divisions", {"level": "subdistrict"}),),
    "district": (("divisions", {"level": "district"}),),
    "city_boundary": (("divisions", {"level": "district"}),),
    "compounds": (("compounds", {}),),
    "landcover": (("landcover", {}),),
    "landuse": (("landcover", {}),),
    "water": (("landcover", {"kind": "water"}), ("barriers", {"kind": "water"})),
    "buildings": (("buildings", {}),),
    "lots": (("buildings", {}),),
    "blocks": (("buildings", {}),),
    "households": (("households", {}),),
    "barriers": (("barriers", {}),),
    "streets": (("barriers", {"kind": "street"}),),
    "roads": (("barriers", {"kind": "street"}),),
    "rail": (("barriers", {"kind": "rail"}),),
    "subway": (("barriers", {"kind": "rail"}),),
    "waterlines": (("barriers", {"kind": "water"}),),
    "walls": (("barriers", {"kind": "wall"}),),
    "parts": (("parts", {}),),
    "assets": (("parts", {}),),
    "events": (("events", {}),),
    "events_raw": (("events", {}),),
    "workers": (("workers", {}),),
}
"""What a file is, by its name without the ending."""

BEST_FIRST = (
    ".parquet", ".geoparquet", ".gpkg", ".gdb", ".geojson", ".json", ".shp", ".tab", ".mif", ".zip", ".kml", ".kmz",
    ".xlsx", ".xlsm", ".xls", ".csv", ".csv.gz", ".tsv",
)  # fmt: skip
OSM = (".osm.pbf", ".osm")
"""An extract of OpenStreetMap gives, whatever its name, all kinds that no other file gives."""
INSTEAD = {"events_raw": "events"}
"""Names that hold the same things as another, which is preferred."""


class FolderItem(NamedTuple):
    """The files of one kind; `options` are those that hold for all of them."""

    kind: str
    files: list[FileSpec]
    options: dict[str, str]


@dataclass
class Folder:
    """What was found in a folder.

    Parameters
    ----------
    items : list of FolderItem
        In the order in which a district is loaded.
    skipped : list of (str, str)
        File and why it is not read.
    implied : set of str
        Kinds that an extract of OpenStreetMap may hold, or not.
    """

    items: list[FolderItem] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    implied: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[FolderItem]:
        return iter(self.items)


def recognise_folder(path: Path) -> Folder:
    """Tell by their names what the files of a folder hold.

    Parameters
    ----------
    path : Path
        A folder with ``divisions``, ``communities``, ``city_boundary``, ``compounds``, ``landcover``, ``landuse``,
        ``water``, ``buildings``, ``lots``, ``blocks``, ``barriers``, ``streets``, ``rail``, ``subway``, ``waterlines``,
        ``walls``, ``parts``, ``assets``, ``events``, ``workers`` in any known
            format, or an extract of OpenStreetMap of any name.

    Returns
    -------
    Folder

    Raises
    ------
    InputError
        When it is no folder, or holds no divisions.
    """
    if not path.is_dir():
        raise InputError(f"{path} is no folder.", "Name the folder that holds the district's files.")
    found: dict[str, list[Path]] = {}
    folder = Folder()
    extracts: list[Path] = []
    for file in sorted(p for p in path.iterdir() if not p.name.startswith((".", "~$"))):
        ending = _ending(file)
        stem = file.name[: -len(ending)].lower() if ending else ""
        if file.is_dir() and ending != ".gdb":
            continue
        if ending in OSM:
            extracts.append(file)
        elif ending and stem in NAMES:
            found.setdefault(stem, []).append(file)
        elif ending:
            folder.skipped.append((file.name, "its name tells no kind"))
    items: dict[str, list[FileSpec]] = {}
    for stem, files in found.items():
        if INSTEAD.get(stem) in found:
            folder.skipped += [(f.name, f"the same as {found[INSTEAD[stem]][0].name}") for f in files]
            continue
        best, *others = sorted(files, key=lambda f: BEST_FIRST.index(_ending(f) or BEST_FIRST[-1]))
        folder.skipped += [(f.name, f"the same as {best.name}") for f in others]
        for kind, options in NAMES[stem]:
            items.setdefault(kind, []).append(FileSpec(best, dict(options)))
    if extracts:
        folder.implied = set(OSM_KINDS) - set(items)
        for kind in folder.implied:
            items[kind] = [FileSpec(file) for file in extracts]
    if "divisions" not in items:
        raise InputError(f"{path} holds no divisions.", "Add divisions (or communities) with the borders.")
    folder.items = [FolderItem(kind, items[kind], {}) for kind in KINDS if kind in items]
    return folder


@dataclass(frozen=True)
class FolderRead:
    """The files of one district, read and checked.

    Parameters
    ----------
    code : str
        The district's: the one given, else the six digits of its divisions, else the folder's name.
    batches : list of Batch
        In the order in which a district is loaded.
    skipped : list of (str, str)
        Files not read, and why.
    crs_note : str or None
        What the coordinates were taken for.
    time_zone : str
        The district's.
    """

    code: str
    batches: list[Batch]
    skipped: list[tuple[str, str]]
    crs_note: str | None
    time_zone: str


def read_folder(
    path: Path,
    options: ReadOptions | None = None,
    *,
    known_zone: Callable[[str], str | None] = lambda code: None,  # noqa: ARG005
    progress: Progress = quiet,
) -> FolderRead:
    """Read and check everything in a folder, each kind beside those before it.

    Parameters
    ----------
    path : Path
    options : ReadOptions, optional
        Hold for every file.
    known_zone : callable, optional
        The time zone of a district that is known already, by its code.
    progress : Progress

    Returns
    -------
    FolderRead

    Raises
    ------
    InputError
        With the complete report of the first kind that cannot be taken.
    """
    options = options or ReadOptions()
    found = recognise_folder(path)
    files = {item.kind: item.files for item in found}
    divisions, code = _read_divisions(files.pop("divisions"), path, options, progress)
    options = replace(options, district=code, time_zone=options.time_zone or known_zone(code))
    bounds = DistrictBounds(code, divisions.frame, time_zone=options.time_zone)
    batches = [divisions]
    for kind, specs in files.items():
        try:
            batch = read_kind(kind, specs, options=options, district=bounds, progress=progress)
        except NoRowsError:
            if kind not in found.implied or kind == "buildings":
                raise
            found.skipped.append((", ".join(s.path.name for s in specs), f"no {kind} in it"))
            continue
        batches.append(batch)
        if kind == "buildings":
            bounds = replace(bounds, buildings=batch.frame)
        if kind == "barriers":
            raised = batch.frame["bridge"].astype(bool) | batch.frame["tunnel"].astype(bool)
            bounds = replace(bounds, streets=batch.frame[(batch.frame["kind"] == "street") & ~raised])
    notes = sorted({batch.crs_note for batch in batches if batch.crs_note})
    note = f"{', '.join(notes)} -> EPSG:4490" if notes else None
    return FolderRead(code, batches, found.skipped, note, bounds.zone)


def _read_divisions(specs: list[FileSpec], path: Path, options: ReadOptions, progress: Progress) -> tuple[Batch, str]:
    """Read the divisions; where their codes name no district, the folder's name does."""
    try:
        batch = read_kind("divisions", specs, options=options, progress=progress)
    except InputError:
        if options.district:
            raise
        options = replace(options, district=path.resolve().name)
        batch = read_kind("divisions", specs, options=options, progress=progress)
    return batch, str(batch.district)


def _ending(file: Path) -> str | None:
    name = file.name.lower()
    return next((s for s in sorted(FORMATS, key=len, reverse=True) if name.endswith(s)), None)
