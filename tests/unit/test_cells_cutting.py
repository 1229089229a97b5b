"""Are cells divided along old lines, exactly, with every vertex on both sides, and never through a building?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.cells import CellSettings
from gis.cells.cutting import cut_cells
from gis.graph import Adjacency, Tessellation
from gis.remarks import Report

SIDE = 40.0
CRS = 4548
SETTINGS = CellSettings(metric_crs="EPSG:4548")


def ground() -> Tessellation:
    """Four by two cells of 40 m, a building of 20 m in the middle of each."""
    x, y = np.meshgrid(np.arange(4) * SIDE, np.arange(2) * SIDE)
    shapes = shapely.box(x.ravel(), y.ravel(), x.ravel() + SIDE, y.ravel() + SIDE)
    n = len(shapes)
    names = [f"B{i}" for i in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if shapely.intersection(shapes[i], shapes[j]).length > 1]
    near = Adjacency(
        np.array(pairs, np.int32), np.full(len(pairs), SIDE), np.zeros(len(pairs), np.int8), np.zeros(len(pairs), bool)
    )
    columns = {
        "community_id": "C", "block_id": np.arange(n), "building_id": names, "compound_id": None,
        "households": 10.0, "buildings": 1,
    }  # fmt: skip
    held = pd.DataFrame({"building_id": names, "cell": np.arange(n), "households": 10.0, "estimated": False})
    whole = gpd.GeoDataFrame({"community_id": ["C"]}, geometry=[shapely.box(0, 0, 160, 80)], crs=CRS)
    return Tessellation(gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS), held, near, whole, Report("by hand"))


def stock(tessellation: Tessellation) -> gpd.GeoDataFrame:
    middle = shapely.centroid(tessellation.cells.geometry.to_numpy())
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    shapes = shapely.box(x - 10, y - 10, x + 10, y + 10)
    return gpd.GeoDataFrame({"building_id": tessellation.cells["building_id"]}, geometry=shapes, crs=CRS)


def cut(polygons):
    before = ground()
    return before, cut_cells(before, np.arange(len(before.cells)), np.array(polygons), stock(before), SETTINGS)


def final(before, done) -> np.ndarray:
    shapes = before.cells.geometry.to_numpy()
    return shapes if done.remade is None else np.concatenate([shapes[done.remade.kept], done.remade.cells.geometry])


@settings(max_examples=25, deadline=None)
@given(st.floats(45, 115), st.floats(-40, 40))
def test_cells_stay_an_exact_coverage_and_no_building_is_cut(x, lean):
    polygons = [
        shapely.Polygon([(-5, -5), (x, -5), (x + lean, 85), (-5, 85)]),
        shapely.Polygon([(x, -5), (165, -5), (165, 85), (x + lean, 85)]),
    ]
    polygons = [shapely.make_valid(p) for p in polygons]
    before, done = cut(polygons)
    cells = final(before, done)
    assert shapely.coverage_is_valid(cells)
    assert shapely.area(cells).sum() == pytest.approx(160 * 80, abs=1e-6)
    whole = {cell for cell, _ in done.whole}
    for i, building in enumerate(stock(before).geometry):
        cut_off = min(shapely.area(shapely.intersection(building, polygons)))
        assert (i in whole) == (cut_off > 1.0) or cut_off == pytest.approx(1.0, abs=0.2)
    if done.remade is not None:
        share = done.remade.lineage.groupby("before")["area_share"].sum().to_numpy()
        assert share == pytest.approx(np.ones(len(share)))
        rows = set(before.building_cell["cell"][before.building_cell["cell"].isin(done.remade.gone)])
        assert len(done.remade.building_cell) == len(rows)  # every building of a replaced cell, once


def test_neighbours_get_the_vertex_where_a_line_ends():
    # the line divides the upper left cell only; the cell below it gets its foot
    corner = shapely.box(0, 40, 5, 80)
    before, done = cut([corner, shapely.difference(shapely.box(0, 0, 160, 80), corner)])
    assert done.divided.tolist() == [4]
    assert done.remade.gone.tolist() == [0, 4]
    assert sorted(shapely.area(done.remade.cells.geometry.to_numpy())) == [200.0, 1400.0, 1600.0]
    assert shapely.coverage_is_valid(final(before, done))
    empty = done.remade.cells["building_id"].isna()
    assert shapely.area(done.remade.cells.geometry.to_numpy()[empty]).tolist() == [200.0]


def test_slivers_of_bad_drawing_make_no_cells_and_lines_on_borders_divide_nothing():
    left, right = shapely.box(0, 0, 80, 80), shapely.box(80, 0, 160, 80)
    _, done = cut([left, right])
    assert done.remade is None
    assert not len(done.divided)
    _, done = cut([shapely.box(0, 0, 80.2, 80), shapely.box(80.1, 0, 160, 80)])
    assert done.remade is None


def test_a_line_through_a_building_leaves_the_cell_whole_and_says_which():
    _, done = cut([shapely.box(0, 0, 60, 80), shapely.box(60, 0, 160, 80)])
    assert done.remade is None
    assert [cell for cell, _ in done.whole] == [1, 5]
    assert "B1" in done.whole[0][1]
