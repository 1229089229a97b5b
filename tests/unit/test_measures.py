"""Do the measures of a plan say what they define?"""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.measures import GRID_FIGURES, grid_figure
from gis.measures.of_borders import along_lines, share_along
from gis.measures.of_plans import PLAN_MEASURES, plan_measures, within
from gis.partition import Effort, grid_frame, partition
from tests.unit.partition_ground import lattice, together


@pytest.fixture(scope="module")
def divided():
    load = np.full((4, 12), 12.0)
    load[0, 0] = 400
    district = together(lattice(load), lattice(np.zeros((2, 2)), community="B", x0=400.0))
    return district, partition(district, effort=Effort(runs=2, steps_per_cell=60))


def test_every_measure_is_computed_and_told_in_both_languages(divided):
    district, plan = divided
    measures = plan_measures(district, plan)
    assert set(PLAN_MEASURES) <= set(measures)
    for entry in [*PLAN_MEASURES.values(), *GRID_FIGURES.values()]:
        for text in (entry.label, entry.unit, entry.definition):
            assert text["zh"]
            assert text["en"]
        assert entry.label["zh"] != entry.label["en"]


def test_measures_agree_with_a_count_by_hand(divided):
    district, plan = divided
    measures = plan_measures(district, plan)
    load = np.bincount(plan.grid_of, district.cells["households"])
    assert measures["grids"] == len(load) == 5  # 400 alone, 564 / 200 -> 3, and the empty community
    assert measures["households"] == 964
    assert measures["within_10"] == pytest.approx(np.mean(np.abs(load - 200) <= 20))
    assert measures["within_20"] == pytest.approx(np.mean(np.abs(load - 200) <= 40))
    assert measures["mad"] == pytest.approx(np.abs(load - 200).mean())
    assert measures["rms"] == pytest.approx(np.sqrt(((load - 200) ** 2).mean()))
    assert (measures["households_min"], measures["households_max"]) == (0, 400)
    assert (measures["oversize_buildings"], measures["empty_grids"], measures["multipart_grids"]) == (1, 1, 0)
    assert (measures["gap_m2"], measures["overlap_m2"]) == (0, 0)
    assert measures["ceiling_within_10"] == pytest.approx(3 / 5)
    assert measures["excused_grids"] == 2  # the building of 400, and the community without households
    assert measures["within_10_unexcused"] == pytest.approx(np.sum(np.abs(load - 200) <= 20) / 3)
    assert sum(measures["reasons"].values()) == np.sum(np.abs(load - 200) > 20)
    grids = grid_frame(district, plan)
    length = (grids.length.sum() - district.communities.length.sum()) / 2
    assert measures["inner_border_m"] == pytest.approx(length)
    assert sum(measures["border_follows"].values()) == pytest.approx(1)
    assert measures["border_on_feature"] == pytest.approx(measures["border_follows"].get("residential", 0))
    assert measures["polsby_popper_mean"] == pytest.approx((4 * np.pi * grids.area / grids.length**2).mean())
    assert measures["cut_buildings"] is None
    stock = district.cells.assign(geometry=district.cells.buffer(-5))
    assert plan_measures(district, plan, buildings=stock)["cut_buildings"] == 0


def test_a_gap_and_an_overlap_are_seen(divided):
    district, plan = divided
    grids = grid_frame(district, plan)
    grids.loc[0, "geometry"] = grids.geometry[0].buffer(-1.0)
    assert plan_measures(district, plan, grids=grids)["gap_m2"] > 10
    grids = grid_frame(district, plan)
    grids.loc[0, "geometry"] = grids.geometry[0].buffer(1.0)
    assert plan_measures(district, plan, grids=grids)["overlap_m2"] > 10


def test_within_counts_the_limit_as_within():
    assert within(np.array([180, 220, 179.9, 220.1]), 200, 0.1) == 0.5
    assert np.isnan(within(np.array([]), 200, 0.1))


def test_grid_figures():
    households = np.array([200, 0, 150])
    assert grid_figure("deviation", households=households, target=200).tolist() == [0, -100, -25]
    rate = grid_figure("events_per_100_households", events=np.array([4, 3, 3]), households=households)
    assert rate[[0, 2]].tolist() == [2, 2]
    assert np.isnan(rate[1])  # no households, no rate
    assert grid_figure("compactness", area_m2=[100.0], perimeter_m=[40.0]).tolist() == [pytest.approx(np.pi / 4)]
    assert grid_figure("parts", parts=[1, 2], households=None).tolist() == [1, 2]
    assert GRID_FIGURES["deviation"].kind == "diverging"


def test_border_along_lines_counts_what_lies_within_the_distance_and_no_outer_border():
    outline = shapely.box(0, 0, 200, 100)
    polygons = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)])
    street = np.array([shapely.LineString([(108, -50), (108, 60)])])
    community = np.array(["A", "A"])
    for distance, near in ((5.0, 0.0), (8.0, 60.0), (10.0, 66.0)):
        length, found = along_lines(polygons, community, {"A": outline}, street, distance)
        assert length == pytest.approx([100, 100], abs=0.2)
        assert found == pytest.approx([near, near], abs=0.3)
    assert share_along(polygons, community, {"A": outline}, street, 10.0) == pytest.approx(0.66, abs=0.005)
    assert np.isnan(share_along(polygons[:1], community[:1], {"A": polygons[0]}, street, 10.0))
