"""Do the commands of README's paragraph on a changing city do what it says, and does bad input leave nothing behind?"""

from __future__ import annotations

import datetime as dt
import json

import geopandas as gpd
import pytest
import shapely

from gis.store.connect import connect
from tests.integration import small_district as small
from tests.integration.imports import contents, run
from tests.integration.in_force import publish_first

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
SIDE, B = 2 * small.BLOCK, small.BLOCK


@pytest.fixture(scope="module")
def in_force(databases):
    with databases.clone() as database:
        with connect(database.app_url) as connection:
            publish_first(connection, more=())
        yield database


@pytest.fixture
def command(capsys, monkeypatch, in_force, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run(capsys, monkeypatch, in_force, "import", *arguments)


def file(folder, name, columns, shapes):
    path = folder / f"{name}.geojson"
    small.frame(columns, shapes).to_file(path, driver="GeoJSON")
    return path


def test_a_year_of_changes_by_command(command, tmp_path, in_force):
    halves = {"990101001003": shapely.box(0, B, SIDE, SIDE), "990101001004": shapely.box(0, 0, SIDE, B)}
    columns = {"社区编码": list(halves), "社区名称": ["北岸社区", "南岸社区"]}
    split = file(tmp_path, "split", columns, list(halves.values()))
    said = command("divisions", split, "--effective", "2026-09-01")
    assert said.code == 0, said.err
    assert f"{WEST} ends on 2026-09-01" in said.out
    assert "50.0% of the ground" in said.out

    gone = gpd.GeoDataFrame(small.buildings().frame[:1][["code", "geometry"]], crs=4490).assign(状态="已拆除")
    gone.to_file(tmp_path / "gone.geojson", driver="GeoJSON")
    before = contents(in_force)
    said = command("buildings", tmp_path / "gone.geojson")
    assert said.code == 3
    assert "--effective DATE" in said.err
    assert "Traceback" not in said.err
    assert contents(in_force) == before
    said = command("buildings", tmp_path / "gone.geojson", "--effective", "2026-09-15")
    assert said.code == 0, said.err
    assert "1 ended" in said.out

    (tmp_path / "counts.csv").write_text("楼栋编码,户数,统计日期\nB001,70,2026-08-31\nB002,71,\n", encoding="utf-8")
    said = command("households", "counts.csv", "--as-of", "2026-09-30", "--json")
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["counts"]["counts_added"] == 2
    complete = {r["code"]: r["message"] for r in report["remarks"] if r["rule"] == "completeness"}
    assert "5 of 5 buildings counted by 2026-09-30 (100 %), 1 of them on that date" in complete["990101001004"]
    assert set(complete) == {"990101001003", "990101001004", EAST}
    with connect(in_force.app_url) as connection:
        rows = connection.execute(
            "SELECT b.code, h.as_of, h.households FROM household_count h JOIN building b ON b.id = h.building_id"
            " WHERE h.as_of > '2026-06-30' ORDER BY 1"
        ).fetchall()
    assert rows == [("B001", dt.date(2026, 8, 31), 70), ("B002", dt.date(2026, 9, 30), 71)]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("households", "counts.csv"), 3, "row 2, building_code: there is no building X9"),
        (("households", "good.csv", "--effective", "2026-09-01"), 3, "have no --effective DATE"),
        (("buildings", "one.geojson", "--complete"), 3, "nobody says since when"),
        (("buildings", "one.geojson", "--effective", "soon"), 3, "'soon' is no date. Write --effective 2026-03-31."),
        (("divisions", "cut.geojson", "--effective", "2026-09-01"), 3, "does not say what is left"),
    ],
)
def test_bad_input_says_one_thing_and_writes_nothing(command, tmp_path, in_force, arguments, code, message):
    (tmp_path / "counts.csv").write_text("楼栋编码,户数\nB300,70\nX9,71\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text("楼栋编码,户数\nB300,70\n", encoding="utf-8")
    file(tmp_path, "one", {"code": ["B300"]}, [shapely.box(0, 0, 10, 10)])
    file(tmp_path, "cut", {"code": ["990101001009"], "name": ["新社区"]}, [shapely.box(SIDE, 0, SIDE + 100, SIDE)])
    before = contents(in_force)
    said = command(*arguments)
    assert said.code == code
    assert message in " ".join(said.err.split())
    assert contents(in_force) == before
