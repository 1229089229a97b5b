"""Does each check catch its fault, name the place, and stay silent on a good plan?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

from gis.checks import CHECKS, run_checks
from gis.cuts import cut_buildings
from gis.partition import Effort, cell_frame, grid_frame, partition
from tests.unit.partition_ground import CRS, lattice, together


@pytest.fixture
def plan():
    """Frames of a good plan: what `run_checks` takes, to be spoiled by each test."""
    compound = np.full((4, 8), "", object)
    compound[:, :4] = "walled"
    district = lattice(np.full((4, 8), 12.5), community="990101001001", compound=compound)
    divided = partition(district, effort=Effort(runs=2, steps_per_cell=100))
    cells = cell_frame(district, divided).assign(compound_id=district.cells["compound_id"])
    footprints = district.cells.geometry.buffer(-5, join_style="mitre")
    middle = shapely.LineString([(120, 0), (120, 120)])
    return {
        "communities": district.communities,
        "grids": grid_frame(district, divided),
        "cells": cells,
        "buildings": gpd.GeoDataFrame({"building_id": district.cells["building_id"]}, geometry=footprints, crs=CRS),
        "barriers": gpd.GeoDataFrame({"kind": ["street"]}, geometry=[middle], crs=CRS),
        "parts": {"990101001001001": 10, "990101001001002": 12},
        "staffed": ["990101001001001", "990101001001002"],
    }


def results(plan):
    return {r.name: r for r in run_checks(**plan)}


def failing(plan):
    return {name for name, r in results(plan).items() if not r.passed}


def move(plan, grid, how):
    polygons = np.asarray(plan["grids"].geometry.values, object).copy()
    polygons[grid] = how(polygons[grid])
    plan["grids"] = plan["grids"].set_geometry(gpd.GeoSeries(polygons, crs=CRS))


def test_a_good_plan_passes_every_check(plan):
    found = results(plan)
    none = {"nested", "crosses_no_barrier"}  # one level, no hard barrier
    assert list(found) == [name for name in CHECKS if name not in none]
    assert {name for name, r in found.items() if not r.passed} == set()
    assert [r.hard for r in found.values()] == [True] * 7 + [False] * 5
    assert all(r.message["zh"].endswith("通过") and r.message["en"].endswith("passed") for r in found.values())


def test_checks_without_input_are_not_run(plan):
    for name in ("barriers", "parts", "staffed"):
        plan[name] = None
    plan["cells"] = plan["cells"].drop(columns="compound_id")
    assert set(CHECKS) - set(results(plan)) == {
        *("nested", "crosses_no_barrier", "follows_street_line", "parts_balance", "grid_without_worker"),
        "one_dedicated_unit_whole",
    }
    assert [r.name for r in run_checks(**plan, only=["no_gap"])] == ["no_gap"]


def test_inside_division(plan):
    move(plan, 0, lambda p: p.union(shapely.box(-10, 0, 0, 10)))
    found = results(plan)["inside_division"]
    assert not found.passed
    assert found.hard
    assert found.offenders["amount"].tolist() == [pytest.approx(100)]
    assert found.offenders.geometry[0].equals(shapely.box(-10, 0, 0, 10))
    assert "100.0" in found.message["zh"]
    plan["grids"]["community_id"] = "elsewhere"
    assert len(results(plan)["inside_division"].offenders) == 2


def test_no_gap(plan):
    move(plan, 0, lambda p: p.difference(shapely.box(0, 0, 2, 1)))
    found = results(plan)["no_gap"]
    assert found.offenders.geometry[0].equals(shapely.box(0, 0, 2, 1))
    assert failing(plan) == {"no_gap"}


def test_no_overlap(plan):
    move(plan, 0, lambda p: p.union(shapely.box(118, 0, 122, 60)))
    assert failing(plan) == {"no_overlap"}
    assert results(plan)["no_overlap"].offenders["amount"].tolist() == [pytest.approx(120)]


def test_dust_below_a_square_metre_is_no_fault(plan):
    move(plan, 0, lambda p: p.difference(shapely.box(0, 0, 0.9, 1)))
    assert failing(plan) == set()


def test_no_cut_building(plan):
    extra = gpd.GeoDataFrame({"building_id": ["astride"]}, geometry=[shapely.box(118, 40, 122, 44)], crs=CRS)
    plan["buildings"] = pd.concat([plan["buildings"], extra], ignore_index=True)
    assert failing(plan) == {"no_cut_building"}
    assert results(plan)["no_cut_building"].offenders["code"].tolist() == ["astride"]


def test_buildings_in_several_grids_for_reasons_no_plan_can_mend():
    a = lattice(np.full((4, 8), 12.5), community="A")
    district = together(a, lattice(np.full((4, 4), 12.5), community="B", x0=240.0))
    grids = grid_frame(district, partition(district, effort=Effort(runs=2, steps_per_cell=100)))
    stock = gpd.GeoDataFrame(
        {"building_id": ["over the border", "large", "small", "two parts", "within", "dot"]},
        geometry=[
            shapely.box(236, 10, 244, 20),
            shapely.box(100, 40, 120, 50),
            shapely.box(119, 40, 124, 50),  # one metre of it lies in another building, which is in the other grid
            shapely.MultiPolygon([shapely.box(90, 80, 95, 90), shapely.box(140, 80, 145, 90)]),
            shapely.box(10, 10, 20, 20),
            shapely.Point(120, 5),
        ],
        crs=CRS,
    )
    assert len(cut_buildings(grids, stock)) == 0
    every = cut_buildings(grids, stock, every=True)
    assert dict(zip(every["code"], every["why"], strict=True)) == {
        "over the border": "community_border",
        "small": "overlaps_building",
        "two parts": "parts_apart",
    }
    assert cut_buildings(grids, stock.to_crs(4490), every=True)["code"].tolist() == every["code"].tolist()


def test_contiguous(plan):
    far = shapely.box(0, 200, 30, 230)
    move(plan, 0, lambda p: shapely.union(p, far))
    plan["communities"] = plan["communities"].set_geometry([shapely.union_all(plan["grids"].geometry.values)], crs=CRS)
    assert failing(plan) == {"contiguous"}
    cell = plan["cells"].iloc[[0]].assign(geometry=[far], grid_code=plan["grids"]["grid_code"][0])
    plan["cells"] = pd.concat([plan["cells"], cell], ignore_index=True)
    near = int(np.flatnonzero(plan["cells"]["grid_code"] == plan["grids"]["grid_code"][0])[0])
    plan["links"] = [(near, len(plan["cells"]) - 1)]
    assert failing(plan) == set()


def test_valid_polygon(plan):
    bow = shapely.Polygon([(0, 0), (120, 120), (120, 0), (0, 120)])
    move(plan, 0, lambda _: bow)
    assert "valid_polygon" in failing(plan)
    move(plan, 0, lambda _: shapely.Polygon())
    assert "valid_polygon" in failing(plan)


@pytest.mark.parametrize("code", ["990101001002001", "99010100100101", "990101001001000", "990101001001002", "x"])
def test_code_matches_parent(plan, code):
    plan["grids"].loc[0, "grid_code"] = code
    plan["cells"]["grid_code"] = plan["grids"]["grid_code"][0]
    assert "code_matches_parent" in failing(plan)


def test_households_in_range(plan):
    plan["grids"]["households"] = [149.0, 301.0]
    found = results(plan)["households_in_range"]
    assert not found.hard
    assert found.offenders["amount"].tolist() == [149, 301]
    plan["grids"]["flags"] = [["empty"], ["oversize_building"]]
    assert "oversize" in results(plan)["households_in_range"].offenders["en"][1]


def test_one_dedicated_unit_whole(plan):
    plan["cells"]["compound_id"] = ["walled" if i % 8 in (3, 4) else None for i in range(32)]
    found = results(plan)["one_dedicated_unit_whole"]
    assert found.offenders["code"].tolist() == ["walled"]
    plan["cells"]["households"] = 40.0  # now too many for one grid: it has to be divided
    assert results(plan)["one_dedicated_unit_whole"].passed


def test_follows_street_line(plan):
    plan["barriers"] = plan["barriers"].set_geometry(plan["barriers"].translate(20))
    found = results(plan)["follows_street_line"]
    assert len(found.offenders) == 2
    assert found.offenders["amount"].max() < 0.1


def test_parts_balance(plan):
    plan["parts"] = {"990101001001001": 100}
    assert not results(plan)["parts_balance"].passed


def test_grid_without_worker(plan):
    plan["staffed"] = ["990101001001002"]
    assert results(plan)["grid_without_worker"].offenders["code"].tolist() == ["990101001001001"]


def test_frames_in_other_reference_systems_are_brought_together(plan):
    for name in ("communities", "cells", "buildings", "barriers"):
        plan[name] = plan[name].to_crs(4490)
    assert failing(plan) == set()


def test_a_turned_plan_passes_too(plan):
    """Nothing depends on straight, axis-parallel borders."""
    for name in ("communities", "grids", "cells", "buildings", "barriers"):
        turned = [affinity.rotate(g, 17.3, origin=(0, 0)) for g in plan[name].geometry]
        plan[name] = plan[name].set_geometry(gpd.GeoSeries(turned, index=plan[name].index, crs=CRS))
    assert failing(plan) == set()
