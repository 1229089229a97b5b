"""Does every point get the answer that the rule gives it, alone and in bulk?"""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.locate import HOW, Locator

SIDE = 100.0


def lattice(columns: int, rows: int) -> np.ndarray:
    return np.array(
        [shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE) for y in range(rows) for x in range(columns)],
        dtype=object,
    )


def brute(polygons, codes, point, near_m=500.0, border_m=1.0):
    """The rule, written as it is read: one point, plain loops."""
    if point is None or point.is_empty or not np.isfinite([point.x, point.y]).all():
        return "unlocated", None, None, []
    metres = [shapely.distance(point, p) for p in polygons]
    covering = sorted((codes[i], i) for i, m in enumerate(metres) if m == 0)
    if covering:
        code, row = covering[0]
        others = {}
        for i, m in enumerate(metres):
            if codes[i] != code and m <= border_m:
                others[codes[i]] = min(m, others.get(codes[i], m))
        others = sorted((m, c) for c, m in others.items())
        return ("border" if others else "inside"), row, 0.0, [(c, m) for m, c in others]
    m, code, row = min((m, codes[i], i) for i, m in enumerate(metres))
    return ("near", row, m, []) if m <= near_m else ("outside", None, m, [])


def answers(locator, points):
    found = locator.locate(points)
    for i in range(len(points)):
        row = int(found.polygon[i])
        metres = float(found.distance_m[i])
        yield (
            HOW[found.how[i]],
            row if row >= 0 else None,
            None if np.isnan(metres) else metres,
            [(locator.codes[p], m) for p, m in found.others(i)],
        )


coordinate = st.one_of(
    st.floats(-700, 1100, allow_nan=False),
    st.integers(-7, 11).map(lambda k: k * SIDE),
    st.tuples(st.integers(0, 4), st.floats(-2, 2)).map(lambda t: t[0] * SIDE + t[1]),
)
some_points = st.lists(st.one_of(st.none(), st.tuples(coordinate, coordinate)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(some_points, st.lists(st.sampled_from(["001", "002", "003"]), min_size=9, max_size=9))
def test_bulk_answers_are_the_rule(places, codes):
    polygons = lattice(3, 3)
    points = np.array([None if p is None else shapely.Point(*p) for p in places], dtype=object)
    locator = Locator(polygons, codes)
    bulk = list(answers(locator, points))
    assert bulk == [brute(polygons, codes, p) for p in points]
    assert bulk == [next(answers(locator, points[i : i + 1])) for i in range(len(points))]


def test_on_the_line_the_lower_code_wins_and_the_other_is_told():
    locator = Locator(lattice(2, 1), ["990101001001002", "990101001001001"])
    assert next(answers(locator, np.array([shapely.Point(SIDE, 50)]))) == ("border", 1, 0.0, [("990101001001002", 0.0)])


def test_containing_grid_wins_just_inside():
    locator = Locator(lattice(2, 1), ["b", "a"])
    how, row, metres, others = next(answers(locator, np.array([shapely.Point(SIDE - 0.4, 50)])))
    assert (how, row, metres) == ("border", 0, 0.0)
    assert others == [("a", pytest.approx(0.4))]


def test_cells_of_one_grid_have_no_border_between_them():
    locator = Locator(lattice(2, 1), ["a", "a"])
    assert next(answers(locator, np.array([shapely.Point(SIDE, 50)]))) == ("inside", 0, 0.0, [])


def test_a_cell_without_a_grid_covers_but_is_no_neighbour():
    locator = Locator(lattice(2, 1), ["", "a"])
    points = shapely.points([[50, 50], [SIDE, 50], [SIDE + 0.5, 50]])
    assert [a[:2] for a in answers(locator, points)] == [("inside", 0), ("inside", 1), ("inside", 1)]


def test_no_polygons_at_all():
    found = Locator([], []).locate(np.array([shapely.Point(0, 0), None], dtype=object))
    assert found.how_name.tolist() == ["outside", "unlocated"]
    assert np.isnan(found.distance_m).all()


def test_empty_and_nan_points_are_unlocated():
    points = np.array([shapely.Point(), shapely.Point(np.nan, 1.0), shapely.Point(np.inf, 1.0)], dtype=object)
    assert Locator(lattice(1, 1), ["a"]).locate(points).how_name.tolist() == ["unlocated"] * 3


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="1 polygons, but 2 codes"):
        Locator(lattice(1, 1), ["a", "b"])
