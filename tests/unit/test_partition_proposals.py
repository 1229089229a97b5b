"""Do styles, a free number of grids and several proposals give divisions that differ as they say?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.measures import polsby_popper
from gis.partition import STYLES, Effort, grid_frame, partition, propose_several, share_apart
from gis.partition.proposals import APART
from tests.bench.grounds import measured_ground, sample_folder
from tests.unit.partition_ground import lattice, together

QUICK = Effort(runs=2, steps_per_cell=60, shots=8)


@pytest.fixture(scope="module")
def ground():
    random = np.random.default_rng(5)
    return together(
        lattice(random.integers(5, 45, (12, 14))), lattice(random.integers(5, 45, (9, 9)), community="B", x0=600.0)
    )


def shape(ground, plan):
    grids = grid_frame(ground, plan).geometry
    return float(np.mean(polsby_popper(grids.area, grids.length)))


def on_street(ground, plan):
    near = ground.adjacency
    inner = plan.grid_of[near.pairs[:, 0]] != plan.grid_of[near.pairs[:, 1]]
    return float((near.follows[inner] > 0).mean())


def test_a_style_gives_more_of_what_it_is_named_after(tmp_path):
    town = measured_ground(sample_folder(tmp_path, 6_000)).tessellation  # on a lattice all shapes are much the same
    for seed in (1, 2, 3):
        plans = {style: partition(town, style=style, seed=seed, effort=QUICK) for style in STYLES}
        assert plans["balanced"].settings["style"] == "balanced"
        assert shape(town, plans["compact"]) > shape(town, plans["balanced"])
        assert on_street(town, plans["street-true"]) > on_street(town, plans["balanced"])


def test_an_unknown_style_is_refused(ground):
    with pytest.raises(InputError, match="no style 'round'") as fault:
        partition(ground, style="round")
    assert "street-true" in fault.value.remedy


def test_a_free_number_of_grids_fits_buildings_that_the_rule_does_not():
    ground = lattice(np.full((2, 6), 130.0))  # 1,560 households: 8 grids by the rule, but only 12 or 6 fit buildings
    limits = {"target": 200, "minimum": 125, "maximum": 300, "effort": QUICK}
    fixed, free = partition(ground, **limits), partition(ground, **limits, free=True)
    assert len(fixed.grids) == 8
    assert len(free.grids) == 6
    assert set(free.grids["households"]) == {260.0}
    again = partition(ground, **limits, free=True)
    assert np.array_equal(again.grid_of, free.grid_of)


def test_three_proposals_differ_from_each_other(ground):
    made = propose_several(ground, effort=QUICK)
    assert [p.style for p in made.found] == list(STYLES)
    assert made.words is None
    community, load = ground.cells["community_id"].to_numpy(), ground.cells["households"].to_numpy(float)
    for i, one in enumerate(made.found):
        assert np.array_equal(partition(ground, style=one.style, seed=one.seed, effort=QUICK).grid_of, one.plan.grid_of)
        for j, other in enumerate(made.found[:i]):
            share = share_apart(community, load, one.plan.grid_of, other.plan.grid_of)
            assert share == one.apart[j] >= APART
    assert {p.style for p in propose_several(ground, style="compact", effort=QUICK).found} == {"compact"}


@pytest.mark.parametrize(
    ("load", "found", "words"),
    [([[100.0, 90.0]], 1, "every community chosen is one grid"), ([[200.0, 200.0]], 1, "divided in few ways")],
)
def test_where_there_is_no_other_way_to_divide_that_is_said(load, found, words):
    made = propose_several(lattice(load), effort=QUICK)
    assert len(made.found) == found
    assert words in made.words["en"]
    assert made.words["zh"]


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_share_apart_knows_no_names_and_no_order(data):
    n = data.draw(st.integers(1, 12))
    draw = lambda top: np.array(data.draw(st.lists(st.integers(0, top), min_size=n, max_size=n)))  # noqa: E731
    community, load, one, other = draw(1), draw(50).astype(float), draw(3), draw(3)
    share = share_apart(community, load, one, other)
    assert 0 <= share < 1
    assert share == pytest.approx(share_apart(community, load, other, 7 - one))
    assert share_apart(community, load, one, one + 10) == pytest.approx(0)


def test_a_free_number_leaves_no_grid_with_next_to_nothing_between_kept_ones():
    load = np.array([[157.0, 157.0, 5.0, 145.0, 144.0]])
    names = np.array([["a", "a", None, "b", "b"]], object)
    limits = {"target": 218, "minimum": 163, "maximum": 327, "keep_whole": "compounds", "effort": QUICK}
    plan = partition(lattice(load, compound=names), **limits, free=True)
    assert sorted(plan.grids["households"]) == [294.0, 314.0]


def test_a_free_number_may_be_as_many_grids_as_cells_or_fewer():
    """One cell a grid costs what it costs, like any other number."""
    plan = partition(lattice(np.array([[100.0, 100.0, 100.0]])), target=150, minimum=90, maximum=220, free=True)
    assert sorted(plan.grids["households"]) == [100.0, 200.0]
