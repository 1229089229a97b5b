"""How are the grids of a file made even again after loads changed, from files to files, without a database?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis._file_grids import match_grids, numbers_of, read_grids
from gis._file_loads import weighed_by_files
from gis._file_points import metres_of
from gis.cells import CellSettings
from gis.errors import InputError
from gis.executors import executor_at
from gis.files import GRID_COLUMNS, LOW, TARGET, CountFiles, finished, limits_of, read_ground
from gis.partition import Locks, Plan, Scope, grid_frame, rebalance
from gis.partition.barriers import crossings, parted, read_barriers
from gis.partition.loads import HOUSEHOLDS, Load, default_target, loads_of
from gis.partition.styles import style_weights
from gis.partition.units import require_kept
from gis.plans import new_key
from gis.progress import Progress, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyproj

    from gis.graph import Tessellation
    from gis.ingest.specs import FileSpec
    from gis.partition import Rebalancing
    from gis.partition.rebalance import Answer
    from gis.remarks import Report

    Named = str | Path | FileSpec

__all__ = ["FileRebalancing", "rebalance_files"]


@dataclass(frozen=True)
class FileRebalancing:
    """Three answers for the grids of a file.

    Parameters
    ----------
    tessellation : Tessellation
        In metres, with the loads as they are now.
    codes : list of str
        Code of each grid by its number; new ones last, ``new-1`` ...
    found : Rebalancing
    reports : list of Report
        Of every file read, of the cells and of the rebalancing.
    own : CRS
        In which the communities came.
    """

    tessellation: Tessellation = field(repr=False)
    codes: list[str]
    found: Rebalancing
    reports: list[Report] = field(repr=False)
    own: pyproj.CRS

    def moves(self, answer: Answer) -> gpd.GeoDataFrame:
        """List what moves: ``building``, ``community``, ``from``, ``to``, ``households``, and its cell's polygon."""
        rows, names = answer.moves, np.array(self.codes, object)
        columns: dict[str, Any] = {
            "building": rows["building_id"].to_numpy(object),
            "community": rows["community_id"].to_numpy(object),
            "from": names[rows["from_grid"].to_numpy(np.int64)],
            "to": names[rows["to_grid"].to_numpy(np.int64)],
            "households": rows["households"].to_numpy(float),
        }
        cells = self.tessellation.cells
        shapes = np.asarray(cells.geometry.array, object)[rows["cell"].to_numpy(np.int64)]
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=cells.crs).to_crs(self.own)

    def grids(self, answer: Answer) -> gpd.GeoDataFrame:
        """Grids of an answer, as `gis.files.FilePlan.grids`."""
        cells = self.tessellation.cells
        mine = np.flatnonzero(answer.grid_of >= 0)
        kept, first, grid_of = np.unique(answer.grid_of[mine], return_index=True, return_inverse=True)
        of = np.full(len(cells), -1, np.int32)
        of[mine] = grid_of
        table = pd.DataFrame(
            {
                "community_id": cells["community_id"].to_numpy(object)[mine[first]],
                "grid_code": np.array(self.codes, object)[kept],
                "households": np.bincount(grid_of, cells["households"].to_numpy(float)[mine], len(kept)),
                "buildings": np.bincount(grid_of, cells["buildings"].to_numpy(float)[mine], len(kept)).astype(int),
                "flags": [[] for _ in kept],
            }
        )
        if "load" in cells:
            table["load"] = np.bincount(grid_of, loads_of(self.tessellation)[mine], len(kept))
        plan = Plan(of, table, self.found.links, self.found.report, self.found.settings)
        return finished(grid_frame(self.tessellation, plan), GRID_COLUMNS, self.own)


def rebalance_files(
    buildings: Named,
    communities: Named,
    grids: Named,
    *,
    barriers: Sequence[Named] = (),
    compounds: Named | None = None,
    landcover: Named | None = None,
    households_field: str | None = None,
    community_field: str | None = None,
    counts: CountFiles | None = None,
    load: str = HOUSEHOLDS,
    target: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    scope_grids: Iterable[str] = (),
    scope_communities: Iterable[str] = (),
    neighbours: bool = False,
    lock_grids: Iterable[str] = (),
    lock_borders: Iterable[Sequence[str]] = (),
    max_moved: float | None = None,
    max_grids: int | None = None,
    seed: int = 1,
    style: str = "balanced",
    keep_whole: str | None = None,
    hard_barriers: str | Sequence[str] = (),
    jobs: int = 1,
    cluster: str | None = None,
    metric: object = None,
    progress: Progress = quiet,
) -> FileRebalancing:
    """Read a district and its grids from files, and propose three ways to make them even again.

    Parameters
    ----------
    buildings, communities, barriers, compounds, landcover, households_field, community_field, metric, cluster
    counts, load, target, minimum, maximum
        As in `gis.files.partition_files`; what is counted is that of now.
    grids : path
        Polygons with a column ``grid_code``. A cell goes to the grid with the larger share, buildings first; a cell in
        none joins a neighbour. Communities without grids are left out.
    scope_grids, scope_communities, neighbours, lock_grids, lock_borders
        Codes; see `gis.partition.Scope` and `gis.partition.Locks`.
    max_moved, max_grids, seed, style, keep_whole
        As in `gis.partition.rebalance`.
    hard_barriers
        Classes of lines that nothing moves across, see `gis.partition.barriers`; what the grids are across one stays.
    jobs : int
        Processes side by side.
    progress : Progress

    Returns
    -------
    FileRebalancing

    Raises
    ------
    InputError
        A file cannot be taken, a code is unknown, or what is asked contradicts itself.
    """
    wanted, counts = Load.parse(load), counts or CountFiles()
    if wanted.plain or target is not None:
        low, _ = limits_of(TARGET if target is None else target, minimum, maximum)
    style_weights(style)
    kept, hard = require_kept(keep_whole), read_barriers(hard_barriers)
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
    least = low if wanted.plain else LOW * TARGET
    settings = CellSettings(metric_crs=metres_of(metric), minimum_load=float(least))
    with executor_at(cluster, jobs) as executor:
        tessellation = ground.cells(settings, executor=executor, progress=progress)
        tessellation = weighed_by_files(tessellation, wanted, ground.stock, counts, ground.bounds, None, reports)
        target = default_target(tessellation, TARGET) if target is None else target
        low, high = limits_of(target, minimum, maximum)
        seen, links = parted(tessellation, hard, crossings(tessellation, hard, ground.barriers, ground.landcover))
        codes, polygons = read_grids(grids, tessellation)
        grid_of = match_grids(tessellation, ground, polygons)
        there = sorted(set(tessellation.cells["community_id"].to_numpy(object)[grid_of >= 0]))
        number = {code: i for i, code in enumerate(codes)}
        some = numbers_of(number, scope_grids)
        chosen = sorted({str(code) for code in scope_communities})
        found = rebalance(
            seen,
            grid_of,
            target=target,
            minimum=low,
            maximum=high,
            names=codes,
            links=links,
            locks=Locks(grids=numbers_of(number, lock_grids), borders=[_pair(number, pair) for pair in lock_borders]),
            scope=Scope(some, chosen if some or chosen else there, neighbours),
            max_moved=max_moved,
            max_grids=max_grids,
            seed=seed,
            style=style,
            keep_whole=kept,
            executor=executor,
            progress=progress,
        )
    names = list(codes)
    for _ in range(max(int(a.grid_of.max(initial=-1)) for a in found.answers) + 1 - len(names)):
        names.append(new_key(names))
    return FileRebalancing(tessellation, names, found, [*reports, tessellation.report, found.report], ground.own)


def _pair(number: dict[str, int], pair: Sequence[str]) -> tuple[int, int]:
    ends = numbers_of(number, pair)
    if len(ends) != 2:
        raise InputError(f"{':'.join(pair)} is no border.", "Name two grids, e.g. A:B.")
    return ends[0], ends[1]
