"""How is a district divided, and how are points located, from files to files, without a database?"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis._file_ground import FileGround, read_ground
from gis._file_loads import CountFiles, weighed_by_files
from gis._file_points import LocatedFile, locate_files, metres_of
from gis._writing import check_writable, write_frames
from gis.cells import CellSettings
from gis.executors import executor_at
from gis.measures.of_plans import plan_measures
from gis.partition import cell_frame, explain, grid_frame, partition
from gis.partition.barriers import crossings, read_barriers
from gis.partition.counts import check_limits
from gis.partition.loads import HOUSEHOLDS, Load, default_target
from gis.partition.pace import deadline
from gis.partition.styles import style_weights
from gis.partition.units import require_kept
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pyproj

    from gis.graph import Tessellation
    from gis.ingest.options import ReadOptions
    from gis.ingest.specs import FileSpec
    from gis.partition import Effort, Plan
    from gis.partition.proofs import Explanation
    from gis.remarks import Report

    Named = str | Path | FileSpec

__all__ = [
    "CountFiles",
    "FileGround",
    "FilePlan",
    "LocatedFile",
    "check_writable",
    "finished",
    "limits_of",
    "locate_files",
    "partition_files",
    "read_ground",
    "write_frames",
]

TARGET, LOW, HIGH = 200, 0.75, 1.5
"""Households a grid, and the range around a target, where nothing else is asked."""
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
    counts: CountFiles | None = None,
    households_field: str | None = None,
    community_field: str | None = None,
    load: str = HOUSEHOLDS,
    target: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    keep_whole: str | None = None,
    hard_barriers: str | Sequence[str] = (),
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
    counts : CountFiles, optional
        What else than households and people a load counts.
    households_field, community_field : str, optional
        The column of households in `buildings`, and of the community's id in `communities` (and `buildings`); known
        names are found without. A building whose community is not named is placed by position.
    load : str
        What is balanced, see `gis.partition.loads.Load`.
    target, minimum, maximum : float
        Load a grid; by default 200 households, or what makes as many grids, and 0.75 and 1.5 of the target.
    seed : int
        The same seed gives the same plan, whatever `jobs` and `cluster` are.
    style, free, keep_whole, hard_barriers
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
    wanted, counts = Load.parse(load), counts or CountFiles()
    if wanted.plain or target is not None:
        low, _ = limits_of(TARGET if target is None else target, minimum, maximum)
    style_weights(style)
    kept, hard = require_kept(keep_whole), read_barriers(hard_barriers)
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
    counts.require(wanted, stock)
    least = low if wanted.plain else LOW * TARGET
    settings = CellSettings(metric_crs=metres_of(metric), minimum_load=float(least))
    with executor_at(cluster, jobs) as executor:
        with _timed(spent, "cells"):
            tessellation = ground.cells(settings, executor=executor, progress=progress)
            tessellation = weighed_by_files(tessellation, wanted, stock, counts, ground.bounds, options, reports)
        with _timed(spent, "partition"):
            target = default_target(tessellation, TARGET) if target is None else target
            low, high = limits_of(target, minimum, maximum)
            plan = partition(
                tessellation,
                target=target,
                minimum=low,
                maximum=high,
                seed=seed,
                style=style,
                free=free,
                keep_whole=kept,
                hard_barriers=hard,
                crossed=crossings(tessellation, hard, ground.barriers, ground.landcover),
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


def limits_of(target: float, minimum: float | None, maximum: float | None) -> tuple[float, float]:
    """Give the range a grid should stay in, by default 0.75 and 1.5 of the target."""
    low, high = LOW * target if minimum is None else minimum, HIGH * target if maximum is None else maximum
    check_limits(target, low, high)
    return low, high


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)


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
    after = columns.index("households") + 1
    frame = frame[columns if "load" not in frame else [*columns[:after], "load", *columns[after:]]].to_crs(crs)
    households = frame["households"].to_numpy(float)
    if np.all(households == np.round(households)):
        frame["households"] = households.astype(np.int64)
    return frame
