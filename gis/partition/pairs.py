"""How are two neighbouring sets divided anew? By the best edge of a random spanning tree over both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis.partition._compiled import Graph, compiled, inlined
from gis.partition._random import uniform
from gis.partition.objective import grid_energy, load_energy
from gis.partition.state import State, energies, recount

__all__ = ["Scratch", "resplit", "scratch_for"]


class Scratch(NamedTuple):
    """Room for one tree over two sets, made once for a run.

    Parameters
    ----------
    local : ndarray of int64, shape (n,)
        -1 throughout, before and after.
    members, up, waiting, parent : ndarray of int64, shape (n,)
    key, least : ndarray, shape (n,)
    under : ndarray, shape (n, 6)
    inside : ndarray, shape (n, 2)
    """

    local: np.ndarray
    members: np.ndarray
    up: np.ndarray
    waiting: np.ndarray
    parent: np.ndarray
    key: np.ndarray
    least: np.ndarray
    under: np.ndarray
    inside: np.ndarray


@compiled
def scratch_for(n: int) -> Scratch:
    """Room for trees over up to `n` cells."""
    return Scratch(
        np.full(n, -1, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty(n),
        np.empty((n, 6)),
        np.empty((n, 2)),
    )


@inlined
def _pair_tree(
    start: int, a: int, b: int, m: int, graph: Graph, of: np.ndarray, scratch: Scratch, rng: np.ndarray
) -> None:
    """Grow a random spanning tree (Prim 1957, random keys) over the `m` cells of two neighbouring sets.

    `members` gets the cells, parents before children, `up` the position of each one's parent (the first: -1), `local`
    the position of each.
    """
    local, members, up, waiting = scratch.local, scratch.members, scratch.up, scratch.waiting
    key, parent = scratch.key, scratch.parent
    members[0] = start
    up[0] = -1
    local[start] = 0
    count = 0
    for t in range(m):
        if t > 0:
            low = 0
            least = key[0]
            for i in range(1, count):
                if key[i] < least:
                    low = i
                    least = key[i]
            v = waiting[low]
            members[t] = v
            up[t] = parent[low]
            local[v] = t
            count -= 1
            if low < count:
                waiting[low] = waiting[count]
                key[low] = key[count]
                parent[low] = parent[count]
                local[waiting[low]] = -2 - low
        v = members[t]
        for e in range(graph.ptr[v], graph.ptr[v + 1]):
            x = graph.nbr[e]
            i = -2 - local[x]
            if i <= -2 or (of[x] != a and of[x] != b):
                continue
            drawn = uniform(rng) + graph.bias[e]
            if i < 0:
                i = count
                count += 1
                waiting[i] = x
                local[x] = -2 - i
            elif drawn >= key[i]:
                continue
            key[i] = drawn
            parent[i] = t


@compiled
def _two_sides(i: int, under: np.ndarray, inside: np.ndarray, sums: np.ndarray) -> None:
    """Sums of what lies below position `i` of a tree (row 1) and of the rest (row 0), as `State.sums`."""
    sums[1, 0] = under[i, 0]
    sums[1, 1] = under[i, 1]
    sums[1, 2] = under[i, 2] - 2.0 * inside[i, 0]
    sums[1, 3] = under[i, 3] - 2.0 * inside[i, 1]
    sums[0, 0] = under[0, 0] - under[i, 0]
    sums[0, 1] = under[0, 1] - under[i, 1]
    # borders inside the rest: all, less those below, less those between
    sums[0, 2] = under[0, 2] - under[i, 2] - 2.0 * (inside[0, 0] + inside[i, 0] - under[i, 4])
    sums[0, 3] = under[0, 3] - under[i, 3] - 2.0 * (inside[0, 1] + inside[i, 1] - under[i, 5])


@compiled
def _take(
    cut: int,
    a: int,
    b: int,
    members: np.ndarray,
    up: np.ndarray,
    under: np.ndarray,
    inside: np.ndarray,
    state: State,
    w: np.ndarray,
) -> None:
    """Give what lies below position `cut` of the tree to set `b`, the rest to `a`."""
    m = len(members)
    side = np.zeros(m, np.bool_)
    side[cut] = True
    state.size[a] = 0
    state.size[b] = 0
    for i in range(m):
        if i > cut:
            side[i] = side[up[i]]
        g = b if side[i] else a
        state.of[members[i]] = g
        state.size[g] += 1
    sums = np.empty((2, 4))
    _two_sides(cut, under, inside, sums)
    pair = energies(sums, w)
    state.sums[a] = sums[0]
    state.sums[b] = sums[1]
    state.energy[a] = pair[0]
    state.energy[b] = pair[1]


@compiled
def resplit(
    start: int,
    a: int,
    b: int,
    graph: Graph,
    state: State,
    scratch: Scratch,
    w: np.ndarray,
    limit: float,
    rng: np.ndarray,
) -> float:
    """Merge two neighbouring sets, price the cuts of a random tree, take the best if it costs at most `limit` more.

    `start` is a cell of either.

    Returns
    -------
    float
        The change of energy; 0 where nothing was changed.
    """
    m = state.size[a] + state.size[b]
    if m < 3:
        return 0.0
    _pair_tree(start, a, b, m, graph, state.of, scratch, rng)
    local, members, up, below = scratch.local, scratch.members, scratch.up, scratch.least
    for i in range(m):
        below[i] = graph.load[members[i]]
    for i in range(m - 1, 0, -1):
        below[up[i]] += below[i]
    # a cut whose loads alone cost too much needs no other look, and mostly that is all of them
    cap = state.energy[a] + state.energy[b] + limit
    hopeful = 0
    for i in range(1, m):
        below[i] = load_energy(below[i], w) + load_energy(below[0] - below[i], w)
        hopeful += below[i] < cap
    if hopeful == 0:
        for i in range(m):
            local[members[i]] = -1
        return 0.0
    # of each subtree: households, m2, outlines, prices of all borders, metres and prices of borders within the pair;
    # and of the borders inside the subtree itself, counted where the tree paths of their two cells meet
    under, inside = scratch.under, scratch.inside
    under[:m] = 0.0
    inside[:m] = 0.0
    for i in range(m):
        v = members[i]
        under[i, 0] = graph.load[v]
        under[i, 1] = graph.area[v]
        under[i, 2] = graph.outline[v]
        for e in range(graph.ptr[v], graph.ptr[v + 1]):
            under[i, 3] += graph.price[e]
            j = local[graph.nbr[e]]
            if j >= 0:
                under[i, 4] += graph.length[e]
                under[i, 5] += graph.price[e]
            if j > i:
                x = i
                y = j
                while x != y:  # parents come before their children
                    if x > y:
                        x = up[x]
                    else:
                        y = up[y]
                inside[x, 0] += graph.length[e]
                inside[x, 1] += graph.price[e]
    for i in range(m - 1, 0, -1):
        for q in range(6):
            under[up[i], q] += under[i, q]
        for q in range(2):
            inside[up[i], q] += inside[i, q]
    best_energy = cap
    cut = -1
    trial = np.empty((2, 4))
    for i in range(1, m):
        if below[i] >= best_energy:
            continue
        _two_sides(i, under, inside, trial)
        energy = grid_energy(trial[1, 0], trial[1, 1], trial[1, 2], trial[1, 3], w)
        if energy < best_energy:
            energy += grid_energy(trial[0, 0], trial[0, 1], trial[0, 2], trial[0, 3], w)
        if energy < best_energy:
            best_energy = energy
            cut = i
    delta = 0.0
    if cut >= 0 and abs(best_energy - state.energy[a] - state.energy[b]) > 1e-12:
        delta = best_energy - state.energy[a] - state.energy[b]
        _take(cut, a, b, members[:m], up, under, inside, state, w)
        for i in range(m):
            recount(members[i], graph, state)
            for e in range(graph.ptr[members[i]], graph.ptr[members[i] + 1]):
                if local[graph.nbr[e]] < 0:
                    recount(graph.nbr[e], graph, state)
    for i in range(m):
        local[members[i]] = -1
    return delta
