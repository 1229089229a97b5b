"""Which colour does each grid get, so that no two neighbours share one?"""

from __future__ import annotations

import numpy as np
import shapely

__all__ = ["colour_grids"]


def colour_grids(polygons: np.ndarray) -> np.ndarray:
    """Colour a coverage greedily by saturation (DSATUR, Brelaz 1979); touching in a corner counts.

    Parameters
    ----------
    polygons : ndarray of shapely geometries

    Returns
    -------
    ndarray of int64
        Colours from 0; planar neighbourhoods rarely need more than six.

    Examples
    --------
    >>> colour_grids(shapely.box(np.arange(3.0), 0, np.arange(3.0) + 1, 1)).tolist()
    [1, 0, 1]
    """
    n = len(polygons)
    tree = shapely.STRtree(polygons)
    a, b = tree.query(polygons, predicate="intersects")
    neighbours: list[list[int]] = [[] for _ in range(n)]
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i != j:
            neighbours[i].append(j)
    colour = np.full(n, -1)
    used: list[set[int]] = [set() for _ in range(n)]
    buckets: dict[tuple[int, int], set[int]] = {}
    rank = [(0, len(x)) for x in neighbours]
    for i in range(n):
        buckets.setdefault(rank[i], set()).add(i)
    for _ in range(n):
        top = max(key for key, members in buckets.items() if members)
        i = min(buckets[top])
        buckets[top].remove(i)
        colour[i] = next(c for c in range(n) if c not in used[i])
        for j in neighbours[i]:
            if colour[j] < 0 and colour[i] not in used[j]:
                buckets[rank[j]].remove(j)
                used[j].add(int(colour[i]))
                rank[j] = (len(used[j]), len(neighbours[j]))
                buckets.setdefault(rank[j], set()).add(j)
    return colour
