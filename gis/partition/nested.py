"""How is one level of a network divided when there is a finer level below it, or a coarser one above?

A coarse grid is made of whole finer grids: these become the cells of a coarse tessellation, and the same partitioner
divides that. A finer grid stays inside one coarse grid: each coarse grid is divided on its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.codes import community_grid_profile, position_order
from gis.graph import Adjacency, Tessellation
from gis.partition.barriers import parted, read_barriers
from gis.partition.flags import grid_flags
from gis.partition.loads import loads_of
from gis.partition.plan import Plan
from gis.partition.split import partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.partition.keeping import Keep

__all__ = ["atoms_of_level", "coarsened", "divide_level"]


def divide_level(
    tessellation: Tessellation,
    *,
    finer: np.ndarray | None = None,
    coarser: np.ndarray | None = None,
    links: np.ndarray | None = None,
    hard_barriers: Sequence[str] = (),
    crossed: np.ndarray | None = None,
    keep: Keep | None = None,
    profile: str = "gbt30428_2013",
    **options: Any,
) -> Plan:
    """Divide cells into grids that nest with those of the levels next to theirs.

    Parameters
    ----------
    tessellation : Tessellation
        ``community_id`` is the division that grids of the level stay inside; neighbours are known inside these.
    finer, coarser : ndarray of str or None, shape (cells,)
        Grid of each cell in the next level down and up, None where it has none; left out where there is no such level.
    links : ndarray of int, shape (q, 2)
        Pairs of cells that hold the finer grids together.
    keep : Keep, optional
        Old grids of the cells; of whole finer grids each counts as in the old grid of its first cell.
    hard_barriers, crossed, profile
        See `partition`.
    **options
        Target, limits, seed and so on of `partition`.

    Returns
    -------
    Plan
        Of the cells. Without `finer` and `coarser` exactly that of `partition`.
    """
    if finer is None and coarser is None:
        return partition(
            tessellation, keep=keep, hard_barriers=hard_barriers, crossed=crossed, profile=profile, **options
        )
    hard = read_barriers(hard_barriers)
    seen, joined = parted(tessellation, hard, crossed)
    atoms, of = atoms_of_level(seen, finer=finer, coarser=coarser)
    kept = None if keep is None else keep.take(np.unique(of, return_index=True)[1])
    made = partition(atoms, keep=kept, profile=profile, **options)
    made.settings["hard_barriers"] = list(hard)
    held = joined if links is None else np.concatenate([np.asarray(links, np.int32).reshape(-1, 2), joined])
    return _of_cells(tessellation, made, of, held, profile)


def atoms_of_level(
    tessellation: Tessellation, *, finer: np.ndarray | None = None, coarser: np.ndarray | None = None
) -> tuple[Tessellation, np.ndarray]:
    """Make what the grids of a level are sets of: cells, or whole finer grids; ``community_id`` is what they stay in.

    Parameters
    ----------
    finer, coarser : ndarray of str or None, shape (cells,)
        As in `divide_level`.

    Returns
    -------
    atoms : Tessellation
    of : ndarray of int, shape (cells,)
        Atom of each cell.
    """
    seen = tessellation if coarser is None else _within(tessellation, coarser)
    if finer is None:
        return seen, np.arange(len(tessellation.cells))
    of = _sets(seen, finer)
    return coarsened(seen, of), of


def _within(tessellation: Tessellation, coarser: np.ndarray) -> Tessellation:
    """Let every coarse grid stand for a community."""
    cells, near = tessellation.cells, tessellation.adjacency
    pairs = zip(cells["community_id"], coarser, strict=True)
    label = np.array([f"{division} / {code}" if code is not None else division for division, code in pairs], object)
    keep = label[near.pairs[:, 0]] == label[near.pairs[:, 1]]
    return replace(
        tessellation,
        cells=cells.assign(community_id=label),
        adjacency=Adjacency(near.pairs[keep], near.length[keep], near.follows[keep], near.link[keep]),
    )


def _sets(tessellation: Tessellation, finer: np.ndarray) -> np.ndarray:
    """Number the finer grids as they first appear; a cell without one is one by itself."""
    names = [
        (division, code if code is not None else i)
        for i, (division, code) in enumerate(zip(tessellation.cells["community_id"], finer, strict=True))
    ]
    return pd.factorize(pd.Series(names, dtype=object))[0]


def coarsened(tessellation: Tessellation, of: np.ndarray) -> Tessellation:
    """Make a tessellation whose cells are sets of cells: loads summed, borders summed.

    Parameters
    ----------
    tessellation : Tessellation
    of : ndarray of int, shape (cells,)
        Set of each cell, 0 .. k-1; the cells of a set are of one community.

    Returns
    -------
    Tessellation
        A set may be a MultiPolygon. What follows a border is what its longest piece follows.
    """
    cells, near = tessellation.cells, tessellation.adjacency
    k = int(of.max(initial=-1)) + 1
    first = np.unique(of, return_index=True)[1]
    order = np.argsort(of, kind="stable")
    stop = np.searchsorted(of[order], np.arange(k + 1))
    shapes = np.asarray(cells.geometry.array, object)
    unions = [shapely.coverage_union_all(shapes[order[stop[i] : stop[i + 1]]]) for i in range(k)]
    frame = gpd.GeoDataFrame(
        {
            "community_id": cells["community_id"].to_numpy(object)[first],
            "block_id": np.arange(k),
            "building_id": pd.Series([None] * k, dtype=object),
            "compound_id": pd.Series([None] * k, dtype=object),
            "households": np.bincount(of, cells["households"].to_numpy(float), k),
            "buildings": np.bincount(of, cells["buildings"].to_numpy(float), k).astype(np.int64),
        },
        geometry=unions,
        crs=cells.crs,
    )
    if "load" in cells:
        frame["load"] = np.bincount(of, cells["load"].to_numpy(float), k)
    held = tessellation.building_cell
    return replace(
        tessellation,
        cells=frame,
        building_cell=held.assign(cell=of[held["cell"].to_numpy(np.int64)]),
        adjacency=_summed(near, of),
    )


def _summed(near: Adjacency, of: np.ndarray) -> Adjacency:
    pairs = np.sort(of[near.pairs], axis=1)
    outer = pairs[:, 0] != pairs[:, 1]
    table = pd.DataFrame(
        {
            "a": pairs[outer, 0],
            "b": pairs[outer, 1],
            "length": near.length[outer],
            "follows": near.follows[outer],
            "link": near.link[outer],
        }
    )
    if not len(table):
        return Adjacency.empty()
    length = table.groupby(["a", "b", "follows"])["length"].sum().reset_index()
    longest = length.sort_values(["a", "b", "length"]).groupby(["a", "b"], sort=True)["follows"].last()
    sums = table.groupby(["a", "b"], sort=True).agg(length=("length", "sum"), link=("link", "all")).reset_index()
    return Adjacency(
        sums[["a", "b"]].to_numpy(np.int32),
        sums["length"].to_numpy(np.float64),
        longest.to_numpy(np.int8),
        sums["link"].to_numpy(bool),
    )


def _of_cells(tessellation: Tessellation, made: Plan, of: np.ndarray, links: np.ndarray, profile: str) -> Plan:
    """Bring a plan of sets back to their cells; grids are numbered anew, by position in their division."""
    cells = tessellation.cells
    shapes = np.asarray(cells.geometry.array, object)
    joined = [_nearest(shapes, of, int(a), int(b)) for a, b in made.links]
    pairs = np.concatenate([np.asarray(links, np.int32).reshape(-1, 2), np.array(joined, np.int32).reshape(-1, 2)])
    old_of = made.grid_of[of]
    old = np.unique(old_of, return_index=True)[1]
    division = cells["community_id"].to_numpy(object)[old].astype(str)
    area, middle = shapely.area(shapes), shapely.centroid(shapes)
    ground = np.bincount(old_of, area)
    weighed = [np.bincount(old_of, area * axis(middle)) / ground for axis in (shapely.get_x, shapely.get_y)]
    centre = np.column_stack(weighed)
    rows: list[tuple[str, int, str]] = []
    rank = np.empty(len(old), np.int64)
    for name in np.unique(division):
        mine = np.flatnonzero(division == name)
        layout = community_grid_profile(name, profile)
        for serial, g in enumerate(mine[position_order(centre[mine], float(ground[mine].sum()))], start=1):
            rank[g] = len(rows)
            rows.append((name, serial, layout.format(parent=name, serial=serial)))
    grid_of = rank[old_of]
    grids = pd.DataFrame(rows, columns=["community_id", "serial", "grid_code"])
    grids["households"] = np.bincount(grid_of, cells["households"].to_numpy(float), len(grids))
    grids["buildings"] = np.bincount(grid_of, cells["buildings"].to_numpy(float), len(grids)).astype(int)
    if "load" in cells:
        grids["load"] = np.bincount(grid_of, loads_of(tessellation), len(grids))
    grids["flags"] = grid_flags(tessellation, grid_of, len(grids), pairs, made.settings)
    return Plan(grid_of.astype(np.int32), grids, pairs, made.report, made.settings)


def _nearest(shapes: np.ndarray, of: np.ndarray, a: int, b: int) -> tuple[int, int]:
    """Nearest cells of two sets: of equals the lowest rows."""
    mine, others = np.flatnonzero(of == a), np.flatnonzero(of == b)
    near, metres = shapely.STRtree(shapes[others]).query_nearest(shapes[mine], return_distance=True)
    k = np.lexsort((others[near[1]], mine[near[0]], np.round(metres, 6)))[0]
    return int(mine[near[0][k]]), int(others[near[1][k]])
