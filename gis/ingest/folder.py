"""Which files of a folder hold what of a district, and what is in them?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from gis.errors import InputError
from gis.ingest.bounds import DistrictBounds
from gis.ingest.kinds import KINDS
from gis.ingest.options import ReadOptions
from gis.ingest.read import read_kind
from gis.ingest.readers import FORMATS
from gis.ingest.specs import FileSpec
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd

    from gis.ingest.read import Batch

__all__ = ["Folder", "FolderItem", "read_folder", "recognise_folder"]

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
    ".parquet", ".geoparquet", ".gpkg", ".geojson", ".json", ".shp", ".zip", ".csv", ".csv.gz", ".tsv",
)  # fmt: skip
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
    """

    items: list[FolderItem] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[FolderItem]:
        return iter(self.items)


def recognise_folder(path: Path) -> Folder:
    """Tell by their names what the files of a folder hold.

    Parameters
    ----------
    path : Path
        A folder with ``divisions``, ``communities``, ``city_boundary``, ``compounds``, ``landcover``, ``landuse``,
        ``water``, ``buildings``, ``lots``, ``blocks``, ``barriers``, ``streets``, ``rail``, ``subway``, ``waterlines``,
        ``walls``, ``parts``, ``assets``, ``events``, ``workers`` in any known format.

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
    for file in sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")):
        ending = _ending(file)
        stem = file.name[: -len(ending)].lower() if ending else ""
        if ending and stem in NAMES:
            found.setdefault(stem, []).append(file)
        elif ending:
            folder.skipped.append((file.name, "its name tells no kind"))
    items: dict[str, list[FileSpec]] = {}
    for stem, files in found.items():
        if INSTEAD.get(stem) in found:
            folder.skipped += [(f.name, f"the same as {found[INSTEAD[stem]][0].name}") for f in files]
            continue
        best, *others = sorted(files, key=lambda f: BEST_FIRST.index(_ending(f) or ".tsv"))
        folder.skipped += [(f.name, f"the same as {best.name}") for f in others]
        for kind, options in NAMES[stem]:
            items.setdefault(kind, []).append(FileSpec(best, dict(options)))
    if "divisions" not in items:
        raise InputError(f"{path} holds no divisions.", "Add divisions.geojson (or communities) with the borders.")
    folder.items = [FolderItem(kind, items[kind], {}) for kind in KINDS if kind in items]
    return folder


def read_folder(
    path: Path,
    *,
    options: ReadOptions | None = None,
    district: DistrictBounds | None = None,
    progress: Progress = quiet,
) -> tuple[str, list[Batch]]:
    """Read everything in a folder, each kind beside those before it.

    Parameters
    ----------
    path : Path
    options : ReadOptions, optional
        Hold for every file; `ReadOptions.level` is not used. The district's code is the one said here, else the six
        digits of the divisions, else the folder's name.
    district : DistrictBounds, optional
        What the store already holds of it.
    progress : Progress

    Returns
    -------
    code : str
        The district's code.
    batches : list of Batch
        In the order in which a district is loaded.

    Raises
    ------
    InputError
        As `read_kind`.
    """
    options = replace(options or ReadOptions(), level=None)
    batches: list[Batch] = []
    known: dict[str, gpd.GeoDataFrame] = {}
    for item in recognise_folder(path):
        if item.kind == "divisions" and options.district is None:
            try:
                batch = read_kind(item.kind, item.files, options=options, district=district, progress=progress)
            except InputError:
                options = replace(options, district=path.resolve().name)
                batch = read_kind(item.kind, item.files, options=options, district=district, progress=progress)
        else:
            batch = read_kind(
                item.kind, item.files, options=options, district=district or _bounds(options, known), progress=progress
            )
        batches.append(batch)
        known[item.kind] = batch.frame
        options = replace(options, district=options.district or batch.district)
    return str(options.district), batches


def _bounds(options: ReadOptions, known: dict[str, gpd.GeoDataFrame]) -> DistrictBounds | None:
    if "divisions" not in known:
        return None
    streets = known.get("barriers")
    if streets is not None:
        ground = (streets["kind"] == "street") & ~streets["bridge"].astype(bool) & ~streets["tunnel"].astype(bool)
        streets = streets[ground]
    return DistrictBounds(
        str(options.district), known["divisions"], known.get("buildings"), streets, time_zone=options.time_zone
    )


def _ending(file: Path) -> str | None:
    name = file.name.lower()
    return next((s for s in sorted(FORMATS, key=len, reverse=True) if name.endswith(s)), None)
