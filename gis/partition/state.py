"""What does the search keep of a division under way, and what does it cost to move one cell?

Load, area, outline and priced border of each set are kept as the search goes, so a flip is priced in the time it takes
to look at one cell's neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis.partition._compiled import Graph, compiled, inlined
from gis.partition.objective import grid_energy

__all__ = ["State", "begin", "energies", "flip", "price_flip", "recount", "stays_connected", "totals"]


class State(NamedTuple):
    """A division under way.

    Parameters
    ----------
    of : ndarray of int64, shape (n,)
        Set of each cell.
    sums : ndarray, shape (k, 4)
        Of each set: households, m2, metres of outline, priced metres of inner border.
    size : ndarray of int64, shape (k,)
        Cells of each set.
    energy : ndarray, shape (k,)
    cross : ndarray of int64, shape (n,)
        Number of each cell's neighbours in other sets.
    border : ndarray of int64, shape (n,)
        The cells with such neighbours, in the first ``listed[0]`` places.
    place : ndarray of int64, shape (n,)
        Position of each cell in `border`, or -1.
    listed : ndarray of int64, shape (1,)
    """

    of: np.ndarray
    sums: np.ndarray
    size: np.ndarray
    energy: np.ndarray
    cross: np.ndarray
    border: np.ndarray
    place: np.ndarray
    listed: np.ndarray


@compiled
def totals(of: np.ndarray, k: int, graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Sum up every set from nothing.

    Returns
    -------
    sums : ndarray, shape (k, 4)
        Households, m2, metres of outline, priced metres of inner border.
    size : ndarray of int64, shape (k,)
        Cells.
    """
    sums = np.zeros((k, 4))
    size = np.zeros(k, np.int64)
    for v in range(len(of)):
        g = of[v]
        size[g] += 1
        sums[g, 0] += graph.load[v]
        sums[g, 1] += graph.area[v]
        sums[g, 2] += graph.outline[v]
        for e in range(graph.ptr[v], graph.ptr[v + 1]):
            if of[graph.nbr[e]] == g:
                sums[g, 2] -= graph.length[e]
            else:
                sums[g, 3] += graph.price[e]
    return sums, size


@compiled
def energies(sums: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Energy of each set, shape (k,)."""
    out = np.empty(len(sums))
    for g in range(len(sums)):
        out[g] = grid_energy(sums[g, 0], sums[g, 1], sums[g, 2], sums[g, 3], w)
    return out


@compiled
def _set_border(v: int, flag: bool, state: State) -> None:
    """Put `v` on the list of border cells, or take it off."""
    border, place, listed = state.border, state.place, state.listed
    if flag and place[v] < 0:
        place[v] = listed[0]
        border[listed[0]] = v
        listed[0] += 1
    elif not flag and place[v] >= 0:
        listed[0] -= 1
        last = border[listed[0]]
        border[place[v]] = last
        place[last] = place[v]
        place[v] = -1


@compiled
def recount(v: int, graph: Graph, state: State) -> None:
    """Count the neighbours of `v` in other sets from nothing."""
    cross = 0
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        if state.of[graph.nbr[e]] != state.of[v]:
            cross += 1
    state.cross[v] = cross
    _set_border(v, cross > 0, state)


@compiled
def _list_border(graph: Graph, state: State) -> None:
    """Find the border cells from nothing."""
    state.listed[0] = 0
    state.place[:] = -1
    for v in range(len(state.of)):
        recount(v, graph, state)


@compiled
def begin(of: np.ndarray, k: int, graph: Graph, w: np.ndarray) -> State:
    """Set up the state of a division."""
    n = len(of)
    sums, size = totals(of, k, graph)
    state = State(
        of.copy(),
        sums,
        size,
        energies(sums, w),
        np.zeros(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.zeros(1, np.int64),
    )
    _list_border(graph, state)
    return state


@inlined
def stays_connected(v: int, of: np.ndarray, graph: Graph, seen: np.ndarray, stamp: int, queue: np.ndarray) -> bool:
    """Whether the set of `v` stays connected without it. `seen` must hold no value from `stamp` on."""
    g = of[v]
    first = -1
    wanted = 0
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        u = graph.nbr[e]
        if of[u] == g and seen[u] != stamp:
            wanted += 1
            first = u
            seen[u] = stamp  # to be reached
    if wanted <= 1:
        return wanted == 1
    seen[v] = stamp + 1
    seen[first] = stamp + 1
    queue[0] = first
    head = 0
    tail = 1
    found = 1
    while head < tail:
        u = queue[head]
        head += 1
        for e in range(graph.ptr[u], graph.ptr[u + 1]):
            x = graph.nbr[e]
            if of[x] == g and seen[x] != stamp + 1:
                if seen[x] == stamp:
                    found += 1
                    if found == wanted:
                        return True
                seen[x] = stamp + 1
                queue[tail] = x
                tail += 1
    return False


@inlined
def price_flip(v: int, b: int, graph: Graph, state: State, change: np.ndarray, w: np.ndarray) -> float:
    """Difference of energy when cell `v` moves to set `b`.

    `change` gets the new sums of donor and receiver and, last, their energies. A border that `v` shares with a third
    set stays a border: the third set's sums do not change.
    """
    of, sums = state.of, state.sums
    a = of[v]
    la = 0.0
    lb = 0.0
    pa = 0.0
    pb = 0.0
    every = 0.0
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        g = of[graph.nbr[e]]
        every += graph.price[e]
        if g == a:
            la += graph.length[e]
            pa += graph.price[e]
        elif g == b:
            lb += graph.length[e]
            pb += graph.price[e]
    change[0, 0] = sums[a, 0] - graph.load[v]
    change[0, 1] = sums[a, 1] - graph.area[v]
    change[0, 2] = sums[a, 2] - graph.outline[v] + 2.0 * la
    change[0, 3] = sums[a, 3] - every + 2.0 * pa
    change[1, 0] = sums[b, 0] + graph.load[v]
    change[1, 1] = sums[b, 1] + graph.area[v]
    change[1, 2] = sums[b, 2] + graph.outline[v] - 2.0 * lb
    change[1, 3] = sums[b, 3] + every - 2.0 * pb
    for i in range(2):
        change[i, 4] = grid_energy(change[i, 0], change[i, 1], change[i, 2], change[i, 3], w)
    gain: float = change[0, 4] + change[1, 4] - state.energy[a] - state.energy[b]
    return gain


@inlined
def flip(v: int, b: int, graph: Graph, state: State, change: np.ndarray) -> None:
    """Move cell `v` to set `b`, whose sums and the donor's become those of `change`."""
    of, cross = state.of, state.cross
    a = of[v]
    of[v] = b
    cross[v] = 0
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        u = graph.nbr[e]
        g = of[u]
        if g == a:
            cross[u] += 1
            _set_border(u, True, state)
        elif g == b:
            cross[u] -= 1
            _set_border(u, cross[u] > 0, state)
        if g != b:
            cross[v] += 1
    _set_border(v, cross[v] > 0, state)
    state.size[a] -= 1
    state.size[b] += 1
    for i in range(4):
        state.sums[a, i] = change[0, i]
        state.sums[b, i] = change[1, i]
    state.energy[a] = change[0, 4]
    state.energy[b] = change[1, 4]
