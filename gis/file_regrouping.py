"""How are the grids of one file, or of several networks' files, regrouped to another target, without a database?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis._file_grids import match_grids, numbers_of, read_grids
from gis._file_loads import weighed_by_files
from gis._file_points import metres_of
from gis.cells import CellSettings
from gis.errors import InputError
from gis.executors import executor_at
from gis.files import CELL_COLUMNS, GRID_COLUMNS, LOW, TARGET, CountFiles, finished, read_ground
from gis.ingest.specs import parse_spec
from gis.measures.of_old_grids import kept_of
from gis.measures.of_plans import plan_measures
from gis.partition import Keep, OldGrids, cell_frame, grid_frame, partition
from gis.partition.barriers import crossings, read_barriers
from gis.partition.counts import check_limits
from gis.partition.loads import HOUSEHOLDS, Load
from gis.partition.styles import style_weights
from gis.partition.units import require_kept
from gis.plans import Pieces, codes_of_plan, correspondence
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from gis.graph import Tessellation
    from gis.ingest.specs import FileSpec
    from gis.measures.of_old_grids import Kept
    from gis.partition import Plan
    from gis.remarks import Report

    Named = str | Path | FileSpec

__all__ = ["FileRegrouping", "regroup_files"]


@dataclass(frozen=True)
class FileRegrouping:
    """Old grids regrouped.

    Parameters
    ----------
    grids, cells : GeoDataFrame
        As in `gis.files.FilePlan`.
    kept : list of (str, Kept)
        Of each file of old grids, what the plan keeps of them.
    table : DataFrame
        ``network`` (name of the file) and the columns of `gis.plans.correspondence` without parts.
    measures : dict
        See `gis.measures.of_plans.PLAN_MEASURES`.
    reports : list of Report
    """

    grids: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    kept: list[tuple[str, Kept]]
    table: pd.DataFrame = field(repr=False)
    measures: dict[str, Any] = field(repr=False)
    reports: list[Report] = field(repr=False)


def regroup_files(
    buildings: Named,
    communities: Named,
    grids: Sequence[Named],
    *,
    weights: Sequence[float] = (),
    barriers: Sequence[Named] = (),
    compounds: Named | None = None,
    landcover: Named | None = None,
    households_field: str | None = None,
    community_field: str | None = None,
    counts: CountFiles | None = None,
    load: str = HOUSEHOLDS,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    keep_old: str = "mostly",
    lock_grids: Iterable[str] = (),
    seed: int = 1,
    style: str = "balanced",
    keep_whole: str | None = None,
    hard_barriers: str | Sequence[str] = (),
    jobs: int = 1,
    cluster: str | None = None,
    metric: object = None,
    progress: Progress = quiet,
) -> FileRegrouping:
    """Read a district and its grids from files, and divide it anew so that old grids stay whole where they can.

    Parameters
    ----------
    buildings, communities, barriers, compounds, landcover, households_field, community_field, metric, cluster
    counts, load, keep_whole, hard_barriers
        As in `gis.files.partition_files`.
    grids : sequence of path
        Each with polygons and a column ``grid_code``; several are networks that become one. A cell goes to the grid
        with the larger share, buildings first.
    weights : sequence of float
        How much each file counts; by default all the same.
    target, minimum, maximum, seed, style
        As in `gis.partition.partition`.
    keep_old : str
        Of `gis.partition.keeping.LEVELS`.
    lock_grids : iterable of str
        Codes of grids of the first file that stay as they are.
    jobs : int
        Processes side by side.

    Returns
    -------
    FileRegrouping
        Codes are those of the only file where grids succeed its own; of several files they are given anew.

    Raises
    ------
    InputError
        A file cannot be taken, a code is unknown, or what is asked contradicts itself.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    style_weights(style)
    wanted, counts = Load.parse(load), counts or CountFiles()
    kept, hard = require_kept(keep_whole), read_barriers(hard_barriers)
    if not grids or (weights and len(weights) != len(grids)):
        raise InputError(
            f"There are {len(grids)} files of grids and {len(weights)} weights.", "Give one weight a file, or none."
        )
    reports: list[Report] = []
    ground = read_ground(
        buildings,
        communities,
        barriers=barriers,
        compounds=compounds,
        landcover=landcover,
        households_field=households_field,
        community_field=community_field,
        options=None,
        reports=reports,
        progress=progress,
    )
    counts.require(wanted, ground.stock)
    least = float(minimum) if wanted.plain else LOW * TARGET
    settings = CellSettings(metric_crs=metres_of(metric), minimum_load=least)
    with executor_at(cluster, jobs) as executor:
        tessellation = ground.cells(settings, executor=executor, progress=progress)
        tessellation = weighed_by_files(tessellation, wanted, ground.stock, counts, ground.bounds, None, reports)
        read = [read_grids(file, tessellation) for file in grids]
        old = [
            OldGrids(match_grids(tessellation, ground, polygons), float(weight))
            for (_, polygons), weight in zip(read, weights or [1.0] * len(grids), strict=True)
        ]
        locked = numbers_of({code: i for i, code in enumerate(read[0][0])}, lock_grids)
        plan = partition(
            tessellation,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            style=style,
            keep=Keep(old, keep_old, frozenset(locked)),
            keep_whole=kept,
            hard_barriers=hard,
            crossed=crossings(tessellation, hard, ground.barriers, ground.landcover),
            executor=executor,
            progress=progress,
        )
    names = [_codes_at(codes, one.of) for (codes, _), one in zip(read, old, strict=True)]
    if len(names) == 1:
        _succeed(tessellation, plan, names[0])
    made = grid_frame(tessellation, plan)
    told = [parse_spec(file).path.stem for file in grids]
    return FileRegrouping(
        finished(made, GRID_COLUMNS, ground.own),
        finished(cell_frame(tessellation, plan), CELL_COLUMNS, ground.own),
        [(name, kept_of(tessellation, one.of, plan.grid_of, maximum)) for name, one in zip(told, old, strict=True)],
        pd.concat(
            [_table(tessellation, plan, was, name) for name, was in zip(told, names, strict=True)], ignore_index=True
        ),
        plan_measures(tessellation, plan, grids=made),
        [*reports, tessellation.report, plan.report],
    )


def _codes_at(codes: list[str], of: np.ndarray) -> np.ndarray:
    """Code of the old grid of each cell; None for none."""
    named: np.ndarray = np.array([*codes, None], object)[of]
    return named


def _succeed(tessellation: Tessellation, plan: Plan, old: np.ndarray) -> None:
    """Let grids that succeed an old one have its code, and others one that none had (ARCHITECTURE rule 6)."""
    cells = tessellation.cells
    middle = cells.geometry.centroid
    community = cells["community_id"].to_numpy(object).astype(str)
    codes = codes_of_plan(
        community,
        old,
        plan.grids["grid_code"].to_numpy(object)[plan.grid_of],
        households=np.nan_to_num(cells["households"].to_numpy(float)),
        area=cells.geometry.area.to_numpy(),
        centre=np.column_stack([middle.x, middle.y]),
        used={name: sorted({code for code in old[community == name] if code is not None}) for name in set(community)},
    )
    plan.grids["grid_code"] = [codes[code] for code in plan.grids["grid_code"]]


def _table(tessellation: Tessellation, plan: Plan, old: np.ndarray, name: str) -> pd.DataFrame:
    """Tell what became of each old grid."""
    new = plan.grids["grid_code"].to_numpy(object)[plan.grid_of]
    ground = shapely.area(np.asarray(tessellation.cells.geometry.array, object))
    load = np.nan_to_num(tessellation.cells["households"].to_numpy(float))
    none = Pieces(np.empty(0, object), np.empty(0, object), np.empty(0))
    table = correspondence(Pieces(old, new, ground), Pieces(old, new, load), none).drop(columns=["parts", "part_share"])
    table.insert(0, "network", name)
    return table
