"""Where did the households and the ground of an old grid go, and is a grid in one piece?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.plans.succession import shares

__all__ = ["count_parts", "lineage", "same_cells"]


def lineage(old_of: np.ndarray, new_of: np.ndarray, households: np.ndarray, area: np.ndarray) -> pd.DataFrame:
    """Tell which share of every old grid went to which new one.

    Parameters
    ----------
    old_of, new_of : ndarray of int, shape (cells,)
        Grid of each cell before and after, numbered from 0; -1 for none.
    households, area : ndarray of float, shape (cells,)

    Returns
    -------
    DataFrame
        ``old``, ``new``, ``household_share``, ``area_share``: a row for every pair that has ground in common. Both
        shares of an old grid sum to 1; where it has no households, they are shared as its area is.
    """
    ground = shares(old_of, new_of, area)
    people = shares(old_of, new_of, households)
    met = shares(old_of, new_of, np.ones(len(old_of))) > 0
    old, new = np.nonzero(met)
    area_share = (ground / np.maximum(ground.sum(axis=1, keepdims=True), 1e-12))[old, new]
    total = people.sum(axis=1, keepdims=True)
    household_share = np.where(total[old, 0] > 0, (people / np.maximum(total, 1e-12))[old, new], area_share)
    return pd.DataFrame({"old": old, "new": new, "household_share": household_share, "area_share": area_share})


def same_cells(old_of: np.ndarray, new_of: np.ndarray) -> np.ndarray:
    """Say which old grid each new one is, cell for cell.

    Returns
    -------
    ndarray of int64, shape (new grids,)
        -1 where its cells are not exactly those of one old grid.

    Examples
    --------
    >>> same_cells(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])).tolist()
    [0, -1, -1]
    """
    common = shares(old_of, new_of, np.ones(len(old_of)))
    size = np.bincount(new_of[new_of >= 0], minlength=common.shape[1])
    was = np.bincount(old_of[old_of >= 0], minlength=common.shape[0])
    result = np.full(common.shape[1], -1, np.int64)
    old, new = np.nonzero((common == size) & (common == was[:, None]) & (common > 0))
    result[new] = old
    return result


def count_parts(grid_of: np.ndarray, pairs: np.ndarray, grids: int) -> np.ndarray:
    """Count the connected components of every grid.

    Parameters
    ----------
    grid_of : ndarray of int, shape (cells,)
        Numbered from 0.
    pairs : ndarray of int, shape (m, 2)
        Cells that touch or are linked.
    grids : int
        How many grids there are.

    Returns
    -------
    ndarray of int64, shape (grids,)
        0 for a grid without cells.
    """
    if not len(grid_of):
        return np.zeros(grids, np.int64)
    inner = pairs[grid_of[pairs[:, 0]] == grid_of[pairs[:, 1]]] if len(pairs) else np.empty((0, 2), np.int64)
    size = len(grid_of)
    graph = coo_array((np.ones(len(inner), np.int8), (inner[:, 0], inner[:, 1])), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    first = np.unique(label, return_index=True)[1]
    return np.bincount(grid_of[first], minlength=grids)
