"""Are loads, units and barriers respected by every division, and are its proofs true of them?"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis._file_loads import CountFiles, weighed_by_files
from gis.checks import run_checks
from gis.errors import InputError
from gis.graph import Adjacency, follows_code
from gis.ingest import DistrictBounds
from gis.measures.of_plans import plan_measures
from gis.partition import Effort, divide_level, explain, grid_frame, partition, rebalance
from gis.partition.barriers import crossings, parted, read_barriers
from gis.partition.loads import Load, default_target, loads_of, unit_words, weighed
from gis.partition.units import units_of
from tests.unit.partition_ground import CRS, SIZE, lattice
from tests.unit.proof_replay import loads_around

QUICK = Effort(runs=2, steps_per_cell=60, shots=8)


def labels(n, pairs):
    pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    return connected_components(coo_array((np.ones(len(pairs)), pairs.T), shape=(n, n)), directed=False)[1]


def connected(of, pairs):
    """Whether each grid hangs together by these pairs."""
    same = of[pairs[:, 0]] == of[pairs[:, 1]]
    return len(np.unique(labels(len(of), pairs[same]))) == len(np.unique(of))


def along(tessellation, kind, row):
    """Let the border above a row of the lattice follow something."""
    near = tessellation.adjacency
    j = np.asarray([shape.bounds[1] for shape in tessellation.cells.geometry]) // SIZE
    over = (j[near.pairs] == [row, row + 1]).all(axis=1)
    follows = np.where(over, follows_code(kind), near.follows).astype(np.int8)
    return replace(tessellation, adjacency=Adjacency(near.pairs, near.length, follows, near.link))


# ------------------------------------------------------------------------------------------------ loads
def test_a_load_is_read_and_written():
    load = Load.parse(" events=0.2, households ,parts:0118 = .5, parts=0")
    assert load.text == "households=1,parts:0118=0.5,events=0.2"
    assert Load.parse(load.text) == load
    assert Load.parse("households").plain
    assert not Load.parse("households=2").plain
    assert unit_words(None) == unit_words("households=1") == {"zh": "户", "en": "households"}
    assert Load.parse("area").unit["en"] == "km²"
    assert load.unit["zh"] == "工作量单位"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("dogs=1", "no term"), ("events=-1", "is -1"), ("events=0,parts=0", "are 0"), ("", "no term"),
     ("events=x", "no number"), ("events=inf", "no number"), ("events,events=2", "twice")],
)  # fmt: skip
def test_a_load_that_cannot_be_is_refused(text, rule):
    with pytest.raises(InputError, match=rule) as fault:
        Load.parse(text)
    assert fault.value.remedy


def test_a_weighted_load_is_balanced_measured_and_explained_with_as_many_grids():
    random = np.random.default_rng(2)
    ground = lattice(np.full((10, 10), 20.0))
    counts = {"events": np.where(np.arange(100) % 10 < 5, 0, random.integers(40, 90, 100)).astype(float)}
    load = Load.parse("households=1,events=0.5")
    heavy = weighed(ground, load, counts, "the test")
    assert loads_of(heavy).tolist() == (20 + counts["events"] / 2).tolist()
    target = default_target(heavy, 200)
    assert target == pytest.approx(loads_of(heavy).sum() / 10, rel=1e-5)
    plan = partition(heavy, target=target, effort=QUICK)
    sums = np.bincount(plan.grid_of, loads_of(heavy))
    assert len(plan.grids) == 10
    assert plan.grids["load"].to_numpy() == pytest.approx(sums)
    assert plan.grids["households"].sum() == 2000
    assert plan.settings["load"] == "households=1,events=0.5"
    found = plan_measures(heavy, plan)
    assert found["within_10"] == (np.abs(sums - target) <= target / 10).mean() >= 0.9
    assert (found["load_unit"]["en"], found["load_max"]) == ("units of work", pytest.approx(sums.max()))
    plain = partition(ground, effort=QUICK)  # as even in households, but not in work
    uneven = np.bincount(plain.grid_of, loads_of(heavy))
    assert np.abs(uneven - target).mean() > 4 * np.abs(sums - target).mean()
    off = partition(heavy, target=loads_of(heavy).sum() / 1.4, effort=QUICK)
    why = explain(heavy, off).as_dict(heavy, off)
    assert "units of work" in why["reasons"][0]["words"]["en"]
    assert why["unit"]["zh"] == "工作量单位"
    better = rebalance(heavy, plain.grid_of, target=target).answers[-1]
    assert better.balance.mad < np.abs(uneven - target).mean()
    assert better.moved == pytest.approx(loads_of(heavy)[better.grid_of != plain.grid_of].sum())


def test_a_term_without_data_and_ground_without_households_are_refused():
    ground = lattice(np.zeros((3, 3)))
    with pytest.raises(InputError, match="counts people, but there are none in the files"):
        weighed(ground, Load.parse("people=1"), {}, "the files")
    with pytest.raises(InputError, match="no target follows"):
        default_target(weighed(ground, Load.parse("area=1"), {}, "the files"), 200)


def test_files_count_key_persons_by_a_column_of_the_buildings():
    cell = np.array([0, 0, 3])
    held = pd.DataFrame({"building_id": ["A", "B", "C"], "cell": cell, "households": 5.0})
    ground = replace(lattice(np.full((2, 2), 5.0)), building_cell=held)
    counted = {"building_id": ["C", "B", "A"], "key_persons": pd.array([4, None, 1], "Int64")}
    stock = gpd.GeoDataFrame(counted, geometry=[shapely.Point(0, 0)] * 3, crs=CRS)
    load = Load.parse("households=1,key_persons=2")
    CountFiles().require(load, stock)
    heavy = weighed_by_files(ground, load, stock, CountFiles(), DistrictBounds("none", stock), None, [])
    assert loads_of(heavy).tolist() == [5 + 2, 5, 5, 5 + 8]
    unknown = stock.assign(key_persons=pd.array([None] * 3, "Int64"))
    with pytest.raises(InputError, match="no file of them") as fault:
        CountFiles().require(load, unknown)
    assert "--key-persons FILE" in fault.value.remedy
    assert "column key_persons" in fault.value.remedy


# ------------------------------------------------------------------------------------------------ kept whole
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(2, 8), columns=st.integers(2, 8), top=st.sampled_from([10, 40, 90]))
def test_no_unit_below_the_maximum_is_divided(seed, rows, columns, top):
    random = np.random.default_rng(seed)
    load = random.integers(0, top, (rows, columns)).astype(float)
    names = np.array([None, "", "a", "b", "c", "d"], object)[random.integers(0, 6, (rows // 2 + 1, columns // 2 + 1))]
    ground = lattice(load, compound=np.repeat(np.repeat(names, 2, 0), 2, 1)[:rows, :columns])
    plan = partition(ground, keep_whole="compounds", seed=seed, effort=QUICK)
    again = partition(ground, keep_whole="compounds", seed=seed, effort=QUICK)
    assert np.array_equal(plan.grid_of, again.grid_of)
    assert set(plan.grid_of) == set(range(len(plan.grids)))
    assert plan.grids["households"].sum() == load.sum()
    assert connected(plan.grid_of, ground.adjacency.pairs)
    units = units_of(ground, "compounds", 300.0)
    for atom in np.unique(units.of):
        assert len(np.unique(plan.grid_of[units.of == atom])) == 1
    divided = [unit for unit in units.large if len(np.unique(plan.grid_of[unit.cells])) > 1]
    assert all(unit.load > 300 for unit in units.large)
    assert plan.report.tally().get("unit_split", 0) == len(divided)
    flagged = {g for g, flags in enumerate(plan.grids["flags"]) if "unit_split" in flags}
    assert flagged == {int(g) for unit in divided for g in plan.grid_of[unit.cells]}


def test_a_unit_that_is_divided_is_called_what_it_is():
    for kind, told in (
        ("compounds", ("Compound C7 (400 households) is above the maximum: ", "小区“C7”（400 户）超过最多户数，")),
        ("blocks", ("Block 0 (400 households) is above the maximum: ", "街区“0”（400 户）超过最多户数，")),
    ):
        ground = lattice(np.full((1, 4), 100.0), block=4, compound=np.full((1, 4), "C7", object))
        (remark,) = [one for one in partition(ground, keep_whole=kind).report.remarks if one.rule == "unit_split"]
        assert (remark.message, remark.message_zh) == (
            f"{told[0]}it is divided among 2 grids.",
            f"{told[1]}已拆分，分属 2 个网格。",
        )
    parts = replace(ground, cells=ground.cells.assign(load=[50.0] * 4), load="parts=1")
    (remark,) = [
        one for one in partition(parts, target=100, keep_whole="compounds").report.remarks if one.rule == "unit_split"
    ]
    assert remark.message.startswith("Compound C7 (200 parts) is above the maximum")
    assert remark.message_zh.startswith("小区“C7”（200 个部件）超过上限，已拆分")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_proofs_hold_for_units_as_for_buildings(seed):
    random = np.random.default_rng(seed)
    load = random.integers(0, 90, (3, 4)).astype(float)
    names = np.array([None, "a", "b"], object)[random.integers(0, 3, (3, 4))]
    ground = lattice(load, compound=names)
    plan = partition(ground, keep_whole="compounds", target=100, effort=QUICK)
    found = explain(ground, plan)
    units = units_of(ground, "compounds", 150.0)
    sums = np.bincount(units.of, load.ravel())
    pairs = [(int(a), int(b)) for a, b in units.of[ground.adjacency.pairs] if a != b]
    barred = set(np.flatnonzero(sums > 150).tolist())
    for reason in found.reasons:
        proof = reason.proof
        if reason.kind in {"oversize_building", "no_set_around_building"}:
            atom = int(units.of[proof.cell])
            assert proof.load == sums[atom]
            assert proof.kept == units.name[atom]
            assert plan.grid_of[proof.cell] == reason.grid
        if reason.kind == "oversize_building":
            assert proof.load > proof.high
        if reason.kind == "no_set_around_building":
            around = loads_around(atom, sums, pairs, barred)
            assert not [x for x in around if proof.low <= x <= proof.high]
            assert proof.below == max((x for x in around if x < proof.low), default=None)
    words = [line["words"] for line in found.as_dict(ground, plan)["reasons"] if line["proof"].get("kept")]
    assert all("kept whole" in line["en"] and "整体" in line["zh"] for line in words)
    assert all("小区“" in line["zh"] and "ompound " in line["en"] for line in words)


def test_a_unit_that_a_hand_divided_counts_as_its_cells():
    ground = lattice(np.full((2, 4), 50.0), compound=np.array([["a"] * 4] * 2, object))
    plan = partition(ground, keep_whole="compounds", maximum=400, effort=QUICK)
    assert plan.grids["households"].tolist() == [400]
    assert explain(ground, plan).reasons[0].proof.kept == "a"
    halves = replace(plan, grid_of=np.repeat([0, 1], 4), grids=plan.grids.iloc[[0, 0]].assign(grid_code=["x", "y"]))
    assert explain(ground, halves).reasons == []


def test_what_cannot_be_kept_or_made_hard_is_refused():
    with pytest.raises(InputError, match="cannot be kept whole"):
        partition(lattice(np.ones((2, 2))), keep_whole="dogs")
    with pytest.raises(InputError, match="no barrier"):
        read_barriers("water,hedge")


# ------------------------------------------------------------------------------------------------ hard barriers
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), row=st.integers(0, 5), top=st.sampled_from([8, 40]), bridge=st.booleans())
def test_no_grid_crosses_a_hard_barrier_but_by_links_that_are_told(seed, row, top, bridge):
    random = np.random.default_rng(seed)
    load = random.integers(0, top, (7, 6)).astype(float)
    ground = along(lattice(load), "water", row)
    crossed = np.array([[6 * row + 2, 6 * row + 8]]) if bridge else None
    plan = partition(ground, hard_barriers=("water",), crossed=crossed, seed=seed, effort=QUICK)
    (remark,) = [one for one in plan.report.remarks if one.rule == "hard_barriers"]
    assert remark.message.startswith("6 borders run along water, ")
    assert remark.message.endswith("join 1 pair of cells." if bridge else "join 0 pairs of cells.")
    seen, _ = parted(ground, ("water",))
    n = len(plan.grid_of)
    assert connected(plan.grid_of, np.concatenate([seen.adjacency.pairs, plan.links]))
    bank = labels(n, seen.adjacency.pairs)
    over = [set(bank[plan.grid_of == g]) for g in range(len(plan.grids))]
    links = {(int(a), int(b)) for a, b in plan.links}
    assert not bridge or tuple(crossed[0]) in links
    told = plan.report.tally().get("small_part_linked", 0) + bridge
    assert all(len(sides) == 1 for sides in over) or (told and links)
    for g, sides in enumerate(over):
        assert len(sides) == 1 or "linked" in plan.grids["flags"].iloc[g]
    small = min(load[: row + 1].sum(), load[row + 1 :].sum())
    if small >= 150 and not bridge:
        assert len(links) == 0
    grids = grid_frame(ground, plan)
    cells = ground.cells.assign(grid_code=plan.grids["grid_code"].to_numpy()[plan.grid_of])
    stock = gpd.GeoDataFrame({"building_id": ["none"]}, geometry=[shapely.Point(0, 0)], crs=CRS)
    asked = {"only": ["contiguous", "no_gap", "no_overlap", "crosses_no_barrier"], "passable": seen.adjacency.pairs}
    found = run_checks(ground.communities, grids, cells, stock, list(links), **asked)
    assert [check.passed for check in found] == [True] * 4
    told = explain(ground, plan)
    assert told.within == round(plan_measures(ground, plan)["within_10"] * told.grids)


def test_a_grid_over_a_barrier_fails_the_soft_check():
    ground = along(lattice(np.full((4, 4), 25.0)), "rail", 1)
    plan = partition(ground, target=400, effort=QUICK)
    cells = ground.cells.assign(grid_code=plan.grids["grid_code"].to_numpy()[plan.grid_of])
    stock = gpd.GeoDataFrame({"building_id": ["none"]}, geometry=[shapely.Point(0, 0)], crs=CRS)
    passable = parted(ground, ("rail",))[0].adjacency.pairs
    (check,) = run_checks(
        ground.communities, grid_frame(ground, plan), cells, stock, passable=passable, only=["crosses_no_barrier"]
    )
    assert (check.passed, check.hard) == (False, False)


def test_bridges_and_tunnels_lead_across_and_so_does_a_barrier_on_a_bridge():
    ground = along(lattice(np.full((4, 4), 25.0)), "rail", 1)
    y = 2 * SIZE

    def line(x0, y0, x1, y1, **fields):
        return {"kind": "street", "class": "residential", "bridge": False, "tunnel": False} | fields | {
            "geometry": shapely.LineString([(x0, y0), (x1, y1)])
        }  # fmt: skip

    rows = [
        line(0, y, 3 * SIZE, y, kind="rail"),
        line(15, y - 40, 15, y + 40, bridge=True),  # over the border of cells 4 and 8
        line(45, y - 40, 45, y + 40),  # no bridge: leads nowhere
        line(75, y - 50, 75, y + 50, tunnel=True, **{"class": "expressway"}),
        line(3 * SIZE, y, 4 * SIZE, y, kind="rail", bridge=True),
        line(0, 0, 1, 1, bridge=True) | {"geometry": shapely.box(75, y - 40, 85, y + 40)},  # an area: says nothing
    ]
    lines = gpd.GeoDataFrame(rows, crs=CRS)
    crossed = crossings(ground, ("rail",), lines)
    # the street joins the cells under it and those at its ends; under the viaduct the ground is open
    assert crossed.tolist() == [[0, 12], [4, 8], [7, 11]]
    seen, links = parted(ground, ("rail",), crossed)
    assert len(seen.adjacency.pairs) - seen.adjacency.link.sum() == 24 - 4
    assert {tuple(pair) for pair in links.tolist()} >= {(4, 8), (7, 11)}
    assert crossings(ground, (), lines).tolist() == []


def test_coarser_grids_of_whole_finer_ones_stay_on_their_side():
    ground = along(lattice(np.full((8, 8), 10.0)), "water", 3)
    fine = partition(ground, target=40, hard_barriers=("water",), effort=QUICK)
    names = fine.grids["grid_code"].to_numpy(object)[fine.grid_of]
    coarse = divide_level(ground, finer=names, target=160, hard_barriers=("water",), effort=QUICK)
    assert len(np.intersect1d(coarse.grid_of[:32], coarse.grid_of[32:])) == 0
    assert coarse.settings["hard_barriers"] == ["water"]
