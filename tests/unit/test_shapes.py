"""Does a simplified coverage stay one, and is each of its borders drawn once?"""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.shapes import EXACT_ZOOM, ZOOMS, border_lines, draw_coverage, fit, label_points, pixel_m


def voronoi(seed, n=30, side=3000.0):
    """Cells of random points with wiggly edges, tiling a square."""
    rng = np.random.default_rng(seed)
    points = shapely.MultiPoint(rng.uniform(0, side, (n, 2)))
    square = shapely.box(0, 0, side, side)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=square))
    noded = shapely.segmentize(shapely.intersection(cells, square), 20.0)
    xy = shapely.get_coordinates(noded)
    inner = (xy > 1).all(axis=1) & (xy < side - 1).all(axis=1)
    # The same wiggle on both sides: it depends on the place alone.
    xy[inner] += 4 * np.sin(np.round(xy[inner][:, ::-1], 3) / 7)
    return fit(shapely.set_coordinates(noded, xy))


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_a_simplified_coverage_has_no_gaps_and_no_overlaps(seed):
    cells = voronoi(seed)
    drawn = draw_coverage(cells)
    assert sorted(drawn) == sorted(ZOOMS)
    whole = shapely.union_all(cells).area
    vertices = [shapely.get_num_coordinates(drawn[zoom]).sum() for zoom in sorted(ZOOMS)]
    assert vertices == sorted(vertices)
    assert vertices[0] < vertices[-1] / 3
    for zoom in ZOOMS:
        assert shapely.coverage_is_valid(drawn[zoom])
        assert not shapely.is_empty(drawn[zoom]).any()
        assert shapely.area(drawn[zoom]).sum() == pytest.approx(shapely.union_all(drawn[zoom]).area, rel=1e-9)
        assert shapely.area(drawn[zoom]).sum() == pytest.approx(whole, rel=0.05)
    assert (drawn[EXACT_ZOOM] == cells).all()


def test_neighbours_that_do_not_fit_are_made_to():
    a = shapely.box(0, 0, 100, 100)
    b = shapely.Polygon([(100.02, 0), (200, 0), (200, 100), (100.02, 100), (100.02, 50)])
    fitted = fit(np.array([a, b]))
    assert shapely.coverage_is_valid(fitted)
    assert shapely.union_all(fitted).area == pytest.approx(20_000, rel=1e-3)
    assert all(a == b for a, b in zip(fit(fitted), fitted, strict=True))


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_each_border_is_drawn_once(seed):
    cells = voronoi(seed, n=12)
    halves = (shapely.get_x(shapely.centroid(cells)) > 1500).astype(int)
    chains = np.column_stack([np.ones(len(cells), int), halves, np.arange(len(cells))])
    drawn = border_lines(cells, chains)
    metres = dict(zip(drawn.rank.tolist(), shapely.length(drawn.lines), strict=True))
    outline = shapely.union_all(cells).length
    parts = [shapely.union_all(cells[halves == h]).length for h in (0, 1) if (halves == h).any()]
    assert metres[0] == pytest.approx(outline)
    assert metres.get(1, 0) == pytest.approx((sum(parts) - outline) / 2)
    assert sum(metres.values()) == pytest.approx((shapely.length(cells).sum() + outline) / 2)


def test_a_hole_is_a_border_of_the_whole():
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    drawn = border_lines(np.array([ring]), [[1, 1]])
    assert drawn.rank.tolist() == [0]
    assert drawn.lines[0].length == 160


def test_a_label_stands_inside_the_largest_part():
    horseshoe = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 90, 60))
    islands = shapely.MultiPolygon([shapely.box(200, 0, 210, 10), horseshoe])
    (point,) = label_points(np.array([islands]))
    assert horseshoe.contains(point)
    assert point.distance(horseshoe.boundary) >= 14


def test_a_pixel_halves_with_each_zoom():
    assert pixel_m(0) == pytest.approx(40_075_016.69 / 512)
    assert pixel_m(13) == pytest.approx(pixel_m(12) / 2)
