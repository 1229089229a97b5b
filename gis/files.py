"""How is a district divided, and how are points located, from files to files, without a database?"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis._file_points import LocatedFile, locate_files, metres_of
from gis._writing import check_writable, write_frames
from gis.cells import CellSettings, tessellate
from gis.crs import STORE_CRS, parse_crs
from gis.errors import InputError
from gis.executors import executor_at
from gis.ingest.bounds import DistrictBounds
from gis.ingest.columns import match_columns
from gis.ingest.kinds import KINDS, fold_name
from gis.ingest.options import ReadOptions
from gis.ingest.read import read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec
from gis.measures.of_plans import plan_measures
from gis.partition import cell_frame, explain, grid_frame, partition
from gis.partition.counts import check_limits
from gis.partition.pace import deadline
from gis.partition.styles import style_weights
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    import geopandas as gpd
    import pyproj

    from gis.graph import Tessellation
    from gis.ingest.specs import FileSpec
    from gis.partition import Effort, Plan
    from gis.partition.proofs import Explanation
    from gis.remarks import Report

    Named = str | Path | FileSpec

__all__ = [
    "FileGround",
    "FilePlan",
    "LocatedFile",
    "check_writable",
    "finished",
    "locate_files",
    "partition_files",
    "read_ground",
    "write_frames",
]

GRID_COLUMNS = ["grid_code", "community_id", "households", "buildings", "area_m2", "geometry"]
CELL_COLUMNS = ["cell_id", "building_id", "community_id", "households", "grid_code", "geometry"]


@dataclass(frozen=True)
class FilePlan:
    """A district divided.

    Parameters
    ----------
    grids : GeoDataFrame
        One row a grid, in the communities' CRS: ``grid_code``, ``community_id``, ``households``, ``buildings``,
        ``area_m2``, geometry.
    cells : GeoDataFrame
        One row a cell, in the communities' CRS: ``cell_id``, ``building_id``, ``community_id``, ``households``,
        ``grid_code``, geometry.
    measures : dict
        See `gis.measures.PLAN_MEASURES`.
    reports : list of Report
        Of every file read, of the cells and of the plan.
    seconds : dict
        ``read``, ``cells``, ``partition``, ``measures``: wall clock.
    tessellation : Tessellation
        In metres.
    plan : Plan
    explanation : Explanation
        Why grids are off target.
    """

    grids: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    measures: dict[str, Any]
    reports: list[Report]
    seconds: dict[str, float]
    tessellation: Tessellation = field(repr=False)
    plan: Plan = field(repr=False)
    explanation: Explanation = field(repr=False)


def partition_files(
    buildings: Named,
    communities: Named,
    *,
    barriers: Sequence[Named] = (),
    compounds: Named | None = None,
    landcover: Named | None = None,
    households_field: str | None = None,
    community_field: str | None = None,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    jobs: int = 1,
    cluster: str | None = None,
    metric: object = None,
    effort: Effort | None = None,
    seconds: float | None = None,
    stages: Mapping[str, Sequence[Sequence[int]]] | None = None,
    options: ReadOptions | None = None,
    progress: Progress = quiet,
) -> FilePlan:
    """Read a district from files and divide it into grids.

    Parameters
    ----------
    buildings, communities, compounds, landcover : path
        In any format and CRS that can be imported; ``FILE:layer=NAME`` picks a layer.
    barriers : sequence of path
        ``FILE`` or ``FILE:kind=street,class=COLUMN``.
    households_field, community_field : str, optional
        The column of households in `buildings`, and of the community's id in `communities` (and `buildings`); known
        names are found without. A building whose community is not named is placed by position.
    target, minimum, maximum : float
        Households a grid; by default 200, and 0.75 and 1.5 of the target.
    seed : int
        The same seed gives the same plan, whatever `jobs` and `cluster` are.
    style, free
        See `gis.partition.partition`.
    jobs : int
        Processes side by side.
    cluster : str, optional
        Address of a cluster that does the work instead, see `gis.executors`.
    metric : object, optional
        CRS in metres to compute in; by default the communities' own or that of the area.
    effort : Effort, optional
        Length of the search.
    seconds, stages
        Limit of the search, or how far one went that a limit cut: see `gis.partition.partition`.
    options : ReadOptions, optional
        How to read (``accept_partial``, ``accept_crs`` ...).
    progress : Progress

    Returns
    -------
    FilePlan

    Raises
    ------
    InputError
        With the report of what cannot be taken.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    style_weights(style)
    spent: dict[str, float] = {}
    deadline(seconds)
    reports: list[Report] = []
    with _timed(spent, "read"):
        ground = read_ground(
            buildings,
            communities,
            barriers=barriers,
            compounds=compounds,
            landcover=landcover,
            households_field=households_field,
            community_field=community_field,
            options=options,
            reports=reports,
            progress=progress,
        )
    own, stock = ground.own, ground.stock
    settings = CellSettings(metric_crs=metres_of(metric), minimum_load=float(minimum))
    with executor_at(cluster, jobs) as executor:
        with _timed(spent, "cells"):
            tessellation = ground.cells(settings, executor=executor, progress=progress)
        with _timed(spent, "partition"):
            plan = partition(
                tessellation,
                target=target,
                minimum=minimum,
                maximum=maximum,
                seed=seed,
                style=style,
                free=free,
                effort=effort,
                seconds=seconds,
                stages=stages,
                executor=executor,
                progress=progress,
            )
    with _timed(spent, "measures"):
        grids = grid_frame(tessellation, plan)
        here = stock["building_id"].astype(str).isin(set(tessellation.building_cell["building_id"].astype(str)))
        explanation = explain(tessellation, plan)
        measures = plan_measures(tessellation, plan, grids=grids, explanation=explanation, buildings=stock[here])
    measures |= _estimates(stock, here)
    for line in grids[grids.geometry.geom_type == "MultiPolygon"].itertuples():
        plan.report.add(
            "note",
            "grid_in_parts",
            f"Grid {line.grid_code} is held together by a link between its parts.",
            code=str(line.grid_code),
        )
    reports += [tessellation.report, plan.report]
    cells = cell_frame(tessellation, plan)
    return FilePlan(
        finished(grids, GRID_COLUMNS, own),
        finished(cells, CELL_COLUMNS, own),
        measures,
        reports,
        spent,
        tessellation,
        plan,
        explanation,
    )


# ------------------------------------------------------------------------------------------------ reading
@dataclass(frozen=True)
class FileGround:
    """What was read of a district, as `tessellate` takes it; `own` is the CRS that the communities came in."""

    communities: gpd.GeoDataFrame
    stock: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame | None
    compounds: gpd.GeoDataFrame | None
    landcover: gpd.GeoDataFrame | None
    own: pyproj.CRS

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
    return FileGround(
        ground, stock, frames.get("barriers"), _renamed(frames.get("compounds")), frames.get("landcover"), own
    )


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)


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


def _estimates(stock: gpd.GeoDataFrame, here: pd.Series) -> dict[str, Any]:
    """Households that were estimated, and buildings whose households nobody knows."""
    counts = pd.to_numeric(stock["households"], errors="coerce").astype(float)
    flag = (
        stock["estimated"].fillna(False).astype(bool) if "estimated" in stock else pd.Series(False, index=stock.index)
    )
    return {
        "estimated_households": float(counts[flag & here].sum()),
        "buildings_without_count": int((counts.isna() & here).sum()),
    }


# ------------------------------------------------------------------------------------------------ writing
def finished(frame: gpd.GeoDataFrame, columns: list[str], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Only the promised columns, whole numbers as such, in the communities' CRS."""
    frame = frame[columns].to_crs(crs)
    households = frame["households"].to_numpy(float)
    if np.all(households == np.round(households)):
        frame["households"] = households.astype(np.int64)
    return frame
