"""Are cells made anew only where the ground changed, exactly, and does a line split a cell without cutting anything?"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from gis.cells import CellSettings, tessellate
from gis.cells.remade import lattice_keys
from gis.cells.renew import Beside, renew_cells
from gis.cells.split import split_cell
from gis.errors import ConflictError, InputError
from gis.graph import Adjacency, Tessellation
from gis.plans import inherit_keys
from tests.unit.cells_ground import at, buildings, cell_of, communities, line, rect, streets

SETTINGS = CellSettings()
GRID = SETTINGS.grid_m
relaxed = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))

TWO = communities(rect(0, 0, 300, 300), rect(300, 0, 300, 300))
NET = streets(line((0, 150), (600, 150)), line((150, 0), (150, 300)), line((450, 0), (450, 300)))
SLABS = [rect(30 + 150 * c, 25 + 150 * r + 40 * k, 80, 14) for c in range(4) for r in range(2) for k in range(3)]
STOCK = buildings(*SLABS)
NOBODY = Beside(np.empty(0, object), np.empty(0, object), TWO.iloc[:0])


def cut(stock=STOCK, area=TWO, **more):
    return tessellate(area, stock, barriers=NET, settings=SETTINGS, **more)


def part_of(whole, code):
    """Cells of one community, as a draft of it has them."""
    rows = np.flatnonzero(whole.cells["community_id"] == code)
    table, near = whole.building_cell, whole.adjacency
    held = table[np.isin(table["cell"], rows)]
    inner = np.isin(near.pairs, rows).all(axis=1)
    pairs = np.searchsorted(rows, near.pairs[inner]).astype(np.int32)
    return Tessellation(
        whole.cells.iloc[rows].reset_index(drop=True),
        held.assign(cell=np.searchsorted(rows, held["cell"])),
        Adjacency(pairs, near.length[inner], near.follows[inner], near.link[inner]),
        whole.communities,
        whole.report,
    )


def beside(whole, code):
    others = whole.cells[whole.cells["community_id"] != code]
    grounds = TWO[TWO["community_id"] != code]
    return Beside(others.geometry.to_numpy(), others["community_id"].to_numpy(object), grounds)


def final(before, remade):
    return np.concatenate([before.cells.geometry.to_numpy()[remade.kept], remade.cells.geometry.to_numpy()])


def insist(before, remade, stock):
    """Everything that new cells promise, measured from their polygons."""
    shapes = final(before, remade)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    ground = before.cells.geometry.area.sum()
    assert shapely.area(shapes).sum() == pytest.approx(ground, abs=1e-3)
    n = len(before.cells)
    assert sorted([*remade.kept, *remade.gone]) == list(range(n))
    share = remade.lineage
    sums = np.bincount(share["before"], share["area_share"], n)[remade.gone]
    assert sums == pytest.approx(np.ones(len(remade.gone)))
    assert set(share["made"]) == set(range(len(remade.cells)))
    held = pd.concat([remade.building_cell["building_id"], _kept_buildings(before, remade, stock)])
    assert held.is_unique
    assert set(held) == set(stock["building_id"])
    place = np.concatenate([remade.kept, n + np.arange(len(remade.cells))]).tolist()
    for row in remade.edges.itertuples():
        border = shapely.intersection(shapes[place.index(row.a)], shapes[place.index(row.b)])
        assert row.b >= n
        assert border.length == pytest.approx(row.length, abs=1e-6)


def _kept_buildings(before, remade, stock):
    table = before.building_cell
    kept = table["building_id"][np.isin(table["cell"], remade.kept)]
    return kept[kept.isin(stock["building_id"])]


# ---------------------------------------------------------------------------------------------- renewal
def test_ground_that_did_not_change_keeps_every_cell():
    before = cut()
    assert renew_cells(before, cut(), SETTINGS, beside=NOBODY).nothing
    more = pd.DataFrame({"building_id": ["estate"], "cell": [3], "households": [0.0]})  # no building to the cutting
    settled = replace(before, building_cell=pd.concat([before.building_cell, more], ignore_index=True))
    assert renew_cells(settled, cut(), SETTINGS, beside=NOBODY).nothing


slabs = st.tuples(st.integers(0, 540), st.integers(0, 270), st.integers(4, 60), st.integers(4, 30))


@relaxed
@given(gone=st.sets(st.integers(0, 23), max_size=4), new=st.lists(slabs, max_size=3), alone=st.booleans())
def test_new_cells_are_exact_and_blocks_without_change_are_untouched(gone, new, alone):
    stock = STOCK.drop(index=sorted(gone))
    built = buildings(*[rect(*slab) for slab in new])
    built["building_id"] = [f"N{i}" for i in range(len(new))]
    stock = gpd.GeoDataFrame(pd.concat([stock, built], ignore_index=True), crs=STOCK.crs)
    whole, scope = cut(), "C0"
    fresh = cut(stock, divide=[scope]) if alone else cut(stock)
    before = part_of(whole, scope) if alone else whole
    now = before.building_cell["building_id"].isin(stock["building_id"])  # what stands
    before = Tessellation(before.cells, before.building_cell[now], before.adjacency, before.communities, before.report)
    remade = renew_cells(before, fresh, SETTINGS, beside=beside(whole, scope) if alone else NOBODY)
    held = set(fresh.building_cell["building_id"])
    insist(before, remade, stock[stock["building_id"].isin(held)])
    touched = shapely.union_all([SLABS[i] for i in gone] + list(built.geometry))
    blocks = [rect(150 * c, 150 * r, 150, 150) for c in range(4) for r in range(2)]
    quiet = [b for b in blocks if not shapely.intersects(b, touched)]
    inner = shapely.STRtree(before.cells.geometry.to_numpy()[remade.gone]).geometries
    for block in quiet:  # there a cell gets at most a vertex of a neighbour over the street
        for shape in inner[shapely.contains(block.buffer(0.01), inner)]:
            twin = min(remade.cells.geometry, key=lambda s, shape=shape: s.symmetric_difference(shape).area)
            assert twin.symmetric_difference(shape).area < 1e-2
    again = renew_cells(before, fresh, SETTINGS, beside=beside(whole, scope) if alone else NOBODY)
    assert lattice_keys(final(before, again), GRID) == lattice_keys(final(before, remade), GRID)


def test_children_of_a_split_stay_while_the_ground_they_came_from_is_the_same():
    whole = cut()
    parent = cell_of(whole, "B2")
    halves = split_cell(whole, parent, line((-10, 130), (200, 130)), STOCK, SETTINGS)
    cells = pd.concat([whole.cells.iloc[halves.kept], halves.cells], ignore_index=True).fillna({"households": 0})
    old = dict(zip(halves.kept.tolist(), range(len(halves.kept)), strict=True))
    table = whole.building_cell
    stay = table[np.isin(table["cell"], halves.kept)]
    held = pd.concat(
        [
            stay.assign(cell=[old[c] for c in stay["cell"]]),
            halves.building_cell.assign(cell=halves.building_cell["cell"] + len(old)),
        ]
    )
    now = Tessellation(cells, held, Adjacency.empty(), whole.communities, whole.report)
    share = halves.lineage.groupby("before")["made"].apply(list)
    parents = [
        (whole.cells.geometry.iloc[row], [len(old) + made for made in children]) for row, children in share.items()
    ]
    assert renew_cells(now, cut(), SETTINGS, beside=NOBODY, parents=parents).nothing
    fresh = cut(STOCK.drop(index=[10]))
    remade = renew_cells(now, fresh, SETTINGS, beside=NOBODY, parents=parents)
    assert {len(cells) - 1, len(cells) - 2} & set(remade.kept)
    assert shapely.coverage_is_valid(final(now, remade))


def test_cells_over_a_border_that_moved_need_both_communities():
    whole = cut()
    moved = communities(rect(0, 0, 290, 300), rect(290, 0, 310, 300))
    for scope in ("C0", "C1"):
        fresh = tessellate(moved, STOCK, barriers=NET, settings=SETTINGS, divide=[scope])
        others = moved[moved["community_id"] != scope]
        around = beside(whole, scope)
        around = Beside(around.cells, around.community, others)
        with pytest.raises(ConflictError, match="which this draft does not hold"):
            renew_cells(part_of(whole, scope), fresh, SETTINGS, beside=around)
    fresh = tessellate(moved, STOCK, barriers=NET, settings=SETTINGS)
    insist(whole, renew_cells(whole, fresh, SETTINGS, beside=NOBODY), STOCK)


# ---------------------------------------------------------------------------------------------- split
@relaxed
@given(cell=st.integers(0, 23), a=st.integers(-20, 170), b=st.integers(-20, 170), upright=st.booleans())
def test_a_split_is_exact_and_cuts_no_building(cell, a, b, upright):
    before = cut()
    west, south, _, _ = before.cells.geometry.iloc[cell].bounds
    ends = [(a, -5), (b, 205)] if upright else [(-5, a), (205, b)]
    across = shapely.LineString([(west + x, south + y) for x, y in ends])
    try:
        remade = split_cell(before, cell, across, STOCK, SETTINGS)
    except InputError as refused:
        hits = [s for s in SLABS if s.intersects(across) and s.within(before.cells.geometry.iloc[cell])]
        inside = across.intersection(before.cells.geometry.iloc[cell].buffer(-2))
        assert hits or inside.length < 10 or "less than 1" in str(refused)
        return
    insist(before, remade, STOCK)
    children = set(remade.lineage["made"][remade.lineage["before"] == cell])
    assert len(children) >= 2
    crossed = [s for s in SLABS if s.intersection(across).length > 1e-3 and s.within(before.cells.geometry.iloc[cell])]
    assert (
        not crossed
        or min(shapely.area(shapely.difference(s, g)).min() for s in crossed for g in remade.cells.geometry) < 1.01
    )


def test_what_a_line_must_not_do():
    before = cut()
    cell = cell_of(before, "B0")
    for across, told in (
        (line((-10, 30), (160, 30)), r"cuts building B0 \(400.0 m²"),
        (line((-10, 15), (60, 15)), "does not lead through"),
        (line((200, 15), (260, 15)), "does not lead through"),
        (line((-1, 1), (1, -1)), "does not lead through"),
        (line((-1, 1.5), (1.5, -1)), "less than 1 m²"),
    ):
        with pytest.raises(InputError, match=told):
            split_cell(before, cell, across, STOCK, SETTINGS)


# ---------------------------------------------------------------------------------------------- keys
def test_a_new_cell_follows_its_building_then_its_ground_and_stays_in_its_community():
    keys = np.array(["a", "a", "b", "b"], object)
    where = np.array(["A", "A", "A", "B"], object)  # a border now leads through b
    people = pd.DataFrame({"made": [0], "before": [2], "households": [5.0]})
    ground = pd.DataFrame({"made": [0, 1, 2], "before": [0, 1, 3], "area": [90.0, 80.0, 70.0]})
    weight = np.array([[10.0, 100], [10, 100], [20, 100], [5, 300]])
    new = np.array(["A", "A", "B"], object)
    found = inherit_keys(keys, where, np.array([True, False, True, True]), weight, new, people, ground)
    assert found.made.tolist() == ["b", "a", "new-1"]
    assert found.kept.tolist() == ["a", "a", "b", "new-1"]


def test_only_named_communities_are_divided():
    west = cut(divide=["C0"])
    whole = cut()
    assert set(west.cells["community_id"]) == {"C0"}
    assert lattice_keys(west.cells.geometry.to_numpy(), GRID) == lattice_keys(
        part_of(whole, "C0").cells.geometry.to_numpy(), GRID
    )
    assert at(box(0, 0, 300, 300)).symmetric_difference(west.communities.geometry.iloc[0]).area < 1e-6
    with pytest.raises(InputError, match="None of these communities"):
        cut(divide=["C9"])
