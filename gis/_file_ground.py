"""How is the ground of a district read from files?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gis.cells import CellSettings, tessellate
from gis.crs import STORE_CRS, parse_crs
from gis.errors import InputError
from gis.ingest.bounds import DistrictBounds
from gis.ingest.columns import match_columns
from gis.ingest.kinds import KINDS, fold_name
from gis.ingest.options import ReadOptions
from gis.ingest.read import read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    import geopandas as gpd
    import pyproj

    from gis.graph import Tessellation
    from gis.ingest.specs import FileSpec
    from gis.progress import Progress
    from gis.remarks import Report

    Named = str | Path | FileSpec

__all__ = ["FileGround", "read_ground"]


@dataclass(frozen=True)
class FileGround:
    """What was read of a district, as `tessellate` takes it.

    `own` is the CRS that the communities came in, `bounds` says where they are.
    """

    communities: gpd.GeoDataFrame
    stock: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame | None
    compounds: gpd.GeoDataFrame | None
    landcover: gpd.GeoDataFrame | None
    own: pyproj.CRS
    bounds: DistrictBounds

    def cells(self, settings: CellSettings, *, executor: Executor | None, progress: Progress) -> Tessellation:
        """Make the cells."""
        return tessellate(
            self.communities,
            self.stock,
            barriers=self.barriers,
            compounds=self.compounds,
            landcover=self.landcover,
            settings=settings,
            executor=executor,
            progress=progress,
        )


def read_ground(
    buildings: Named,
    communities: Named,
    *,
    barriers: Sequence[Named],
    compounds: Named | None,
    landcover: Named | None,
    households_field: str | None,
    community_field: str | None,
    options: ReadOptions | None,
    reports: list[Report],
    progress: Progress,
) -> FileGround:
    """Read a district from files, see `partition_files`; `reports` gets one of each file."""
    district, own = _read_communities(communities, community_field, options, reports, progress)
    frames = _read_others(
        {
            "buildings": [buildings],
            "barriers": [*barriers],
            "compounds": _some(compounds),
            "landcover": _some(landcover),
        },
        district,
        {"households": households_field, "community_code": community_field},
        options,
        reports,
        progress,
    )
    ground = district.divisions.rename(columns={"code": "community_id"})[["community_id", "geometry"]].to_crs(own)
    stock = frames["buildings"].rename(
        columns={"code": "building_id", "community_code": "community_id", "compound_code": "compound_id"}
    )
    counted = KINDS["buildings"].field(households_field) if households_field else None
    if counted is not None and counted.name == "households_estimated":  # the column says itself that it holds estimates
        stock["estimated"] = stock["households"].notna()
    compounds = _renamed(frames.get("compounds"))
    return FileGround(ground, stock, frames.get("barriers"), compounds, frames.get("landcover"), own, district)


def _some(file: Named | None) -> list[Named]:
    return [] if file is None else [file]


def _renamed(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    return None if frame is None else frame.rename(columns={"code": "compound_id"})


def _with_map(file: Named, wanted: Mapping[str, str | None]) -> FileSpec:
    """Say of a file which column is which field."""
    spec = parse_spec(file)
    spec.map.update({column: name for name, column in wanted.items() if column})
    return spec


def _read_communities(
    file: Named, column: str | None, options: ReadOptions | None, reports: list[Report], progress: Progress
) -> tuple[DistrictBounds, pyproj.CRS]:
    """Communities as bounds for everything else, and the CRS they came in; divisions of other levels are left out."""
    given = options or ReadOptions()
    spec = _with_map(file, {"code": column})
    level = None if _has_levels(spec) else "community"
    told = ReadOptions(**{**given.__dict__, "level": level, "district": given.district or "files"})
    batch = read_kind("divisions", [spec], options=told, progress=progress)
    reports.append(batch.report)
    frame = batch.frame[batch.frame["level"] == "community"].reset_index(drop=True)
    if len(frame) == 0:
        raise InputError(f"{spec.path.name} holds no division of the level community.", "Give the communities' file.")
    if len(frame) < len(batch.frame):
        left = len(batch.frame) - len(frame)
        batch.report.add("note", "other_levels_left_out", f"{left} divisions of other levels are left out.")
    own = parse_crs(batch.crs_note.split(", ")[0])
    return DistrictBounds("of the communities", frame), parse_crs(STORE_CRS).crs if own.shift else own.crs


def _has_levels(spec: FileSpec) -> bool:
    """Tell whether a file of divisions says their levels: by a column, or by codes of 12 digits beside shorter ones."""
    table = read_file(spec, hint="divisions").frame
    table.columns = table.columns.astype(str)
    matched = match_columns(KINDS["divisions"], list(table.columns), spec)
    if "level" in matched and table[matched["level"]].notna().any():
        return True
    codes = table[matched["code"]].dropna().astype(str) if "code" in matched else pd.Series([], dtype=str)
    lengths = {len(c) for c in codes if c.isdigit()}
    return 12 in lengths and bool(lengths & {6, 9})


def _read_others(
    files: Mapping[str, Sequence[Named]],
    district: DistrictBounds,
    columns: Mapping[str, str | None],
    options: ReadOptions | None,
    reports: list[Report],
    progress: Progress,
) -> dict[str, gpd.GeoDataFrame]:
    """Buildings and whatever else was given, checked against the communities."""
    frames = {}
    for kind, named in files.items():
        if not named:
            continue
        specs = [parse_spec(f) for f in named]
        if kind == "buildings":
            specs = [_with_map(named[0], {"households": columns["households"]} | _community_column(named[0], columns))]
        batch = read_kind(kind, specs, options=options, district=district, progress=progress)
        reports.append(batch.report)
        gone = (
            batch.frame["state"] == "demolished" if kind == "buildings" else pd.Series(False, index=batch.frame.index)
        )
        if gone.any():
            batch.report.add("note", "demolished_left_out", f"{int(gone.sum())} demolished buildings are left out")
        frames[kind] = batch.frame[~gone].reset_index(drop=True)
    return frames


def _community_column(file: Named, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """The buildings' column of communities where it has the name that the communities' own has, and no known one."""
    name = columns["community_code"]
    known = KINDS["buildings"].field("community_code")
    if name is None or (known is not None and fold_name(name) in known.names):
        return {}
    there = [str(c) for c in read_file(parse_spec(file)).frame.columns]
    known_column = known is not None and any(fold_name(c) in known.names for c in there)
    # a column that is called as the communities' key may be the buildings' own key ("id"): only a distinct name counts
    own = KINDS["buildings"].field("code")
    clash = own is not None and fold_name(name) in own.names
    return {"community_code": name} if name in there and not known_column and not clash else {}
