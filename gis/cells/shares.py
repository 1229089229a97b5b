"""Where does the ground nearest to one building end and that nearest to the next begin?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import line_parts

if TYPE_CHECKING:
    from gis.cells.blocks import Blocks
    from gis.cells.settings import CellSettings

__all__ = ["lattice", "outline_samples", "pools_of", "ridges", "share_lines"]

KILOMETRE = 1e3
PROBE_M = 0.05
"""Another building this near hides an outline: there is no ground between them to share."""


def outline_samples(
    shape: np.ndarray, solid: np.ndarray, spacing: float, narrow: float, fine: float
) -> tuple[np.ndarray, np.ndarray]:
    """Points that stand for buildings where ground is to be shared: along outlines that face it, or the point.

    Parameters
    ----------
    shape : ndarray of geometry
        Footprints and points.
    solid : ndarray of bool
        Which are footprints.
    spacing : float
        Metres between samples where other buildings are far.
    narrow, fine : float
        Where another building is within `narrow` metres the samples are `fine` metres apart.

    Returns
    -------
    xy : ndarray of float64, shape (n, 2)
    which : ndarray of int64, shape (n,)
        Row in `shape`.
    """
    from gis.cells.nearness import strongest_near  # noqa: PLC0415 - as in `_ridges`

    spots = np.flatnonzero(~solid)
    rows = np.flatnonzero(solid)
    spot_xy = shapely.get_coordinates(shape[spots])
    if len(rows) == 0:
        return spot_xy, spots
    footprints = shapely.orient_polygons(shape[rows], exterior_cw=False)
    rings, part = shapely.get_rings(footprints, return_index=True)
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, 2 * spacing), return_index=True)
    same = ring[:-1] == ring[1:]
    a, b, which = xy[:-1][same], xy[1:][same], part[ring[:-1][same]]
    long = np.hypot(*(b - a).T)
    keep = long > 0
    a, b, which, long = a[keep], b[keep], which[keep], long[keep]
    outline, part_of = np.hstack([a, b]), which
    away = np.column_stack([b[:, 1] - a[:, 1], a[:, 0] - b[:, 0]]) / long[:, None]
    probes = shapely.points((a + b) / 2 + PROBE_M * away)
    hidden = np.zeros(len(probes), dtype=bool)
    hidden[shapely.STRtree(probes).query(footprints, predicate="contains")[1]] = True
    a, b, which, long = a[~hidden], b[~hidden], which[~hidden], long[~hidden]
    tight = strongest_near((a + b) / 2, which, outline, part_of, np.ones(len(outline), np.int64), narrow) > 0
    count = np.where(tight, np.ceil(long / fine), np.where(long > spacing / 2, 2, 1)).astype(np.int64)
    piece = np.repeat(np.arange(len(a)), count)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    share = ((step + 0.5) / count[piece])[:, None]
    points = a[piece] * (1 - share) + b[piece] * share
    return np.concatenate([points, spot_xy]), np.concatenate([rows[which[piece]], spots])


def ridges(xy: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Lines between the Voronoi regions of different owners, as `share_chains` straightens them.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
        Metres.
    owner : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of LineString
        They reach far beyond the samples.
    """
    return _ridges(xy, owner, [np.arange(len(xy))])[0]


def _ridges(xy: np.ndarray, owner: np.ndarray, pools: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Lines between the regions of different owners in each pool, and the pool of each line."""
    from gis.cells.delaunay import MM, share_chains  # noqa: PLC0415 - numba takes half a second, needed only here

    if len(xy) == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    origin = np.floor(xy.min(axis=0) / KILOMETRE) * KILOMETRE
    rows = np.concatenate(pools)
    start = np.cumsum([0, *(len(pool) for pool in pools)])
    vertices, line, pool = share_chains(np.round((xy[rows] - origin) / MM), owner[rows].astype(np.int64), start)
    if len(line) == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    first = np.flatnonzero(np.diff(line, prepend=-1))
    return np.asarray(shapely.linestrings(vertices * MM + origin, indices=line)), pool[first]


def lattice(ground: shapely.Geometry, piece_m2: float) -> np.ndarray:
    """Lines that cut a piece of ground into parts of at most `piece_m2`, along its longer side."""
    box = shapely.minimum_rotated_rectangle(ground)
    corners = shapely.get_coordinates(box)[:4]
    if len(corners) < 4:
        return np.empty(0, dtype=object)
    a, b = corners[1] - corners[0], corners[3] - corners[0]
    side = math.sqrt(piece_m2)
    out = []
    for along, across in ((a, b), (b, a)):
        n = math.ceil(float(np.hypot(*along)) / side)
        for i in range(1, n):
            start = corners[0] + along * (i / n) - across * 0.01
            out.append([start, start + across * 1.02])
    return shapely.linestrings(np.array(out)) if out else np.empty(0, dtype=object)


def pools_of(blocks: Blocks, block_of: np.ndarray, sample_of: np.ndarray, settings: CellSettings) -> list[np.ndarray]:
    """Samples among which the ground of each block is shared: its own buildings', for a strip its quarter's."""
    n = len(blocks.ground)
    of_sample = block_of[sample_of] if len(sample_of) else np.empty(0, np.int64)
    order = np.argsort(of_sample, kind="stable")
    pools = np.split(order, np.searchsorted(of_sample[order], np.arange(1, n)))
    built = np.bincount(block_of, minlength=n) > 0
    narrow = 2 * shapely.area(blocks.ground) < settings.strip_m * shapely.length(blocks.ground)
    for q in np.unique(blocks.quarter[~built & narrow]):
        mine = np.flatnonzero(blocks.quarter == q)
        together = np.sort(np.concatenate([pools[b] for b in mine if built[b]] or [np.empty(0, np.int64)]))
        for b in mine:
            if not built[b] and narrow[b]:
                pools[b] = together
    return pools


def share_lines(
    blocks: np.ndarray,
    pools: list[np.ndarray],
    footprints: np.ndarray,
    samples: np.ndarray,
    sample_of: np.ndarray,
    settings: CellSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Ridges between the shares of each block, and the lattice that keeps large blocks under the cap.

    Returns
    -------
    lines : ndarray of LineString
    inner : ndarray of bool
        Meets no other line but ridges, and these at its ends only.
    """
    large = np.flatnonzero(shapely.area(blocks) > settings.max_cell_m2)
    grids = [lattice(blocks[b], settings.max_cell_m2 / 4) for b in large]
    lines, where = _ridges(samples, sample_of, pools)
    lines = np.concatenate([lines, *grids])
    where = np.concatenate([where, np.repeat(large, [len(grid) for grid in grids])]).astype(np.int64)
    if len(lines) == 0:
        return lines, np.zeros(0, dtype=bool)
    if len(footprints):
        lines, where = _outside(lines, where, footprints)
    inside = np.zeros(len(lines), dtype=bool)
    for b in np.unique(where):
        mine = np.flatnonzero(where == b)
        shapely.prepare(blocks[b])
        inside[mine] = shapely.contains_properly(blocks[b], lines[mine])
    clipped = line_parts(shapely.intersection(lines[~inside], blocks[where[~inside]]))
    inner = np.concatenate([~np.isin(where[inside], large), np.zeros(len(clipped), dtype=bool)])
    return np.concatenate([lines[inside], clipped]), inner


def _outside(lines: np.ndarray, where: np.ndarray, footprints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines without those of their edges that lie within a footprint."""
    meets = np.zeros(len(lines), dtype=bool)
    meets[shapely.STRtree(lines).query(footprints, predicate="intersects")[1]] = True
    xy, line = shapely.get_coordinates(lines[meets], return_index=True)
    follow = np.flatnonzero(line[:-1] == line[1:])
    edges = shapely.linestrings(np.stack([xy[follow], xy[follow + 1]], axis=1))
    hidden = np.zeros(len(edges), dtype=bool)
    hidden[shapely.STRtree(edges).query(footprints, predicate="contains")[1]] = True
    open_ = where[meets][line[follow]][~hidden]
    return np.concatenate([lines[~meets], edges[~hidden]]), np.concatenate([where[~meets], open_])
