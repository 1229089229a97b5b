"""On which street of its own community does a point lie?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from gis.streets.homes import Streets

__all__ = ["Carriageways"]

PIECE_M = 60.0
"""Lines are looked up in pieces no longer than this, so that boxes round slanting ones stay slim."""


class Carriageways:
    """The carriageways of streets, ready to be asked.

    A point lies on a segment or crossing where it is not farther from it than half the carriageway. Of several a
    crossing goes before segments, then the nearest, then the lower row.

    Parameters
    ----------
    streets : Streets
    community : ndarray of int64, shape (n,)
        Whose side each row is, as a number.
    """

    def __init__(self, streets: Streets, community: np.ndarray) -> None:
        crossing = streets.crossing
        xy, row = shapely.get_coordinates(streets.geometry, return_index=True)
        same = row[1:] == row[:-1]
        start = np.concatenate([xy[:-1][same], xy[crossing[row]]])
        end = np.concatenate([xy[1:][same], xy[crossing[row]]])
        row = np.concatenate([row[:-1][same], row[crossing[row]]])
        count = np.maximum(1, np.ceil(np.hypot(*(end - start).T) / PIECE_M)).astype(np.int64)
        step = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count))[:, None]
        start, end, row, of = (np.repeat(a, count, axis=0) for a in (start, end, row, count))
        across = (end - start) / of[:, None]
        self._start, self._across, self._row = start + across * step, across, row.astype(np.int32)
        # a point at no distance of a crossing divides by one instead of nothing
        self._square = np.maximum((across**2).sum(axis=1), 1e-12)
        self._half2 = np.square(streets.half_m)[row]
        self._community = np.asarray(community, np.int64)[row]
        self._crossing = crossing
        far = self._start + across
        low, high = np.minimum(self._start, far), np.maximum(self._start, far)
        reach = streets.half_m[row][:, None]
        self._tree = shapely.STRtree(shapely.box(*(low - reach).T, *(high + reach).T))

    def find(self, points: np.ndarray, community: np.ndarray) -> np.ndarray:
        """Row of the street each point lies on, -1 for none, shape (n,) of int32.

        Parameters
        ----------
        points : ndarray of Point, shape (n,)
        community : ndarray of int64, shape (n,)
            Of each point; streets of other communities are not its own.
        """
        found = np.full(len(points), -1, np.int32)
        point, piece = self._tree.query(points)
        own = self._community[piece] == community[point]
        point, piece = point[own], piece[own]
        x, y = shapely.get_x(points)[point], shapely.get_y(points)[point]
        dx, dy = x - self._start[piece, 0], y - self._start[piece, 1]
        ax, ay = self._across[piece, 0], self._across[piece, 1]
        along = np.clip((dx * ax + dy * ay) / self._square[piece], 0.0, 1.0)
        square = (dx - along * ax) ** 2 + (dy - along * ay) ** 2
        on = square <= self._half2[piece]
        point, square, row = point[on], square[on], self._row[piece[on]]
        order = np.lexsort((row, square, ~self._crossing[row], point))
        point, row = point[order], row[order]
        first = np.ones(len(point), bool)
        first[1:] = point[1:] != point[:-1]
        found[point[first]] = row[first]
        return found
