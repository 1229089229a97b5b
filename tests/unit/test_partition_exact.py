"""How near does the engine come to the proved optimum where one can be had?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gis.partition import Effort
from gis.partition._compiled import Graph
from gis.partition.objective import Weights
from gis.partition.parts import communities_of, subgraph
from gis.partition.search import divide
from gis.partition.state import energies, totals
from tests.unit.exact_partition import best_division, connected_sets, energy_of, set_energies
from tests.unit.partition_ground import lattice

NO_LINKS = np.empty((0, 2), np.int64)


def small_ground(seed):
    """A lattice of 12 cells with uneven households, some empty; the graph, the number of grids and the weights."""
    rng = np.random.default_rng(seed)
    shape = ((3, 4), (2, 6), (4, 3))[seed % 3]
    load = np.rint(rng.gamma(1.2, 60.0, shape)) * (rng.random(shape) < 0.85) + 1.0
    community = communities_of(lattice(load, block=2))[0]
    k = 2 + seed % 3
    every = np.arange(load.size)
    columns = subgraph(community, every, NO_LINKS)
    graph = Graph(*columns, community.load, community.area, community.outline)
    target = float(community.load.sum() / k)
    side = float(np.sqrt(community.area.sum() / k))
    return graph, k, Weights(target, 0.75 * target, 1.5 * target).array(side)


def test_connected_sets_are_all_there_and_priced_as_the_engine_prices_them():
    graph, _, weights = small_ground(0)
    sets = connected_sets(graph)
    assert len(np.unique(sets, axis=0)) == len(sets)
    prices = set_energies(sets, graph, weights)
    for i in range(0, len(sets), 97):
        sums, _ = totals(sets[i].astype(np.int64), 2, graph)
        assert prices[i] == pytest.approx(energies(sums, weights)[1])
    n = len(graph.load)
    matrix = csr_array((np.ones(len(graph.nbr)), graph.nbr, graph.ptr), shape=(n, n))
    there = {cells.tobytes() for cells in sets}
    for cells in (np.arange(1, 2**n, 5)[:, None] >> np.arange(n)) & 1 == 1:
        parts = connected_components(matrix[cells][:, cells], directed=False)[0]
        assert (parts == 1) == (cells.tobytes() in there)


def test_the_engine_is_never_below_the_optimum_and_mostly_at_it():
    gaps = []
    for seed in range(8):
        graph, k, weights = small_ground(seed)
        _, least = best_division(graph, k, weights)
        of, energy = divide(graph, k, weights, Effort(), seed)
        assert energy == pytest.approx(energy_of(of, k, graph, weights))
        gaps.append(energy - least)
    assert min(gaps) >= -1e-7
    assert np.mean(np.array(gaps) < 1e-7) >= 0.75
