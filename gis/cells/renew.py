"""Which cells stay, and which are made anew, where the ground has changed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.cells.remade import COLUMNS, Remade, Stand, buildings_in, lattice_keys, on_lattice, remake
from gis.cells.seams import stitch
from gis.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.cells.settings import CellSettings
    from gis.graph import Tessellation

__all__ = ["Beside", "renew_cells"]

REACH_M2 = 1.0
"""Ground that two communities dispute is told from this area on; less is arithmetic dust."""


@dataclass(frozen=True)
class Beside:
    """What lies round the communities whose cells are made anew.

    Their vertices are taken over; they get none themselves. Where only the new side has a vertex it lies on the
    lattice, so beside a straight border by at most 0.007 mm (half a diagonal of its step of 0.01 mm): a seam of that
    width may be a gap or an overlap. That is exact enough: a point in it is answered by the nearest cell, at 0 m; the
    checks tell ground from 1 m2 on; a step of a tile's coordinates is 0.1 m at zoom 16; and where cells of several
    communities are united they are edge-matched on reading (`gis.store.levels.edge_matched`).

    Parameters
    ----------
    cells : ndarray of Polygon
        Cells of other communities that may touch, in metres.
    community : ndarray of str
        Of each of them.
    grounds : GeoDataFrame
        ``community_id`` and ground of the other communities, in metres.
    """

    cells: np.ndarray
    community: np.ndarray
    grounds: gpd.GeoDataFrame


def renew_cells(
    before: Tessellation,
    fresh: Tessellation,
    settings: CellSettings,
    *,
    beside: Beside,
    parents: Sequence[tuple[shapely.Geometry, Sequence[int]]] = (),
) -> Remade:
    """Put new cells only where they differ from those before.

    A cell stays where a new one has the same ground (but for vertices on straight borders) and buildings; those
    that cutting leaves out (`not_a_building`, outside) decide nothing. Cells that were split stay where a new one is
    the ground they were split from.

    Parameters
    ----------
    before : Tessellation
        Cells as they are, in metres, with the buildings that stand.
    fresh : Tessellation
        The same communities cut into cells on the ground as it is now.
    settings : CellSettings
        That `fresh` was made with.
    beside : Beside
    parents : sequence of (Polygon, rows of `before`)
        Retired cells in metres, with the cells that took their place.

    Raises
    ------
    ConflictError
        Cells of another community reach into these, or these into another one's ground: both must be made anew.
    """
    grid = settings.grid_m
    old = on_lattice(np.asarray(before.cells.geometry.array, object), grid)
    around = on_lattice(beside.cells, grid)
    new = on_lattice(np.asarray(fresh.cells.geometry.array, object), grid)
    _refuse_reach(old, new, around, beside)
    if len(around):
        new = on_lattice(stitch(np.concatenate([new, around]), grid)[: len(new)], grid)
    held, wanted = buildings_in(before), buildings_in(fresh)
    placed = {code for codes in wanted for code in codes}  # others only joined the cell they stand in (rule 1)
    community, now = (made.cells["community_id"].to_numpy(object) for made in (before, fresh))
    at = {key: row for row, key in enumerate(lattice_keys(old, grid))}
    split = dict(
        zip(lattice_keys(on_lattice(_array([p for p, _ in parents]), grid), grid), (c for _, c in parents), strict=True)
    )
    kept: dict[int, int] = {}
    made = []
    for i, key in enumerate(lattice_keys(new, grid)):
        same = [at[key]] if key in at else list(split.get(key, ()))
        there = {code for row in same for code in held[row]} & placed
        if same and wanted[i] == there and (community[same] == now[i]).all():
            kept |= dict.fromkeys(same, i)
        else:
            made.append(i)
    for i, row in _alike(new, made, old, sorted(set(range(len(old))) - set(kept)), grid):
        if wanted[i] == held[row] & placed and community[row] == now[i]:
            kept[row] = i
    taken = set(kept.values())
    made = [i for i in made if i not in taken]
    rows = np.array(sorted(kept), np.int64)
    source = np.array([kept[row] for row in rows.tolist()], np.int64)
    frame = fresh.cells.iloc[made][COLUMNS].reset_index(drop=True)
    frame["block_id"] = _blocks(before, fresh, rows, source)[made]
    stand = Stand(
        kept=rows,
        made=gpd.GeoDataFrame(frame, geometry=list(new[made]), crs=fresh.cells.crs),
        buildings=[wanted[i] for i in made],
        source=np.concatenate([source, np.array(made, np.int64)]),
        adjacency=fresh.adjacency,
    )
    return remake(before, stand, around, settings)


def _alike(new: np.ndarray, made: list[int], old: np.ndarray, left: list[int], grid: float) -> list[tuple[int, int]]:
    """Pairs of the same ground that differ in vertices on straight borders only: neighbours came or went there."""
    first, second = np.array(made, np.int64), np.array(left, np.int64)
    a, b = shapely.STRtree(old[second]).query(shapely.point_on_surface(new[first]), predicate="intersects")
    pairs = zip(first[a].tolist(), second[b].tolist(), strict=True)
    return [(i, row) for i, row in pairs if _along(new[i], old[row], grid) and _along(old[row], new[i], grid)]


def _along(one: shapely.Geometry, other: shapely.Geometry, grid: float) -> bool:
    """Whether all vertices of a polygon lie on the outline of another, to a step and a half of the lattice."""
    points = shapely.points(shapely.get_coordinates(one))
    return bool(shapely.distance(points, shapely.boundary(other)).max() <= 1.5 * grid)


def _array(shapes: Sequence[shapely.Geometry]) -> np.ndarray:
    return np.array([None, *shapes], dtype=object)[1:]


def _blocks(before: Tessellation, fresh: Tessellation, rows: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Number of the block of every fresh cell: that of a cell that stays there, else one never used."""
    known = before.cells["block_id"].to_numpy(np.int64)
    block = fresh.cells["block_id"].to_numpy(np.int64)
    number = int(known.max(initial=-1)) + 1 + np.arange(int(block.max(initial=-1)) + 1)
    number[block[source]] = known[rows]
    return np.asarray(number[block])


def _refuse_reach(old: np.ndarray, new: np.ndarray, around: np.ndarray, beside: Beside) -> None:
    """Refuse to leave ground in two cells or in none."""
    cell, other = shapely.STRtree(around).query(new, predicate="intersects")
    area = np.bincount(other, shapely.area(shapely.intersection(new[cell], around[other])), len(around))
    disputed = {str(code) for code in beside.community[area > REACH_M2]}
    lost = shapely.difference(shapely.union_all(old), shapely.union_all(new))
    if lost.area > REACH_M2:
        share = shapely.area(shapely.intersection(beside.grounds.geometry.to_numpy(), lost))
        disputed |= {str(code) for code in beside.grounds["community_id"].to_numpy()[share > REACH_M2]}
    if disputed:
        raise ConflictError(
            f"Cells reach over the border of {', '.join(sorted(disputed)[:5])}, which this draft does not hold.",
            "Open a draft that holds those communities too.",
        )
