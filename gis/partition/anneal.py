"""How is a division improved? By simulated annealing over border flips, chains of two, and re-splits of pairs.

Every state the search visits consists of connected, non-empty sets.
"""

from __future__ import annotations

import numpy as np

from gis.partition._compiled import Graph, compiled, inlined
from gis.partition._random import below, uniform
from gis.partition.objective import load_energy
from gis.partition.pairs import resplit, scratch_for
from gis.partition.state import State, begin, flip, price_flip, stays_connected

__all__ = ["anneal"]

CHAIN_SHARE = 0.25
RESPLIT_SHARE = 0.06


@inlined
def _pick_other(v: int, of: np.ndarray, graph: Graph, rng: np.ndarray) -> int:
    """Set of a random neighbour of `v` that is in another set; -1 where there is none."""
    count = 0
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        if of[graph.nbr[e]] != of[v]:
            count += 1
    if count == 0:
        return -1
    pick = below(rng, count)
    found = -1
    for e in range(graph.ptr[v], graph.ptr[v + 1]):
        if of[graph.nbr[e]] != of[v]:
            if pick == 0:
                found = of[graph.nbr[e]]
                break
            pick -= 1
    return found


@inlined
def _best_second(
    v: int,
    b: int,
    graph: Graph,
    state: State,
    seen: np.ndarray,
    stamp: int,
    queue: np.ndarray,
    trial: np.ndarray,
    change: np.ndarray,
    w: np.ndarray,
    limit: float,
) -> tuple[int, int, float]:
    """The cheapest flip out of set `b`, of which `v` is a cell, of any cell but `v`; its `change` as `price_flip`.

    Returns
    -------
    cell, set : int
        -1 where there is none of at most `limit`.
    delta : float
    """
    lowest = limit
    cell = -1
    to = -1
    seen[v] = stamp
    queue[0] = v
    head = 0
    tail = 1
    while head < tail:
        x = queue[head]
        head += 1
        for e in range(graph.ptr[x], graph.ptr[x + 1]):
            u = graph.nbr[e]
            c = state.of[u]
            if c == b:
                if seen[u] != stamp:
                    seen[u] = stamp
                    queue[tail] = u
                    tail += 1
            elif x != v:
                new = True
                for f in range(graph.ptr[x], e):
                    if state.of[graph.nbr[f]] == c:
                        new = False
                        break
                if not new:
                    continue
                load = graph.load[x]
                least = load_energy(state.sums[b, 0] - load, w) + load_energy(state.sums[c, 0] + load, w)
                if least - state.energy[b] - state.energy[c] >= lowest:
                    continue
                delta = price_flip(x, c, graph, state, trial, w)
                if delta < lowest:
                    lowest = delta
                    cell = x
                    to = c
                    change[:] = trial
    return cell, to, lowest


@inlined
def _write(a: int, b: int, state: State, change: np.ndarray) -> None:
    """Let the sums and energies of two sets be those of `change`."""
    for i in range(4):
        state.sums[a, i] = change[0, i]
        state.sums[b, i] = change[1, i]
    state.energy[a] = change[0, 4]
    state.energy[b] = change[1, 4]


@compiled
def anneal(
    of: np.ndarray,
    k: int,
    graph: Graph,
    w: np.ndarray,
    steps: int,
    hot: float,
    cold: float,
    rng: np.ndarray,
    shots: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Improve a division of a connected graph into `k` connected sets.

    Parameters
    ----------
    of : ndarray of int64, shape (n,)
        Set of each cell to begin with; connected, none empty. Not changed.
    k : int
    graph : Graph
    w : ndarray
        `Weights.array`.
    steps : int
        Proposals.
    hot, cold : float
        First and last temperature, in units of energy; geometric in between.
    rng : ndarray of uint64
    shots : ndarray of int64, shape (q, n)
        Filled with q divisions met on the way, evenly spread over the cooler half of the steps; the last is `best`.

    Returns
    -------
    best : ndarray of int64
    energy : float
        Of `best`.
    """
    n = len(of)
    state = begin(of, k, graph, w)
    best = of.copy()
    now = state.energy.sum()
    lowest = now
    for s in range(len(shots)):
        shots[s] = of
    if k == 1:
        return best, lowest
    pause = max(1, (steps // 2) // max(1, len(shots)))
    taken = 0
    seen = np.zeros(n, np.int64)
    stamp = 0
    queue = np.empty(n, np.int64)
    scratch = scratch_for(n)
    change = np.empty((2, 5))
    second = np.empty((2, 5))
    trial = np.empty((2, 5))
    before = np.empty((2, 5))
    cool = (cold / hot) ** (1.0 / max(1, steps))
    heat = hot

    for step in range(steps):
        heat *= cool
        if taken < len(shots) and step >= steps // 2 + taken * pause:
            shots[taken] = state.of
            taken += 1
        kind = uniform(rng)
        v = state.border[below(rng, state.listed[0])]
        a = state.of[v]
        b = _pick_other(v, state.of, graph, rng)

        if kind < RESPLIT_SHARE:
            now += resplit(v, a, b, graph, state, scratch, w, -heat * np.log(1.0 - uniform(rng)), rng)
            if now < lowest - 1e-9:
                lowest = now
                best[:] = state.of
            continue

        if state.size[a] == 1:
            continue
        # Metropolis' rule, drawn before anything is priced: what costs more is not taken
        limit = -heat * np.log(1.0 - uniform(rng))
        chain = kind < RESPLIT_SHARE + CHAIN_SHARE
        if not chain:
            load = graph.load[v]
            least = load_energy(state.sums[a, 0] - load, w) + load_energy(state.sums[b, 0] + load, w)
            if least - state.energy[a] - state.energy[b] > limit:
                continue
        delta = price_flip(v, b, graph, state, change, w)
        if not chain and delta > limit:
            continue
        stamp += 2
        if not stays_connected(v, state.of, graph, seen, stamp, queue):
            continue
        if not chain:
            flip(v, b, graph, state, change)
        else:
            # a second flip out of the receiver: back to the donor (a swap) or on to a third set (a push); looked for
            # as if the first were made, of which only what is priced is written
            for i in range(4):
                before[0, i] = state.sums[a, i]
                before[1, i] = state.sums[b, i]
            before[0, 4] = state.energy[a]
            before[1, 4] = state.energy[b]
            state.of[v] = b
            _write(a, b, state, change)
            stamp += 2
            x, c, more = _best_second(v, b, graph, state, seen, stamp, queue, trial, second, w, limit - delta)
            stamp += 2
            done = x >= 0 and stays_connected(x, state.of, graph, seen, stamp, queue)
            state.of[v] = a
            if not done:
                _write(a, b, state, before)
                continue
            flip(v, b, graph, state, change)
            flip(x, c, graph, state, second)
            delta += more
        now += delta
        if now < lowest - 1e-9:
            lowest = now
            best[:] = state.of
    if len(shots) > 0:
        shots[-1] = best
    return best, lowest
