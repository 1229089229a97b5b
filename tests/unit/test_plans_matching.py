"""Does every cell go to the old grid that holds most of it, its buildings first, and is all that changes told?"""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.plans.matching import match_cells, mend_polygons

SIDE = 20.0


def lattice(columns: int, rows: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(columns) * SIDE, np.arange(rows) * SIDE)
    return shapely.box(x.ravel(), y.ravel(), x.ravel() + SIDE, y.ravel() + SIDE)


def no_buildings(cells) -> dict:
    none = {"footprints": np.empty(0, object), "cell_of": np.empty(0, int), "households": np.empty(0)}
    return {"community": np.full(len(cells), "C"), **none}


def one_building(cells, shape, cell: int = 0, households: float = 10.0) -> dict:
    held = {"footprints": np.array([shape]), "cell_of": np.array([cell]), "households": np.array([households])}
    return no_buildings(cells) | held


def moved(polygon, metres: float, rng) -> shapely.Polygon:
    """Every vertex up to so many metres elsewhere, the ring still closed."""
    rings = []
    for ring in shapely.get_rings(polygon):
        xy = shapely.get_coordinates(ring)[:-1]
        angle, reach = rng.uniform(0, 2 * np.pi, len(xy)), metres * np.sqrt(rng.uniform(0, 1, len(xy)))
        rings.append(xy + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None])
    return shapely.Polygon(rings[0], rings[1:])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_union_of_cells_comes_back_exactly(seed, k):
    rng = np.random.default_rng(seed)
    cells = lattice(6, 4)
    wanted = rng.integers(0, k, len(cells))
    wanted = np.unique(wanted, return_inverse=True)[1]
    grids = np.array([shapely.union_all(cells[wanted == g]) for g in range(wanted.max() + 1)])
    match = match_cells(cells, grids, **no_buildings(cells))
    assert (match.grid_of == wanted).all()
    assert match.displaced_m2 == 0
    assert match.grids[["gained_m2", "outside_m2"]].to_numpy().max() == 0
    assert len(match.overlaps) == len(match.buildings) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1.0, 5.0]))
def test_moved_vertices_bring_the_same_cells(seed, metres):
    """Cells of 20 m have less than half of themselves within 5 m of a border's true place."""
    rng = np.random.default_rng(seed)
    cells = lattice(6, 4)
    column = np.tile(np.arange(6), 4)
    wanted = (column >= 2).astype(int) + (column >= 4)
    grids = np.array([shapely.segmentize(shapely.union_all(cells[wanted == g]), 4.0) for g in range(3)])
    drawn = mend_polygons(np.array([moved(g, metres, rng) for g in grids]))
    assert shapely.is_valid(drawn.polygons).all()
    match = match_cells(cells, drawn.polygons, **no_buildings(cells))
    assert (match.grid_of == wanted).all()
    for name in ("displaced_m2", "gained_m2", "outside_m2"):
        assert (match.grids[name] >= 0).all()
    # what a polygon has, it keeps, loses to others, or has where there is nothing
    kept = match.grids["cells_m2"] - match.grids["gained_m2"]
    whole = kept + match.grids["displaced_m2"] + match.grids["outside_m2"]
    assert whole.to_numpy() == pytest.approx(match.grids["polygon_m2"].to_numpy(), abs=0.1)


def test_a_building_decides_about_its_cell():
    cells = lattice(1, 1)
    grids = np.array([shapely.box(0, 0, 14, 20), shapely.box(14, 0, 40, 20)])
    match = match_cells(cells, grids, **one_building(cells, shapely.box(12, 5, 19, 15)))
    assert match.grid_of.tolist() == [1]
    assert match.grids["displaced_m2"].tolist() == [280.0, 0.0]
    told = match.buildings.iloc[0]
    assert (told["said"], told["ground"], told["got"]) == (1, 0, 1)
    assert told["share"] == pytest.approx(5 / 7)
    assert match_cells(cells, grids, **no_buildings(cells)).grid_of.tolist() == [0]


def test_of_several_buildings_the_households_decide_and_the_others_are_told():
    cells = lattice(1, 1)
    grids = np.array([shapely.box(0, 0, 10, 20), shapely.box(10, 0, 20, 20)])
    match = match_cells(
        cells,
        grids,
        community=np.array(["C"]),
        footprints=np.array([shapely.box(0, 0, 9, 9), shapely.Point(15, 15)]),
        cell_of=np.array([0, 0]),
        households=np.array([2.0, 30.0]),
    )
    assert match.grid_of.tolist() == [1]
    assert match.buildings[["building", "said", "got"]].to_numpy().tolist() == [[0, 0, 1], [1, 1, 1]]


def test_overlaps_go_to_the_larger_share_then_to_the_lower_row():
    cells = lattice(2, 1)
    grids = np.array([shapely.box(0, 0, 30, 20), shapely.box(10, 0, 40, 20)])
    match = match_cells(cells, grids, **no_buildings(cells))
    assert match.grid_of.tolist() == [0, 1]
    assert match.overlaps.to_numpy().tolist() == [[0, 1, 400.0]]
    assert match.grids["displaced_m2"].tolist() == [200.0, 200.0]
    both = match_cells(cells, np.array([shapely.box(0, 0, 40, 20)] * 2), **no_buildings(cells))
    assert both.grid_of.tolist() == [0, 0]
    assert both.grids["cells"].tolist() == [2, 0]


def test_ground_left_out_stays_without_a_grid_and_a_narrow_gap_is_filled():
    cells = lattice(4, 1)
    grids = np.array([shapely.box(0, 0, 24, 20)])
    assert match_cells(cells, grids, **no_buildings(cells)).grid_of.tolist() == [0, -1, -1, -1]
    gap = np.array([shapely.box(0, 0, 19, 20), shapely.box(27, 0, 80, 20)])  # the second cell: 1 m in none, 7 m open
    assert match_cells(cells, gap, **no_buildings(cells)).grid_of.tolist() == [0, 1, 1, 1]
    hidden = one_building(cells, shapely.box(20, 5, 23, 9), cell=1)  # a building in the gap, nearer to the first
    assert match_cells(cells, gap, **hidden).grid_of.tolist() == [0, 0, 1, 1]


def test_a_community_that_polygons_only_touch_is_not_meant():
    cells = np.append(lattice(4, 1), shapely.box(80, 0, 81, 20))  # a sliver of the next community
    community = np.array(["C", "C", "D", "D", "D"])
    grids = np.array([shapely.box(0, 0, 41, 20)])
    match = match_cells(cells, grids, **no_buildings(cells) | {"community": community})
    assert match.grid_of.tolist() == [0, 0, -1, -1, -1]
    assert match.grids["outside_m2"].tolist() == [20.0]


def test_a_crossed_ring_is_mended_and_told():
    bow = shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)])
    mended = mend_polygons(np.array([shapely.box(0, 0, 1, 1), bow]))
    assert mended.rows.tolist() == [1]
    assert shapely.is_valid(mended.polygons).all()
    assert mended.reasons[0].startswith("Self-intersection")
    assert mended.changed_m2[0] == pytest.approx(200.0)
