"""Is every fault that real data taught mended or named, with its place, and do the cells stay exact?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Polygon

from gis.cells import CellSettings, tessellate
from gis.cells.community import Job, cut_community
from gis.cells.features import Lines
from tests.unit.cells_ground import (
    at,
    barriers,
    buildings,
    cell_of,
    communities,
    cut_buildings,
    insist,
    line,
    rect,
    rules,
    spot,
    streets,
)

COMMUNITY = rect(0, 0, 200, 100)


def remark(tessellation, rule: str):
    found = [r for r in tessellation.report.remarks if r.rule == rule]
    assert found, tessellation.report.tally()
    assert all(r.lon is None or 110 < r.lon < 118 for r in found)
    return found[0]


# ------------------------------------------------------------------------------------------------ buildings
def test_of_overlapping_footprints_the_smaller_has_the_ground():
    stock = buildings(rect(20, 20, 60, 60), rect(70, 40, 30, 20))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert t.cells.geometry[cell_of(t, "B1")].buffer(1e-4).covers(stock.geometry[1])
    told = remark(t, "buildings_overlap")
    assert told.amount == pytest.approx(200.0)
    assert "B0" in told.message
    assert "B1" in told.message


def test_a_building_that_another_lies_across_counts_in_its_largest_piece():
    stock = buildings(rect(10, 40, 180, 30), rect(60, 0, 20, 100), rect(20, 5, 20, 20), rect(120, 80, 20, 15))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    pieces = t.cells[t.cells["building_id"] == "B0"]
    assert len(pieces) == 2
    assert sorted(pieces["households"]) == [0, 10]
    assert pieces["households"][pieces.geometry.area.idxmax()] == 10
    assert remark(t, "building_in_parts").code == "B0"


def test_a_lot_in_a_lot_keeps_its_cell():
    stock = buildings(rect(20, 20, 60, 60), rect(40, 40, 10, 10))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert len(t.cells) == 2
    assert len(t.cells.geometry[cell_of(t, "B0")].interiors) == 1
    assert t.cells.geometry[cell_of(t, "B1")].area == pytest.approx(100.0)


def test_identical_footprints_and_points_share_a_cell():
    stock = buildings(rect(20, 20, 30, 30), rect(20, 20, 30, 30), spot(150, 50), spot(150, 50), spot(30, 30))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert cell_of(t, "B0") == cell_of(t, "B1") == cell_of(t, "B4")
    assert cell_of(t, "B2") == cell_of(t, "B3")
    assert sorted(t.cells["buildings"]) == [2, 3]
    assert t.cells["households"].sum() == 50


def test_a_building_wholly_under_smaller_ones_still_counts():
    stock = buildings(rect(20, 20, 40, 40), rect(20, 20, 20, 40), rect(40, 20, 20, 40))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert cell_of(t, "B0") in {cell_of(t, "B1"), cell_of(t, "B2")}
    assert remark(t, "building_covered").code == "B0"


def street_surface() -> Polygon:
    lots = [rect(10 + 45 * i, 10 + 45 * j, 35, 35) for i in range(6) for j in range(6)]
    return rect(0, 0, 280, 280).difference(shapely.union_all(lots))


@pytest.mark.parametrize("households", [0.0, 7.0])
def test_a_street_surface_drawn_as_a_lot_is_no_building(households):
    lots = [rect(11 + 45 * i, 11 + 45 * j, 16, 33) for i in range(6) for j in range(6)]
    stock = buildings(street_surface(), *lots, households=[households] + [5.0] * 36)
    lines = [line((-10, 5 + 45 * j), (300, 5 + 45 * j)) for j in range(7)]
    t = tessellate(communities(rect(0, 0, 280, 280)), stock, barriers=streets(*lines))
    assert remark(t, "not_a_building").code == "B0"
    assert not (t.cells["building_id"] == "B0").any()
    assert ("B0" in set(t.building_cell["building_id"])) == (households > 0)
    assert t.cells["households"].sum() == 180 + households
    assert shapely.coverage_is_valid(t.cells.geometry.to_numpy())
    assert cut_buildings(t, stock[1:]) == set()


def test_an_estate_drawn_over_its_own_buildings_is_no_building():
    inside = [rect(20 + 50 * i, 20 + 50 * j, 20, 20) for i in range(6) for j in range(5)]
    stock = buildings(rect(5, 5, 300, 250), *inside)
    t = tessellate(communities(rect(0, 0, 310, 260)), stock)
    assert remark(t, "not_a_building").code == "B0"
    assert t.cells["households"].sum() == 310
    insist(t, stock)


def test_a_large_ring_of_a_lot_round_few_others_stays_a_building():
    stock = buildings(rect(0, 0, 300, 300).difference(rect(100, 100, 100, 100)), rect(120, 120, 50, 50))
    t = tessellate(communities(rect(0, 0, 400, 400)), stock)
    insist(t, stock)
    assert "not_a_building" not in rules(t)
    assert t.cells.geometry[cell_of(t, "B0")].area >= 80_000


def test_slivers_crumbs_and_empty_shapes_are_told():
    crumb = rect(30, 30, 0.5, 0.5)
    sliver = rect(60, 10, 0.3, 60)
    collapsed = at(Polygon([(90, 10), (95, 10), (90, 10)]))
    stock = buildings(crumb, sliver, collapsed, None, Polygon(), rect(150, 40, 20, 20))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert rules(t)["building_without_area"] == 2
    assert rules(t)["building_without_place"] == 2
    assert set(t.building_cell["building_id"]) == {"B0", "B1", "B2", "B5"}


def test_lots_with_hairline_gaps_and_overlaps_are_not_cut():
    rng = np.random.default_rng(1)
    lots = [
        rect(5 + 12 * i + rng.uniform(-0.03, 0.03), 5 + 30 * j + rng.uniform(-0.03, 0.03), 12, 30)
        for i in range(15)
        for j in range(3)
    ]
    stock = buildings(*lots)
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert len(t.cells) == 45


def test_parts_apart_count_once():
    stock = buildings(MultiPolygon([rect(10, 10, 30, 30), rect(150, 50, 20, 20)]), rect(90, 5, 20, 90))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    mine = t.cells[t.cells["building_id"] == "B0"]
    assert len(mine) == 2
    assert sorted(mine["buildings"]) == [0, 1]
    assert cell_of(t, "B0") == mine.geometry.area.idxmax()
    assert "apart" in remark(t, "building_in_parts").message


def test_a_self_crossing_outline_is_mended():
    bow = at(Polygon([(20, 20), (60, 60), (60, 20), (20, 60)]))
    stock = buildings(bow, rect(150, 40, 20, 20))
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert remark(t, "building_invalid").code == "B0"


def test_a_building_over_a_border_is_clipped_and_counts_in_the_larger_share():
    ground = communities(COMMUNITY, rect(200, 0, 200, 100))
    stock = buildings(rect(170, 40, 50, 20), rect(50, 40, 20, 20), rect(300, 40, 20, 20))
    t = tessellate(ground, stock)
    insist(t, stock)
    assert t.cells["community_id"][cell_of(t, "B0")] == "C0"
    assert remark(t, "building_over_border").amount == pytest.approx(400.0)
    assert set(t.cells["community_id"][t.cells["building_id"] == "B0"]) == {"C0", "C1"}
    assert t.cells["households"].sum() == 30


def test_buildings_outside_are_told_and_those_just_beside_counted():
    stock = buildings(rect(300, 300, 20, 20), rect(200.4, 40, 10, 10), rect(190, 60, 30, 20), rect(50, 40, 20, 20))
    stock["community_id"] = ["C0", "C0", "C0", "C9"]
    t = tessellate(communities(COMMUNITY), stock)
    insist(t, stock)
    assert remark(t, "building_outside").code == "B0"
    assert remark(t, "building_beside_community").amount == pytest.approx(0.4, abs=0.01)
    assert remark(t, "building_over_edge").code == "B2"
    assert remark(t, "community_differs").code == "B3"
    assert set(t.building_cell["building_id"]) == {"B1", "B2", "B3"}


def test_missing_households_count_as_none():
    stock = buildings(rect(20, 20, 20, 20), rect(120, 20, 20, 20), households=[np.nan, 3])
    stock["households"] = stock["households"].astype("Int64" if pd.notna(stock["households"]).all() else float)
    t = tessellate(communities(COMMUNITY), stock)
    assert t.cells["households"].sum() == 3


# ------------------------------------------------------------------------------------------------ communities
def test_small_gaps_and_overlaps_between_communities_are_closed_and_told():
    ground = communities(rect(0, 0, 100, 100), rect(100.4, 0, 100, 100), rect(0, 99.7, 200.4, 100))
    stock = buildings(rect(40, 40, 20, 20), rect(140, 40, 20, 20), rect(90, 150, 20, 20))
    t = tessellate(ground, stock)
    insist(t, stock)
    assert rules(t)["border_gap"] == 1
    assert rules(t)["border_overlap"] >= 1
    assert "border_moved" not in rules(t)
    whole = shapely.union_all(t.communities.geometry.to_numpy())
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == pytest.approx(200.4 * 199.7, abs=0.5)


def test_borders_that_move_far_are_listed_by_place_and_wide_gaps_left():
    ground = communities(rect(0, 0, 100, 100), rect(103, 0, 100, 100), rect(215, 0, 100, 100))
    t = tessellate(ground, buildings())
    insist(t, buildings())
    told = remark(t, "border_moved")
    assert told.amount == pytest.approx(1.5, abs=0.1)
    assert told.lon is not None
    left = remark(t, "gap_left")
    assert left.severity == "left_over"
    assert left.amount == pytest.approx(1200, abs=60)


def test_a_net_of_gaps_between_many_communities_moves_each_border_by_half():
    """Communities drawn a little small: the gaps are one connected net that is open to the outside."""
    ground = communities(*[rect(100 * i, 100 * j, 98.6, 98.6) for i in range(3) for j in range(3)])
    t = tessellate(ground, buildings())
    insist(t, buildings())
    whole = shapely.union_all(t.communities.geometry.to_numpy())
    assert len(shapely.get_parts(whole)) == 1
    assert len(whole.interiors) == 0
    before = ground.geometry.to_numpy()
    assert shapely.hausdorff_distance(before, t.communities.geometry.to_numpy()).max() < 1.1
    areas = t.communities.geometry.area
    assert areas.max() < 100.3**2


def test_overlaps_stay_with_those_that_claim_them():
    ground = communities(*[rect(100 * i, 100 * j, 100.8, 100.8) for i in range(3) for j in range(2)])
    t = tessellate(ground, buildings())
    insist(t, buildings())
    assert shapely.hausdorff_distance(ground.geometry.to_numpy(), t.communities.geometry.to_numpy()).max() < 1.2
    assert t.communities.geometry.area.sum() == pytest.approx(300.8 * 200.8, abs=0.1)


def test_a_hairline_slit_along_four_communities_is_closed():
    """Cambridge: 12 m² of gap, six millimetres wide, ran between four neighbourhoods."""
    ground = communities(
        rect(0, 0, 500, 100), rect(0, 100.006, 200, 100), rect(200, 100.006, 300, 100), rect(500, 0, 100, 200.006)
    )
    stock = buildings(rect(100, 60, 200, 40), rect(100, 100.006, 80, 40), rect(250, 100.006, 60, 20))
    t = tessellate(ground, stock)
    insist(t, stock)
    assert len(shapely.union_all(t.communities.geometry.to_numpy()).interiors) == 0


def test_corners_of_the_rim_are_not_filled():
    ground = communities(rect(0, 0, 100, 100), rect(100, 0, 100, 50))
    t = tessellate(ground, buildings())
    assert rules(t) == {}
    assert t.communities.geometry.area.tolist() == pytest.approx([10_000, 5_000], abs=1e-3)


def test_a_bow_tie_a_hollow_and_a_missing_community():
    bow = at(Polygon([(0, 0), (100, 100), (100, 0), (0, 100)]))
    hollow = rect(200, 0, 200, 200).difference(rect(250, 50, 60, 60))
    stock = buildings(rect(310, 50, 30, 30))
    t = tessellate(communities(bow, None, hollow, rect(250, 50, 60, 60)), stock)
    insist(t, stock)
    assert remark(t, "community_invalid").code == "C0"
    assert remark(t, "community_without_area").severity == "error"
    assert set(t.communities["community_id"]) == {"C0", "C2", "C3"}


def test_a_community_under_another_is_an_error_of_its_own():
    t = tessellate(communities(COMMUNITY, COMMUNITY, rect(200, 0, 50, 50)), buildings())
    insist(t, buildings())
    assert remark(t, "community_covered").severity == "error"
    assert set(t.communities["community_id"]) == {"C0", "C2"}


def test_crumbs_cut_off_by_crossing_borders_go_to_who_surrounds_them():
    left = at(Polygon([(0, 0), (100, 0), (100, 40), (103, 45), (100, 50), (100, 100), (0, 100)]))
    right = at(Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100, 52), (101.5, 47), (101.5, 43), (100, 38)]))
    t = tessellate(communities(left, right), buildings())
    insist(t, buildings())
    assert [g.geom_type for g in t.communities.geometry] == ["Polygon", "Polygon"]


# ------------------------------------------------------------------------------------------------ lines
def test_rings_that_almost_close_are_closed_and_others_told():
    stock = buildings(rect(30, 30, 10, 10), rect(130, 30, 10, 10), rect(80, 80, 10, 10))
    mended = ("wall", None, line((20, 20), (60, 20), (60, 60), (20, 60), (20, 21.2)))
    unclosed = ("wall", None, line((120, 20), (160, 20), (160, 60), (120, 60), (120, 26)))
    t = tessellate(communities(COMMUNITY), stock, barriers=barriers(mended, unclosed))
    insist(t, stock)
    assert t.cells.geometry[cell_of(t, "B0")].area == pytest.approx(1600, abs=1)
    assert rules(t)["line_ends_joined"] == 1
    told = remark(t, "ring_unclosed")
    assert told.amount == pytest.approx(6.0)
    assert told.lon is not None


def test_dangles_bound_nothing():
    stock = buildings(rect(30, 30, 10, 10))
    t = tessellate(communities(COMMUNITY), stock, barriers=streets(line((100, -10), (100, 60))))
    insist(t, stock)
    assert len(t.cells) == 1
    assert rules(t)["line_ends_loose"] == 1


def test_a_street_along_a_community_border_makes_no_slivers():
    xs = np.linspace(0, 200, 41)
    wavy = line(*[(x, 100 + 0.3 * np.sin(x)) for x in xs])
    ground = communities(COMMUNITY, rect(0, 100, 200, 100))
    stock = buildings(rect(30, 30, 10, 10), rect(30, 150, 10, 10))
    t = tessellate(ground, stock, barriers=streets(wavy))
    insist(t, stock)
    assert len(t.cells) == 2


def test_double_carriageways_and_traffic_islands_make_no_cells():
    stock = buildings(rect(30, 40, 20, 20), rect(150, 40, 20, 20))
    lines = streets(line((98, -10), (98, 110)), line((101, -10), (101, 110)), line((98, 50), (108, 55), (101, 60)))
    t = tessellate(communities(COMMUNITY), stock, barriers=lines)
    insist(t, stock)
    assert len(t.cells) == 2


def test_lines_without_geometry_are_passed_over():
    stock = buildings(rect(30, 30, 10, 10))
    rows = barriers(
        ("street", "primary", None), ("street", None, shapely.LineString()), ("wall", None, rect(20, 20, 50, 50))
    )
    t = tessellate(communities(COMMUNITY), stock, barriers=rows)
    insist(t, stock)
    assert len(t.cells) == 2


def broken_job(lines: list[object], shapes: list[object]) -> Job:
    n = len(shapes)
    geometry = np.array([*lines, None], dtype=object)[:-1]
    none = np.zeros(len(lines), dtype=bool)
    return Job(
        code="C0",
        ground=COMMUNITY,
        building=np.arange(n),
        geometry=np.array([*shapes, None], dtype=object)[:-1],
        whole=np.array([*shapes, None], dtype=object)[:-1],
        guest=np.zeros(n, dtype=bool),
        counts=np.ones(n, dtype=bool),
        households=np.full(n, 5.0),
        compound=np.full(n, None, dtype=object),
        codes=[f"B{i}" for i in range(n)],
        lines=Lines(geometry, np.zeros(len(lines), np.int8), ~none, none, none),
        compounds=np.empty(0, dtype=object),
        compound_codes=np.empty(0, dtype=object),
        settings=CellSettings(),
    )


def test_a_community_with_broken_lines_is_cut_without_them():
    with np.errstate(invalid="ignore"):
        broken = shapely.LineString([(np.nan, np.nan), (shapely.get_x(spot(50, 0)), np.nan)])
    cut = cut_community(broken_job([broken], [rect(20, 20, 20, 20), rect(120, 20, 20, 20)]))
    assert [f.rule for f in cut.findings.items if f.severity == "error"] == ["lines_unusable"]
    assert len(cut.cells) == 2


def test_a_community_that_cannot_be_cut_is_one_cell():
    with np.errstate(invalid="ignore"):
        broken = at(Polygon([(20, 20), (60, 60), (60, 20), (np.nan, 60)]))
    cut = cut_community(broken_job([], [broken, rect(120, 20, 20, 20)]))
    assert [f.rule for f in cut.findings.items if f.severity == "error"] == ["community_not_cut"]
    assert shapely.area(cut.cells).sum() == pytest.approx(20_000)
    assert len(cut.cell) == 2
