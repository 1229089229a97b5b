"""Which cell of each community owns a street segment or a crossing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.streets.ways import is_crossing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.streets.ways import Ways

__all__ = ["Streets", "home_cells", "longest_front"]

FRONT_M = 2.0
"""A cell fronts on a street where it is this near to the carriageway."""
STEP_M = 1.0
"""Frontage is counted at places this far apart at most."""


@dataclass(frozen=True)
class Streets:
    """Segments and crossings with their home cell, one row for each community they touch.

    Parameters
    ----------
    geometry : ndarray of LineString or Point, shape (n,)
        Metres; a point is a crossing. The whole segment, on both sides of a community border.
    half_m : ndarray of float64, shape (n,)
        Half the carriageway.
    community : ndarray, shape (n,)
        Whose side: values as in the `community` of the cells.
    home : ndarray of int64, shape (n,)
        Row of the home cell among the cells.
    code : ndarray of str, shape (n,)
        Of the segment or crossing; unique within a community.
    way : ndarray of int64, shape (n,)
        Row in `Ways`.
    """

    geometry: np.ndarray
    half_m: np.ndarray
    community: np.ndarray
    home: np.ndarray
    code: np.ndarray
    way: np.ndarray

    def __len__(self) -> int:
        return len(self.geometry)

    @property
    def crossing(self) -> np.ndarray:
        """Whether each row is a crossing, shape (n,) of bool."""
        return is_crossing(self.geometry)


def home_cells(ways: Ways, cells: Sequence[shapely.Polygon] | np.ndarray, community: Sequence[object]) -> Streets:
    """Give each segment and crossing one home cell in each community that it touches.

    It touches a community where a cell of it is within half the carriageway. A segment's home is the cell with the
    longest frontage: the length of the segment that is not farther from the cell than half the carriageway and
    `FRONT_M`, counted in steps of `STEP_M` at most; of equal ones the lower row. A crossing's home is that of the
    segment that meets there in the same community and is of the highest class, then the widest, the longest, the lower
    code.

    Parameters
    ----------
    ways : Ways
    cells : sequence of Polygon, shape (c,)
        In the same metres; the order decides between equals.
    community : sequence, shape (c,)
        Of each cell.

    Returns
    -------
    Streets
        Sorted by way, then community.
    """
    cells = np.asarray(cells, object)
    codes, of = np.unique(np.asarray(community).astype(str), return_inverse=True)
    tree = shapely.STRtree(cells)
    is_point = ways.crossing
    way, cell = tree.query(ways.geometry, predicate="dwithin", distance=ways.half_m + FRONT_M)
    touches = shapely.distance(ways.geometry[way], cells[cell]) <= ways.half_m[way]
    front = _frontage(ways, tree, way, cell, len(cells))
    touched = np.unique(np.column_stack([way[touches], of[cell[touches]]]), axis=0)

    best = _best(way, of[cell], cell, front)
    home: dict[tuple[int, int], int] = {}
    for w, k in touched[~is_point[touched[:, 0]]]:
        home[int(w), int(k)] = best[int(w), int(k)]
    length = shapely.length(ways.geometry)
    order = np.lexsort((ways.code.astype(str), -length, -ways.half_m, ways.rank))
    strength = np.empty(len(ways), np.int64)
    strength[order] = np.arange(len(ways))
    meeting = ways.meeting[np.lexsort((strength[ways.meeting[:, 1]], ways.meeting[:, 0]))]
    first = np.searchsorted(meeting[:, 0], np.arange(len(ways) + 1))
    for w, k in touched[is_point[touched[:, 0]]]:
        owners = (home.get((int(s), int(k))) for s in meeting[first[w] : first[w + 1], 1])
        home[int(w), int(k)] = next((h for h in owners if h is not None), best[int(w), int(k)])

    rows = np.array([*sorted(home)], np.int64).reshape(-1, 2)
    named = np.asarray(community)
    example = np.zeros(len(codes), np.int64)
    example[of] = np.arange(len(of))
    return Streets(
        geometry=ways.geometry[rows[:, 0]],
        half_m=ways.half_m[rows[:, 0]],
        community=named[example[rows[:, 1]]],
        home=np.array([home[int(w), int(k)] for w, k in rows], np.int64),
        code=ways.code[rows[:, 0]],
        way=rows[:, 0],
    )


def _frontage(ways: Ways, tree: shapely.STRtree, way: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
    """How many places along the way each pair (way, cell) has within reach; the places of a way are evenly spaced."""
    lines = np.flatnonzero(~ways.crossing)
    count = np.maximum(1, np.ceil(shapely.length(ways.geometry[lines]) / STEP_M)).astype(np.int64)
    line = np.repeat(lines, count)
    step = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    places = shapely.line_interpolate_point(
        ways.geometry[line], (step + 0.5) / np.repeat(count, count), normalized=True
    )
    place, near = tree.query(places, predicate="dwithin", distance=ways.half_m[line] + FRONT_M)
    key, times = np.unique(line[place] * cells + near, return_counts=True)
    wanted = way * cells + cell
    at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    if not len(key):
        return np.zeros(len(wanted), np.int64)
    front: np.ndarray = np.where(key[at] == wanted, times[at], 0)
    return front


def _best(way: np.ndarray, community: np.ndarray, cell: np.ndarray, front: np.ndarray) -> dict[tuple[int, int], int]:
    """Cell with the most frontage of each way and community, the lower of equal ones."""
    order = np.lexsort((cell, -front, community, way))
    way, community, cell = way[order], community[order], cell[order]
    first = np.ones(len(way), bool)
    first[1:] = (way[1:] != way[:-1]) | (community[1:] != community[:-1])
    pairs = zip(way[first].tolist(), community[first].tolist(), strict=True)
    return dict(zip(pairs, cell[first].tolist(), strict=True))


def longest_front(way: shapely.Geometry, half_m: float, cells: np.ndarray) -> int:
    """Row of the cell with the longest frontage on a way, of equal ones (within a step) the nearest, then the lower."""
    front = shapely.length(shapely.intersection(shapely.buffer(cells, half_m + FRONT_M), way))
    away = shapely.distance(cells, way)
    return int(np.lexsort((np.arange(len(cells)), away, -np.round(front / STEP_M)))[0])
