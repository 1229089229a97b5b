"""Does a division keep what it promises, on ground that is made to be awkward?"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import InputError
from gis.partition import Effort, cell_frame, grid_frame, partition
from gis.partition.counts import allocate, grid_count, half_up
from gis.progress import worker_pool
from tests.unit.partition_ground import lattice, together

QUICK = Effort(runs=2, steps_per_cell=60, shots=8)


def parts_of(tessellation, plan):
    """Number of connected parts of each grid, by the tessellation's own neighbours and the plan's links."""
    pairs = np.vstack([tessellation.adjacency.pairs, plan.links])
    same = plan.grid_of[pairs[:, 0]] == plan.grid_of[pairs[:, 1]]
    n = len(plan.grid_of)
    _, label = connected_components(coo_array((np.ones(same.sum()), pairs[same].T), shape=(n, n)), directed=False)
    return [len(np.unique(label[plan.grid_of == g])) for g in range(len(plan.grids))]


def even(total, rows, columns):
    """Whole households, as even as they can be spread."""
    return (np.arange(rows * columns).reshape(rows, columns) * total // (rows * columns) * 0) + np.diff(
        np.arange(rows * columns + 1) * total // (rows * columns)
    ).reshape(rows, columns)


# ------------------------------------------------------------------------------------------------ how many
def test_486_households_within_200_to_300_give_2_grids():
    plan = partition(lattice(even(486, 6, 8)), minimum=200, maximum=300, effort=QUICK)
    assert len(plan.grids) == 2
    assert plan.grids["households"].between(200, 300).all()


def test_5934_households_give_30_grids():
    plan = partition(lattice(even(5934, 24, 25)), effort=QUICK)
    assert len(plan.grids) == 30
    assert plan.grids["households"].sum() == 5934


def test_number_of_grids_is_rounded_half_up_and_moved_to_the_nearest_feasible():
    assert [half_up(x) for x in (2.49, 2.5, 3.5)] == [2, 3, 4]
    assert grid_count(500, 99, 200, 150, 300) == 3  # 2.5 rounds up, 3 x 150 <= 500
    assert grid_count(500, 99, 200, 180, 300) == 2  # 3 x 180 > 500
    assert grid_count(80, 99, 200, 150, 300) == 1  # no number is feasible: as rounded, at least 1
    assert grid_count(750, 3, 200, 150, 300) == 3  # never more than there are cells with households


def test_grids_are_shared_among_pieces_by_load_with_one_each_at_least():
    assert allocate(5, [600.0, 390.0], [9, 9], 200) == [3, 2]
    assert allocate(1, [100.0, 90.0], [9, 9], 200) == [1, 1]


@pytest.mark.parametrize(
    "limits",
    [{"target": 0}, {"target": -5}, {"minimum": 300, "maximum": 200}, {"minimum": 250}, {"target": float("nan")}],
)
def test_limits_that_contradict_each_other_are_refused(limits):
    with pytest.raises(InputError, match=r"target|minimum"):
        partition(lattice(np.full((2, 2), 50.0)), **limits)


# ------------------------------------------------------------------------------------------------ what it is
@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    seed=st.integers(0, 2**31),
    top=st.sampled_from([3, 40, 180, 700]),
    empty=st.floats(0, 0.9),
)
def test_every_plan_is_complete_connected_counted_and_repeatable(rows, columns, seed, top, empty):
    random = np.random.default_rng(seed)
    load = random.integers(0, top, (rows, columns)) * (random.random((rows, columns)) > empty)
    tessellation = lattice(load)
    plan = partition(tessellation, seed=seed, effort=QUICK)
    again = partition(tessellation, seed=seed, effort=QUICK)
    assert np.array_equal(plan.grid_of, again.grid_of)
    assert set(plan.grid_of) == set(range(len(plan.grids)))  # every cell in a grid, no grid without a cell
    assert parts_of(tessellation, plan) == [1] * len(plan.grids)
    assert plan.grids["households"].sum() == load.sum()
    assert np.bincount(plan.grid_of, load.ravel()).tolist() == plan.grids["households"].tolist()
    large = int((load > 300).sum())
    oversize = ["oversize_building" in f for f in plan.grids["flags"]]
    assert sum(oversize) == large
    rest = load[load <= 300].sum()
    if large == 0 and load.sum() > 0:
        assert len(plan.grids) == grid_count(rest, int((load > 0).sum()), 200, 150, 300)
    grids = grid_frame(tessellation, plan)
    assert shapely.coverage_is_valid(grids.geometry.values)
    assert (
        shapely.symmetric_difference(
            shapely.union_all(grids.geometry.values), tessellation.communities.geometry[0]
        ).area
        == 0
    )
    a, b = shapely.STRtree(grids.geometry.values).query(grids.geometry.values, predicate="intersects")
    colour = grids["colour"].to_numpy()
    assert (colour[a[a != b]] != colour[b[a != b]]).all()


def test_the_plan_does_not_depend_on_the_number_of_processes():
    random = np.random.default_rng(5)
    district = together(
        *(lattice(random.integers(0, 50, (6, 7)), community=c, x0=i * 300.0) for i, c in enumerate("ABC"))
    )
    alone = partition(district, effort=QUICK)
    with worker_pool(2) as pool:
        assert np.array_equal(partition(district, effort=QUICK, executor=pool).grid_of, alone.grid_of)
    assert not np.array_equal(partition(district, effort=QUICK, seed=2).grid_of, alone.grid_of)


def test_a_community_keeps_its_plan_whatever_its_neighbours_are():
    random = np.random.default_rng(6)
    a, b = (lattice(random.integers(0, 50, (6, 7)), community=c, x0=x) for c, x in (("A", 0.0), ("B", 300.0)))
    both, alone = partition(together(a, b), effort=QUICK), partition(a, effort=QUICK)
    assert np.array_equal(both.grid_of[: len(a.cells)], alone.grid_of)


# ------------------------------------------------------------------------------------------------ awkward places
def test_a_building_above_the_maximum_is_a_grid_by_itself_with_the_empty_cells_it_encloses():
    load = np.full((7, 7), 10.0)
    load[0, 0] = 0  # a corner that only the large building touches
    load[0, 1] = load[1, 0] = 350
    load[1, 1] = 320
    plan = partition(lattice(load), effort=QUICK)
    large = plan.grids[["oversize_building" in f for f in plan.grids["flags"]]]
    assert sorted(large["households"]) == [320, 350, 350]
    assert sorted(large["buildings"]) == [1, 1, 2]  # the corner went with one of its two neighbours
    assert len(plan.grids) == 3 + half_up((49 - 4) * 10 / 200)


def test_a_remainder_too_small_for_a_grid_goes_with_the_building_that_cuts_it_off():
    load = np.full((5, 5), 30.0)
    load[0, 0] = 7
    load[0, 1] = load[1, 0] = 400
    plan = partition(lattice(load), effort=QUICK)
    large = plan.grids[["oversize_building" in f for f in plan.grids["flags"]]]
    assert sorted(large["households"]) == [400, 407]
    assert plan.report.tally()["remainder_with_oversize"] == 1


def test_all_households_in_one_building():
    load = np.zeros((3, 3))
    load[1, 1] = 1000
    plan = partition(lattice(load), effort=QUICK)
    assert plan.grids["households"].tolist() == [1000]
    assert plan.grids["flags"].tolist() == [["oversize_building"]]


def test_a_community_without_households_is_one_grid_flagged_empty():
    plan = partition(lattice(np.zeros((3, 4))), effort=QUICK)
    assert plan.grids["flags"].tolist() == [["empty"]]
    assert set(plan.grid_of) == {0}


def test_a_community_of_one_cell():
    plan = partition(lattice([[5.0]]), effort=QUICK)
    assert plan.grids[["households", "serial"]].to_numpy().tolist() == [[5, 1]]


def test_a_large_separate_part_is_divided_alone_and_a_small_one_is_linked():
    main, island = lattice(np.full((5, 5), 16.0)), lattice(np.full((3, 3), 20.0), x0=500.0)
    plan = partition(together(main, island), effort=QUICK)
    assert len(plan.links) == 0
    assert set(plan.grid_of[:25]) & set(plan.grid_of[25:]) == set()
    assert sorted(plan.grids["households"]) == [180, 192, 208]

    district = together(main, lattice(np.full((1, 2), 20.0), x0=500.0))
    plan = partition(district, effort=QUICK)
    assert plan.links.tolist() == [[4, 25]]  # from the island's nearest cell to the nearest of the main part
    assert parts_of(district, plan) == [1, 1]
    linked = plan.grids["flags"].tolist()
    assert sorted(linked) == [[], ["linked"]]
    frame = grid_frame(district, plan)
    assert sorted(frame.geometry.geom_type) == ["MultiPolygon", "Polygon"]
    assert plan.report.tally()["small_part_linked"] == 1


def test_a_declared_link_connects():
    a, b = lattice(np.full((4, 4), 12.5)), lattice(np.full((4, 4), 12.5), x0=200.0)
    plan = partition(together(a, b, links=[(3, 16)]), effort=QUICK, target=400, minimum=300, maximum=600)
    assert plan.grids["households"].tolist() == [400]
    assert plan.grids["flags"].tolist() == [["linked"]]


# ------------------------------------------------------------------------------------------------ how good it is
def test_borders_follow_the_streets_where_balance_allows_it():
    tessellation = lattice(np.full((12, 12), 12.5))  # a block of 4 x 4 cells is exactly one grid
    plan = partition(tessellation)
    a, b = tessellation.adjacency.pairs.T
    cut = plan.grid_of[a] != plan.grid_of[b]
    assert (plan.grids["households"] == 200).all()
    assert (tessellation.adjacency.follows[cut] > 0).mean() > 0.95


@pytest.mark.parametrize("half", [np.s_[:3], np.s_[3:], np.s_[:, :3], np.s_[:, 3:]])
def test_compounds_are_kept_whole_where_balance_allows_it(half):
    compound = np.full((6, 6), None, object)
    compound[half] = "walled"
    tessellation = lattice(np.full((6, 6), 400 / 36), compound=compound, block=100)
    plan = partition(tessellation, effort=QUICK)
    inside = tessellation.cells["compound_id"] == "walled"
    assert len(set(plan.grid_of[inside])) == 1  # of the two best cuts of a square, the one along the wall


def test_a_mixed_quarter_is_balanced_and_compact():
    random = np.random.default_rng(1)
    plan_of = lattice(random.integers(0, 60, (20, 20)))
    plan = partition(plan_of)
    load = plan.grids["households"]
    assert ((load - 200).abs() <= 20).mean() > 0.9
    grids = grid_frame(plan_of, plan)
    assert (4 * np.pi * grids.area / grids.length**2).mean() > 0.55


# ------------------------------------------------------------------------------------------------ frames
def test_frames_and_codes():
    district = together(
        lattice(np.full((4, 8), 15.0), community="990101001001"),
        lattice(np.full((4, 8), 15.0), community="4", x0=240.0),
    )
    plan = partition(district, effort=QUICK)
    grids, cells = grid_frame(district, plan), cell_frame(district, plan)
    assert isinstance(grids, gpd.GeoDataFrame)
    assert grids["grid_code"].tolist() == ["4-001", "4-002", "990101001001001", "990101001001002"]
    assert grids.crs == cells.crs == district.cells.crs
    assert cells["cell_id"].tolist() == list(range(1, 65))
    sums = cells.groupby("grid_code")["households"].sum()
    assert sums.to_dict() == dict(zip(grids["grid_code"], grids["households"], strict=True))
    for code, polygon in zip(grids["grid_code"], grids.geometry, strict=True):
        mine = cells.geometry[cells["grid_code"] == code]
        assert polygon.equals(shapely.union_all(mine.to_numpy()))
    assert grids["area_m2"].sum() == pytest.approx(district.cells.area.sum())
