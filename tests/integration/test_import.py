"""Does `gridkeeper import` take what offices send, whole, once, and say how it read it?"""

import json

import geopandas as gpd
import pandas as pd
import psycopg
import pytest

from tests import made_city
from tests.integration.imports import contents, run


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    made_city.divisions().to_file(folder / "divisions.geojson")
    made_city.streets().to_file(folder / "roads.gpkg")
    made_city.buildings().to_parquet(folder / "buildings.parquet")
    made_city.lamps().head(300).to_parquet(folder / "parts.parquet")
    spots = made_city.lamps().head(20).geometry
    pd.DataFrame(
        {
            "事件编号": [f"E{i}" for i in range(21)],
            "事件类型": "暴露垃圾",
            "发生时间": "2026-03-05 14:30",
            "经度": [*spots.x, None],
            "纬度": [*spots.y, None],
        }
    ).to_csv(folder / "events.csv", index=False, encoding="gb18030")
    (folder / "workers.csv").write_text("工号,姓名,社区代码\n001,张三,990101001001\n002,李四,990101001002\n")
    return folder


@pytest.fixture
def ask(capsys, monkeypatch, database):
    return lambda *arguments: run(capsys, monkeypatch, database, *arguments)


@pytest.fixture
def divided(ask, files):
    """The district with its divisions, whatever ran before."""
    assert ask("import", "divisions", files / "divisions.geojson").code == 0


def value(database, query):
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(query).fetchall()


KINDS = [
    ("divisions", "divisions.geojson", 8),
    ("barriers", "roads.gpkg:kind=street,class=highway", None),
    ("buildings", "buildings.parquet", None),
    ("parts", "parts.parquet", 300),
    ("events", "events.csv", 21),
    ("workers", "workers.csv", 2),
]


def test_every_kind_comes_in_and_the_same_again_changes_nothing(ask, database, files):
    for kind, name, count in KINDS:
        done = ask("import", kind, f"{files}/{name}")
        assert done.code == 0, (kind, done.out, done.err)
        if count:
            assert f"{count} new" in done.out
    things = {k: v for k, v in contents(database).items() if k != "import_run"}
    assert {k: v[0] for k, v in things.items() if k in {"district", "division", "part", "event", "grid_worker"}} == {
        "district": 1, "division": 8, "part": 300, "event": 21, "grid_worker": 2,
    }  # fmt: skip
    assert value(database, "SELECT code, time_zone, metric_crs, crs_note FROM district") == [
        ("990101", "Asia/Shanghai", "EPSG:4548", "EPSG:4326")
    ]
    assert value(database, "SELECT count(*) FROM event WHERE geom IS NULL") == [(1,)]
    assert value(database, "SELECT DISTINCT occurred_at AT TIME ZONE 'UTC' FROM event") == [
        (pd.Timestamp("2026-03-05 06:30"),)
    ]
    for kind, name, _ in KINDS:
        done = ask("import", kind, f"{files}/{name}")
        assert done.code == 0
        assert "0 new" in done.out
        assert "0 changed" in done.out
    assert {k: v for k, v in contents(database).items() if k != "import_run"} == things


def test_the_reading_and_the_report_are_told(ask, files, tmp_path):
    done = ask(
        "import", "buildings", files / "buildings.parquet", "--report", tmp_path / "r.json", "--as-of", "2026-06-30"
    )
    assert "building_id -> code; floors -> floors; community_id -> community_code; households -> households" in done.out
    assert "coordinates in EPSG:4326 (as the file says)" in done.out
    assert json.loads((tmp_path / "r.json").read_text())["counts"]["rows"] == len(made_city.buildings())
    done = ask("import", "buildings", files / "buildings.parquet", "--json", "--as-of", "2026-06-30")
    report = json.loads(done.out)
    assert report["counts"]["counts_added"] == 0
    assert report["tally"]["shift_checked"] == 1


def test_a_moved_and_recounted_building_is_updated_and_its_count_added(ask, database, files, tmp_path):
    frame = made_city.buildings()
    frame.loc[0, "households"] = 50
    frame.to_parquet(tmp_path / "b.parquet")
    done = ask("import", "buildings", tmp_path / "b.parquet", "--as-of", "2026-07-31")
    assert done.code == 0
    counts = value(
        database,
        "SELECT c.as_of = '2026-07-31', c.households FROM household_count c JOIN building b ON b.id = c.building_id"
        " WHERE b.code = 'B0000'",
    )
    assert counts.count((True, 50)) == 1
    assert {h for new, h in counts if not new} == {48}  # nothing was overwritten


@pytest.mark.usefixtures("divided")
def test_gcj02_comes_in_by_name_and_keeps_what_came(ask, database, tmp_path):
    from gis.crs import wgs84_to_gcj02

    made_city.shifted(made_city.lamps().head(300), wgs84_to_gcj02).to_parquet(tmp_path / "gcj.parquet")
    done = ask("import", "parts", tmp_path / "gcj.parquet", "--crs", "gcj02")
    assert done.code == 0, done.err
    assert value(database, "SELECT DISTINCT raw_crs FROM part") == [("gcj02",)]
    off = value(database, "SELECT max(abs(ST_X(geom) - raw_x)), min(abs(ST_X(geom) - raw_x)) FROM part")[0]
    assert 0.004 < off[1] <= off[0] < 0.01
    here = value(database, "SELECT ST_X(geom), ST_Y(geom) FROM part WHERE code = 'L7'")[0]
    true = made_city.lamps().geometry[7]
    assert here == pytest.approx((true.x, true.y), abs=1e-9)


@pytest.mark.usefixtures("divided")
def test_good_rows_come_in_when_asked_for(ask, database, tmp_path):
    frame = made_city.lamps().head(30).assign(asset_id=[f"N{i}" for i in range(30)], state="完好")
    frame.loc[4, "state"] = "闹鬼"
    frame.to_parquet(tmp_path / "p.parquet")
    refused = ask("import", "parts", tmp_path / "p.parquet")
    assert refused.code == 3
    done = ask("import", "parts", tmp_path / "p.parquet", "--accept-partial")
    assert done.code == 0
    assert "29 new" in done.out
    assert "1 refused" in done.out
    assert value(database, "SELECT count(*) FROM part WHERE code LIKE 'N%'") == [(29,)]


@pytest.mark.usefixtures("divided")
def test_estimates_are_marked(ask, database, tmp_path):
    frame = made_city.buildings().drop(columns="households").head(50)
    frame["building_id"] = [f"X{i}" for i in range(50)]
    frame.to_parquet(tmp_path / "b.parquet")
    assert "--estimate-households" in ask("import", "buildings", tmp_path / "b.parquet").out
    count = (
        "SELECT count(*), bool_and(estimated) FROM household_count h JOIN building b ON b.id = h.building_id"
        " WHERE b.code LIKE 'X%'"
    )
    assert value(database, count) == [(0, None)]
    assert ask("import", "buildings", tmp_path / "b.parquet", "--estimate-households").code == 0
    assert value(database, count) == [(50, True)]


def test_the_district_must_be_known(ask, tmp_path, fresh_database, capsys, monkeypatch):
    made_city.lamps().head(5).to_parquet(tmp_path / "p.parquet")
    done = run(capsys, monkeypatch, fresh_database, "import", "parts", tmp_path / "p.parquet")
    assert done.code == 3
    assert "Import its divisions first" in done.err
    done = ask("import", "parts", tmp_path / "p.parquet", "--district", "110101")
    assert done.code == 3
    assert "no district 110101" in done.err


def test_an_outline_without_code_makes_a_district_by_name(capsys, monkeypatch, fresh_database, tmp_path):
    area = made_city.divisions().head(1)[["geometry"]]
    area.to_file(tmp_path / "outline.geojson")
    named = gpd.GeoDataFrame(made_city.communities().assign(code=list("ABCDEF")))
    named.to_file(tmp_path / "quarters.geojson")
    done = run(
        capsys, monkeypatch, fresh_database, "import", "divisions",
        f"{tmp_path}/outline.geojson:level=district", f"{tmp_path}/quarters.geojson:level=community",
        "--district", "town", "--district-name", "试验城", "--time-zone", "Asia/Urumqi",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert value(fresh_database, "SELECT code, name, time_zone FROM district") == [("town", "试验城", "Asia/Urumqi")]
    assert value(fresh_database, "SELECT count(*) FROM division WHERE parent_id IS NOT NULL") == [(6,)]
