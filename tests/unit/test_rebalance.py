"""Is a plan in force repaired as promised: few moves, whole grids, locks and budgets kept?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import CancelledError, InputError
from gis.partition import Effort, Locks, Scope, partition, rebalance
from gis.partition.transshipment import Repair, excess, transshipment
from gis.progress import worker_pool
from tests.unit.partition_ground import lattice, together

ROW = np.repeat(np.arange(3), 4)
"""Three grids of four cells in a row."""


def loaded(tessellation, load):
    """The same ground with other households."""
    held = tessellation.building_cell
    load = np.asarray(load, float).ravel()
    cells = tessellation.cells.assign(households=load)
    return type(tessellation)(
        cells,
        held.assign(households=load[held["cell"].to_numpy()]),
        tessellation.adjacency,
        tessellation.communities,
        tessellation.report,
    )


def parts_of(tessellation, grid_of, links=None):
    """Number of connected parts of each grid."""
    pairs = np.vstack([tessellation.adjacency.pairs, np.empty((0, 2), int) if links is None else links])
    same = grid_of[pairs[:, 0]] == grid_of[pairs[:, 1]]
    n = len(grid_of)
    _, label = connected_components(coo_array((np.ones(same.sum()), pairs[same].T), shape=(n, n)), directed=False)
    return {int(g): len(np.unique(label[grid_of == g])) for g in np.unique(grid_of)}


def shifted(seed, share=0.2, low=0.0, fine=1):
    """Two communities of about 18 grids, divided, and then with other loads; `fine`: as many times smaller cells."""
    random = np.random.default_rng(seed)
    ground = together(
        lattice(random.integers(0, 60 // fine, (9 * fine, 10))),
        lattice(random.integers(0, 40 // fine, (6 * fine, 8)), community="B", x0=3000.0),
    )
    plan = partition(ground, seed=seed, effort=Effort(runs=1, steps_per_cell=30, shots=4))
    load = ground.cells["households"].to_numpy(float)
    some = random.random(len(load)) < share
    load = np.where(some, np.round(load * random.uniform(low, 2.0, len(load))), load)
    return loaded(ground, load), plan.grid_of


# ------------------------------------------------------------------------------------------------ by hand
def test_a_surplus_goes_through_the_middle_to_where_it_lacks():
    load = np.full(12, 50.0)
    load[0], load[11] = 90.0, 10.0  # 240, 200, 160
    result = rebalance(lattice(load[None, :]), ROW)
    assert (result.now.grids, result.now.within) == (3, 1)
    for answer in result.answers:
        assert answer.moves[["cell", "from_grid", "to_grid", "households"]].to_numpy().tolist() == [
            [3, 0, 1, 50.0],
            [7, 1, 2, 50.0],
        ]
        assert answer.moves["building_id"].tolist() == ["A-b3", "A-b7"]
        assert answer.balance.within == 3
        assert (answer.moved, answer.excess, answer.bound, answer.ratio) == (100.0, 20.0, 40.0, 2.5)
        assert answer.touched.tolist() == [0, 1, 2]


def test_the_bound_passes_through_neighbours_and_lets_others_take_it():
    row = np.array([[0, 1], [1, 2], [2, 3]])
    load = np.array([300.0, 200.0, 200.0, 100.0])
    every, ends = np.ones(4, bool), np.array([True, False, False, False])
    # 80 leave the first, of which 20 stay in the second; 80 reach the last, of which 20 are the third's own
    assert transshipment([Repair(load, row, every, 180, 220)]).tolist() == [220.0]
    assert excess(Repair(load, row, every, 180, 220)) == 80.0
    assert transshipment([Repair(load, row, ends, 180, 220)]).tolist() == [80.0]
    assert transshipment([Repair(load, row, every, 180, 220), Repair(load, row, ends, 180, 220)]).tolist() == [220, 80]
    assert np.isnan(transshipment([Repair(load, row[:1], every, 180, 220)])).all()
    assert transshipment([Repair(load[1:2], row[:0], every[:1], 180, 220)]).tolist() == [0.0]


@pytest.mark.parametrize("load", [np.full(12, 50.0), np.zeros(12)])
def test_where_nothing_is_wrong_or_nothing_can_be_done_nothing_moves(load):
    result = rebalance(lattice(load[None, :]), ROW)
    assert [answer.moved for answer in result.answers] == [0.0, 0.0, 0.0]
    for answer in result.answers:
        assert (answer.grid_of == ROW).all()
        assert (len(answer.moves), answer.bound, answer.ratio) == (0, 0.0, 1.0)
    assert "nothing_to_move" in result.report.tally()


def test_no_cells_and_one_grid_are_no_trouble():
    assert [len(a.moves) for a in rebalance(lattice(np.empty((0, 0))), np.empty(0, int)).answers] == [0, 0, 0]
    assert [len(a.moves) for a in rebalance(lattice(np.full((2, 2), 70.0)), np.zeros(4, int)).answers] == [0, 0, 0]


def test_new_cells_join_a_neighbour_and_are_no_moves():
    load = np.array([50.0, 50, 50, 50, 30, 50, 50, 50, 20])
    result = rebalance(lattice(load[None, :]), [0, 0, 0, 0, -1, 1, 1, 1, -1])
    assert result.joined["cell"].tolist() == [4, 8]
    assert result.joined["to_grid"].tolist() == [1, 1]
    assert [answer.moved for answer in result.answers] == [0.0, 0.0, 0.0]
    assert result.answers[0].grid_of.tolist() == [0] * 4 + [1] * 5


def test_a_new_cell_that_touches_no_grid_is_linked_to_the_nearest():
    ground = together(lattice(np.full((1, 4), 50.0)), lattice(np.full((1, 1), 10.0), x0=500.0))
    result = rebalance(ground, [0, 0, 0, 0, -1])
    assert result.links.tolist() == [[3, 4]]
    assert result.answers[0].grid_of.tolist() == [0] * 5


def test_a_building_above_the_maximum_becomes_a_grid_where_that_leaves_one():
    load = np.array([[400.0, 50, 50, 50, 50]])
    result = rebalance(lattice(load), np.zeros(5, int))
    assert result.answers[0].grid_of.tolist() == [1, 0, 0, 0, 0]
    assert result.answers[0].moves[["cell", "from_grid", "to_grid"]].to_numpy().tolist() == [[0, 0, 1]]
    assert result.answers[0].moved == 400.0
    assert "own_grid" in result.report.tally()
    # in the middle it would leave its grid in two, and a budget forbids it
    assert (rebalance(lattice(load[:, [1, 0, 2, 3, 4]]), np.zeros(5, int)).answers[0].grid_of == 0).all()
    assert (rebalance(lattice(load), np.zeros(5, int), max_moved=399).answers[0].grid_of == 0).all()


# ------------------------------------------------------------------------------------------------ always
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    share=st.sampled_from([0.05, 0.3, 1.0]),
    holes=st.integers(0, 6),
    max_moved=st.sampled_from([None, 0, 40, 200]),
    max_grids=st.sampled_from([None, 0, 2, 5]),
    data=st.data(),
)
def test_answers_are_whole_and_keep_locks_and_budgets(seed, share, holes, max_moved, max_grids, data):
    ground, grid_of = shifted(seed, share)
    grid_of = grid_of.astype(int)
    random = np.random.default_rng(seed)
    size = np.bincount(grid_of)
    for cell in random.permutation(len(grid_of))[:holes]:
        if (
            size[grid_of[cell]] > 1
            and parts_of(ground, np.where(np.arange(len(grid_of)) == cell, -9, grid_of))[grid_of[cell]] == 1
        ):
            size[grid_of[cell]] -= 1
            grid_of[cell] = -1
    grids = int(grid_of.max()) + 1
    locks = Locks(
        grids=data.draw(st.sets(st.integers(0, grids - 1), max_size=2)),
        cells=[(int(c), None) for c in random.permutation(np.flatnonzero(grid_of >= 0))[:5]],
        borders=[(a, (a + 1) % grids) for a in data.draw(st.sets(st.integers(0, grids - 1), max_size=3))],
    )
    ask = {"locks": locks, "max_moved": max_moved, "max_grids": max_grids, "seed": 7}
    result = rebalance(ground, grid_of, **ask)
    again = rebalance(ground, grid_of, **ask)
    load = ground.cells["households"].to_numpy(float)
    had = grid_of >= 0
    for answer, twin in zip(result.answers, again.answers, strict=True):
        of = answer.grid_of
        assert (of == twin.grid_of).all()
        assert (of >= 0).all()
        assert set(of) >= set(grid_of[had])  # none is emptied
        assert set(parts_of(ground, of, result.links).values()) == {1}
        away = had & (of != grid_of)
        assert answer.moves["cell"].tolist() == np.flatnonzero(away).tolist()
        assert (answer.moves["from_grid"] == grid_of[away]).all()
        assert (answer.moves["to_grid"] == of[away]).all()
        assert answer.moved == load[away].sum() == answer.moves["households"].sum()
        assert answer.touched.tolist() == np.unique(np.r_[grid_of[away], of[away]]).tolist()
        assert answer.moved <= (np.inf if max_moved is None else max_moved)
        assert len(answer.touched) <= (np.inf if max_grids is None else max_grids)
        assert answer.excess <= answer.bound + 1e-6
        assert answer.bound <= answer.moved + 1e-6
        for g in locks.grids:
            assert not (away & ((grid_of == g) | (of == g))).any()
        assert not away[[c for c, _ in locks.cells]].any()
        for a, b in locks.borders:
            assert not (away & (((grid_of == a) & (of == b)) | ((grid_of == b) & (of == a)))).any()
        sums = np.bincount(of, load)[np.unique(of)]
        assert answer.balance.within == (np.abs(sums - 200) <= 20).sum()
        assert answer.balance.mad == pytest.approx(np.abs(sums - 200).mean())
        assert answer.balance.within >= 0
    for g in result.joined["to_grid"]:
        assert g in grid_of


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_what_is_out_of_scope_stays_bit_for_bit(seed):
    ground, grid_of = shifted(seed, 0.5)
    there = ground.cells["community_id"].to_numpy(object) == "B"
    for answer in rebalance(ground, grid_of, scope=Scope(communities=["B"])).answers:
        assert (answer.grid_of[~there] == grid_of[~there]).all()
    some = np.unique(grid_of[~there])[:4].tolist()
    for answer in rebalance(ground, grid_of, scope=Scope(grids=some)).answers:
        other = ~np.isin(grid_of, some)
        assert (answer.grid_of[other] == grid_of[other]).all()
        assert set(answer.touched) <= set(some)


@pytest.mark.parametrize("seed", [4, 11, 12, 17])
def test_the_answers_stand_along_moves_and_balance(seed):
    ground, grid_of = shifted(seed, 0.4, 0.5)
    result = rebalance(ground, grid_of)
    few, between, best = result.answers
    assert [answer.name for answer in result.answers] == ["fewest_moved", "between", "best_balance"]
    assert few.moved <= between.moved <= best.moved
    assert result.now.within < few.balance.within <= best.balance.within
    assert max(answer.balance.rms for answer in result.answers) <= result.now.rms
    assert between.ratio <= 1.6
    if seed in {4, 12, 17}:  # in the other one the buildings are too coarse for that
        assert few.ratio <= 1.25


@pytest.mark.parametrize("seed", range(1, 9))
def test_few_households_move_where_buildings_are_small_enough_for_it(seed):
    ground, grid_of = shifted(seed, 0.4, 0.5, fine=3)
    result = rebalance(ground, grid_of)
    few, between, _ = result.answers
    assert result.now.within < few.balance.within
    assert few.ratio <= 1.25
    assert between.ratio <= 1.6


def test_processes_change_nothing_and_progress_can_cancel():
    ground, grid_of = shifted(3, 0.3)
    told = []
    here = rebalance(ground, grid_of, progress=lambda *said: told.append(said))
    assert told[-1] == ("rebalance", 2, 2)
    with worker_pool(2) as pool:
        there = rebalance(ground, grid_of, executor=pool)
    for a, b in zip(here.answers, there.answers, strict=True):
        assert (a.grid_of == b.grid_of).all()

    def stop(label, done, total):
        if done:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        rebalance(ground, grid_of, progress=stop)


# ------------------------------------------------------------------------------------------------ refused
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"locks": Locks(cells=[(0, 0), (0, 1)])}, "locked to grid"),
        ({"locks": Locks(cells=[(0, 1)])}, "lies in grid 0"),
        ({"locks": Locks(cells=[(11, None)])}, "is in no grid"),
        ({"locks": Locks(cells=[(99, None)])}, "no cell 99"),
        ({"locks": Locks(grids=[7])}, "no grid 7"),
        ({"locks": Locks(borders=[(1, 1)])}, "two grids"),
        ({"scope": Scope(grids=[9])}, "no grid 9"),
        ({"scope": Scope(communities=["Z"])}, "no community Z"),
        ({"max_moved": -1}, "below 0"),
        ({"max_grids": -1}, "below 0"),
        ({"target": 0}, "target"),
    ],
)
def test_what_contradicts_itself_is_refused(asked, said):
    grid_of = ROW.copy()
    grid_of[11] = -1
    with pytest.raises(InputError, match=said):
        rebalance(lattice(np.full((1, 12), 50.0)), grid_of, **asked)


def test_a_plan_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="for 3 cells, but there are 12"):
        rebalance(lattice(np.full((1, 12), 50.0)), [0, 1, 2])
    two = together(lattice(np.full((1, 2), 50.0)), lattice(np.full((1, 2), 50.0), community="B", x0=900.0))
    with pytest.raises(InputError, match="communities A and B"):
        rebalance(two, [0, 0, 0, 0])
    with pytest.raises(InputError, match="B has no grid"):
        rebalance(two, [0, 0, -1, -1])


def test_the_grids_beside_those_named_may_change_too():
    ground = loaded(lattice(np.full((1, 12), 50)), [50, 50, 50, 50, 90, 90, 90, 50, 20, 20, 50, 50])
    one = rebalance(ground, ROW, target=200, scope=Scope(grids=[0]))
    assert all(answer.moved == 0 for answer in one.answers), "a grid alone can give to nobody"
    with_next = rebalance(ground, ROW, target=200, scope=Scope(grids=[2], neighbours=True))
    touched = {int(g) for answer in with_next.answers for g in answer.touched}
    assert touched == {1, 2}
    with pytest.raises(InputError, match="Every grid in scope is locked"):
        rebalance(ground, ROW, target=200, scope=Scope(grids=[0]), locks=Locks(grids=[0]))
