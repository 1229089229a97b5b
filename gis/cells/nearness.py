"""Which is the strongest of the lines near each point?"""

from __future__ import annotations

import numpy as np

from gis._compiled import compiled

__all__ = ["strongest_near"]

SQUARE = 4.0
"""Points are looked up in squares with sides of so many times the distance that counts as near."""


@compiled
def strongest_near(
    xy: np.ndarray, owner: np.ndarray, edges: np.ndarray, of: np.ndarray, rank: np.ndarray, metres: float
) -> np.ndarray:
    """Highest rank of the edges within some metres of each point, but for those of the point's own owner.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
    owner : ndarray of int64, shape (n,)
    edges : ndarray of float64, shape (m, 4)
        ``x0, y0, x1, y1`` of straight edges.
    of, rank : ndarray of int64, shape (m,)
        Owner of each edge, and its rank above 0.
    metres : float

    Returns
    -------
    ndarray of int64, shape (n,)
        0 where nothing is near.
    """
    n = len(xy)
    best = np.zeros(n, dtype=np.int64)
    if n == 0 or len(edges) == 0:
        return best
    west, south = xy[:, 0].min(), xy[:, 1].min()
    wide, high = xy[:, 0].max() - west, xy[:, 1].max() - south
    side = max(SQUARE * metres, np.sqrt(wide * high / n), (wide + high) / n)
    columns, rows = int(wide / side) + 1, int(high / side) + 1
    square = np.empty(n, dtype=np.int64)
    start = np.zeros(columns * rows + 1, dtype=np.int64)
    for i in range(n):
        square[i] = int((xy[i, 0] - west) / side) * rows + int((xy[i, 1] - south) / side)
        start[square[i] + 1] += 1
    start = np.cumsum(start)
    fill = start[:-1].copy()
    member = np.empty(n, dtype=np.int64)
    for i in range(n):
        member[fill[square[i]]] = i
        fill[square[i]] += 1
    for e in range(len(edges)):
        ax, ay = edges[e, 0] - west, edges[e, 1] - south
        bx, by = edges[e, 2] - west, edges[e, 3] - south
        left, right = (min(ax, bx) - metres) / side, (max(ax, bx) + metres) / side
        low, top = (min(ay, by) - metres) / side, (max(ay, by) + metres) / side
        if right < 0 or top < 0 or left >= columns or low >= rows:
            continue
        dx, dy = bx - ax, by - ay
        long = dx * dx + dy * dy
        for column in range(max(0, int(left)), min(columns - 1, int(right)) + 1):
            for row in range(max(0, int(low)), min(rows - 1, int(top)) + 1):
                for k in range(start[column * rows + row], start[column * rows + row + 1]):
                    i = member[k]
                    if rank[e] <= best[i] or owner[i] == of[e]:
                        continue
                    px, py = xy[i, 0] - west - ax, xy[i, 1] - south - ay
                    share = 0.0 if long == 0.0 else min(1.0, max(0.0, (px * dx + py * dy) / long))
                    px, py = px - share * dx, py - share * dy
                    if px * px + py * py <= metres * metres:
                        best[i] = rank[e]
    return best
