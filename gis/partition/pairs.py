"""How are two neighbouring sets divided anew? By the best edge of a random spanning tree over both."""

from __future__ import annotations

import numpy as np

from gis.partition._compiled import Graph, compiled
from gis.partition._random import uniform
from gis.partition.objective import grid_energy
from gis.partition.state import State, energies, recount

__all__ = ["resplit"]


@compiled
def _pair_tree(
    start: int, a: int, b: int, m: int, graph: Graph, of: np.ndarray, local: np.ndarray, rng: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Grow a random spanning tree (Prim 1957, random keys) over the `m` cells of two neighbouring sets.

    Returns
    -------
    members, up : ndarray of int64, shape (m,)
        The cells, parents before children, and the position of each one's parent (the first: -1). `local` gets the
        position of each.
    """
    members = np.empty(m, np.int64)
    up = np.empty(m, np.int64)
    waiting = np.empty(m, np.int64)
    key = np.empty(m)
    parent = np.empty(m, np.int64)
    members[0] = start
    up[0] = -1
    local[start] = 0
    count = 0
    for t in range(m):
        if t > 0:
            low = 0
            for i in range(1, count):
                if key[i] < key[low]:
                    low = i
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
            if local[x] >= 0 or (of[x] != a and of[x] != b):
                continue
            drawn = uniform(rng) + graph.bias[e]
            i = -2 - local[x]
            if i < 0:
                i = count
                count += 1
                waiting[i] = x
                local[x] = -2 - i
            elif drawn >= key[i]:
                continue
            key[i] = drawn
            parent[i] = t
    return members, up


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
def resplit(
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
    members, up = _pair_tree(start, a, b, m, graph, of, local, rng)
    # of each subtree: households, m2, outlines, prices of all borders, metres and prices of borders within the pair;
    # and of the borders inside the subtree itself, counted where the tree paths of their two cells meet
    under = np.zeros((m, 6))
    inside = np.zeros((m, 2))
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
    best_energy = np.inf
    cut = -1
    trial = np.empty((2, 4))
    for i in range(1, m):
        _two_sides(i, under, inside, trial)
        energy = grid_energy(trial[1, 0], trial[1, 1], trial[1, 2], trial[1, 3], w)
        if energy < best_energy:
            energy += grid_energy(trial[0, 0], trial[0, 1], trial[0, 2], trial[0, 3], w)
        if energy < best_energy:
            best_energy = energy
            cut = i
    best_side = np.zeros(m, np.bool_)
    best_side[cut] = True
    for i in range(1, m):
        best_side[i] |= best_side[up[i]]
    best_sums = np.empty((2, 4))
    _two_sides(cut, under, inside, best_sums)
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
            recount(members[i], graph, state)
            for e in range(graph.ptr[members[i]], graph.ptr[members[i] + 1]):
                if local[graph.nbr[e]] < 0:
                    recount(graph.nbr[e], graph, state)
    for i in range(m):
        local[members[i]] = -1
    return delta if take else 0.0
