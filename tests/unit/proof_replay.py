"""Proofs checked by looking at everything: plain loops over all sets, for ground of few cells."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def connected(cells, pairs):
    """Whether a set of cells hangs together."""
    cells = set(cells)
    reached, todo = set(), [min(cells)]
    while todo:
        v = todo.pop()
        reached.add(v)
        todo += [w for a, b in pairs for u, w in ((a, b), (b, a)) if u == v and w in cells - reached]
    return reached == cells


def loads_around(root, load, pairs, barred=()):
    """Load of every connected set that holds `root` and no barred cell."""
    others = [v for v in range(len(load)) if v != root and v not in barred]
    sets = ([root, *more] for n in range(len(others) + 1) for more in combinations(others, n))
    return {float(sum(load[v] for v in cells)) for cells in sets if connected(cells, pairs)}


def divisions(cells, k, pairs):
    """Every way to divide cells into `k` connected sets."""
    if k == 1:
        return [[tuple(cells)]] if connected(cells, pairs) else []
    first, *others = cells
    found = []
    for n in range(len(others) - k + 2):
        for more in combinations(others, n):
            rest = [v for v in others if v not in more]
            if connected([first, *more], pairs):
                found += [[(first, *more), *them] for them in divisions(rest, k - 1, pairs)]
    return found


def least_by_hand(total, grids, held, low, high):
    """Least number that miss over all ways to share `total` whole households among grids; None: there is no way."""

    def shares(rest, n, most):
        if n == 1:
            return [[rest]] if rest <= most else []
        return [[x, *more] for x in range(min(rest, most), -1, -1) for more in shares(rest - x, n - 1, x)]

    best = None
    for loads in shares(total, grids, total):
        off = [x for x in loads if not low <= x <= high]
        if (sum(off) >= held and (off or not held)) and (best is None or len(off) < best):
            best = len(off)
    return best


def replay(reason, tessellation, plan):
    """Whether a reason is true of a plan: found again from cells and neighbours alone."""
    proof = reason.proof
    load = tessellation.cells["households"].to_numpy(float)
    pairs = [(int(a), int(b)) for a, b in [*tessellation.adjacency.pairs, *plan.links]]
    mine = np.flatnonzero(plan.grid_of == reason.grid)
    barred = set(np.flatnonzero(load > plan.settings["maximum"]).tolist())
    if reason.kind == "unexplained":
        return proof is None
    if reason.kind == "oversize_building":
        return proof.cell in mine and load[proof.cell] == proof.load > proof.high
    if reason.kind == "no_set_around_building":
        around = loads_around(proof.cell, load, pairs, barred)
        near = [max((x for x in around if x < proof.low), default=None)]
        near += [min((x for x in around if x > proof.high), default=None)]
        within = [x for x in around if proof.low <= x <= proof.high]
        return proof.cell in mine and not within and near == [proof.below, proof.above]
    return reason.load == load[mine].sum() and proof.least == least_by_hand(
        int(proof.total), proof.grids, int(proof.held), int(np.ceil(proof.low)), int(proof.high)
    )
