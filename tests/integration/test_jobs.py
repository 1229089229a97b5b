"""Does long work run beside the service: told as it goes, cancelled, tried again, and taken up when its worker died?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from api.jobs.running import run_job
from gis.errors import CancelledError, ConflictError
from gis.store import jobs, pipeline
from gis.store.connect import connect
from tests.fixtures import environment
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.imports import run

PROGRAM = Path(sys.executable).with_name("gridkeeper")
D = f"/api/districts/{small.DISTRICT}"
WAIT_S = 60


@contextmanager
def worker(database, home):
    """A worker of its own process, as `gridkeeper worker` is."""
    process = subprocess.Popen(
        [PROGRAM, "worker"],
        env=environment(database) | {"GRIDKEEPER_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert "waits for jobs" in process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


def grounds(url, *, events=0):
    """A district with all it needs to be tessellated."""
    with connect(url) as connection:
        for batch in (small.divisions(), small.barriers(), small.buildings()):
            pipeline.write_batch(connection, small.DISTRICT, batch)


def wait_for(client, number, states=jobs.ENDED):
    deadline = time.monotonic() + WAIT_S
    while (item := client.get(f"/api/jobs/{number}").json())["state"] not in states:
        assert time.monotonic() < deadline, item
        time.sleep(0.1)
    return item


def csv_of_parts(*rows):
    return "\n".join(["code,class_name,lon,lat", *rows]).encode()


@pytest.fixture(scope="module")
def spool(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(database, spool):
    grounds(database.app_url)
    with serve.served(database.app_url, home=spool) as client:
        yield client


@pytest.fixture(scope="module")
def working(client, database, spool):
    """The service with a worker beside it."""
    with worker(database, spool):
        yield client


def test_without_a_worker_jobs_wait_and_that_is_said(client):
    job = client.post(f"{D}/jobs", json={"kind": "tessellate"}).json()
    assert (job["state"], job["person"], job["total"]) == ("queued", "gridkeeper", 0)
    told = client.get("/api/jobs").json()
    assert told["workers"] == 0
    assert [item["id"] for item in told["jobs"]] == [job["id"]]
    again = client.post(f"{D}/jobs", json={"kind": "tessellate"})
    assert again.status_code == 409
    assert f"Job {job['id']} waits to do the same" in again.json()["detail"]
    later = client.post(f"{D}/jobs", json={"kind": "propose"}).json()
    assert later["waits_for"] == job["id"]
    for number in (later["id"], job["id"]):
        assert client.post(f"/api/jobs/{number}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/jobs/{job['id']}/cancel").status_code == 409


def test_cells_proposal_and_publication_are_made_by_jobs_and_told_as_they_go(working, database):
    assert working.post(f"{D}/tessellate?background=true", json={}).status_code == 202
    for kind in ("propose", "publish"):
        number = working.post(f"{D}/jobs", json={"kind": kind}).json()["id"]
    with working.stream("GET", f"/api/jobs/{number}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    seen = [json.loads(line) for line in lines]
    assert seen[0]["state"] in {"queued", "running"}
    assert seen[-1]["state"] == "succeeded", seen[-1]
    assert seen[-1]["result"]["report"]["version"] == 1
    assert seen[-1]["started_at"] <= seen[-1]["ended_at"]
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM grid WHERE upper_inf(valid)").fetchone() == (True,)
    known = working.get("/api/jobs", params={"district": small.DISTRICT}).json()
    assert known["workers"] == 1
    assert [item["state"] for item in known["jobs"][:3]] == ["succeeded"] * 3


def test_a_fault_is_told_and_the_job_can_be_tried_again(working):
    number = working.post(f"{D}/jobs", json={"kind": "tessellate"}).json()["id"]
    failed = wait_for(working, number)
    assert failed["state"] == "failed"
    assert "cells do not change" in failed["fault"]["message"]
    assert "单位地块不再改变" in failed["fault"]["message_zh"]
    again = working.post(f"/api/jobs/{number}/retry")
    assert again.status_code == 202
    assert again.json()["id"] > number
    assert wait_for(working, again.json()["id"])["state"] == "failed"
    assert working.get("/api/jobs/999999").status_code == 404


def test_a_file_handed_over_is_imported_and_its_faults_are_a_table(working, spool, database):
    west, south = serve.lonlat(20, 20)
    good = f"J1,路灯,{west},{south}"
    bad = [f"J2,,{west},{south}", good]
    taken = []
    for rows in (bad, [good]):
        handed = working.put("/api/uploads/路灯 1.csv", content=csv_of_parts(*rows))
        assert handed.status_code == 201, handed.text
        asked = {"kind": "import", "what": "parts", "uploads": [handed.json()["id"]]}
        job = working.post(f"{D}/jobs", json=asked).json()
        assert job["title"] == "路灯 1.csv"
        taken.append(wait_for(working, job["id"]))
    refused, done = taken
    assert refused["state"] == "failed"
    assert {remark["row"] for remark in refused["fault"]["remarks"] if remark["severity"] == "error"} == {1}
    assert done["result"]["report"]["counts"]["inserted"] == 1
    kept = [path.name for path in (spool / "uploads").glob("*/*")]
    assert kept == ["路灯 1.csv"], "only the file of the job that failed"
    assert working.put("/api/uploads/empty.csv", content=b"").status_code == 422
    assert working.put("/api/uploads/.hidden", content=b"x").status_code == 422
    gone = {"kind": "import", "what": "parts", "uploads": ["../../etc"]}
    assert working.post(f"{D}/jobs", json=gone).status_code == 404


def test_the_command_line_queues_follows_and_lists(working, database, sample_dir, capsys, monkeypatch):
    def gridkeeper(*words):
        return run(capsys, monkeypatch, database, *words)

    queued = gridkeeper("load", sample_dir, "--district", "990199", "--background")
    assert queued.code == 0, queued.err
    number = int(queued.out.split()[1])
    followed = gridkeeper("job", "follow", number)
    assert followed.code == 0, followed.out
    assert f"Job {number}, load of 990199 by gridkeeper: succeeded." in followed.out
    listed = gridkeeper("job", "list", "--district", "990199")
    assert "succeeded" in listed.out
    assert "1 worker alive." in listed.out
    assert gridkeeper("job", "cancel", number).code == 5


def test_grids_in_force_are_imported_by_a_job(working, database, tmp_path, capsys, monkeypatch):
    def gridkeeper(*words):
        return run(capsys, monkeypatch, database, *words)

    file = tmp_path / "grids.geojson"
    assert gridkeeper("export", "grids", small.DISTRICT, "--out", file).code == 0
    level = "1:division_level=community,kind=basic,profile=local,target=200"
    assert gridkeeper("network", "add", small.DISTRICT, "police", "--name", "警务网格", "--level", level).code == 0
    upload = working.put("/api/uploads/grids.geojson", content=file.read_bytes()).json()["id"]
    asked = {"kind": "import", "what": "grids", "network": "police", "level": "1", "uploads": [upload]}
    undated = wait_for(working, working.post(f"{D}/jobs", json=asked).json()["id"])
    assert "since when" in undated["fault"]["message"]
    dated = working.post(f"{D}/jobs", json=asked | {"effective": "2026-06-01"}).json()["id"]
    done = wait_for(working, dated)
    assert done["state"] == "succeeded", done["fault"]
    assert done["result"]["report"]["counts"]["inserted"] == len(json.loads(file.read_text())["features"])
    since = ("--network", "police", "--effective", "2026-06-01")
    again = gridkeeper("import", "grids", file, "--district", small.DISTRICT, *since, "--background")
    assert again.code == 0, again.err
    shown = wait_for(working, int(again.out.split()[1]))
    assert shown["result"]["report"]["counts"]["inserted"] == 0, "the same grids again change nothing"


def queued(connection, kind="tessellate", **options):
    return jobs.queue_job(connection, jobs.NewJob(kind, small.DISTRICT, options, "Li"))


def test_a_cancelled_job_leaves_nothing(fresh_database, tmp_path):
    grounds(fresh_database.app_url)
    with connect(fresh_database.app_url) as connection:
        number = queued(connection)
        asked = iter([False, False, False])  # then it is to stop
        with pytest.raises(CancelledError):
            run_job(fresh_database.app_url, number, tmp_path, lambda: next(asked, True))
        assert connection.execute("SELECT count(*) FROM cell").fetchone() == (0,)
        assert jobs.read_job(connection, number)["label"], "its progress was seen though nothing was committed"
        run_job(fresh_database.app_url, number, tmp_path)
        assert connection.execute("SELECT count(*) > 0 FROM cell").fetchone() == (True,)


def test_a_running_job_is_cancelled_while_it_waits_for_another_writer(fresh_database, tmp_path):
    grounds(fresh_database.app_url)
    with worker(fresh_database, tmp_path), connect(fresh_database.app_url) as connection:
        with pipeline_lock(connection):
            number = queued(connect_once(fresh_database))
            state = until(lambda: jobs.read_job(connection, number)["state"], {"running"})
            assert state == "running"
            jobs.cancel_job(connection, number)
        assert until(lambda: jobs.read_job(connection, number)["state"], set(jobs.ENDED)) == "cancelled"
        assert connection.execute("SELECT count(*) FROM cell").fetchone() == (0,)


def test_a_job_whose_worker_died_is_begun_again_once(fresh_database, tmp_path):
    grounds(fresh_database.app_url)
    with connect(fresh_database.app_url) as connection:
        number = queued(connection)
        for attempt in (1, 2):
            with worker(fresh_database, tmp_path) as process, pipeline_lock(connection):
                until(lambda: jobs.read_job(connect_once(fresh_database), number)["state"], {"running"})
                process.kill()
                process.wait()
            assert jobs.sweep(connection, 3600) == jobs.Swept([], [], []), "its heart beat a moment ago"
            swept = jobs.sweep(connection, 0)
            assert (swept.again, swept.failed) == (([number], []) if attempt == 1 else ([], [number]))
        row = jobs.read_job(connection, number)
        assert row["state"] == "failed"
        assert "died 2 times" in row["fault"]["message"]
        assert jobs.count_workers(connection) == 0


def test_a_job_that_was_done_when_its_worker_died_is_not_done_twice(fresh_database, tmp_path):
    grounds(fresh_database.app_url)
    with connect(fresh_database.app_url) as connection:
        number = queued(connection)
        started(fresh_database, number)
        run_job(fresh_database.app_url, number, tmp_path)
        assert jobs.sweep(connection, 0).finished == [number]
        assert jobs.read_job(connection, number)["state"] == "succeeded"
        with pytest.raises(ConflictError, match="is succeeded"):
            jobs.retry_job(connection, number)


def test_a_worker_that_is_stopped_puts_its_job_back(fresh_database, tmp_path):
    grounds(fresh_database.app_url)
    with connect(fresh_database.app_url) as connection:
        number = queued(connection)
        with worker(fresh_database, tmp_path) as process:
            with pipeline_lock(connection):
                until(lambda: jobs.read_job(connect_once(fresh_database), number)["state"], {"running"})
                process.terminate()
                time.sleep(1.5)  # it asks the job to stop; that waits for us
            process.wait(WAIT_S)
        assert jobs.read_job(connection, number)["state"] == "queued"
        assert jobs.count_workers(connection) == 0


def test_the_frozen_schema_of_the_queue_is_that_of_the_installed_library():
    import procrastinate

    frozen = Path(__file__).resolve().parents[2] / "migrations/versions/0005_procrastinate.sql"
    installed = Path(procrastinate.__file__).with_name("sql") / "schema.sql"
    assert frozen.read_text().partition("\n")[2] == installed.read_text(), "a newer procrastinate needs a migration"


@contextmanager
def pipeline_lock(connection):
    """Hold the district as another writer would."""
    from gis.store.districts import lock

    with lock(connection, small.DISTRICT):
        yield


def connect_once(database):
    """A connection beside the one that holds a transaction; it ends with the test's process."""
    key = (threading.get_ident(), database.name)
    if key not in _others:
        _others[key] = connect(database.app_url)
    return _others[key]


_others: dict = {}


@pytest.fixture(autouse=True)
def _close_others():
    yield
    while _others:
        _others.popitem()[1].close()


def until(look, wanted):
    deadline = time.monotonic() + WAIT_S
    while (found := look()) not in wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def started(database, number):
    """Take a job as a worker does that is not heard of again."""
    options = "-c search_path=procrastinate,public"
    with psycopg.connect(database.app_url, options=options, autocommit=True) as connection:
        row = connection.execute("SELECT * FROM procrastinate_register_worker_v1()").fetchone()
        taken = connection.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [row[0]]).fetchone()
    assert taken == (number,)
