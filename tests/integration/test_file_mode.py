"""Do `gridkeeper partition` and `gridkeeper locate` turn files into files, whole or not at all?"""

from __future__ import annotations

import json
import re
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.cli import main
from gis.crs import wgs84_to_gcj02
from gis.errors import InputError
from gis.files import locate_files, partition_files
from gis.partition import Effort

CRS = "EPSG:4547"
ORIGIN = (500_000.0, 2_560_000.0)
BLOCK = 60.0


def placed(shapes):
    return shapely.transform(np.asarray(shapes, object), lambda xy: xy + np.asarray(ORIGIN))


def frame(columns, shapes):
    return gpd.GeoDataFrame(columns, geometry=placed(shapes), crs=CRS)


def made_buildings():
    random = np.random.default_rng(2)
    spots = [(BLOCK * i + dx, BLOCK * j + 15) for i in range(12) for j in range(5) for dx in (8, 34)]
    return frame(
        {
            "building_id": [f"b{n:03d}" for n in range(len(spots))],
            "hs": random.integers(0, 60, len(spots)),
            "community_id": ["990101001001" if x < 360 else "east" for x, _ in spots],
        },
        [shapely.box(x, y, x + 18, y + 30) for x, y in spots],
    )


def made_streets():
    lines = [shapely.LineString([(BLOCK * i, 0), (BLOCK * i, 300)]) for i in range(1, 12)]
    lines += [shapely.LineString([(0, BLOCK * j), (720, BLOCK * j)]) for j in range(1, 5)]
    return frame({"cls": ["residential"] * 10 + ["river"] + ["secondary"] * 4}, lines)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with communities, buildings and streets of a small made district."""
    folder = tmp_path_factory.mktemp("district")
    frame(
        {"community_id": ["990101001001", "east"]}, [shapely.box(0, 0, 360, 300), shapely.box(360, 0, 720, 300)]
    ).to_parquet(folder / "communities.parquet")
    made_buildings().to_parquet(folder / "buildings.parquet")
    made_streets().to_parquet(folder / "streets.parquet")
    return folder


@pytest.fixture
def run(monkeypatch, capfd):
    """Run the command line; gives its exit code, stdout and stderr."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["gridkeeper", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capfd.readouterr()
        return code, told.out, told.err

    return call


def words(files, out, **more):
    given = {
        "buildings": files / "buildings.parquet",
        "households-field": "hs",
        "communities": files / "communities.parquet",
        "community-field": "community_id",
        "barriers": f"{files / 'streets.parquet'}",
        "out": out,
    } | {k.replace("_", "-"): v for k, v in more.items()}
    return ["partition", *(w for k, v in given.items() if v is not None for w in (f"--{k}", v))]


@pytest.fixture(scope="module")
def divided(files):
    return partition_files(
        files / "buildings.parquet",
        files / "communities.parquet",
        barriers=[files / "streets.parquet"],
        households_field="hs",
        community_field="community_id",
        effort=Effort(runs=2, steps_per_cell=60),
    )


# ------------------------------------------------------------------------------------------------ rebalance
def test_rebalance_repairs_a_file_of_grids(run, files, divided, tmp_path):
    old, new, csv, places = (tmp_path / name for name in ("old.geojson", "new.parquet", "m.csv", "m.geojson"))
    divided.grids.to_file(old, driver="GeoJSON")
    stock = made_buildings()
    first = divided.grids["grid_code"].min()
    cells = divided.cells.set_index("building_id")["grid_code"]
    shapes = divided.grids.set_index("grid_code").geometry
    beside = shapes.index[shapes.intersection(shapes[first]).length > 1].drop(first).min()
    lies = stock["building_id"].map(cells)
    # too much beside too little: however the district was divided, a few buildings mend both
    stock["hs"] = (stock["hs"] * np.select([lies == first, lies == beside], [1.5, 0.5], 1.0)).astype(int)
    stock.to_parquet(tmp_path / "buildings.parquet")
    given = words(files, None, buildings=tmp_path / "buildings.parquet", grids=old)[1:]
    code, out, err = run("rebalance", *given, "--moves", places)
    assert code == 0, err
    assert "fewest moved" in out
    answers = gpd.read_file(places)
    assert set(answers["answer"]) <= {"fewest_moved", "between", "best_balance"}
    assert {"building", "community", "from", "to", "households"} <= set(answers.columns)

    code, out, err = run("rebalance", *given, "--keep", 3, "--out", new, "--moves", csv)
    assert code == 0, err
    moves, grids = pd.read_csv(csv, dtype={"from": str, "to": str}), gpd.read_parquet(new)
    assert set(moves["to"]) | set(moves["from"]) <= set(divided.grids["grid_code"])
    assert list(grids.columns) == list(divided.grids.columns)
    assert grids["grid_code"].tolist() == sorted(divided.grids["grid_code"])
    now = stock.assign(grid=stock["building_id"].map(cells))
    loads = now.groupby("grid")["hs"].sum()
    moved = now.set_index("building_id")["grid"].to_dict() | moves.set_index("building")["to"].to_dict()
    after = stock.groupby(stock["building_id"].map(moved))["hs"].sum()
    assert grids.set_index("grid_code")["households"].to_dict() == after.to_dict()
    assert (after - 200).abs().mean() < (loads - 200).abs().mean()
    assert moves["households"].sum() == stock.set_index("building_id").loc[moves["building"].dropna(), "hs"].sum() > 0

    code, out, err = run("rebalance", *given, "--lock-grid", first, "--keep", 3, "--moves", csv)
    assert code == 0, err
    moves = pd.read_csv(csv, dtype=str)
    assert first not in set(moves["from"]) | set(moves["to"])
    code, _, err = run("rebalance", *given, "--lock-grid", "nowhere")
    assert (code, "no grid nowhere" in err) == (3, True)
    code, _, err = run("rebalance", *given, "--out", new)
    assert (code, "--keep" in err) == (3, True)


def test_rebalance_evens_out_work_and_keeps_units_and_barriers(run, files, divided, tmp_path):
    old, csv, new, parts = (tmp_path / name for name in ("old.geojson", "m.csv", "n.parquet", "parts.parquet"))
    divided.grids.to_file(old, driver="GeoJSON")
    random = np.random.default_rng(6)
    spots = placed([shapely.Point(*xy) for xy in random.uniform((0, 0), (360, 150), (400, 2))])
    points = gpd.GeoDataFrame({"part_code": [f"P{n}" for n in range(400)]}, geometry=spots, crs=CRS)
    points.assign(**{"class": "0118", "class_name": "路灯"}).to_parquet(parts)
    given = ["rebalance", *words(files, None, grids=old)[1:], "--load", "households=1,parts=1"]
    code, out, err = run(*given, "--parts", parts, "--keep", 3, "--out", new, "--moves", csv)
    assert code == 0, err
    assert "units of work" in out
    moves, grids = pd.read_csv(csv, dtype={"to": str}), gpd.read_parquet(new)
    # the work of each grid, counted from what went in: as the file says, and more even than it was
    cells = gpd.GeoDataFrame(divided.cells, crs=CRS)
    work = cells["households"] + np.bincount(cells.sindex.query(spots, "intersects")[1], minlength=len(cells))
    before = work.groupby(cells["grid_code"]).sum()
    moved = cells["building_id"].map(moves.set_index("building")["to"]).fillna(cells["grid_code"])
    after = work.groupby(moved).sum()
    assert grids.set_index("grid_code")["load"].to_dict() == pytest.approx(after.to_dict())
    assert grids["load"].sum() == grids["households"].sum() + 400
    target = work.sum() * 200 / cells["households"].sum()
    assert 0 < (after - target).abs().mean() < (before - target).abs().mean()

    code, out, err = run(*given, "--parts", parts, "--keep-whole", "blocks", "--keep", 3, "--moves", csv)
    assert code == 0, err
    middle = shapely.get_coordinates(shapely.centroid(cells.geometry.array)) - ORIGIN
    block = [f"{int(x)}-{int(y)}" for x, y in middle // BLOCK]

    def torn(moved):
        was, now = (codes.groupby(block).nunique() for codes in (cells["grid_code"], moved))
        return int((now[was == 1] > 1).sum())

    def over(moves):
        """Moves to a grid that held nothing of the block."""
        there = set(zip(block, cells["grid_code"], strict=True))
        home = dict(zip(cells["building_id"], block, strict=True))
        return sum((home[b], to) not in there for b, to in zip(moves["building"], moves["to"], strict=True))

    assert torn(moved) > 0 < over(moves)
    kept = pd.read_csv(csv, dtype={"to": str})
    assert torn(cells["building_id"].map(kept.set_index("building")["to"]).fillna(cells["grid_code"])) == 0
    code, out, err = run(*given, "--parts", parts, "--hard-barriers", "residential,secondary", "--moves", csv)
    assert code == 0, err
    assert over(pd.read_csv(csv, dtype={"to": str})) == 0
    for more, said in ((["--keep-whole", "cats", "--parts", parts], "cannot be kept whole"), ([], "--parts FILE")):
        code, _, err = run(*given, *more)
        assert (code, said in re.sub(r"\s+", " ", err)) == (3, True), err


# ------------------------------------------------------------------------------------------------ regroup
def test_regroup_unites_whole_grids_of_a_file(run, files, divided, tmp_path):
    old, new, table, cells = (tmp_path / name for name in ("old.geojson", "new.parquet", "t.csv", "cells.parquet"))
    divided.grids.to_file(old, driver="GeoJSON")
    given = words(files, new, grids=old, target=600, cells=cells)[1:]
    code, out, err = run("regroup", *given, "--keep-old", "strictly", "--correspondence", table)
    assert code == 0, err
    n = len(divided.grids)
    assert f"old: {n} of {n} old grids whole (100.0%); 0 households" in out
    assert "100.0% of the new ones follow an old one" in out
    grids = gpd.read_parquet(new)
    assert len(grids) < n / 2
    assert grids["households"].sum() == divided.grids["households"].sum()
    assert set(grids["grid_code"]) <= set(divided.grids["grid_code"]), "grids united go on with the code of one"
    rows = pd.read_csv(table, dtype=str)
    assert list(rows.columns[:3]) == ["网格体系 network", "原网格 old", "新网格 new"]
    assert len(rows) == n
    assert set(rows["面积占比 area_share"].astype(float)) == {1.0}

    first = divided.grids["grid_code"].min()
    code, out, err = run("regroup", *given, "--lock-grid", first)
    assert code == 0, err
    same = gpd.read_parquet(new).set_index("grid_code")["households"][first]
    assert same == divided.grids.set_index("grid_code")["households"][first]

    other = tmp_path / "police.geojson"
    gpd.read_parquet(new).to_file(other, driver="GeoJSON")
    code, out, err = run("regroup", *given, "--grids", other, "--weight", 1, "--weight", 3, "--correspondence", table)
    assert code == 0, err
    assert {"old", "police"} == set(pd.read_csv(table, dtype=str)["网格体系 network"])
    assert "police: " in out

    code, out, err = run("regroup", *given, "--load", "area=1", "--target", 0.06, "--hard-barriers", "water")
    assert code == 0, err
    assert " of the new ones follow an old one" in out
    for wrong, said in (
        (["--load", "parts=1"], "parts"),
        (["--lock-grid", "nowhere"], "no grid nowhere"),
        (["--keep-old", "wholly"], "Levels are loosely, mostly, strictly"),
        (["--weight", 1, "--weight", 2], "1 files of grids and 2 weights"),
        (["--correspondence", tmp_path / "t.pdf"], "no table is written as .pdf"),
    ):
        code, _, err = run("regroup", *given, *wrong)
        assert (code, said in err) == (3, True), err


# ------------------------------------------------------------------------------------------------ partition
def test_partition_writes_what_is_promised(run, files, tmp_path):
    g, k, r = tmp_path / "g.parquet", tmp_path / "k.parquet", tmp_path / "r.json"
    code, out, err = run(*words(files, g, cells=k, report=r), "--json")
    assert code == 0, err
    measures = json.loads(out)  # nothing but the measures on stdout
    grids, cells = gpd.read_parquet(g), gpd.read_parquet(k)
    assert list(grids.columns) == ["grid_code", "community_id", "households", "buildings", "area_m2", "geometry"]
    assert list(cells.columns) == ["cell_id", "building_id", "community_id", "households", "grid_code", "geometry"]
    assert grids.crs == cells.crs == CRS
    stock = made_buildings()
    assert measures["grids"] == len(grids)
    assert measures["households"] == grids["households"].sum() == cells["households"].sum() == stock["hs"].sum()
    assert grids["buildings"].sum() == len(stock)
    assert shapely.coverage_is_valid(cells.geometry.values)
    ground = gpd.read_parquet(files / "communities.parquet").set_index("community_id").geometry
    for name, mine in grids.groupby("community_id"):
        assert shapely.symmetric_difference(shapely.union_all(mine.geometry.values), ground[name]).area < 0.01
        per_building = stock[stock["community_id"] == name]["hs"].sum()
        assert mine["households"].sum() == per_building
        assert len(mine) == int(per_building / 200 + 0.5)
    assert grids["grid_code"].str.startswith(("990101001001", "east-")).all()
    assert set(measures["border_follows"]) & {"residential", "secondary"}
    assert "cls -> class" in err  # the reading is told
    told = json.loads(r.read_text("utf-8"))
    assert {"import barriers", "import buildings", "partition"} <= {x["title"] for x in told["reports"]}
    why = told["explanation"]  # every grid off target has its reason, and one line says how many
    off = grids.loc[(grids["households"] - 200).abs() > 20, "grid_code"]
    assert [line["grid_code"] for line in why["reasons"]] == off.tolist()
    assert why["excused"] == measures["excused_grids"] == len(off) - why["counts"]["unexplained"]
    assert f"{len(grids) - len(off)} of {len(grids)} grids within ±10 %" in err
    assert f"{len(grids)} 个网格中 {len(grids) - len(off)} 个在 ±10% 以内" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.parquet", "k.parquet", "r.json"]


def test_partition_balances_what_the_files_hold(run, files, tmp_path):
    random = np.random.default_rng(5)
    spots = placed([shapely.Point(*xy) for xy in random.uniform((0, 0), (360, 150), (300, 2))])
    points = gpd.GeoDataFrame({"class": ["0118", "0213"] * 150, "class_name": "路灯"}, geometry=spots, crs=CRS)
    points.assign(part_code=[f"P{n}" for n in range(300)]).to_parquet(tmp_path / "parts.parquet")
    years = pd.date_range("2024-01-01", periods=300, freq="3D", tz="UTC")
    happened = points.assign(event_code=[f"E{n}" for n in range(300)], occurred_at=years)
    happened.to_parquet(tmp_path / "events.parquet")
    points[["geometry"]].iloc[:30].to_parquet(tmp_path / "persons.parquet")
    common = ["partition", "--buildings", files / "buildings.parquet", "--households-field", "hs"]
    common += ["--communities", files / "communities.parquet", "--barriers", files / "streets.parquet"]
    common += ["--out", tmp_path / "g.parquet", "--cells", tmp_path / "c.parquet", "--report", tmp_path / "r.json"]
    load = "households=1,parts:0118=2,events=0.5,key_persons=3"
    given = ["--parts", tmp_path / "parts.parquet", "--events", tmp_path / "events.parquet"]
    given += ["--key-persons", tmp_path / "persons.parquet"]
    code, _, err = run(*common, "--load", load, *given, "--hard-barriers", "water", "--keep-whole", "blocks")
    assert code == 0, err
    grids, cells = gpd.read_parquet(tmp_path / "g.parquet"), gpd.read_parquet(tmp_path / "c.parquet")
    year = int((years > years[-1] - pd.Timedelta(days=365)).sum())
    extra = cells["load"].sum() - cells["households"].sum()
    assert extra == pytest.approx(2 * 150 + 0.5 * year + 3 * 30)
    assert grids["load"].tolist() == pytest.approx(
        cells.groupby("grid_code")["load"].sum()[grids["grid_code"]].tolist()
    )
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert told["settings"]["load"] == load
    assert told["settings"]["target"] == pytest.approx(cells["load"].sum() * 200 / cells["households"].sum(), rel=1e-5)
    assert (told["settings"]["hard_barriers"], told["settings"]["keep_whole"]) == (["water"], "blocks")
    assert told["explanation"]["unit"]["en"] == "units of work"
    for more, said in (
        (["--load", "parts=1"], "--parts FILE"),
        (["--load", "people=1"], "there are none in the files"),
        (["--load", "parts=-1"], "Give 0 or more"),
        (["--hard-barriers", "hedge"], "no barrier 'hedge'"),
        (["--keep-whole", "cats"], "cannot be kept whole"),
    ):
        code, _, err = run(*common, *more)
        assert (code, said in re.sub(r"\s+", " ", err)) == (3, True), err


def test_the_same_plan_in_every_format_and_with_any_number_of_jobs(run, files, tmp_path):
    outs = [tmp_path / "a.parquet", tmp_path / "b.gpkg", tmp_path / "c.geojson"]
    for out, jobs in zip(outs, (1, 2, 1), strict=True):
        assert run(*words(files, out, jobs=jobs))[0] == 0
    first, package, lonlat = gpd.read_parquet(outs[0]), gpd.read_file(outs[1]), gpd.read_file(outs[2])
    assert package.crs == CRS
    assert lonlat.crs == "EPSG:4326"
    text = outs[2].read_text()
    decimals = {len(d) for d in re.findall(r"\d+\.(\d+)(?=[,\]\s])", text[text.index("coordinates") :])}
    assert max(decimals) <= 15
    spots = shapely.get_coordinates(lonlat.geometry.values)
    assert np.abs(spots * 1e9 - np.round(spots * 1e9)).max() < 1e-4  # 9 decimals
    for other in (package, lonlat.to_crs(CRS)):
        assert other["grid_code"].tolist() == first["grid_code"].tolist()
        assert other["households"].tolist() == first["households"].tolist()
        assert shapely.area(shapely.symmetric_difference(other.geometry.values, first.geometry.values)).max() < 0.5


def test_a_missing_community_column_is_found_by_position(files, divided, tmp_path):
    made_buildings().drop(columns="community_id").to_parquet(tmp_path / "b.parquet")
    again = partition_files(
        tmp_path / "b.parquet",
        files / "communities.parquet",
        barriers=[files / "streets.parquet"],
        households_field="hs",
        effort=Effort(runs=2, steps_per_cell=60),
    )
    assert again.grids.equals(divided.grids)


def test_only_the_communities_of_a_file_of_divisions_are_divided(files, divided, tmp_path):
    ground = gpd.read_parquet(files / "communities.parquet").rename(columns={"community_id": "code"})
    whole = shapely.union_all(ground.geometry.values)
    outline = gpd.GeoDataFrame({"code": ["990101"], "level": ["district"]}, geometry=[whole], crs=CRS)
    pd.concat([outline, ground.assign(level="community")]).to_parquet(tmp_path / "divisions.parquet")
    again = partition_files(
        files / "buildings.parquet",
        tmp_path / "divisions.parquet",
        barriers=[files / "streets.parquet"],
        households_field="hs",
        effort=Effort(runs=2, steps_per_cell=60),
    )
    assert again.grids.equals(divided.grids)
    assert again.reports[0].tally()["other_levels_left_out"] == 1


def test_barriers_are_recognised_by_their_columns_or_as_told(files, tmp_path):
    streets = made_streets()
    lines = {
        "osm.geojson": streets.drop(columns="cls").assign(highway="tertiary").to_crs(4326),
        "tracks.parquet": streets.drop(columns="cls").assign(railway="rail"),
        "mine.parquet": streets.rename(columns={"cls": "rank"}).assign(rank="primary"),
    }
    expected = {"osm.geojson": "tertiary", "tracks.parquet": "rail", "mine.parquet": "primary"}
    for name, content in lines.items():
        content.to_file(tmp_path / name) if name.endswith("json") else content.to_parquet(tmp_path / name)
        tail = ":kind=street,class=rank" if name.startswith("mine") else ""
        result = partition_files(
            files / "buildings.parquet",
            files / "communities.parquet",
            barriers=[f"{tmp_path / name}{tail}"],
            households_field="hs",
            effort=Effort(runs=1, steps_per_cell=20),
        )
        follows = result.measures["border_follows"]
        assert expected[name] in follows
        assert set(follows) <= {expected[name], "none"}


def test_a_river_among_the_streets_is_water(divided):
    follows = divided.tessellation.adjacency.follows
    from gis.graph import FOLLOWS

    assert {FOLLOWS[f] for f in np.unique(follows)} == {"none", "residential", "secondary", "water"}


# ------------------------------------------------------------------------------------------------ bad input
def negative(folder):
    bad = made_buildings()
    bad.loc[3, "hs"] = -4
    return bad.to_parquet(folder / "x.parquet")


def doubled(folder):
    bad = made_buildings()
    bad.loc[3, "building_id"] = "b000"
    return bad.to_parquet(folder / "x.parquet")


def empty(folder):
    return made_buildings().head(0).to_parquet(folder / "x.parquet")


def elsewhere(folder):
    far = made_buildings()
    return far.set_geometry(far.translate(80_000, 0)).to_parquet(folder / "x.parquet")


def garbage(folder):
    return (folder / "x.parquet").write_bytes(b"PAR1 nothing of the kind")


@pytest.mark.parametrize(
    ("spoil", "more", "said"),
    [
        (negative, {}, "below 0"),
        (doubled, {}, "b000"),
        (empty, {}, "no rows"),
        (elsewhere, {}, "district"),
        (garbage, {}, "cannot be read"),
        (None, {}, "no file"),
        (made_buildings, {"households_field": "doors"}, "doors"),
        (made_buildings, {"target": 0}, "target"),
        (made_buildings, {"min": 400}, "minimum"),
        (made_buildings, {"metric_crs": "EPSG:1"}, "EPSG:1"),
        (made_buildings, {"out": "g.dxf"}, "format"),
        (made_buildings, {"barriers": "x.parquet:kind=lava"}, "lava"),
    ],
)
def test_bad_input_is_one_clear_message_and_nothing_is_written(run, files, tmp_path, monkeypatch, spoil, more, said):
    monkeypatch.chdir(tmp_path)
    if spoil is made_buildings:
        made_buildings().to_parquet(tmp_path / "x.parquet")
    elif spoil is not None:
        spoil(tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    given = {"buildings": tmp_path / "x.parquet", "cells": "k.parquet"} | more
    code, out, err = run(*words(files, given.pop("out", "g.parquet"), **given))
    message = [line for line in err.splitlines() if line.startswith("gridkeeper: ")]
    assert code != 0
    assert len(message) == 1, err
    assert said in message[0]
    assert "Traceback" not in err
    assert out == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == before


# ------------------------------------------------------------------------------------------------ locate
@pytest.fixture
def points(tmp_path, divided):
    """Points inside, on a border, outside near and far, and one without coordinates; grids in two formats."""
    divided.grids.to_parquet(tmp_path / "g.parquet")
    divided.grids.to_crs(4326).to_file(tmp_path / "g.geojson")
    spots = placed(shapely.points([(100, 100), (360, 150), (-50, 100), (-5000, 100), (700, 290)]))
    frame = gpd.GeoDataFrame({"name": list("abcde"), "n": range(5)}, geometry=[*spots[:4], spots[4]], crs=CRS)
    frame.loc[4, "geometry"] = None
    frame.to_parquet(tmp_path / "p.parquet")
    return tmp_path


def test_locate_keeps_every_row_in_order(run, points, divided):
    code, out, err = run(
        "locate",
        "--points",
        points / "p.parquet",
        "--grids",
        points / "g.parquet",
        "--out",
        points / "a.parquet",
        "--json",
    )
    assert code == 0, err
    answers = gpd.read_parquet(points / "a.parquet")
    assert list(answers.columns) == ["name", "n", "grid_code", "how", "distance_m", "geometry"]
    assert answers["name"].tolist() == list("abcde")
    assert answers["how"].tolist() == ["inside", "border", "near", "outside", "unlocated"]
    assert answers["distance_m"].tolist()[:4] == pytest.approx([0, 0, 50, 5000])
    assert answers["grid_code"].isna().tolist() == [False, False, False, True, True]
    for spot, said in zip(answers.geometry[:2], answers["grid_code"], strict=False):
        covering = divided.grids[divided.grids.covers(spot)]
        assert said == covering["grid_code"].min()
    assert json.loads(out)["rows"] == 5


def test_locate_on_streets_names_who_goes(tmp_path):
    sides = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 60)]
    origin = np.array([450_000.0, 4_420_000.0])

    def written(name, columns, shapes):
        moved = shapely.transform(np.array(shapes, object), lambda xy: xy + origin)
        gpd.GeoDataFrame(columns, geometry=moved, crs=CRS).to_parquet(tmp_path / name)
        return tmp_path / name

    grids = written("g.parquet", {"grid_code": ["001", "002"], "community_id": ["A", "A"]}, sides)
    street = {"code": ["S"], "kind": ["street"], "class": ["residential"]}
    lines = written("s.parquet", street, [shapely.LineString([(100, 0), (100, 100)])])
    spots = written("p.parquet", {"n": [1, 2, 3]}, shapely.points([[98, 20], [103, 20], [150, 20]]))
    found = locate_files(spots, grids, streets=[lines]).frame
    assert found["how"].tolist() == ["street", "street", "inside"]
    assert found["grid_code"].tolist() == ["001", "002", "002"]
    assert found["duty_grid_code"].tolist() == ["001", "001", "002"]
    bare = written("bare.parquet", {"grid_code": ["001", "002"]}, sides)
    with pytest.raises(InputError, match="no column community_id"):
        locate_files(spots, bare, streets=[lines])


def test_locate_reads_csv_in_degrees_and_in_gcj02(points, divided):
    frame = gpd.read_parquet(points / "p.parquet").to_crs(4490)
    lon, lat = frame.geometry.x, frame.geometry.y
    table = pd.DataFrame({"经度": lon, "纬度": lat, "name": frame["name"]})
    table.to_csv(points / "p.csv", index=False)
    degrees = locate_files(points / "p.csv", points / "g.geojson", metric=CRS).frame
    assert degrees["how"].tolist() == ["inside", "border", "near", "outside", "unlocated"]
    assert degrees[["经度", "纬度"]].notna().all(axis=1).tolist() == [True] * 4 + [False]
    table["经度"], table["纬度"] = wgs84_to_gcj02(lon, lat)
    table.to_csv(points / "gcj.csv", index=False)
    shifted = locate_files(points / "gcj.csv", points / "g.parquet", crs="gcj02").frame
    assert shifted["how"].tolist() == degrees["how"].tolist()
    assert shifted["grid_code"][[0, 2]].tolist() == degrees["grid_code"][[0, 2]].tolist()  # row 1 lies on the line


def test_locate_refuses_what_is_no_grid_file_or_no_point(run, points, files):
    code, _, err = run(
        "locate",
        "--points",
        points / "p.parquet",
        "--grids",
        files / "communities.parquet",
        "--out",
        points / "a.parquet",
    )
    assert code == 3
    assert "grid_code" in err
    code, _, err = run(
        "locate",
        "--points",
        files / "buildings.parquet",
        "--grids",
        points / "g.parquet",
        "--out",
        points / "a.parquet",
    )
    assert code == 3
    assert "Polygon" in err
    assert not (points / "a.parquet").exists()


def test_households_from_a_column_of_estimates_are_told_apart(files, tmp_path):
    made_buildings().rename(columns={"hs": "households_est"}).to_parquet(tmp_path / "b.parquet")
    result = partition_files(
        tmp_path / "b.parquet",
        files / "communities.parquet",
        households_field="households_est",
        effort=Effort(runs=1, steps_per_cell=20),
    )
    assert result.measures["estimated_households"] == result.measures["households"] == made_buildings()["hs"].sum()
