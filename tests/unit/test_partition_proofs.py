"""Is what is said of grids off target true, and is nothing claimed that was not proved?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gis.measures.of_plans import plan_measures
from gis.partition import Effort, explain, partition
from gis.partition.plan import Plan
from gis.partition.proof_words import plan_words, proof_words
from gis.partition.proofs import REASONS, least_missing
from gis.partition.sets_around import CAPPED, FOUND, NONE, loaded_neighbours, search_around
from gis.remarks import Report
from tests.unit.partition_ground import lattice, together
from tests.unit.proof_replay import divisions, least_by_hand, loads_around, replay

QUICK = Effort(runs=1, steps_per_cell=40, shots=4)


def plan_with(district, grid_of, *, target=20, maximum=40):
    """A plan made by hand."""
    grid_of = np.asarray(grid_of, np.int32).ravel()
    k = int(grid_of.max()) + 1
    load = np.bincount(grid_of, district.cells["households"], k)
    codes = [f"A{g:03d}" for g in range(k)]
    grids = {"grid_code": codes, "community_id": "A", "households": load, "buildings": 1, "flags": [[]] * k}
    limits = {"target": target, "minimum": 0.75 * target, "maximum": maximum}
    return Plan(grid_of, pd.DataFrame(grids), np.empty((0, 2), np.int32), Report("test"), limits)


def kinds(explanation):
    return {reason.grid: reason.kind for reason in explanation.reasons}


graphs = st.integers(2, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5, 4.0, 7.0, 13.0]), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=2 * n),
    )
)


# ------------------------------------------------------------------------------------------------ around a cell
@settings(max_examples=60, deadline=None)
@given(graphs, st.integers(3, 12), st.integers(0, 3), st.sampled_from([0, 3, 10_000]))
def test_a_search_finds_a_set_exactly_where_there_is_one_or_says_that_it_was_cut_off(graph, low, width, cap):
    load, pairs = np.array(graph[0]), [(a, b) for a, b in graph[1] if a != b]
    high = low + width
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    roots = np.flatnonzero(load > 0)
    keep = np.ones(len(load), bool)
    found = search_around(roots, loaded_neighbours(load, ends, keep), load, (low, high), cap)
    for i, root in enumerate(roots.tolist()):
        around = loads_around(root, load, pairs)
        within = any(low <= x <= high for x in around)
        if found.outcome[i] == CAPPED:
            assert cap < 10_000
        else:
            assert found.outcome[i] == (FOUND if within else NONE)
        if found.outcome[i] == NONE:
            assert found.nodes[i] <= cap
            assert found.below[i] == max((x for x in around if x < low), default=-np.inf)
            assert found.above[i] == min((x for x in around if x > high), default=np.inf)


def test_empty_ground_is_passed_freely_and_a_cell_that_is_left_out_is_not():
    load = np.array([9.0, 0.0, 0.0, 11.0])
    pairs = np.array([(0, 1), (1, 2), (2, 3)])
    for keep, outcome in (([True] * 4, FOUND), ([True, True, False, True], NONE)):
        near = loaded_neighbours(load, pairs, np.array(keep))
        assert search_around(np.array([0]), near, load, (18, 22), 100).outcome == [outcome]


# ------------------------------------------------------------------------------------------------ sums
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 60), st.integers(1, 4), st.integers(0, 40))
def test_the_least_number_that_must_miss_is_that_of_all_ways_to_share(total, grids, held):
    least = least_by_hand(total, grids, held, 9, 11)
    assume(least is not None)
    assert least_missing(total, grids, held, 9, 11) == least


# ------------------------------------------------------------------------------------------------ whole plans
LOADS = st.lists(st.sampled_from([0, 0, 1, 3, 5, 8, 8, 11, 15, 19, 24, 50]), min_size=9, max_size=9)


@settings(max_examples=25, deadline=None)
@given(LOADS, st.integers(1, 100), st.sampled_from([0, 4, 10_000]))
def test_every_reason_of_a_plan_is_true(loads, seed, cap):
    district = lattice(np.array(loads).reshape(3, 3))
    plan = partition(district, target=20, seed=seed, effort=QUICK)
    explanation = explain(district, plan, cap=cap)
    load = np.bincount(plan.grid_of, district.cells["households"])
    off = np.flatnonzero((load < 18) | (load > 22))
    assert [reason.grid for reason in explanation.reasons] == off.tolist()
    assert all(replay(reason, district, plan) for reason in explanation.reasons)
    searched = [reason.proof.nodes for reason in explanation.reasons if reason.kind == "no_set_around_building"]
    assert max(searched, default=0) <= cap
    assert explanation.within + explanation.excused + explanation.unexplained == len(load)
    assert explanation.must_miss <= explanation.excused
    assert explanation.distance == pytest.approx(explanation.bound - explanation.within / len(load))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 2, 5, 8, 9, 11, 14, 19, 24]), min_size=6, max_size=6), st.integers(1, 3), st.data())
def test_no_division_has_fewer_off_target_than_must_miss(loads, k, data):
    district = lattice(np.array(loads).reshape(2, 3))
    pairs = [(int(a), int(b)) for a, b in district.adjacency.pairs]
    every = divisions(list(range(6)), k, pairs)
    chosen = data.draw(st.sampled_from(every))
    grid_of = np.zeros(6, int)
    for g, cells in enumerate(chosen):
        grid_of[list(cells)] = g
    explanation = explain(district, plan_with(district, grid_of))
    sums = [[sum(loads[v] for v in cells) for cells in division] for division in every]
    assert explanation.must_miss <= min(sum(not 18 <= x <= 22 for x in division) for division in sums)


def test_each_kind_of_reason_by_hand():
    # 50 alone is above the maximum; 24 above the tolerance; 14 + 14 + 14 can be 14, 28 or 42; 20 is on target
    district = lattice([[50, 24, 14, 14, 14, 20]])
    explanation = explain(district, plan_with(district, [0, 1, 2, 2, 3, 4]))
    assert kinds(explanation) == {
        0: "oversize_building",
        1: "oversize_building",
        2: "no_set_around_building",
        3: "no_set_around_building",
    }
    proof = explanation.reasons[2].proof
    assert (proof.cell, proof.load, proof.below, proof.above) == (2, 14, 14, 28)
    assert (explanation.within, explanation.excused, explanation.within_unexcused) == (1, 4, 1.0)


def test_a_total_excuses_only_as_many_as_must_miss():
    district = lattice([[5] * 10])  # 50 in 3 grids: two of 18 and a rest
    explanation = explain(district, plan_with(district, [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]))
    assert kinds(explanation) == {0: "community_total", 2: "unexplained"}
    explanation = explain(district, plan_with(district, [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]))
    assert kinds(explanation) == {0: "community_total", 1: "unexplained", 2: "unexplained"}
    assert (explanation.must_miss, explanation.bound) == (1, pytest.approx(2 / 3))
    tiny = lattice([[5, 3]])
    assert kinds(explain(tiny, plan_with(tiny, [0, 0]))) == {0: "community_total"}  # not: no set around a building


def test_what_a_building_holds_counts_in_the_total():
    district = lattice([[24, 4, 4, 4, 4, 4, 4]])  # 48 in 2 grids: one of them can have 20
    explanation = explain(district, plan_with(district, [0, 1, 1, 1, 1, 1, 1]))
    assert kinds(explanation) == {0: "oversize_building", 1: "unexplained"}
    district = lattice([[24, 6, 6, 6, 12]])  # 54 would do for 3 grids, but the 30 beside 24 are enough for one only
    explanation = explain(district, plan_with(district, [0, 1, 1, 2, 2]))
    assert kinds(explanation) == {0: "oversize_building", 1: "community_total"}
    assert explanation.must_miss == 2


def test_a_building_above_a_maximum_within_the_tolerance_is_no_part_of_other_grids():
    district = lattice([[21, 10, 10]])
    plan = plan_with(district, [0, 1, 2], maximum=20.5)
    assert kinds(explain(district, plan)) == {1: "community_total", 2: "unexplained"}  # 20 in 2 grids
    district = lattice([[10, 21, 11]])
    plan = plan_with(district, [0, 1, 2], maximum=20.5)
    assert kinds(explain(district, plan)) == {0: "community_total", 2: "community_total"}  # 21 parts them


def test_links_of_a_plan_join_and_communities_stay_apart():
    district = together(lattice([[10]]), lattice([[10]], x0=100.0))
    plan = plan_with(district, [0, 1])
    assert kinds(explain(district, plan)) == {0: "community_total", 1: "community_total"}
    linked = replace(plan, links=np.array([(0, 1)], np.int32))
    assert kinds(explain(district, linked)) == {0: "community_total", 1: "unexplained"}


def test_without_households_the_one_grid_is_excused():
    district = lattice(np.zeros((2, 2)))
    explanation = explain(district, partition(district, effort=QUICK))
    assert kinds(explanation) == {0: "community_total"}
    assert (explanation.within_unexcused, explanation.bound) == (1.0, 0.0)


# ------------------------------------------------------------------------------------------------ words
def test_ground_without_a_building_is_not_called_one():
    district = lattice([[50, 24, 14, 14, 14, 20, 3]])
    plan = plan_with(district, [0, 1, 2, 2, 3, 4, 5])
    bare = replace(district, cells=district.cells.assign(building_id=None))
    for line in explain(bare, plan).as_dict(bare, plan)["reasons"]:
        if line["reason"] in {"oversize_building", "no_set_around_building"}:
            assert "地块" in line["words"]["zh"]
            assert "cell" in line["words"]["en"]
            assert "building" not in line["words"]["en"]


def test_reasons_are_told_in_both_languages_with_their_numbers():
    district = lattice([[50, 24, 14, 14, 14, 20, 3]])
    plan = plan_with(district, [0, 1, 2, 2, 3, 4, 5])
    told = explain(district, plan).as_dict(district, plan)
    assert [line["grid_code"] for line in told["reasons"]] == ["A000", "A001", "A002", "A003", "A005"]
    assert told["reasons"][2]["proof"]["building_id"] == "A-b2"
    assert "14 户" in told["reasons"][2]["words"]["zh"]
    assert "14 and 28" in told["reasons"][2]["words"]["en"]
    assert set(told["counts"]) == set(REASONS)
    for line in told["reasons"]:
        assert not set("{}") & set(line["words"]["zh"] + line["words"]["en"])
    line = plan_words(plan_measures(district, plan))
    assert line["en"].startswith("1 of 6 grids within ±10 %; 5 cannot be (proved), 0 unexplained; bound 16.7 %")
    assert line["zh"].startswith("6 个网格中 1 个在 ±10% 以内；5 个已证明不能达标")
    assert plan_words({"grids": 3, "within_10": 1.0}) == {}  # measured before there were proofs
    assert "其中" in proof_words("community_total", {"total": 36.0, "grids": 2, "held": 24.0, "least": 2})["zh"]
