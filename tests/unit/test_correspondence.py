"""Do the shares of every old grid sum to one, whatever the two sets of grids and cells are?"""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.plans import Pieces, correspondence, ground_pieces

GRIDS = st.sampled_from([None, "a", "b", "c"])
PIECES = st.lists(st.tuples(GRIDS, GRIDS, st.floats(0, 1e6)), min_size=1, max_size=30)


def pieces(rows):
    old, new, amount = zip(*rows, strict=True)
    return Pieces(np.array(old, object), np.array(new, object), np.array(amount))


@settings(max_examples=25, deadline=None)
@given(PIECES, PIECES, PIECES)
def test_shares_of_every_old_grid_sum_to_one_and_nothing_is_lost(ground, people, parts):
    table = correspondence(pieces(ground), pieces(people), pieces(parts))
    for share in ("area_share", "household_share", "part_share"):
        sums = table.fillna({"old": ""}).groupby("old")[share].sum()
        assert np.allclose(sums, 1.0)
        assert ((table[share] >= 0) & (table[share] <= 1 + 1e-12)).all()
    for name, rows in (("area_m2", ground), ("households", people), ("parts", parts)):
        there = sum(amount for old, new, amount in rows if old or new)
        assert table[name].sum() == pytest.approx(there)
    assert not table.duplicated(["old", "new"]).any()
    assert (table["old"].notna() | table["new"].notna()).all()


def rows_of_boxes(cuts, first):
    """Cells side by side on one strip, 10 m high, numbered from `first`."""
    edges = np.array([0.0, *sorted(cuts), 100.0])
    shapes = shapely.box(edges[:-1], 0, edges[1:], 10)
    return np.arange(first, first + len(shapes)), shapes


CUTS = st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True)


@settings(max_examples=25, deadline=None)
@given(CUTS, CUTS, st.lists(GRIDS, min_size=7, max_size=7), st.lists(GRIDS, min_size=7, max_size=7))
def test_ground_on_two_generations_of_cells_is_taken_apart_without_rest(old_cuts, new_cuts, old_grids, new_grids):
    old, old_shapes = rows_of_boxes(old_cuts, 0)
    new, new_shapes = rows_of_boxes(new_cuts, 100)
    found = ground_pieces(
        old,
        np.array(old_grids, object)[: len(old)],
        new,
        np.array(new_grids, object)[: len(new)],
        old_shapes=old_shapes,
        new_shapes=new_shapes,
    )
    assert found.amount.sum() == pytest.approx(1000)
    for grid in {*old_grids} - {None}:
        wanted = sum(shape.area for shape, code in zip(old_shapes, old_grids, strict=False) if code == grid)
        assert found.amount[found.old == grid].sum() == pytest.approx(wanted)


def test_cells_of_both_generations_are_one_piece_and_what_only_one_has_is_a_remainder():
    old, old_shapes = np.array([1, 2, 3]), shapely.box([0, 10, 20], 0, [10, 20, 30], 10)
    new, new_shapes = np.array([1, 4]), shapely.box([0, 10], 0, [10, 25], 10)
    codes = (np.array(["a", "a", "b"], object), np.array(["x", "y"], object))
    ground = ground_pieces(old, codes[0], new, codes[1], old_shapes=old_shapes, new_shapes=new_shapes)
    table = correspondence(ground, ground, ground)
    assert [tuple(row) for row in table[["old", "new", "area_m2", "part_share"]].to_numpy()] == [
        ("a", "x", 100.0, 0.5), ("a", "y", 100.0, 0.5), ("b", "y", 50.0, 0.5), ("b", None, 50.0, 0.5)
    ]  # fmt: skip
