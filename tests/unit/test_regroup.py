"""Are old grids kept whole, and old borders kept, when ground is divided anew?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.regrouping import kept_words
from gis.errors import InputError
from gis.measures.of_old_grids import kept_of
from gis.partition import Effort, Keep, OldGrids, divide_level, partition
from gis.partition.keeping import LEVELS
from gis.plans import count_parts
from tests.unit.partition_ground import lattice, together

QUICK = Effort(runs=2, steps_per_cell=60, shots=8)


def quarters(rows, columns, high, wide):
    """Old grids of `high` x `wide` cells on a lattice."""
    j, i = np.indices((rows, columns))
    return (j // high * 100 + i // wide).ravel()


def regrouped(ground, old, target, level="mostly", *, locked=(), effort=QUICK, **more):
    old = old if isinstance(old, list) else [OldGrids(old)]
    return partition(ground, target=target, keep=Keep(old, level, frozenset(locked)), effort=effort, **more)


# ------------------------------------------------------------------------------------------------ by hand
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("times", "grids"), [(1, 24), (2, 12), (3, 8), (4, 6)])
def test_of_an_exact_multiple_every_old_grid_stays_whole(level, times, grids):
    ground, old = lattice(np.full((8, 12), 50.0)), quarters(8, 12, 2, 2)  # 24 old grids of 200
    plan = regrouped(ground, old, 200.0 * times, level)
    kept = kept_of(ground, old, plan.grid_of)
    assert (kept.grids, kept.whole, kept.apart, kept.border_followed) == (24, 24, 0.0, 1.0)
    assert plan.grids["households"].tolist() == [200.0 * times] * grids


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_old_grids_must_be_divided_their_borders_stay(seed):
    ground, old = lattice(np.full((8, 12), 50.0)), quarters(8, 12, 4, 4)  # six old grids of 800
    for target, grids in ((400, 12), (200, 24)):
        plan = regrouped(ground, old, target, effort=Effort(), seed=seed)
        kept = kept_of(ground, old, plan.grid_of)
        assert len(plan.grids) == grids
        assert (kept.whole, kept.border_kept) == (0, 1.0)
        # nothing went wrong: they could not stay whole
        above = kept_of(ground, old, plan.grid_of, 1.5 * target)
        assert (above.above, above.as_dict()) == (6, kept.as_dict())
        told = kept_words("old", above, 4800)
        assert told == "old: each old grid holds more than a new one may; 100.0% of the old borders kept."
        assert "0 of 6 old grids whole" in kept_words("old", kept_of(ground, old, plan.grid_of, 800), 4800)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_stay_whole_where_some_must_be_divided(seed):
    ground, old = lattice(np.full((8, 12), 50.0)), quarters(8, 12, 1, 4)  # strips, that nobody would make anew
    # three old grids of 200 make two of 300: the middle one is divided
    plan = regrouped(ground, old, 300, effort=Effort(), seed=seed)
    kept = kept_of(ground, old, plan.grid_of)
    assert plan.grids["households"].tolist() == [300.0] * 16
    assert (kept.whole, kept.apart) == (16, 800.0)
    nothing = kept_of(ground, old, partition(ground, target=300, effort=Effort(), seed=seed).grid_of)
    assert nothing.whole < kept.whole
    assert nothing.apart > kept.apart


def test_a_level_says_how_dear_it_is_to_divide_an_old_grid():
    random = np.random.default_rng(3)
    ground = lattice(random.integers(5, 60, (12, 15)))
    old = partition(ground, target=150, effort=QUICK).grid_of.astype(np.int64)
    whole, off = [], []
    for level in LEVELS:
        plan = regrouped(ground, old, 400, level)
        whole.append(kept_of(ground, old, plan.grid_of).whole)
        off.append(float(np.abs(plan.grids["households"] - 400).mean()))
    assert whole == sorted(whole)
    assert whole[-1] == len(np.unique(old))
    assert off[0] < off[-1]


def test_locked_grids_stay_as_they_are():
    ground, old = lattice(np.full((4, 12), 50.0)), quarters(4, 12, 2, 2)
    plan = regrouped(ground, old, 400, locked=[0, 101])
    for grid in (0, 101):
        here = np.unique(plan.grid_of[old == grid])
        assert len(here) == 1
        assert (plan.grid_of == here[0]).sum() == 4
    assert sorted(plan.grids["households"]) == [200.0, 200.0, *[400.0] * 5]
    everything = regrouped(ground, old, 400, locked=np.unique(old).tolist())
    assert everything.grids["households"].tolist() == [200.0] * 12
    free = regrouped(ground, old, 100, locked=[0], free=True, minimum=50, maximum=150)
    assert (free.grid_of == free.grid_of[0]).sum() == 4


def test_empty_ground_that_a_locked_grid_cuts_apart_is_one_grid_held_by_a_link():
    ground = lattice(np.array([[0.0, 0.0, 200.0, 0.0, 0.0]]))
    plan = regrouped(ground, np.array([0, 0, 1, 2, 2]), 200, locked=[1])
    assert plan.grids["households"].tolist() == [0, 200]
    assert count_parts(plan.grid_of, np.vstack([ground.adjacency.pairs, plan.links]), 2).tolist() == [1, 1]
    assert ["linked" in flags for flags in plan.grids["flags"]] == [True, False]


def test_a_building_above_the_new_maximum_leaves_its_old_grid():
    load = np.full((4, 8), 50.0)
    load[0, 0] = 400.0
    ground, old = lattice(load), quarters(4, 8, 2, 2)
    plan = regrouped(ground, old, 200, "strictly")
    assert plan.grids["households"].max() == 400.0
    assert kept_of(ground, old, plan.grid_of).whole == 7


def test_cells_without_an_old_grid_go_where_they_fit():
    ground, old = lattice(np.full((4, 8), 50.0)), quarters(4, 8, 2, 2)
    old[:8] = -1
    plan = regrouped(ground, old, 400)
    kept = kept_of(ground, old, plan.grid_of)
    assert (kept.grids, kept.whole) == (8, 8)
    assert plan.grids["households"].tolist() == [400.0] * 4


def test_borders_follow_those_of_most_networks():
    ground = lattice(np.full((4, 12), 50.0))
    three = [OldGrids(quarters(4, 12, 4, wide)) for wide in (2, 4, 6)]  # borders at columns 2 4 6 8 10, 4 8, and 6
    plan = regrouped(ground, three, 800)
    assert [kept_of(ground, one.of, plan.grid_of).border_followed for one in three] == [1.0, 1.0, 0.0]
    alone = [OldGrids(one.of, weight) for one, weight in zip(three, (1.0, 1.0, 50.0), strict=True)]
    plan = regrouped(ground, alone, 1200)
    assert kept_of(ground, three[2].of, plan.grid_of).border_kept == 1.0


def test_where_a_network_has_no_grids_the_others_decide():
    ground, old = lattice(np.full((4, 12), 50.0)), quarters(4, 12, 2, 2)
    part = np.where(np.arange(48) % 12 < 4, quarters(4, 12, 4, 4), -1)
    alone = regrouped(ground, old, 400, "strictly")
    both = regrouped(ground, [OldGrids(old), OldGrids(part, 3.0)], 400, "strictly")
    assert kept_of(ground, old, both.grid_of).whole == kept_of(ground, old, alone.grid_of).whole == 12
    assert kept_of(ground, part, both.grid_of).border_kept == 1.0


def test_a_coarser_level_is_regrouped_of_whole_finer_grids():
    ground, finer = lattice(np.full((8, 12), 50.0)), quarters(8, 12, 2, 2)
    coarse = quarters(8, 12, 4, 4)  # of four finer grids each
    plan = divide_level(ground, finer=finer.astype(str).astype(object), target=1600, keep=Keep([OldGrids(coarse)]),
                        effort=QUICK)  # fmt: skip
    assert plan.grids["households"].tolist() == [1600.0] * 3
    assert [kept_of(ground, old, plan.grid_of).share_whole for old in (finer, coarse)] == [1.0, 1.0]


def test_what_contradicts_itself_is_refused():
    ground, old = lattice(np.full((2, 4), 50.0)), quarters(2, 4, 2, 2)
    with pytest.raises(InputError, match="not kept 'wholly'") as fault:
        Keep([OldGrids(old)], "wholly")
    assert "mostly" in fault.value.remedy
    with pytest.raises(InputError, match="no weight"):
        Keep([OldGrids(old, 0.0)])
    with pytest.raises(InputError, match="no weight"):
        Keep([])
    with pytest.raises(InputError, match="no old grid 7 to lock"):
        Keep([OldGrids(old)], locked=frozenset([7]))
    with pytest.raises(InputError, match="named for 3 cells, but there are 8"):
        partition(ground, keep=Keep([OldGrids(old[:3])]))
    with pytest.raises(InputError, match="contradict"):
        regrouped(ground, old, 400, minimum=500, maximum=300)


# ------------------------------------------------------------------------------------------------ what always holds
@given(st.integers(0, 10_000), st.sampled_from([90, 150, 200, 300, 450]), st.sampled_from([*LEVELS]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_grids_are_connected_complete_and_keep_no_less_than_without(seed, target, level, lock):
    random = np.random.default_rng(seed)
    ground = together(
        lattice(random.integers(0, 60, (7, 9))), lattice(random.integers(0, 60, (5, 6)), community="B", x0=3000.0)
    )
    old = partition(ground, target=150, seed=seed, effort=QUICK).grid_of.astype(np.int64)
    locked = [int(old[random.integers(len(old))])] if lock else []
    plan = regrouped(ground, old, target, level, locked=locked, seed=seed)
    k = len(plan.grids)
    assert np.unique(plan.grid_of).tolist() == list(range(k))
    assert plan.grids["households"].sum() == ground.cells["households"].sum()
    pairs = np.vstack([ground.adjacency.pairs, plan.links])
    assert (count_parts(plan.grid_of, pairs, k) == 1).all()
    for grid in locked:
        assert np.array_equal(np.unique(plan.grid_of[old == grid]), np.unique(plan.grid_of[old == grid])[:1])
        assert (plan.grid_of == plan.grid_of[old == grid][0]).sum() == (old == grid).sum()
    again = regrouped(ground, old, target, level, locked=locked, seed=seed)
    assert np.array_equal(again.grid_of, plan.grid_of)
    if not lock:
        nothing = partition(ground, target=target, seed=seed, effort=QUICK)
        assert len(nothing.grids) == k
        kept, without = (kept_of(ground, old, one.grid_of) for one in (plan, nothing))
        assert kept.whole >= without.whole
