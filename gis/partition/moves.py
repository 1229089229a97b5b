"""Which few buildings change their grid so that loads are even again? Annealing that starts from the grids in force.

The energy is that of a division plus a price for every cell that is not in the grid it had, so the search leaves the
grids in force only where that pays. Every state it visits keeps each grid as connected as it was, breaks no lock and
empties no grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis.partition._compiled import Graph, compiled
from gis.partition._random import below, uniform
from gis.partition.objective import grid_energy
from gis.partition.state import State, begin, flip, price_flip, stays_connected, totals

__all__ = ["Bounds", "join", "repair"]

CHAIN_SHARE = 0.3
FAR_SHARE = 0.3
"""Share of the proposals that are chains of two flips; of those between two grids on target, that are looked at."""


class Bounds(NamedTuple):
    """What the search starts from and may do.

    Parameters
    ----------
    old : ndarray of int64, shape (n,)
        Grid in force of each cell; k for a cell that had none.
    price : ndarray of float64, shape (n,)
        Energy of the cell's being in another grid.
    fixed : ndarray of bool, shape (n,)
        Cells that stay.
    barred : ndarray of bool, shape (k + 1, k)
        ``barred[g, h]``: no cell of grid g in force may come to be in grid h; the last row is of cells that had none.
    """

    old: np.ndarray
    price: np.ndarray
    fixed: np.ndarray
    barred: np.ndarray


@compiled
def _moved(v: int, a: int, b: int, bounds: Bounds) -> float:
    """Change of the price paid for cell `v` when it moves from `a` to `b`."""
    g = bounds.old[v]
    price: float = bounds.price[v]
    if a == g:
        return price
    return -price if b == g else 0.0


@compiled
def _pick_other(v: int, of: np.ndarray, graph: Graph, rng: np.ndarray) -> int:
    """Set of a random neighbour of `v` that is in another set; -1 where there is none."""
    count = 0
    found = -1
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        if of[graph.nbr[e]] != of[v]:
            count += 1
            if below(rng, count) == 0:
                found = of[graph.nbr[e]]
    return found


@compiled
def _second(
    v: int,
    b: int,
    graph: Graph,
    state: State,
    bounds: Bounds,
    trial: np.ndarray,
    change: np.ndarray,
    w: np.ndarray,
) -> tuple[int, int, float]:
    """The cheapest flip out of grid `b` of any border cell but `v`.

    Returns
    -------
    cell, grid : int
        -1 where there is none.
    delta : float
        Change of energy; `change` gets what `price_flip` says of it.
    """
    lowest = np.inf
    cell = -1
    to = -1
    for i in range(state.listed[0]):
        x = state.border[i]
        if state.of[x] != b or x == v or bounds.fixed[x]:
            continue
        for e in range(graph.ptr[x], graph.ptr[x + 1]):
            c = state.of[graph.nbr[e]]
            if c == b or bounds.barred[bounds.old[x], c]:
                continue
            new = True
            for f in range(graph.ptr[x], e):
                if state.of[graph.nbr[f]] == c:
                    new = False
                    break
            if not new:
                continue
            delta = price_flip(x, c, graph, state, trial, w) + _moved(x, b, c, bounds)
            if delta < lowest:
                lowest = delta
                cell = x
                to = c
                change[:] = trial
    return cell, to, lowest


@compiled
def _off(g: int, state: State, w: np.ndarray) -> bool:
    """Whether a grid is outside tolerance."""
    off: bool = abs(state.sums[g, 0] - w[0]) > w[3] * w[0] + 1e-9
    return off


@compiled
def repair(
    of: np.ndarray,
    k: int,
    graph: Graph,
    bounds: Bounds,
    w: np.ndarray,
    steps: int,
    hot: float,
    cold: float,
    rng: np.ndarray,
) -> np.ndarray:
    """Improve a division while few cells leave the grid they had.

    Parameters
    ----------
    of : ndarray of int64, shape (n,)
        Grid of each cell to begin with, 0 .. k-1; none empty. Not changed.
    k : int
    graph : Graph
    bounds : Bounds
    w : ndarray
        `Weights.array`.
    steps : int
        Proposals.
    hot, cold : float
        First and last temperature, in units of energy; geometric in between.
    rng : ndarray of uint64

    Returns
    -------
    ndarray of int64
        The division of least energy and price met; `of` where there is no better one.
    """
    n = len(of)
    state = begin(of, k, graph, w)
    best = of.copy()
    now = 0.0
    lowest = 0.0
    seen = np.zeros(n, np.int64)
    stamp = 0
    queue = np.empty(n, np.int64)
    change = np.empty((2, 5))
    second = np.empty((2, 5))
    trial = np.empty((2, 5))
    before = np.empty((2, 5))
    cool = (cold / hot) ** (1.0 / max(1, steps))
    heat = hot
    if state.listed[0] == 0:
        return best
    for _ in range(steps):
        heat *= cool
        v = state.border[below(rng, state.listed[0])]
        a = state.of[v]
        if bounds.fixed[v] or state.size[a] == 1:
            continue
        b = _pick_other(v, state.of, graph, rng)
        if bounds.barred[bounds.old[v], b]:
            continue
        home = a == bounds.old[v]
        if home and not _off(a, state, w) and not _off(b, state, w) and uniform(rng) >= FAR_SHARE:
            continue
        chain = uniform(rng) < CHAIN_SHARE
        delta = price_flip(v, b, graph, state, change, w) + _moved(v, a, b, bounds)
        if not chain and delta > 0.0 and uniform(rng) >= np.exp(-delta / heat):
            continue
        stamp += 2
        if not stays_connected(v, state.of, graph, seen, stamp, queue):
            continue
        for i in range(4):
            before[1, i] = state.sums[a, i]
            before[0, i] = state.sums[b, i]
        before[1, 4] = state.energy[a]
        before[0, 4] = state.energy[b]
        flip(v, b, graph, state, change)
        if chain:
            # a second flip out of the receiver: back to the donor (a swap) or on to a third grid (a push)
            x, c, more = _second(v, b, graph, state, bounds, trial, second, w)
            done = False
            both = delta + more
            if x >= 0 and (both <= 0.0 or uniform(rng) < np.exp(-both / heat)):
                stamp += 2
                if stays_connected(x, state.of, graph, seen, stamp, queue):
                    flip(x, c, graph, state, second)
                    delta = both
                    done = True
            if not done:
                flip(v, a, graph, state, before)
                continue
        now += delta
        if now < lowest - 1e-9:
            lowest = now
            best[:] = state.of
    return best


@compiled
def join(of: np.ndarray, k: int, graph: Graph, closed: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Let cells in no grid join neighbouring grids, the cheapest first.

    Parameters
    ----------
    of : ndarray of int64, shape (n,)
        Grid of each cell, 0 .. k-1; k for none. Not changed.
    k : int
    graph : Graph
    closed : ndarray of bool, shape (k,)
        Grids that no cell joins.
    w : ndarray
        `Weights.array`.

    Returns
    -------
    ndarray of int64
        As `of`; k is left for cells that no path of such cells leads from to an open grid.
    """
    of = of.copy()
    sums, _ = totals(of, k + 1, graph)
    best = np.empty(4)
    trial = np.empty(4)
    while True:
        lowest = np.inf
        cell = -1
        to = -1
        for v in range(len(of)):
            if of[v] != k:
                continue
            every = 0.0
            for e in range(graph.ptr[v], graph.ptr[v + 1]):
                every += graph.price[e]
            for e in range(graph.ptr[v], graph.ptr[v + 1]):
                g = of[graph.nbr[e]]
                if g == k or closed[g]:
                    continue
                trial[0] = sums[g, 0] + graph.load[v]
                trial[1] = sums[g, 1] + graph.area[v]
                trial[2] = sums[g, 2] + graph.outline[v]
                trial[3] = sums[g, 3] + every
                for f in range(graph.ptr[v], graph.ptr[v + 1]):
                    if of[graph.nbr[f]] == g:
                        trial[2] -= 2.0 * graph.length[f]
                        trial[3] -= 2.0 * graph.price[f]
                delta = grid_energy(trial[0], trial[1], trial[2], trial[3], w) - grid_energy(
                    sums[g, 0], sums[g, 1], sums[g, 2], sums[g, 3], w
                )
                if delta < lowest:
                    lowest = delta
                    cell = v
                    to = g
                    best[:] = trial
        if cell < 0:
            return of
        of[cell] = to
        sums[to] = best
