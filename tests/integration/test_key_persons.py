"""Are key persons counted by building, weighed in a load, refused where there are none, and shown nowhere else?"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import psycopg
import pytest

from gis.store import pipeline
from gis.store.connect import connect
from gis.store.migrate import downgrade, migrate
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.imports import run
from tests.integration.test_api_plans import (  # noqa: F401  # fixtures
    EAST,
    WEST,
    D,
    client,
    clock,
    edit,
    good,
    opened,
    problem,
)

LOAD = "households=1,key_persons=2"
CODES = small.buildings().frame["code"].tolist()
SQL = Path(pipeline.__file__).parent / "sql"
LATEST = """
SELECT b.code, c.key_persons FROM building b CROSS JOIN LATERAL (
    SELECT key_persons FROM household_count h WHERE h.building_id = b.id AND h.as_of <= %s
    ORDER BY as_of DESC, recorded_at DESC, id DESC LIMIT 1) c
WHERE upper_inf(b.valid) ORDER BY 1
"""


def written(path, numbers, day="2026-06-30"):
    lines = [f"{code},65,162,{n},{day}" for code, n in zip(CODES, numbers, strict=True)]
    path.write_text("\n".join(["楼栋编码,户数,人口,重点人员数,统计日期", *lines]), encoding="utf-8")
    return path


@pytest.fixture
def ask(database, capsys, monkeypatch):
    return lambda *arguments: run(capsys, monkeypatch, database, *arguments)


def added(ask, file):
    return json.loads(ask("import", "households", file, "--json").out)["counts"]["counts_added"]


def latest(database, day):
    with connect(database.app_url) as connection:
        return [n for _, n in connection.execute(LATEST, (day,)).fetchall()]


def test_they_are_imported_with_the_counts_and_weigh_in_a_division(client, database, ask, tmp_path):  # noqa: F811
    report = tmp_path / "plan.json"
    wanted = ("propose", serve.DISTRICT, "--load", LOAD, "--jobs", 1, "--report", report)
    done = ask(*wanted)
    assert (done.code, "counts key_persons, but there are none in district" in done.err) == (3, True), done.err
    numbers = [7 * n % 40 for n in range(24)]
    file = written(tmp_path / "人数.csv", numbers)
    assert "重点人员数 -> key_persons" in ask("import", "households", file).out
    assert latest(database, "2026-06-30") == numbers
    assert added(ask, file) == 0  # the same again
    done = ask(*wanted)
    assert done.code == 0, done.err
    told = json.loads(report.read_text(encoding="utf-8"))
    total = 24 * 65 + 2 * sum(numbers)
    assert told["settings"]["load"] == LOAD
    assert told["settings"]["target"] == pytest.approx(total * 200 / (24 * 65), rel=1e-5)

    plan = opened(client, WEST)
    one = good(client.post(f"{D}/plans/{plan}/proposals", json={"communities": [WEST], "load": LOAD}))["proposals"][0]
    assert one["load"] == LOAD
    edit(client, plan, 0, "propose", {"communities": [WEST], "load": LOAD, "target": one["target"]})
    cells = good(client.get(f"{D}/plans/{plan}/cells"))
    assert sum(cells["load"]) == 12 * 65 + 2 * sum(numbers[:12])
    grid, load = np.array(cells["cells"]["grid"]), np.array(cells["load"])
    off = np.abs(np.bincount(grid, load)[np.unique(grid)] - one["target"])
    assert good(client.post(f"{D}/plans/{plan}/rebalancings", json={}))["now"]["mad"] == pytest.approx(off.mean())

    # of the latest date the latest recorded, one number alone being another; dates to come do not count yet
    again = [numbers[0] + 5, *numbers[1:]]
    assert added(ask, written(tmp_path / "b.csv", again)) == 1
    assert added(ask, written(tmp_path / "c.csv", [99] * 24, "2026-12-31")) == 24
    assert latest(database, "2026-07-02") == again
    now = good(client.get(f"{D}/plans/{plan}/cells"))
    assert sum(now["load"]) == sum(cells["load"]) + 2 * 5


def test_nothing_else_shows_them(client):  # noqa: F811
    readers = {path.name for path in SQL.glob("*.sql") if "key_persons" in path.read_text(encoding="utf-8")}
    assert readers == {"buildings.sql", "imports.sql", "weighing.sql"}  # a rebuilt one's counts, the import, the load
    building = good(client.get(f"{D}/search", params={"q": "B001"}))[0]["id"]
    for path in ("", "/grids", f"/buildings/{building}", f"/grids/{EAST}001"):
        answer = client.get(D + path)
        assert answer.status_code == 200
        assert "key_person" not in answer.text


def test_a_rebuilt_building_keeps_them(client, database):  # noqa: F811  # in force
    wider = small.buildings().frame.iloc[[3]].drop(columns=["households", "people", "as_of"])
    wider = wider.set_geometry(wider.geometry.scale(1.2, 1.2))
    with connect(database.app_url) as connection, connection.transaction(force_rollback=True):
        before = connection.execute(LATEST, ("2026-09-01",)).fetchall()
        day = dt.date(2026, 9, 1)
        made = small.batch("buildings", wider.reset_index(drop=True).assign(households=np.nan))
        done = pipeline.write_batch(connection, serve.DISTRICT, made, effective=day, clock=serve.CLOCK)
        assert done.counts["rebuilt"] == 1
        assert connection.execute(LATEST, ("2026-09-01",)).fetchall() == before


def test_the_column_comes_and_goes_and_the_counts_stay(fresh_database):
    with connect(fresh_database.app_url) as connection:
        for batch in (small.divisions(), small.buildings(key_persons=3)):
            pipeline.write_batch(connection, serve.DISTRICT, batch, clock=serve.CLOCK)
        assert latest(fresh_database, "2026-07-01") == [3] * 24
    kept = "SELECT building_id, as_of, households, people, estimated, recorded_at FROM household_count ORDER BY id"
    with psycopg.connect(fresh_database.owner_url) as connection:
        before = connection.execute(kept).fetchall()
    assert downgrade(fresh_database.owner_url, "0010") == "0010"
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert "key_persons" not in [c.name for c in connection.execute("SELECT * FROM household_count").description]
    migrate(fresh_database.owner_url)
    assert latest(fresh_database, "2026-07-01") == [None] * 24
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert connection.execute(kept).fetchall() == before
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE household_count SET key_persons = -1")
