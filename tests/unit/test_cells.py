"""Do blocks, shares, the cap and the neighbourhood come out as the rules of the model say?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.cells import CellSettings, tessellate
from gis.cells.seams import stitch
from gis.errors import InputError
from gis.graph import FOLLOWS
from tests.unit.cells_ground import (
    CRS,
    barriers,
    buildings,
    cell_of,
    communities,
    insist,
    line,
    rect,
    rules,
    spot,
    streets,
)

COMMUNITY = rect(0, 0, 200, 100)


def follows_between(tessellation, a: str, b: str) -> str | None:
    pair = sorted((cell_of(tessellation, a), cell_of(tessellation, b)))
    graph = tessellation.adjacency
    found = np.flatnonzero((graph.pairs == pair).all(axis=1))
    return FOLLOWS[graph.follows[found[0]]] if len(found) else None


def test_a_street_parts_blocks_and_its_class_names_the_border():
    stock = buildings(rect(20, 40, 20, 20), rect(60, 40, 20, 20), rect(140, 40, 20, 20))
    t = tessellate(communities(COMMUNITY), stock, barriers=streets(line((100, -10), (100, 110)), name="primary"))
    insist(t, stock)
    assert len(t.cells) == 3
    assert t.cells["block_id"].nunique() == 2
    assert t.cells["block_id"][cell_of(t, "B0")] == t.cells["block_id"][cell_of(t, "B1")]
    assert follows_between(t, "B1", "B2") == "primary"
    assert follows_between(t, "B0", "B1") == "none"
    assert follows_between(t, "B0", "B2") is None


def test_the_border_lies_midway_between_two_walls():
    stock = buildings(rect(20, 20, 79.5, 60), rect(100.5, 20, 79.5, 60))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert t.adjacency.length[0] == pytest.approx(100.0, abs=3.0)
    assert t.cells.geometry.area.max() == pytest.approx(10_000.0, abs=30.0)


def test_the_strongest_feature_along_most_of_a_border_names_it():
    stock = buildings(rect(20, 40, 20, 20), rect(140, 40, 20, 20))
    rows = [
        ("street", "residential", line((100, 0), (100, 100))),
        ("rail", None, line((102, 0), (102, 30))),
        ("street", "secondary", line((98, 20), (98, 90))),
    ]
    t = tessellate(communities(COMMUNITY), stock, barriers=barriers(*rows))
    insist(t, stock)
    assert follows_between(t, "B0", "B1") == "secondary"


def test_tunnels_bound_nothing_and_polygons_bound_by_their_outline():
    stock = buildings(rect(20, 40, 20, 20), rect(160, 40, 20, 20))
    rows = [("street", "primary", line((50, 0), (50, 100))), ("water", None, rect(90, -10, 40, 120))]
    t = tessellate(communities(COMMUNITY), stock, barriers=barriers(*rows, tunnel=["yes", None]))
    insist(t, stock)
    assert len(t.cells) == 3
    assert rules(t)["tunnels_left_out"] == 1
    assert follows_between(t, "B0", "B1") is None
    assert set(t.adjacency.follows) == {FOLLOWS.index("water")}


def test_hard_barriers_part_neighbours_unless_a_bridge_leads_across():
    ground = communities(rect(0, 0, 200, 200))
    stock = buildings(*[rect(x, y, 20, 20) for y in (40, 140) for x in (40, 140)], households=[200.0] * 4)
    river = ("water", None, line((100, -10), (100, 210)))
    bridge = ("street", "secondary", line((50, 100), (150, 100)))
    settings = CellSettings(hard_barriers=frozenset({"water"}))
    t = tessellate(ground, stock, barriers=barriers(river, ("street", "secondary", line((0, 100), (200, 100)))))
    insist(t, stock)
    assert len(t.adjacency.pairs) == 4
    parted = tessellate(ground, stock, barriers=barriers(river), settings=settings)
    assert len(parted.adjacency.pairs) == 2
    assert not parted.adjacency.link.any()
    joined = tessellate(ground, stock, barriers=barriers(river, bridge, bridge=[False, True]), settings=settings)
    assert joined.adjacency.link.sum() == 1


def test_a_building_crossed_by_a_street_stays_whole():
    stock = buildings(rect(80, 40, 30, 20), rect(150, 40, 20, 20))
    t = tessellate(communities(COMMUNITY), stock, barriers=streets(line((100, -10), (100, 110))))
    insist(t, stock)
    cell = t.cells.geometry[cell_of(t, "B0")]
    assert cell.buffer(1e-4).covers(stock.geometry[0])


def test_a_walled_compound_has_the_ground_up_to_the_streets():
    stock = buildings(rect(30, 30, 30, 12), rect(30, 60, 30, 12), rect(130, 40, 20, 20))
    fence = gpd.GeoDataFrame({"compound_id": ["W1"]}, geometry=[rect(12, 12, 78, 76)], crs=CRS)
    t = tessellate(communities(COMMUNITY), stock, compounds=fence, barriers=streets(line((110, -10), (110, 110))))
    insist(t, stock)
    assert len(t.cells) == 3
    assert list(t.cells["compound_id"][[cell_of(t, "B0"), cell_of(t, "B1")]]) == ["W1", "W1"]
    assert t.cells["compound_id"][cell_of(t, "B2")] is None
    assert follows_between(t, "B0", "B2") == "residential"


def test_compounds_side_by_side_are_parted_along_their_outline():
    stock = buildings(rect(40, 40, 20, 20), rect(140, 40, 20, 20))
    stock["compound_id"] = ["W1", "W2"]
    fence = gpd.GeoDataFrame(
        {"compound_id": ["W1", "W2"]}, geometry=[rect(0, 0, 80, 100), rect(80, 0, 120, 100)], crs=CRS
    )
    t = tessellate(communities(COMMUNITY), stock, compounds=fence)
    insist(t, stock)
    assert follows_between(t, "B0", "B1") == "compound"
    unfenced = tessellate(communities(COMMUNITY), stock)
    assert follows_between(unfenced, "B0", "B1") == "compound"


def test_land_cover_bounds_blocks_and_narrow_leftovers_join_them():
    park = gpd.GeoDataFrame(
        {"kind": ["green", "built_up"]}, geometry=[rect(105, 5, 90, 90), rect(0, 0, 50, 50)], crs=CRS
    )
    stock = buildings(rect(40, 40, 20, 20))
    t = tessellate(communities(COMMUNITY), stock, landcover=park, barriers=streets(line((100, -10), (100, 110))))
    insist(t, stock)
    assert len(t.cells) == 2
    assert sorted(t.cells.geometry.area.round()) == [10_000, 10_000]


@pytest.mark.parametrize("cap", [50_000.0, 10_000.0])
def test_no_cell_exceeds_the_cap_and_buildings_stay_whole(cap):
    ground = communities(rect(0, 0, 900, 700))
    stock = buildings(rect(100, 100, 60, 20), rect(700, 500, 20, 20))
    t = tessellate(ground, stock, settings=CellSettings(max_cell_m2=cap))
    insist(t, stock, cap)
    assert t.cells.geometry.area.max() <= cap
    assert t.cells.geometry.area.sum() == pytest.approx(630_000.0)
    assert (t.cells["building_id"].notna()).sum() == 2
    assert len(t.cells) < 2.5 * 630_000 / cap


def test_a_single_larger_building_is_the_only_thing_above_the_cap():
    stock = buildings(rect(50, 50, 500, 200), rect(650, 100, 20, 20))
    t = tessellate(communities(rect(0, 0, 700, 300)), stock)
    insist(t, stock)
    large = t.cells[t.cells.geometry.area > 50_000]
    assert list(large["building_id"]) == ["B0"]


def test_a_large_building_with_a_crumb_of_ground_apart_is_not_split():
    """Cambridge, lot 264-102: the search began at the crumb, and the lattice cut the lot into seven cells."""
    large = shapely.union_all([rect(20, 20, 500, 300), rect(10, 150, 10, 0.002)])
    stock = buildings(large, rect(15, 140, 4, 20), rect(600, 100, 20, 20))
    t = tessellate(communities(rect(0, 0, 700, 400)), stock)
    insist(t, stock)
    assert t.cells.geometry[cell_of(t, "B0")].area >= 149_990


def test_islands_are_linked_below_the_minimum_load_and_left_alone_above():
    ground = communities(shapely.union_all([rect(0, 0, 100, 100), rect(130, 0, 50, 50), rect(300, 0, 90, 90)]))
    stock = buildings(rect(20, 20, 20, 20), rect(140, 10, 20, 20), rect(330, 20, 20, 20), households=[300, 10, 200])
    t = tessellate(ground, stock)
    insist(t, stock)
    graph = t.adjacency
    assert graph.pairs[graph.link].tolist() == [sorted([cell_of(t, "B0"), cell_of(t, "B1")])]
    assert graph.length[graph.link].tolist() == [0.0]
    assert rules(t)["part_linked"] == 1
    assert rules(t)["community_in_parts"] == 1


def test_touching_for_less_than_a_metre_is_no_neighbourhood():
    ground = communities(shapely.union_all([rect(0, 0, 100, 100), rect(100, 99.5, 100, 100)]))
    stock = buildings(rect(40, 40, 20, 20), rect(140, 140, 20, 20), households=[200, 200])
    t = tessellate(ground, stock)
    insist(t, stock)
    assert len(t.adjacency.pairs) == 0


def test_ground_without_buildings_or_lines_is_one_cell():
    stock = buildings()
    t = tessellate(communities(COMMUNITY, rect(200, 0, 50, 50)), stock)
    insist(t, stock)
    assert len(t.cells) == 2
    assert t.building_cell.empty
    assert t.cells["building_id"].isna().all()


def test_points_share_ground_like_footprints():
    stock = buildings(spot(50, 50), spot(150, 50))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert t.cells.geometry.area.tolist() == pytest.approx([10_000, 10_000])


def test_a_point_on_a_street_or_on_the_rim_has_its_cell():
    stock = buildings(spot(100, 50), spot(200, 50), spot(0, 0))
    t = tessellate(communities(COMMUNITY), stock, barriers=streets(line((100, -10), (100, 110))))
    insist(t, stock)
    assert len(t.building_cell) == 3


def test_the_same_input_gives_the_same_cells_with_or_without_an_executor():
    ground = communities(COMMUNITY, rect(200, 0, 200, 100), rect(0, 100, 400, 100))
    stock = buildings(*[rect(20 + 40 * i, 30 + 60 * (i % 3), 17, 13) for i in range(9)])
    lines = streets(line((-10, 55), (410, 61)), line((110, -10), (130, 220)))
    once = tessellate(ground, stock, barriers=lines)
    insist(once, stock)
    with ThreadPoolExecutor(2) as executor:
        again = tessellate(ground, stock, barriers=lines, executor=executor)
    assert once.cells.to_wkb().equals(again.cells.to_wkb())
    assert once.building_cell.equals(again.building_cell)
    assert np.array_equal(once.adjacency.pairs, again.adjacency.pairs)
    assert once.report.as_dict() == again.report.as_dict()


def test_exactness_survives_degrees_and_nine_decimals():
    ground = communities(rect(0, 0, 1200, 500), rect(1200, 0, 900, 500))
    stock = buildings(*[rect(30 + 51 * i, 17 + 83 * (i % 5), 31, 23) for i in range(38)])
    lines = streets(line((-10, 100), (2200, 333)), line((500, -10), (640, 510)), line((1500, -10), (1500, 510)))
    degrees = [frame.to_crs(4490) for frame in (ground, stock, lines)]
    t = tessellate(degrees[0], degrees[1], barriers=degrees[2])
    assert t.cells.crs.to_epsg() == CRS
    insist(t, degrees[1])
    back = t.cells.to_crs(4490).geometry.to_numpy()
    assert shapely.coverage_is_valid(back)
    rounded = shapely.transform(back, lambda xy: np.round(xy, 9))
    assert shapely.coverage_is_valid(rounded)
    assert shapely.is_valid(rounded).all()
    assert (
        shapely.union_all(degrees[0].geometry.to_numpy()).symmetric_difference(shapely.union_all(back)).area
        * 111_320**2
        < 0.1
    )


def test_seams_take_up_vertices_of_the_other_side():
    """Cambridge: two vertices one lattice step apart made a spike when both sides were given both."""
    step = 1e-5
    left = shapely.Polygon([(0, 0), (10, 0), (10, 4), (10 + step, 5), (10, 10), (0, 10)])
    right = [
        shapely.Polygon([(10, 0), (20, 0), (20, 5), (10, 5 + step)]),
        shapely.Polygon([(10, 5 + step), (20, 5), (20, 10), (10, 10)]),
    ]
    cells = np.array([left, *right], dtype=object)
    assert not shapely.coverage_is_valid(cells)
    out = stitch(cells, step)
    assert shapely.is_valid(out).all()
    assert shapely.coverage_is_valid(out)
    assert abs(shapely.area(out).sum() - 200) < 1e-3


def test_seams_that_cannot_be_stitched_are_noded_anew():
    left = shapely.box(0, 0, 10, 10)
    right = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (9.9, 5)])
    cells = np.array([left, right], dtype=object)
    out = stitch(cells, 1e-5)
    assert shapely.coverage_is_valid(out)
    assert shapely.union_all(out).area == pytest.approx(200.0)


def test_ids_must_be_there_once():
    with pytest.raises(InputError, match="twice"):
        tessellate(
            communities(COMMUNITY), gpd.GeoDataFrame({"building_id": ["a", "a"]}, geometry=[spot(1, 1)] * 2, crs=CRS)
        )
    with pytest.raises(InputError, match="no column"):
        tessellate(communities(COMMUNITY).rename(columns={"community_id": "code"}), buildings())
    with pytest.raises(InputError, match="reference system"):
        tessellate(communities(COMMUNITY), buildings().set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="any area"):
        tessellate(communities(None), buildings())


@pytest.mark.parametrize(("left", "right"), [(100.1, 99.9), (99.9, 100.1)], ids=["overlap", "gap"])
def test_the_area_that_changed_sides_is_told(left, right):
    """Between two squares a strip of 0.2 m x 100 m belongs to both, or to none."""
    made = tessellate(
        communities(rect(0, 0, left, 100), rect(right, 0, 200 - right, 100)), buildings(rect(20, 20, 20, 20))
    )
    assert made.report.counts["snapped_m2"] == pytest.approx(20.0, abs=0.1)
