"""Does a search with a time limit answer in every way it can be asked, and is its plan made again from the record?"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from urllib.parse import quote

import geopandas as gpd
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.jobs.running import run_job
from api.streaming import pieces
from gis.errors import CancelledError
from gis.store.connect import connect
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.test_file_mode import files, run, words  # noqa: F401  # fixtures

D = f"/api/districts/{serve.DISTRICT}"
WEST = small.COMMUNITIES[0]
LI = {"X-Gridkeeper-Person": quote("李规划")}
INSTANT = 1e-6
"""Seconds in which no search gets beyond its start."""


@pytest.fixture(scope="module")
def client(database):
    serve.put_in_force(database.app_url)
    with serve.served(database.app_url) as client:
        assert client.post("/api/persons", json={"name": "李规划"}).status_code == 201
        yield client


def good(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def grids_of(url, plan):
    with connect(url) as connection:
        rows = connection.execute("SELECT cell_id, grid_code FROM plan_cell WHERE plan_id = %s", (plan,)).fetchall()
    return dict(rows)


def codes(path):
    """What grids a file has: code, households and ground of each."""
    grids = gpd.read_file(path)
    return list(zip(grids["grid_code"], grids["households"], grids.geometry.to_wkt(), strict=True))


def test_files_are_divided_in_a_time_and_again_from_the_report(run, files, tmp_path):  # noqa: F811
    cut, again, whole = (tmp_path / f"{name}.json" for name in ("cut", "again", "whole"))
    shapes = [tmp_path / f"{name}.geojson" for name in ("cut", "again", "whole")]
    code, _, err = run(*words(files, shapes[0], report=cut), "--seconds", INSTANT)
    assert code == 0, err
    assert "The limit of 1e-06 s ended the search early in 2 of 2 communities" in err
    assert run(*words(files, shapes[1], report=again), "--steps", cut, "--jobs", 2)[0] == 0
    assert codes(shapes[0]) == codes(shapes[1])
    assert json.loads(cut.read_text())["settings"] == json.loads(again.read_text())["settings"]
    assert run(*words(files, shapes[2], report=whole), "--seconds", 600)[0] == 0
    assert codes(shapes[2]) != codes(shapes[0])
    assert "stages" not in json.loads(whole.read_text())["settings"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[1]")
    for more, said in (
        (["--seconds", 0], "0 seconds"),
        (["--steps", wrong], "no report of a plan"),
        (["--seconds", 1, "--steps", cut], "contradict"),
        (["--steps", cut, "--target", 100], "does not fit"),
    ):
        code, _, err = run(*words(files, tmp_path / "none.geojson"), *more)
        assert code != 0
        assert said in err
    assert not (tmp_path / "none.geojson").exists()


def test_a_first_plan_is_proposed_in_a_time_and_again_from_its_settings(client, database, tmp_path):
    asked = {"target": 100, "seconds": INSTANT}
    told = good(client.post(f"{D}/propose", json=asked, headers=LI))
    assert told["tally"]["time_was_up"] == 1
    stages = told["settings"]["stages"]
    first = grids_of(database.app_url, told["plan_id"])
    again = good(client.post(f"{D}/propose", json={"target": 100, "stages": stages}, headers=LI))
    assert grids_of(database.app_url, again["plan_id"]) == first
    job = good(client.post(f"{D}/jobs", json={"kind": "propose", "target": 100, "stages": stages}, headers=LI), 202)
    made = run_job(database.app_url, job["id"], tmp_path)["report"]
    assert made["settings"]["stages"] == stages
    assert grids_of(database.app_url, made["plan_id"]) == first
    for wrong in ({"seconds": 0}, {"seconds": 1, "stages": stages}, {"stages": {"nowhere": [[1, 1]]}}):
        answer = client.post(f"{D}/propose", json={"target": 100} | wrong, headers=LI)
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_on_the_command_line_too(client, database, monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDKEEPER_OWNER_URL", database.owner_url)
    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)
    plan = good(client.post(f"{D}/plans", json={"communities": [WEST]}, headers=LI), 201)["id"]
    report, limits = tmp_path / "report.json", ["--communities", WEST, "--target", 100]
    first = CliRunner().invoke(app, ["propose", small.DISTRICT, "--target", "100", "--seconds", str(INSTANT)])
    assert "ended the search early" in first.output

    def tried(*given):
        return CliRunner().invoke(app, [str(word) for word in ("plan", *given)])

    def command(*given):
        done = tried(*given)
        assert done.exit_code == 0, done.output
        return done.output

    said = command("compare", small.DISTRICT, plan, *limits, "--seconds", INSTANT, "--report", report)
    assert "The limit cut the search" in said
    (one,) = json.loads(report.read_text("utf-8"))["proposals"]
    made = ["--style", one["style"], "--seed", one["seed"], "--steps", report]
    other = tried("propose", small.DISTRICT, plan, *limits, "--seed", 77, "--steps", report, "--as", "李规划")
    assert "no proposal of style balanced and seed 77" in str(other.exception)
    command("propose", small.DISTRICT, plan, *limits, *made, "--as", "李规划")
    cells = {cell: key for key, cells in one["assignment"].items() for cell in cells}
    assert grids_of(database.app_url, plan) == cells


def test_proposals_come_one_by_one_and_as_many_as_time_allows(client):
    plan = good(client.post(f"{D}/plans", json={"communities": [WEST]}, headers=LI), 201)["id"]
    asked = {"communities": [WEST], "target": 100}
    whole = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))
    with client.stream("POST", f"{D}/plans/{plan}/proposals/stream", json=asked) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines[-1] == whole
    assert [len(line["proposals"]) for line in lines] == [
        *range(1, len(whole["proposals"]) + 1),
        len(whole["proposals"]),
    ]
    assert all(line["proposals"] == whole["proposals"][: len(line["proposals"])] for line in lines)
    wrong = client.post(f"{D}/plans/{plan}/proposals/stream", json=asked | {"minimum": 300, "maximum": 200})
    assert wrong.status_code == 422
    assert "contradict" in wrong.json()["detail"]

    short = good(client.post(f"{D}/plans/{plan}/proposals", json=asked | {"seconds": INSTANT}))
    assert "1e-06" in short["words"]["zh"]
    (one,) = short["proposals"]
    payload = {**asked, "style": one["style"], "seed": one["seed"], "stages": one["stages"]}
    edit = {"revision": 0, "kind": "propose", "payload": payload}
    good(client.post(f"{D}/plans/{plan}/operations", json=edit, headers=LI))
    columns = good(client.get(f"{D}/plans/{plan}/cells"))
    keys = [columns["grids"][grid]["key"] for grid in columns["cells"]["grid"]]
    now = dict(zip(columns["cells"]["cell_id"], keys, strict=True))
    assert now == {cell: key for key, cells in one["assignment"].items() for cell in cells}


def test_who_stops_listening_ends_the_work():
    ended = threading.Event()

    def work(tell, progress):
        tell(1)
        try:
            while True:
                progress("", 0, 0)
                time.sleep(0.005)
        except CancelledError:
            ended.set()
            raise

    async def listen():
        made = pieces(work)
        assert await anext(made) == 1
        await made.aclose()
        assert await asyncio.to_thread(ended.wait, 10)

    asyncio.run(listen())
