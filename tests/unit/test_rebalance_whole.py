"""Does what lies whole in one grid stay whole in every answer of a rebalancing?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.partition import Effort, Locks, partition, rebalance
from gis.partition.remark_words import remark_words
from gis.partition.units import units_of
from tests.unit.partition_ground import lattice, together
from tests.unit.test_rebalance import ROW, loaded, parts_of

QUICK = Effort(runs=1, steps_per_cell=30, shots=4)
KEPT = {"keep_whole": "compounds"}


def row(load, units=()):
    """Cells in a row; `units` are sets of them."""
    names = np.full(len(load), None, object)
    for i, cells in enumerate(units):
        names[list(cells)] = f"u{i}"
    return lattice(np.array(load, float)[None, :], compound=names[None, :])


# ------------------------------------------------------------------------------------------------ by hand
def test_a_surplus_does_not_go_through_a_compound():
    load = np.full(12, 50.0)
    load[0], load[11] = 90.0, 10.0
    ground = row(load, [range(4, 8)])
    assert rebalance(ground, ROW).answers[0].moves["cell"].tolist() == [3, 7]
    kept = rebalance(ground, ROW, **KEPT)
    assert all(7 not in answer.moves["cell"].tolist() for answer in kept.answers)
    assert kept.settings["keep_whole"] == "compounds"
    # divided by hand it counts as its cells
    assert rebalance(row(load, [range(2, 8)]), ROW, **KEPT).answers[0].moves["cell"].tolist() == [3, 7]
    with pytest.raises(InputError, match="cannot be kept whole"):
        rebalance(ground, ROW, keep_whole="dogs")


def test_a_unit_moves_as_one_with_all_its_buildings_and_its_lock():
    ground = row([100, 90, 20, 20, 50, 40, 40, 40], [(2, 3)])
    grid_of = np.repeat([0, 1], 4)
    for answer in rebalance(ground, grid_of, **KEPT).answers:
        assert answer.moves[["cell", "building_id", "from_grid", "to_grid", "households"]].to_numpy().tolist() == [
            [2, "A-b2", 0, 1, 20.0],
            [3, "A-b3", 0, 1, 20.0],
        ]
        assert (answer.moved, answer.touched.tolist(), answer.balance.within) == (40.0, [0, 1], 2)
        assert answer.grid_of.tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    for asked in ({"locks": Locks(cells=[(2, None)])}, {"max_moved": 39}, {"locks": Locks(borders=[(0, 1)])}):
        assert [len(answer.moves) for answer in rebalance(ground, grid_of, **asked, **KEPT).answers] == [0, 0, 0]


def test_new_cells_of_a_unit_join_together_and_are_linked_by_their_nearest():
    load = [50, 40, 40, 40, 30, 30, 40, 40, 40, 50]
    grid_of = np.array([0, 0, 0, 0, -1, -1, 1, 1, 1, 1])
    assert set(rebalance(row(load), grid_of).joined["to_grid"]) == {0, 1}
    together_ = rebalance(row(load, [(4, 5)]), grid_of, **KEPT).joined
    assert together_["cell"].tolist() == [4, 5]
    assert together_["to_grid"].nunique() == 1
    apart = together(row(np.full(4, 50.0)), lattice(np.full((1, 2), 9.0), x0=-500.0, compound=[["u", "u"]]))
    found = rebalance(apart, [0, 0, 0, 0, -1, -1], **KEPT)
    assert found.links.tolist() == [[0, 5]]
    assert found.answers[0].grid_of.tolist() == [0] * 6


def test_a_unit_above_the_maximum_is_divided_and_that_is_told():
    found = rebalance(row([100.0] * 4 + [25] * 4, [range(4)]), np.repeat([0, 1], 4), **KEPT)
    assert found.answers[-1].moved > 0
    (remark,) = [one for one in found.report.remarks if one.rule == "unit_split"]
    assert (remark.code, remark.amount) == ("u0", 400.0)
    assert remark_words(remark) == {
        "zh": "小区“u0”（400 户）超过最多户数，不再整体保留，有方案将其拆分。",
        "en": "Compound u0 (400 households) is above the maximum and not kept whole: an answer divides it.",
    }


# ------------------------------------------------------------------------------------------------ always
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(["compounds", "blocks"]),
    kept_before=st.booleans(),
    holes=st.integers(0, 3),
    locked=st.integers(0, 3),
    max_moved=st.sampled_from([None, 60]),
)
def test_no_unit_that_was_whole_is_divided(seed, kind, kept_before, holes, locked, max_moved):
    random = np.random.default_rng(seed)
    shape = random.integers(4, 9, 2)
    names = np.array([None, "a", "b", "c", "d"], object)[random.integers(0, 5, (shape + 1) // 2)]
    load = random.integers(0, 60, shape).astype(float)
    ground = lattice(load, block=2, compound=np.repeat(np.repeat(names, 2, 0), 2, 1)[: shape[0], : shape[1]])
    of = partition(ground, keep_whole=kind if kept_before else None, seed=seed, effort=QUICK).grid_of.astype(int)
    n = len(of)
    for cell in random.permutation(n)[:holes]:
        rest = np.where(np.arange(n) == cell, -9, of)
        if of[cell] in rest and parts_of(ground, rest)[of[cell]] == 1:
            of = np.where(rest == -9, -1, of)
    changed = np.round(load.ravel() * random.uniform(0.4, 1.8, n))
    ground = loaded(ground, changed)
    locks = [int(c) for c in random.permutation(np.flatnonzero(of >= 0))[:locked]]
    ask = {"locks": Locks(cells=[(c, None) for c in locks]), "max_moved": max_moved, "seed": seed, "keep_whole": kind}
    found, again = rebalance(ground, of, **ask), rebalance(ground, of, **ask)
    unit = units_of(ground, kind, 300.0, apart=of < 0).of
    whole = [np.flatnonzero(unit == u) for u in np.unique(unit)]
    whole = [cells for cells in whole if len(np.unique(of[cells])) == 1]
    for answer, twin in zip(found.answers, again.answers, strict=True):
        assert (answer.grid_of == twin.grid_of).all()
        assert all(len(np.unique(answer.grid_of[cells])) == 1 for cells in whole)
        assert set(parts_of(ground, answer.grid_of, found.links).values()) <= {1}
        away = (of >= 0) & (answer.grid_of != of)
        assert answer.moves["cell"].tolist() == np.flatnonzero(away).tolist()
        assert answer.moved == changed[away].sum() <= (np.inf if max_moved is None else max_moved)
        assert answer.excess <= answer.bound + 1e-6
        assert answer.bound <= answer.moved + 1e-6
        assert answer.touched.tolist() == np.unique(np.r_[of[away], answer.grid_of[away]]).tolist()
        assert set(answer.grid_of) >= set(of[of >= 0])
        for cells in whole:
            assert not (set(locks) & set(cells.tolist()) and away[cells].any())
        sums = np.bincount(answer.grid_of, changed)[np.unique(answer.grid_of)]
        assert answer.balance.mad == pytest.approx(np.abs(sums - 200).mean())


def test_where_there_is_nothing_to_keep_whole_it_is_as_without():
    random = np.random.default_rng(4)
    names = np.array([f"u{i}" for i in range(80)], object).reshape(8, 10)
    ground = lattice(random.integers(0, 60, (8, 10)), compound=names)
    of = partition(ground, effort=QUICK).grid_of
    ground = loaded(ground, np.round(ground.cells["households"] * random.uniform(0.4, 1.8, 80)))
    for a, b in zip(rebalance(ground, of).answers, rebalance(ground, of, **KEPT).answers, strict=True):
        assert (a.grid_of == b.grid_of).all()
        assert (a.moved, a.bound, a.balance) == (b.moved, b.bound, b.balance)
    assert any(a.moved for a in rebalance(ground, of).answers)
