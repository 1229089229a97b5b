"""Which of all the grids that several searches came upon fit together best? An exact cover, priced grid by grid.

The energy is a sum over grids, so the best plan made of known grids is a set partitioning problem: take each known
grid or not, every cell exactly once, `k` in all. Its linear relaxation is solved first; grids whose reduced cost alone
exceeds the distance to the best plan known cannot be part of a better one and are dropped before branching.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array, vstack

from gis.partition._compiled import compiled
from gis.partition.state import energies, totals

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

    from gis.partition._compiled import Graph

__all__ = ["Pool", "best_cover"]

NODES = 40
COLUMNS = 1000
"""Nodes of the branch and bound, and grids left to branch over (those of least reduced cost), at most: counts, not
times, so that the answer does not depend on the machine."""


@compiled
def _price_shots(
    shots: np.ndarray, k: int, graph: Graph, w: np.ndarray, key: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Key (exclusive-or over the cells) and energy of every set in every snapshot, both of shape (shots, k)."""
    keys = np.zeros((len(shots), k), np.uint64)
    price = np.empty((len(shots), k))
    for s in range(len(shots)):
        sums, _ = totals(shots[s], k, graph)
        price[s] = energies(sums, w)
        for v in range(shots.shape[1]):
            keys[s, shots[s, v]] ^= key[v]
    return keys, price


@dataclass
class Pool:
    """Every grid seen, once.

    Parameters
    ----------
    graph : Graph
    k : int
    weights : ndarray
        `Weights.array`.
    """

    graph: Graph
    k: int
    weights: np.ndarray
    members: list[np.ndarray] = field(default_factory=list)
    energy: list[float] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    _key: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(20130428)
        self._key = random.integers(1, 2**63, len(self.graph.load), dtype=np.uint64)

    def add(self, shots: np.ndarray) -> None:
        """Take in the sets of some snapshots, shape (shots, n)."""
        keys, price = _price_shots(shots, self.k, self.graph, self.weights, self._key)
        _, first = np.unique(keys.ravel(), return_index=True)
        for i in np.sort(first):
            s, g = divmod(int(i), self.k)
            name = int(keys[s, g])
            if name not in self._seen:
                self._seen.add(name)
                self.members.append(np.flatnonzero(shots[s] == g))
                self.energy.append(float(price[s, g]))


def best_cover(pool: Pool, upper: float, most: int) -> tuple[np.ndarray, float] | None:
    """Find a plan made of the pool's grids that is better than any known.

    Parameters
    ----------
    pool : Pool
        Holds at least one whole plan.
    upper : float
        Energy of the best plan known.
    most : int
        Grids looked at; of a larger pool those of least energy.

    Returns
    -------
    (ndarray, float) or None
        Set of each cell, and the energy; None where nothing better was found.
    """
    n = len(pool.graph.load)
    energy = np.array(pool.energy)
    members = pool.members
    if len(energy) > most:
        keep = np.sort(np.argsort(energy, kind="stable")[:most])
        energy, members = energy[keep], [members[i] for i in keep]
    rows = np.concatenate(members)
    stop = np.concatenate([[0], np.cumsum([len(m) for m in members])])
    matrix = csc_array((np.ones(len(rows)), rows, stop), shape=(n, len(energy)))
    # cells that no known grid separates are one row
    dense = matrix.tocsr()
    key = np.random.default_rng(1).random(len(energy))
    _, row = np.unique(np.round(dense @ key, 9), return_index=True)
    dense = dense[np.sort(row)]
    count = csc_array(np.ones((1, len(energy))))
    equal = np.concatenate([np.ones(dense.shape[0]), [pool.k]])
    a = vstack([dense, count]).tocsc()
    relaxed = _relax(energy, a, equal)
    if relaxed is None or relaxed.fun >= upper - 1e-6:
        return None
    reduced = energy - a.T @ relaxed.eqlin.marginals
    keep = np.flatnonzero(reduced < upper - relaxed.fun - 1e-9)
    keep = np.sort(keep[np.argsort(reduced[keep], kind="stable")[:COLUMNS]])
    chosen = _choose(energy[keep], a[:, keep], equal, upper)
    if chosen is None:
        return None
    of = np.full(n, -1, np.int64)
    for g, i in enumerate(keep[chosen]):
        of[members[i]] = g
    return of, float(energy[keep[chosen]].sum())


def _relax(energy: np.ndarray, a: csc_array, equal: np.ndarray) -> OptimizeResult | None:
    """Solve the linear relaxation; None where it has no solution."""
    # presolving takes longer than it saves: there are few rows, and none is needless
    options = {"presolve": False}
    solved = linprog(energy, A_eq=a, b_eq=equal, bounds=(0, None), method="highs-ds", options=options)
    return solved if solved.status == 0 else None


def _choose(energy: np.ndarray, a: csc_array, equal: np.ndarray, upper: float) -> np.ndarray | None:
    """Choose among the grids by branch and bound (HiGHS), until proved or `NODES` are spent.

    Returns
    -------
    ndarray of int or None
        The grids of the best plan found that costs less than `upper`.
    """
    solved = milp(
        energy,
        integrality=np.ones(len(energy)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(a, equal, equal),
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
    if solved.x is None or solved.fun >= upper - 1e-6:
        return None
    chosen = np.flatnonzero(solved.x > 0.5)
    # every cell once and `k` in all: what a solver answers is looked at before it is believed
    return chosen if np.array_equal(np.asarray(a[:, chosen].sum(axis=1)).ravel(), equal) else None
