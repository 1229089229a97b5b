"""Are compiled share lines those of a Voronoi diagram, whatever points lie in a row, on a circle or on each other?"""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Voronoi

from gis.cells.delaunay import STRAIGHT_SHARE, _triangulate, _within, share_chains

SIDE = 60


@st.composite
def points(draw):
    """Owned points of whole units: few places, so that rows, circles and repetitions are common."""
    n = draw(st.integers(2, 60))
    unit = draw(st.sampled_from([1, 7, 1000]))
    place = st.tuples(st.integers(0, SIDE), st.integers(0, SIDE), st.integers(0, 4))
    rows = np.array(draw(st.lists(place, min_size=n, max_size=n)))
    return rows[:, :2] * float(unit), rows[:, 2]


def framed(xy):
    """Distinct points, and round them the far corners that keep every region finite."""
    reach = 1000.0 * (xy.max() + 1)
    corners = reach * np.array([[-1.0, -1.1], [1.1, -1.0], [1.0, 1.1], [-1.1, 1.0]])
    return np.vstack([np.unique(xy, axis=0), np.floor(corners)])


@settings(max_examples=60, deadline=None)
@given(points())
def test_the_triangulation_is_whole_and_no_circle_holds_a_point(given_points):
    xy = framed(given_points[0])
    corner, twin, used = _triangulate(xy)
    triangles = shapely.polygons(xy[corner[:used].reshape(-1, 3)])
    assert (shapely.is_ccw(shapely.get_exterior_ring(triangles))).all()
    assert shapely.area(triangles).sum() == pytest.approx(shapely.Polygon(xy[-4:]).area, rel=1e-12)
    assert used // 3 == 2 * (len(xy) - 4) + 2
    back = twin[:used]
    assert (back >= 0).sum() == used - 4
    assert (twin[back[back >= 0]] == np.flatnonzero(back >= 0)).all()
    for e in np.flatnonzero(back >= 0):
        f = back[e]
        across = corner[3 * (f // 3) + (f + 2) % 3]
        assert not _within(xy, *corner[3 * (e // 3) : 3 * (e // 3) + 3], across)


@settings(max_examples=60, deadline=None)
@given(points())
def test_lines_lie_where_a_voronoi_diagram_has_them_but_for_straightening(given_points):
    xy, owner = given_points
    _, first = np.unique(xy, axis=0, return_index=True)
    xy, owner = xy[np.sort(first)], owner[np.sort(first)]
    vertices, line, _ = share_chains(xy, owner, np.array([0, len(xy)]))
    if len(np.unique(owner)) == 1:
        assert len(line) == 0
        return
    for v in vertices[np.abs(vertices).max(axis=1) < 1e6]:
        nearest = [np.hypot(*(xy[owner == o] - v).T).min() for o in np.unique(owner)]
        assert np.diff(np.sort(nearest)[:2])[0] < 1e-6 * (1 + max(nearest))
    drawn = shapely.multilinestrings(shapely.linestrings(vertices, indices=line))
    around = framed(xy)
    of = dict(zip(map(tuple, xy), owner, strict=True))
    diagram = Voronoi(around)
    for (a, b), ends in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True):
        if max(a, b) >= len(around) - 4 or of[tuple(around[a])] == of[tuple(around[b])] or min(ends) < 0:
            continue
        ridge = shapely.LineString(diagram.vertices[ends])
        middle = shapely.intersection(ridge, shapely.box(-500, -500, 7e4, 7e4)).centroid
        room = max(1.0, STRAIGHT_SHARE * np.hypot(*(around[a] - around[b])) / 2)
        assert middle.is_empty or drawn.distance(middle) <= room + 1e-3


def test_lines_do_not_depend_on_what_lies_elsewhere():
    """A cell keeps its vertices to the last bit when a building far away is added."""
    rng = np.random.default_rng(2)
    xy = np.floor(rng.uniform(0, 90_000, (300, 2)))
    owner = np.arange(300) // 6
    more = np.vstack([xy, [[400_000.0, 400_000.0]]])
    one, *_ = share_chains(xy, owner, np.array([0, 300]))
    two, *_ = share_chains(more, np.append(owner, 99), np.array([0, 301]))
    inner = one[(one > 20_000).all(axis=1) & (one < 70_000).all(axis=1)]
    assert len(inner) > 100
    assert {p.tobytes() for p in inner} <= {p.tobytes() for p in two}


def test_sets_are_shared_apart():
    xy = np.array([[0.0, 0.0], [1000.0, 0.0], [5000.0, 5000.0], [9000.0, 5000.0], [0.0, 900.0]])
    owner = np.array([0, 1, 2, 3, 7])
    vertices, line, of_set = share_chains(xy, owner, np.array([0, 2, 4, 5]))
    assert set(of_set) == {0, 1}
    assert np.allclose(vertices[of_set == 0, 0], 500)
    assert np.allclose(vertices[of_set == 1, 0], 7000)
    assert len(np.unique(line)) == 2
