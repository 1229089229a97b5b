"""Is there a connected set of cells with a load within a range around a given cell? Answered by looking at all of them.

Only cells with a load matter: cells without one cost nothing to pass, so two loaded cells are neighbours here where
they touch or where a connected region of empty cells touches both (`loaded_neighbours`). Every connected set of loaded
cells is then the loaded part of a connected set of cells, and the other way round.

The sets that contain a root are enumerated each exactly once, by deciding for one neighbour of the set after the other
whether it is in or out; what is out stays out in everything that follows (as in the enumeration of connected subgraphs
by Wernicke 2006, IEEE/ACM TCBB 3:347). Loads are not negative, so a set above the range is never extended, and a branch
ends where all that can still be reached is below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.partition._compiled import compiled

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["CAPPED", "FOUND", "NONE", "Around", "loaded_neighbours", "search_around"]

UNSEEN, WAITING, IN, OUT = 0, 1, 2, 3
NONE, FOUND, CAPPED = 0, 1, 2
"""Outcomes: there is no such set; there is one; the search was cut off and says nothing."""


class Around(NamedTuple):
    """What was found around each root.

    Parameters
    ----------
    outcome : ndarray of int8
        `NONE`, `FOUND` or `CAPPED`.
    nodes : ndarray of int64
        Decisions taken; 0 where an earlier root's set holds this one too.
    below, above : ndarray of float64
        Where there is none: the greatest load below the range and the least above it that a connected set around the
        root can have; -inf and inf where there is no such set.
    """

    outcome: np.ndarray
    nodes: np.ndarray
    below: np.ndarray
    above: np.ndarray


def loaded_neighbours(load: np.ndarray, pairs: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say which loaded cells can be in a connected set one right after the other.

    Parameters
    ----------
    load : ndarray of float64, shape (n,)
        Households of each cell, not negative.
    pairs : ndarray of int, shape (m, 2)
        Cells that touch or are linked.
    keep : ndarray of bool, shape (n,)
        Cells that may be passed or taken at all.

    Returns
    -------
    ptr, nbr : ndarray of int64
        ``nbr[ptr[v]:ptr[v + 1]]`` are the neighbours of the loaded cell `v`, that with the greatest load first; cells
        that are empty or not kept have none.
    """
    n = len(load)
    pairs = pairs[keep[pairs].all(axis=1)].astype(np.int64)
    loaded = load > 0
    empty = ~loaded[pairs]
    _, region = connected_components(_matrix(pairs[empty.all(axis=1)], n, n), directed=False)
    mixed = pairs[empty.sum(axis=1) == 1]
    at = loaded[mixed[:, 0]]
    touch = _matrix(np.column_stack([np.where(at, *mixed.T), region[np.where(at, *mixed.T[::-1])]]), n, n)
    direct = _matrix(pairs[~empty.any(axis=1)], n, n)
    near = (direct + direct.T + touch @ touch.T).tocoo()
    source, target = near.row.astype(np.int64), near.col.astype(np.int64)
    apart = source != target
    source, target = source[apart], target[apart]
    order = np.lexsort((target, -load[target], source))
    return np.searchsorted(source[order], np.arange(n + 1)).astype(np.int64), np.ascontiguousarray(target[order])


def _matrix(pairs: np.ndarray, rows: int, columns: int) -> csr_array:
    return coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, columns)).tocsr()


@compiled
def _reach(
    total: float,
    low: float,
    first: int,
    tail: int,
    ptr: np.ndarray,
    nbr: np.ndarray,
    load: np.ndarray,
    status: np.ndarray,
    queue: np.ndarray,
) -> float:
    """Load of a set with all it can still reach, which waits at ``queue[first:tail]`` or lies behind; up to `low`."""
    end = tail
    for i in range(first, tail):
        total += load[queue[i]]
    head = first
    while head < end and total < low:
        v = queue[head]
        head += 1
        for e in range(ptr[v], ptr[v + 1]):
            u = nbr[e]
            if status[u] == UNSEEN:
                status[u] = WAITING
                queue[end] = u
                end += 1
                total += load[u]
    for i in range(tail, end):
        status[queue[i]] = UNSEEN
    return total


@compiled
def _around(
    root: int,
    ptr: np.ndarray,
    nbr: np.ndarray,
    load: np.ndarray,
    low: float,
    high: float,
    cap: int,
    status: np.ndarray,
    queue: np.ndarray,
    tail_at: np.ndarray,
    total_at: np.ndarray,
    holds: np.ndarray,
) -> tuple[int, int, float, float]:
    """Search around one root; members of a set that is found are noted in `holds`."""
    outcome = NONE
    nodes = 0
    above = np.inf
    total = load[root]
    below = total if total < low else -np.inf
    status[root] = IN
    queue[0] = root
    tail = 1
    if total > high:
        above = total
    elif total >= low:
        outcome = FOUND
    else:
        for e in range(ptr[root], ptr[root + 1]):
            queue[tail] = nbr[e]
            status[nbr[e]] = WAITING
            tail += 1
    p = 1
    ends = p == tail
    while outcome == NONE:
        if ends:  # no more to decide here: turn the last one that is in to out
            p -= 1
            while p > 0 and status[queue[p]] == OUT:
                status[queue[p]] = WAITING
                p -= 1
            if p == 0:
                break
            for i in range(tail_at[p], tail):
                status[queue[i]] = UNSEEN
            tail = tail_at[p]
            total = total_at[p]
            status[queue[p]] = OUT
        else:
            nodes += 1
            if nodes > cap:
                outcome = CAPPED
                break
            u = queue[p]
            if total + load[u] <= high:
                status[u] = IN
                tail_at[p] = tail
                total_at[p] = total
                total += load[u]
                for e in range(ptr[u], ptr[u + 1]):
                    if status[nbr[e]] == UNSEEN:
                        queue[tail] = nbr[e]
                        status[nbr[e]] = WAITING
                        tail += 1
                if total >= low:
                    outcome = FOUND
                    break
                below = max(below, total)
            else:
                above = min(above, total + load[u])
                status[u] = OUT
        ends = p + 1 == tail
        if status[queue[p]] == OUT and not ends:
            reach = _reach(total, low, p + 1, tail, ptr, nbr, load, status, queue)
            if reach < low:
                below = max(below, reach)
                ends = True
        p += 1
    for i in range(tail):
        if outcome == FOUND and status[queue[i]] == IN:
            holds[queue[i]] = True
        status[queue[i]] = UNSEEN
    return outcome, nodes, below, above


@compiled
def _search(
    roots: np.ndarray, ptr: np.ndarray, nbr: np.ndarray, load: np.ndarray, low: float, high: float, cap: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = len(load)
    status = np.zeros(n, np.int8)
    queue = np.empty(n + 1, np.int64)
    tail_at = np.empty(n + 1, np.int64)
    total_at = np.empty(n + 1)
    holds = np.zeros(n, np.bool_)
    outcome = np.full(len(roots), FOUND, np.int8)
    nodes = np.zeros(len(roots), np.int64)
    below = np.full(len(roots), -np.inf)
    above = np.full(len(roots), np.inf)
    for i in range(len(roots)):
        if not holds[roots[i]]:
            outcome[i], nodes[i], below[i], above[i] = _around(
                roots[i], ptr, nbr, load, low, high, cap, status, queue, tail_at, total_at, holds
            )
    return outcome, nodes, below, above


def search_around(
    roots: np.ndarray,
    neighbours: tuple[np.ndarray, np.ndarray],
    load: np.ndarray,
    limits: tuple[float, float],
    cap: int,
) -> Around:
    """Look around each root for a connected set of cells with a load within limits.

    Parameters
    ----------
    roots : ndarray of int64
        Loaded cells.
    neighbours : (ndarray, ndarray)
        Of `loaded_neighbours`.
    load : ndarray of float64, shape (n,)
    limits : (float, float)
        Least and greatest load wanted, both included.
    cap : int
        Decisions for one root after which it is given up.

    Returns
    -------
    Around
    """
    low, high = limits
    return Around(*_search(roots.astype(np.int64), *neighbours, load.astype(np.float64), low, high, cap))
