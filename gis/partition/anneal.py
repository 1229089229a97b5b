"""How is a division improved? By simulated annealing over border flips, chains of two, and re-splits of pairs.

Every state the search visits consists of connected, non-empty sets. Load, area, outline and priced border of each set
are kept as it goes, so a proposal is priced in the time it takes to look at one cell's neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis.partition._compiled import Graph, compiled
from gis.partition._random import below, uniform
from gis.partition.objective import grid_energy
from gis.partition.trees import random_tree

__all__ = ["anneal", "energies", "totals"]

CHAIN_SHARE = 0.05
RESPLIT_SHARE = 0.02
CUTS_PRICED = 4


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
def _recount(v: int, graph: Graph, state: State) -> None:
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
        _recount(v, graph, state)


@compiled
def _begin(of: np.ndarray, k: int, graph: Graph, w: np.ndarray) -> State:
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


@compiled
def _stays_connected(v: int, of: np.ndarray, graph: Graph, seen: np.ndarray, stamp: int, queue: np.ndarray) -> bool:
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


@compiled
def _price_flip(v: int, b: int, graph: Graph, state: State, change: np.ndarray, w: np.ndarray) -> float:
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


@compiled
def _flip(v: int, b: int, graph: Graph, state: State, change: np.ndarray) -> None:
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


@compiled
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


@compiled
def _pick_second(v: int, b: int, state: State, rng: np.ndarray) -> int:
    """A border cell of set `b` other than `v`, near a random place of the list; -1 where none was met."""
    count = state.listed[0]
    start = below(rng, count)
    for t in range(min(count, 200)):
        c = state.border[(start + t) % count]
        if c != v and state.of[c] == b:
            found: int = c
            return found
    return -1


@compiled
def _resplit(
    start: int,
    a: int,
    b: int,
    graph: Graph,
    state: State,
    local: np.ndarray,
    w: np.ndarray,
    heat: float,
    rng: np.ndarray,
) -> float:
    """Merge two neighbouring sets, price the best few cuts of a random tree, take the best by Metropolis' rule.

    `start` is a cell of either; `local` is -1 throughout, before and after.

    Returns
    -------
    float
        The change of energy; 0 where nothing was changed.
    """
    of, sums, size = state.of, state.sums, state.size
    m = size[a] + size[b]
    if m < 3:
        return 0.0
    members = np.empty(m, np.int64)
    members[0] = start
    local[start] = 0
    head = 0
    t = 1
    while head < t:
        u = members[head]
        head += 1
        for e in range(graph.ptr[u], graph.ptr[u + 1]):
            x = graph.nbr[e]
            if local[x] < 0 and (of[x] == a or of[x] == b):
                local[x] = t
                members[t] = x
                t += 1
    order, up = random_tree(members, local, graph, rng)
    under = np.empty(m)
    for i in range(m):
        under[i] = graph.load[members[i]]
    for t in range(m - 1, 0, -1):
        under[up[order[t]]] += under[order[t]]
    half = 0.5 * (sums[a, 0] + sums[b, 0])
    off = np.empty(m)
    for i in range(m):
        off[i] = abs(under[i] - half)
    off[order[0]] = np.inf
    best_energy = np.inf
    best_side = np.zeros(m, np.bool_)
    best_sums = np.zeros((2, 4))
    side = np.zeros(m, np.bool_)
    trial = np.zeros((2, 4))
    for _ in range(min(CUTS_PRICED, m - 1)):
        cut = np.argmin(off)
        off[cut] = np.inf
        side[:] = False
        side[cut] = True
        for t in range(1, m):
            if side[up[order[t]]]:
                side[order[t]] = True
        trial[:] = 0.0
        for i in range(m):
            v = members[i]
            s = 1 if side[i] else 0
            trial[s, 0] += graph.load[v]
            trial[s, 1] += graph.area[v]
            trial[s, 2] += graph.outline[v]
            for e in range(graph.ptr[v], graph.ptr[v + 1]):
                j = local[graph.nbr[e]]
                if j >= 0 and side[j] == side[i]:
                    trial[s, 2] -= graph.length[e]
                else:
                    trial[s, 3] += graph.price[e]
        trial_energy = energies(trial, w).sum()
        if trial_energy < best_energy:
            best_energy = trial_energy
            best_side[:] = side
            best_sums[:] = trial
    delta = best_energy - state.energy[a] - state.energy[b]
    take = delta < -1e-12 or (delta > 1e-12 and uniform(rng) < np.exp(-delta / heat))
    if take:
        size[a] = 0
        size[b] = 0
        for i in range(m):
            g = b if best_side[i] else a
            of[members[i]] = g
            size[g] += 1
        sums[a] = best_sums[0]
        sums[b] = best_sums[1]
        pair = energies(best_sums, w)
        state.energy[a] = pair[0]
        state.energy[b] = pair[1]
        for i in range(m):
            _recount(members[i], graph, state)
            for e in range(graph.ptr[members[i]], graph.ptr[members[i] + 1]):
                if local[graph.nbr[e]] < 0:
                    _recount(graph.nbr[e], graph, state)
    for i in range(m):
        local[members[i]] = -1
    return delta if take else 0.0


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
    state = _begin(of, k, graph, w)
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
    local = np.full(n, -1, np.int64)
    change = np.empty((2, 5))
    second = np.empty((2, 5))
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
            now += _resplit(v, a, b, graph, state, local, w, heat, rng)
            if now < lowest - 1e-9:
                lowest = now
                best[:] = state.of
            continue

        if state.size[a] == 1:
            continue
        delta = _price_flip(v, b, graph, state, change, w)
        chain = kind < RESPLIT_SHARE + CHAIN_SHARE
        if not chain and delta > 0.0 and uniform(rng) >= np.exp(-delta / heat):
            continue
        stamp += 2
        if not _stays_connected(v, state.of, graph, seen, stamp, queue):
            continue
        for i in range(4):
            before[1, i] = state.sums[a, i]
            before[0, i] = state.sums[b, i]
        before[1, 4] = state.energy[a]
        before[0, 4] = state.energy[b]
        _flip(v, b, graph, state, change)
        if chain:
            # a second flip out of the receiver: back to the donor (a swap) or on to a third set (a push)
            x = _pick_second(v, b, state, rng)
            c = _pick_other(x, state.of, graph, rng) if x >= 0 else -1
            done = False
            if c >= 0:
                both = delta + _price_flip(x, c, graph, state, second, w)
                if both <= 0.0 or uniform(rng) < np.exp(-both / heat):
                    stamp += 2
                    if _stays_connected(x, state.of, graph, seen, stamp, queue):
                        _flip(x, c, graph, state, second)
                        delta = both
                        done = True
            if not done:
                _flip(v, a, graph, state, before)
                continue
        now += delta
        if now < lowest - 1e-9:
            lowest = now
            best[:] = state.of
    if len(shots) > 0:
        shots[-1] = best
    return best, lowest
