"""Do windows cover a division, and is their energy on their own that within the whole, up to a constant?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.partition import Effort
from gis.partition._compiled import Graph
from gis.partition._random import state_of
from gis.partition.objective import Weights
from gis.partition.parts import communities_of, subgraph
from gis.partition.search import divide
from gis.partition.state import energies, totals
from gis.partition.trees import recursive_split
from gis.partition.windows import windows_of
from tests.unit.partition_ground import lattice

NO_LINKS = np.empty((0, 2), np.int64)


def ground(seed, rows, columns, k):
    """A lattice of uneven loads as the kernels take it, and weights for `k` grids."""
    random = np.random.default_rng(seed)
    load = np.rint(random.gamma(1.2, 30.0, (rows, columns))) * (random.random((rows, columns)) < 0.85) + 1.0
    community = communities_of(lattice(load, block=2))[0]
    columns_of = subgraph(community, np.arange(load.size), NO_LINKS)
    graph = Graph(*columns_of, community.load, community.area, community.outline)
    target = float(load.sum() / k)
    return graph, Weights(target, 0.75 * target, 1.5 * target).array(float(np.sqrt(community.area.sum() / k)))


def energy(of, k, graph, weights):
    """Energy of a division."""
    return float(energies(totals(of, k, graph)[0], weights).sum())


def connected(graph, cells):
    """Whether some cells hang together."""
    found, todo, inside = {int(cells[0])}, [int(cells[0])], set(cells.tolist())
    while todo:
        v = todo.pop()
        near = {int(u) for u in graph.nbr[graph.ptr[v] : graph.ptr[v + 1]]} & inside - found
        found |= near
        todo += near
    return found == inside


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(4, 9), columns=st.integers(4, 9), size=st.integers(2, 6))
def test_windows_cover_a_division_and_price_a_change_as_the_whole_does(seed, rows, columns, size):
    k = max(2, rows * columns // 5)
    graph, weights = ground(seed, rows, columns, k)
    of = recursive_split(k, graph, 1, state_of(seed))
    windows = list(windows_of(graph, of, k, size, state_of(seed)))
    sets = np.concatenate([w.sets for w in windows] or [np.empty(0, int)])
    assert len(np.unique(sets)) == len(sets)  # none twice; alone are only sets that no window can change
    for window in windows:
        assert np.array_equal(window.sets[window.of], of[window.cells])
        assert connected(graph, window.cells)
        assert all(connected(graph, np.flatnonzero(of == g)) for g in window.sets)
        other = recursive_split(len(window.sets), window.graph, 1, state_of(seed + 1))
        changed = of.copy()
        changed[window.cells] = window.sets[other]
        gain = energy(changed, k, graph, weights) - energy(of, k, graph, weights)
        q = len(window.sets)
        alone = energy(other, q, window.graph, weights) - energy(window.of, q, window.graph, weights)
        assert gain == pytest.approx(alone, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_search_by_windows_is_connected_complete_the_same_again_and_no_worse(seed):
    k = 16
    graph, weights = ground(seed, 9, 9, k)
    effort = Effort(runs=2, steps_per_cell=15, window=5)
    of, least = divide(graph, k, weights, effort, seed)
    again, _ = divide(graph, k, weights, effort, seed)
    assert np.array_equal(of, again)
    assert np.array_equal(np.unique(of), np.arange(k))
    assert all(connected(graph, np.flatnonzero(of == g)) for g in range(k))
    assert least == pytest.approx(energy(of, k, graph, weights))
    whole, before = divide(graph, k, weights, Effort(runs=2, steps_per_cell=15, window=5, passes=0), seed)
    assert least <= before + 1e-9
    assert energy(whole, k, graph, weights) == pytest.approx(before)
