"""In which form do the kernels take a graph?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gis._compiled import compiled, inlined

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Graph", "compiled", "inlined"]


class Graph(NamedTuple):
    """A connected piece of a community: n cells, each neighbourhood listed from both sides.

    Parameters
    ----------
    ptr, nbr : ndarray of int64
        ``nbr[ptr[v]:ptr[v + 1]]`` are the neighbours of cell `v`, links too.
    length, price, bias : ndarray of float64
        Of each entry of `nbr`: metres of shared border; the same weighted by what it follows; what is added to the
        random key of a tree edge (the more, the later a tree uses it).
    load, area, outline : ndarray of float64, shape (n,)
        Households, m2 and metres of outline of each cell.
    """

    ptr: np.ndarray
    nbr: np.ndarray
    length: np.ndarray
    price: np.ndarray
    bias: np.ndarray
    load: np.ndarray
    area: np.ndarray
    outline: np.ndarray
