"""How is a connected set of cells cut in two connected sets of wanted load? By one edge of a random spanning tree.

Tree edges are taken in the order of a random key that is raised where a border would follow a street, so blocks hang
together inside and are joined across streets by few edges: cutting the tree then tends to cut along streets.
"""

from __future__ import annotations

import numpy as np

from gis.partition._compiled import Graph, compiled
from gis.partition._random import uniform

__all__ = ["random_tree", "recursive_split"]


@compiled
def _root(parent: np.ndarray, v: int) -> int:
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@compiled
def random_tree(
    members: np.ndarray,
    local: np.ndarray,
    graph: Graph,
    rng: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Grow a random spanning tree over `members`.

    Parameters
    ----------
    members : ndarray of int
        The cells; connected.
    local : ndarray of int
        Position of each cell in `members`, -1 for all others.
    graph : Graph
    rng : ndarray of uint64

    Returns
    -------
    order, up : ndarray of int
        Positions in `members` from the root outwards, and the position of each one's parent (the root: -1).
    """
    ptr, nbr, bias = graph.ptr, graph.nbr, graph.bias
    m = len(members)
    count = 0
    for i in range(m):
        v = members[i]
        for e in range(ptr[v], ptr[v + 1]):
            if local[nbr[e]] > i:
                count += 1
    a = np.empty(count, np.int64)
    b = np.empty(count, np.int64)
    key = np.empty(count)
    count = 0
    for i in range(m):
        v = members[i]
        for e in range(ptr[v], ptr[v + 1]):
            j = local[nbr[e]]
            if j > i:
                a[count] = i
                b[count] = j
                key[count] = uniform(rng) + bias[e]
                count += 1
    parent = np.arange(m)
    first = np.full(m, -1, np.int64)
    following = np.empty(2 * m, np.int64)
    to = np.empty(2 * m, np.int64)
    used = 0
    for e in np.argsort(key):
        ra = _root(parent, a[e])
        rb = _root(parent, b[e])
        if ra == rb:
            continue
        parent[ra] = rb
        to[used] = b[e]
        following[used] = first[a[e]]
        first[a[e]] = used
        to[used + 1] = a[e]
        following[used + 1] = first[b[e]]
        first[b[e]] = used + 1
        used += 2
        if used == 2 * (m - 1):
            break
    order = np.empty(m, np.int64)
    up = np.full(m, -1, np.int64)
    order[0] = 0
    tail = 1
    head = 0
    while head < tail:
        i = order[head]
        head += 1
        e = first[i]
        while e >= 0:
            if to[e] != up[i]:
                up[to[e]] = i
                order[tail] = to[e]
                tail += 1
            e = following[e]
    return order, up


@compiled
def recursive_split(
    k: int,
    graph: Graph,
    tries: int,
    rng: np.ndarray,
) -> np.ndarray:
    """Divide all cells of a connected graph into `k` connected sets of about the same load.

    Returns
    -------
    ndarray of int64, shape (n,)
        Set of each cell, 0 .. k-1, every set with at least one cell (n >= k).
    """
    load = graph.load
    n = len(load)
    of = np.zeros(n, np.int64)
    want = np.zeros(k, np.int64)
    want[0] = k
    made = 1
    local = np.full(n, -1, np.int64)
    g = 0
    while g < made:
        if want[g] == 1:
            g += 1
            continue
        members = np.flatnonzero(of == g)
        m = len(members)
        total = 0.0
        for i in range(m):
            local[members[i]] = i
            total += load[members[i]]
        share = total / want[g]
        best = np.inf
        best_j = 1
        best_side = np.zeros(m, np.bool_)
        for _ in range(tries):
            order, up = random_tree(members, local, graph, rng)
            below_load = np.empty(m)
            below_size = np.ones(m, np.int64)
            for i in range(m):
                below_load[i] = load[members[i]]
            cut = -1
            for t in range(m - 1, 0, -1):
                i = order[t]
                j = int(below_load[i] / share + 0.5) if share > 0.0 else 1
                # each side keeps at least as many cells as it is to hold sets
                j = max(1, want[g] - (m - below_size[i]), min(want[g] - 1, below_size[i], j))
                off = abs(below_load[i] - j * share) / max(share, 1e-9) / np.sqrt(min(j, want[g] - j))
                if off < best:
                    best = off
                    best_j = j
                    cut = i
                below_load[up[i]] += below_load[i]
                below_size[up[i]] += below_size[i]
            if cut >= 0:
                best_side[:] = False
                best_side[cut] = True
                for t in range(1, m):
                    i = order[t]
                    if best_side[up[i]]:
                        best_side[i] = True
        for i in range(m):
            local[members[i]] = -1
            if best_side[i]:
                of[members[i]] = made
        want[made] = best_j
        want[g] -= best_j
        made += 1
    return of
