"""Do real cities, with all their faults, come out exact, whole and told?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.cells import tessellate
from tests.unit.cells_ground import insist, rules

OSM_CLASSES = {"motorway": "expressway", "trunk": "primary", "primary": "primary", "secondary": "secondary",
               "tertiary": "tertiary", "residential": "residential", "living_street": "residential",
               "unclassified": "residential", "service": "service"}  # fmt: skip


@pytest.fixture(scope="module")
def cambridge(cities):
    folder = cities("cambridge_ma")
    ground = gpd.read_parquet(folder / "communities.parquet").to_crs(26986)
    lots = gpd.read_parquet(folder / "lots.parquet")
    lots = lots.rename(columns={"lot_id": "building_id", "dwelling_units": "households"})
    streets = gpd.read_parquet(folder / "streets.parquet").assign(kind="street")
    streets["class"] = np.where(streets["major_road"].fillna(0).astype(float) > 0, "secondary", "residential")
    rail = gpd.read_parquet(folder / "rail.parquet").assign(kind="rail")
    water = gpd.read_parquet(folder / "water.parquet").assign(kind="water")
    columns = ["kind", "class", "geometry"]
    lines = pd.concat([f.reindex(columns=columns) for f in (streets, rail, water)], ignore_index=True)
    return ground, lots, tessellate(ground, lots, barriers=gpd.GeoDataFrame(lines, crs=streets.crs))


@pytest.mark.slow
def test_cambridge_is_exact_and_no_lot_is_cut(cambridge):
    ground, lots, t = cambridge
    insist(t, lots)
    assert not t.report.errors
    assert len(t.communities) == len(ground) == 13
    assert t.cells["households"].sum() == lots["households"].sum()
    missing = set(lots["building_id"]) - set(t.building_cell["building_id"])
    assert missing == {"ROAD"}
    assert rules(t)["not_a_building"] == 1


def test_cambridges_borders_move_nowhere_by_more_than_a_metre(cambridge):
    ground, _, t = cambridge
    assert "border_moved" not in rules(t)
    before = shapely.boundary(ground.geometry.to_numpy())
    after = shapely.boundary(t.communities.geometry.to_numpy())
    assert shapely.hausdorff_distance(before, after).max() < 1.0
    displaced = shapely.area(
        shapely.symmetric_difference(ground.geometry.to_numpy(), t.communities.geometry.to_numpy())
    )
    told = sum(r.amount for r in t.report.remarks if r.rule.startswith("border_"))
    assert displaced.sum() == pytest.approx(told, rel=0.1)


def test_cambridge_stays_a_coverage_in_degrees(cambridge):
    _, _, t = cambridge
    degrees = shapely.transform(t.cells.to_crs(4490).geometry.to_numpy(), lambda xy: np.round(xy, 9))
    assert shapely.coverage_is_valid(degrees)


def test_monacos_slopes_and_harbour(cities):
    folder = cities("monaco_osm")
    ground = gpd.read_parquet(folder / "communities.parquet")
    stock = gpd.read_parquet(folder / "buildings.parquet").rename(columns={"households_est": "households"})
    streets = gpd.read_parquet(folder / "streets.parquet").assign(kind="street")
    streets["class"] = [OSM_CLASSES.get(h.removesuffix("_link"), "path") for h in streets["highway"]]
    water = gpd.read_parquet(folder / "waterlines.parquet").assign(kind="water")
    lines = pd.concat([streets, water], ignore_index=True)
    t = tessellate(ground, stock, barriers=gpd.GeoDataFrame(lines, crs=streets.crs))
    insist(t, stock)
    assert not t.report.errors
    assert len(t.building_cell) == len(stock)
    assert rules(t)["tunnels_left_out"] == 1


def test_singapores_points_in_large_ground(cities):
    folder = cities("singapore_hdb")
    ground = gpd.read_parquet(folder / "communities.parquet")
    stock = gpd.read_parquet(folder / "blocks.parquet")
    stock = stock.rename(columns={"block_id": "building_id", "dwelling_units": "households"})
    t = tessellate(ground, stock)
    insist(t, stock)
    assert not t.report.errors
    assert len(t.building_cell) == len(stock)
    assert t.cells.geometry.area.max() <= 50_000
