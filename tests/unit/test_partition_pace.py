"""Does a search that a clock cuts give an answer, say so, and give the same plan again from what it recorded?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import CancelledError, InputError
from gis.partition import Effort, partition
from gis.partition.proposals import propose_several
from gis.progress import worker_pool
from tests.unit.partition_ground import lattice, together
from tests.unit.test_partition import parts_of

QUICK = Effort(runs=3, steps_per_cell=20)
FULL = 3 + 1 + 1
"""Stages: runs, a cover, a run from the best."""


@pytest.fixture(scope="module")
def ground():
    """Two communities; the first is of two parts, each divided on its own."""
    random = np.random.default_rng(3)
    pieces = [("A", (9, 9)), ("A", (6, 7)), ("B", (8, 8))]
    loads = [random.integers(10, 60, shape) for _, shape in pieces]
    return together(
        *(
            lattice(load, community=name, x0=i * 400.0)
            for i, ((name, _), load) in enumerate(zip(pieces, loads, strict=True))
        )
    )


def again(ground, plan, **options):
    """The plan that the record of another makes, taken through a file."""
    return partition(ground, effort=QUICK, stages=json.loads(json.dumps(plan.settings["stages"])), **options)


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("limit", [1e-6, 0.03, 0.2])
def test_what_a_clock_cut_is_made_again_from_its_record(ground, limit, free):
    plan = partition(ground, effort=QUICK, seconds=limit, free=free)
    assert set(plan.grid_of) == set(range(len(plan.grids)))
    assert parts_of(ground, plan) == [1] * len(plan.grids)
    assert ("stages" in plan.settings) == ("time_was_up" in plan.report.tally())
    if limit < 1e-3:
        assert {done for rows in plan.settings["stages"].values() for _, done in rows} == {0}
    if "stages" in plan.settings:
        assert np.array_equal(again(ground, plan, free=free).grid_of, plan.grid_of)
        with worker_pool(2) as pool:
            twice = again(ground, plan, free=free, executor=pool)
        assert np.array_equal(twice.grid_of, plan.grid_of)
        assert twice.settings["stages"] == plan.settings["stages"]  # it can be made a third time


def test_with_time_enough_the_plan_is_the_same_and_nothing_is_recorded(ground):
    plan, free = partition(ground, effort=QUICK), partition(ground, effort=QUICK, seconds=600)
    assert np.array_equal(plan.grid_of, free.grid_of)
    assert "stages" not in free.settings
    assert not free.report.tally().get("time_was_up")


@settings(max_examples=15, deadline=None)
@given(done=st.lists(st.integers(0, FULL), min_size=3, max_size=3))
def test_any_record_makes_one_plan_and_that_of_all_stages_the_whole_one(ground, done):
    starts = partition(ground, effort=QUICK, seconds=1e-6).settings["stages"]
    (a, b), (c,) = ([k for k, _ in starts[name]] for name in "AB")
    counts = {"A": [[a, done[0]], [b, done[1]]], "B": [[c, done[2]]]}
    plan = partition(ground, effort=QUICK, stages=counts)
    assert parts_of(ground, plan) == [1] * len(plan.grids)
    assert np.array_equal(plan.grid_of, partition(ground, effort=QUICK, stages=counts).grid_of)
    if done == [FULL] * 3:
        assert np.array_equal(plan.grid_of, partition(ground, effort=QUICK).grid_of)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seconds": 0}, "0 seconds"),
        ({"seconds": -1.0}, "-1 seconds"),
        ({"seconds": float("nan")}, "nan seconds"),
        ({"seconds": 1, "stages": {"B": [[2, 1]]}}, "contradict"),
        ({"stages": {"C": [[2, 1]]}}, "community C"),
        ({"stages": {"A": [[2, 1]]}}, "2 pieces"),
        ({"stages": {"B": [[0, 1]]}}, "does not fit"),
        ({"stages": {"B": [[2, -1]]}}, "does not fit"),
        ({"stages": {"B": [[65, 1]]}}, "does not fit"),
        ({"stages": {"B": [[2]]}}, "does not fit"),
        ({"stages": {"B": [2]}}, "does not fit"),
        ({"stages": {"B": [["2", "x"]]}}, "does not fit"),
    ],
)
def test_a_limit_or_record_that_cannot_be_is_refused(ground, asked, said):
    with pytest.raises(InputError, match=said):
        partition(ground, effort=QUICK, **asked)


def test_a_division_of_one_community_is_cancelled_between_two_stages():
    told = []

    def stop(*line):
        told.append(line)
        if len(told) == 4:
            raise CancelledError("stop", "")

    with pytest.raises(CancelledError):
        partition(lattice(np.full((9, 9), 40.0)), effort=QUICK, progress=stop)
    assert told == [("partition", 0, 1)] * 4


def test_proposals_within_a_time_are_those_that_were_ready(ground):
    ready = []
    found = propose_several(ground, effort=QUICK, seconds=1e-6, each=ready.append)
    assert len(found.found) == 1 == len(ready)
    assert "1e-06 s" in found.words["en"]
    first = found.found[0].plan
    assert np.array_equal(again(ground, first).grid_of, first.grid_of)
