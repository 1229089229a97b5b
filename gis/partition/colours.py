"""Which colour does each grid get, so that no two neighbours share one?"""

from __future__ import annotations

import numpy as np
import shapely

__all__ = ["colour_beside", "colour_grids"]


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


def colour_beside(polygons: np.ndarray, others: np.ndarray, colours: np.ndarray, reach: float) -> np.ndarray:
    """Colour polygons beside others whose colours stay, greedily in their order.

    Parameters
    ----------
    polygons, others : ndarray of shapely geometries
        In one system.
    colours : ndarray of int, shape (others,)
    reach : float
        Distance up to which two are neighbours, in the unit of the coordinates.

    Returns
    -------
    ndarray of int64
        Colours from 0; no two neighbours share one.

    Examples
    --------
    >>> row = shapely.box(np.arange(3.0), 0, np.arange(3.0) + 1, 1)
    >>> colour_beside(row[1:], row[:1], np.array([0]), 1e-6).tolist()
    [1, 0]
    """
    everything = np.concatenate([others, polygons])
    colour = np.concatenate([np.asarray(colours, np.int64), np.full(len(polygons), -1)])
    a, b = shapely.STRtree(everything).query(polygons, predicate="dwithin", distance=reach)
    for i in range(len(polygons)):
        used = set(colour[b[a == i]].tolist())
        colour[len(others) + i] = next(c for c in range(len(used) + 1) if c not in used)
    return colour[len(others) :]
