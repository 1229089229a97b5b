"""Which grids hold ground that lies apart from the rest of its division?"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["holds_island"]


def holds_island(division: np.ndarray, grid_of: np.ndarray, pairs: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Say of every grid whether it holds cells that no common border joins to the main part of their division.

    Parameters
    ----------
    division : ndarray, shape (cells,)
        Division each cell lies in.
    grid_of : ndarray of int, shape (cells,)
        Numbered from 0.
    pairs : ndarray of int, shape (m, 2)
        Cells with a common border; declared links are left out, since they are what an island needs.
    area : ndarray of float, shape (cells,)
        The main part of a division is the one with most area.

    Returns
    -------
    ndarray of bool, shape (grids,)

    Examples
    --------
    >>> holds_island(np.zeros(3, int), np.array([0, 0, 1]), np.array([[0, 1]]), np.array([5.0, 5.0, 1.0])).tolist()
    [False, True]
    """
    n = len(grid_of)
    _, names = np.unique(division, return_inverse=True)
    own = pairs[names[pairs[:, 0]] == names[pairs[:, 1]]]
    _, part = connected_components(coo_array((np.ones(len(own)), (own[:, 0], own[:, 1])), shape=(n, n)), directed=False)
    size = np.bincount(part, area)
    first = np.unique(part, return_index=True)[1]
    main = np.zeros(int(names.max(initial=-1)) + 1)
    np.maximum.at(main, names[first], size)
    apart = size[part] < main[names]
    found = np.zeros(int(grid_of.max(initial=-1)) + 1, bool)
    found[grid_of[apart]] = True
    return found
