"""Do the compiled kernels keep their books: sums, energies, connectedness, covers?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.measures import polsby_popper
from gis.partition._compiled import Graph
from gis.partition._random import seed_of, state_of, uniform
from gis.partition.anneal import anneal
from gis.partition.cover import Pool, best_cover
from gis.partition.objective import PRICE_OF, Weights, grid_energy
from gis.partition.parts import communities_of, subgraph
from gis.partition.state import energies, totals
from gis.partition.trees import recursive_split
from tests.unit.partition_ground import lattice

WEIGHTS = Weights(200.0, 150.0, 300.0).array(100.0)


def graph_of(load):
    community = communities_of(lattice(load))[0]
    every = np.arange(len(community.cell))
    return Graph(*subgraph(community, every, np.empty((0, 2), int)), community.load, community.area, community.outline)


def connected(graph, of, k):
    for g in range(k):
        todo = [int(np.flatnonzero(of == g)[0])]
        seen = set(todo)
        while todo:
            v = todo.pop()
            for u in graph.nbr[graph.ptr[v] : graph.ptr[v + 1]].tolist():
                if of[u] == g and u not in seen:
                    seen.add(u)
                    todo.append(u)
        if len(seen) != (of == g).sum():
            return False
    return True


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(2, 8), columns=st.integers(2, 8), k=st.integers(2, 8))
def test_search_stays_connected_and_its_energy_is_what_the_result_costs(seed, rows, columns, k):
    k = min(k, rows * columns)
    load = np.random.default_rng(seed).integers(0, 90, (rows, columns)).astype(float)
    graph, rng = graph_of(load), state_of(seed)
    start = recursive_split(k, graph, 2, rng)
    assert sorted(set(start)) == list(range(k))
    assert connected(graph, start, k)
    shots = np.empty((6, load.size), np.int64)
    of, energy = anneal(start, k, graph, WEIGHTS, 3000, 0.5, 0.02, rng, shots)
    sums, size = totals(of, k, graph)
    assert energy == pytest.approx(energies(sums, WEIGHTS).sum(), abs=1e-6)
    assert energy <= energies(totals(start, k, graph)[0], WEIGHTS).sum() + 1e-9
    assert size.sum() == load.size
    for shot in [of, *shots]:
        assert sorted(set(shot)) == list(range(k))
        assert connected(graph, shot, k)


def test_totals_are_geometry():
    graph = graph_of(np.full((2, 3), 10.0))  # cells of 30 m, a street between none of them (blocks of 4)
    sums, size = totals(np.array([0, 0, 1, 0, 0, 1]), 2, graph)
    assert size.tolist() == [4, 2]
    assert sums[:, 0].tolist() == [40, 20]
    assert sums[:, 1].tolist() == [3600, 1800]
    assert sums[:, 2].tolist() == [240, 180]
    assert sums[:, 3].tolist() == [60, 60]


def test_cover_finds_the_best_mixture_of_two_plans():
    graph = graph_of(np.full((1, 8), 100.0))
    first = np.array([0, 0, 1, 1, 2, 2, 2, 3])  # good, good, too much, too little
    second = np.array([0, 1, 1, 1, 2, 2, 3, 3])  # too little, too much, good, good
    pool = Pool(graph, 4, WEIGHTS)
    pool.add(np.array([first, second]))
    assert len(pool.members) == 8
    costs = [energies(totals(x, 4, graph)[0], WEIGHTS).sum() for x in (first, second)]
    of, energy = best_cover(pool, min(costs), 100)
    assert np.bincount(of).tolist() == [2, 2, 2, 2]
    assert energy == pytest.approx(energies(totals(of, 4, graph)[0], WEIGHTS).sum())
    assert best_cover(pool, energy, 100) is None  # nothing better than the best


def test_energy_is_least_on_target_and_a_compact_grid_costs_less():
    def cost(load, perimeter=400.0, price=0.0):
        return grid_energy(load, 10_000.0, perimeter, price, WEIGHTS)

    ladder = [cost(x) for x in (200, 219, 221, 260, 299, 301, 400)]
    assert ladder == sorted(ladder)
    assert cost(221) - cost(220) > cost(220) - cost(219)  # leaving the tolerance costs extra
    assert cost(200, 500.0) > cost(200)
    assert cost(200, price=50.0) > cost(200)


def test_borders_along_main_streets_are_free_and_through_blocks_dear():
    from gis.graph import FOLLOWS

    assert PRICE_OF[FOLLOWS.index("none")] == PRICE_OF.max()
    assert PRICE_OF[FOLLOWS.index("primary")] == PRICE_OF.min() == 0
    assert (
        PRICE_OF[FOLLOWS.index("primary")] <= PRICE_OF[FOLLOWS.index("residential")] < PRICE_OF[FOLLOWS.index("path")]
    )


def test_polsby_popper_of_a_square_and_a_circle():
    assert polsby_popper(np.array([1.0, np.pi]), np.array([4.0, 2 * np.pi])) == pytest.approx([np.pi / 4, 1.0])


def test_random_numbers_are_the_published_ones():
    # first outputs of splitmix64 for seed 0, as 53-bit fractions
    state = state_of(0)
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [uniform(state) for _ in known] == [(x >> 11) / 2**53 for x in known]
    assert seed_of(1, "A") == seed_of(1, "A") != seed_of(1, "B")
