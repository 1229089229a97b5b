"""What is the best division of a few cells, proved? Connected sets are columns, the best choice an integer program.

The program is a set partitioning: choose `k` of the connected sets so that each cell lies in exactly one and the sum of
their energies is least. It is solved by HiGHS without a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from gis.partition.state import energies, totals

if TYPE_CHECKING:
    from gis.partition._compiled import Graph

MOST_CELLS = 16


def connected_sets(graph: Graph) -> np.ndarray:
    """Every connected set of cells, bool, shape (sets, n): grown cell by cell from its lowest one."""
    n = len(graph.load)
    assert n <= MOST_CELLS
    near = [sum(1 << int(u) for u in graph.nbr[graph.ptr[v] : graph.ptr[v + 1]]) for v in range(n)]
    reach = {1 << v: near[v] for v in range(n)}
    fresh = dict(reach)
    while fresh:
        grown = {}
        for cells, beside in fresh.items():
            low = cells & -cells
            rest = beside & ~cells & ~(low - 1)
            while rest:
                bit = rest & -rest
                rest ^= bit
                if cells | bit not in reach:
                    grown[cells | bit] = beside | near[bit.bit_length() - 1]
        reach |= grown
        fresh = grown
    codes = np.array(sorted(reach), np.int64)
    return (codes[:, None] >> np.arange(n)) & 1 == 1


def set_energies(sets: np.ndarray, graph: Graph, weights: np.ndarray) -> np.ndarray:
    """Energy of each set, by the definition of `gis.partition.state.totals`."""
    n = len(graph.load)
    inside = sets.astype(float)
    metres, price = np.zeros((n, n)), np.zeros((n, n))
    source = np.repeat(np.arange(n), np.diff(graph.ptr))
    np.add.at(metres, (source, graph.nbr), graph.length)
    np.add.at(price, (source, graph.nbr), graph.price)
    sums = np.column_stack(
        [
            inside @ graph.load,
            inside @ graph.area,
            inside @ graph.outline - ((inside @ metres) * inside).sum(axis=1),
            ((inside @ price) * (1.0 - inside)).sum(axis=1),
        ]
    )
    return energies(np.ascontiguousarray(sums), weights)


def best_division(graph: Graph, k: int, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Divide a connected graph into `k` connected sets of the least energy there is.

    Returns
    -------
    of : ndarray of int64
        Set of each cell.
    energy : float
    """
    sets = connected_sets(graph)
    prices = set_energies(sets, graph, weights)
    each_once = csr_array(sets.T.astype(float))
    rows = vstack([each_once, csr_array(np.ones((1, len(sets))))]).tocsc()
    right = np.append(np.ones(len(graph.load)), k)
    found = milp(
        prices,
        constraints=LinearConstraint(rows, right, right),
        integrality=np.ones(len(sets)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    assert found.success, found.message
    chosen = sets[found.x > 0.5]
    of = chosen.argmax(axis=0)
    return of, energy_of(of, k, graph, weights)


def energy_of(of: np.ndarray, k: int, graph: Graph, weights: np.ndarray) -> float:
    """Energy of a division, summed up from nothing."""
    sums, size = totals(of, k, graph)
    assert (size > 0).all()
    return float(energies(sums, weights).sum())
