"""Which parts of a division are searched anew on their own? Windows of a few neighbouring sets that cover all of it.

The energy is a sum over sets, and what two windows share is border whichever way each is divided: a window has the
same energy, up to a constant, on its own graph as within the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.partition._compiled import Graph
from gis.partition.trees import recursive_split

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Window", "windows_of"]


@dataclass(frozen=True)
class Window:
    """Some neighbouring sets of a division.

    Parameters
    ----------
    number : int
    graph : Graph
        Of their cells alone.
    cells : ndarray of int64, shape (m,)
        Their cells in the whole.
    sets : ndarray of int64, shape (q,)
        The sets, in rising order.
    of : ndarray of int64, shape (m,)
        Set of each cell, 0 .. q-1.
    """

    number: int
    graph: Graph
    cells: np.ndarray
    sets: np.ndarray
    of: np.ndarray


def windows_of(graph: Graph, of: np.ndarray, k: int, size: int, rng: np.ndarray) -> Iterator[Window]:
    """Group the sets of a division into connected windows of about `size` sets, by a random tree over the sets.

    Parameters
    ----------
    graph : Graph
    of : ndarray of int64, shape (n,)
        Set of each cell, 0 .. k-1; each connected.
    k : int
    size : int
    rng : ndarray of uint64

    Yields
    ------
    Window
        Of two sets or more, and not every cell a set.
    """
    parts = max(1, round(k / size))
    window = recursive_split(parts, _quotient(graph, of, k), 1, rng)
    for number in range(parts):
        sets = np.flatnonzero(window == number)
        cells = np.flatnonzero(window[of] == number)
        if 1 < len(sets) < len(cells):
            yield Window(number, _restrict(graph, cells), cells, sets, np.searchsorted(sets, of[cells]))


def _ends(graph: Graph) -> np.ndarray:
    """Cell on whose list each entry of `nbr` is."""
    return np.repeat(np.arange(len(graph.load)), np.diff(graph.ptr))


def _starts(of: np.ndarray, n: int) -> np.ndarray:
    """First entry of each list, where `of` says on which list each entry is, in order."""
    return np.concatenate([[0], np.cumsum(np.bincount(of, minlength=n))]).astype(np.int64)


def _quotient(graph: Graph, of: np.ndarray, k: int) -> Graph:
    """The graph of the sets, each of load 1."""
    a, b = of[_ends(graph)], of[graph.nbr]
    pairs = np.unique(np.column_stack([a, b])[a != b], axis=0)
    none, one = np.zeros(len(pairs)), np.ones(k)
    return Graph(_starts(pairs[:, 0], k), np.ascontiguousarray(pairs[:, 1]), none, none, none, one, one, one)


def _restrict(graph: Graph, cells: np.ndarray) -> Graph:
    """The graph of some cells, in rising order, and of the borders between them."""
    place = np.full(len(graph.load), -1, np.int64)
    place[cells] = np.arange(len(cells))
    ends = place[_ends(graph)]
    kept = (ends >= 0) & (place[graph.nbr] >= 0)
    return Graph(
        _starts(ends[kept], len(cells)),
        place[graph.nbr[kept]],
        graph.length[kept],
        graph.price[kept],
        graph.bias[kept],
        graph.load[cells],
        graph.area[cells],
        graph.outline[cells],
    )
