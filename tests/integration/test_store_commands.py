"""Do `gridkeeper load` and the single steps take a folder of files to grids in force, and refuse bad files whole?"""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gis.errors import ConflictError, InputError, NotFoundError
from gis.store.connect import connect
from tests.integration import small_district as small

KINDS = ("divisions", "buildings", "barriers", "parts")


@pytest.fixture
def folder(tmp_path):
    """The small district as files."""
    place = tmp_path / "wanghe"
    place.mkdir()
    for kind in KINDS:
        frame = getattr(small, kind)().frame
        frame = frame.drop(columns=[c for c in ("parent_code", "successor", "properties") if c in frame])
        frame.astype({c: str for c in frame if c == "as_of"}).to_file(place / f"{kind}.geojson", engine="pyogrio")
    events = small.events().frame
    table = events.drop(columns="geometry").assign(lon=events.geometry.x, lat=events.geometry.y)
    table.to_csv(place / "events.csv", index=False)
    small.workers().frame.to_csv(place / "workers.csv", index=False)
    return place


@pytest.fixture
def run(fresh_database, monkeypatch):
    """Run a command against the test's database; its fault is raised."""
    from api.cli import app

    monkeypatch.setenv("GRIDKEEPER_OWNER_URL", fresh_database.owner_url)
    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", fresh_database.app_url)

    def command(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


def counts(database, *tables):
    with connect(database.app_url) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


def test_load_takes_a_folder_to_grids_in_force(run, folder, fresh_database, tmp_path):
    options = ("--jobs", 1, "--effective", "2026-01-01", "--seed", 3)
    done = run("load", folder, *options, "--report", tmp_path / "report.json")
    assert done.exit_code == 0
    assert "990101: version 1, in force since 2026-01-01 00:00 CST" in done.output
    assert "Median" in done.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [r["title"] for r in report["reports"]][-4:] == [
        "publish",
        "import parts",
        "import events",
        "import workers",
    ]
    assert (report["measures"]["grids"], report["version"]) == (8, 1)
    assert report["explanation"]["within"] + len(report["explanation"]["reasons"]) == 8
    assert {c["name"] for c in report["checks"] if c["hard"] and c["passed"]} >= {"no_gap", "no_overlap"}
    assert counts(fresh_database, "grid", "part", "event", "posting") == [8, 60, 40, 5]
    with connect(fresh_database.app_url) as connection:
        note, unlocated = connection.execute(
            "SELECT crs_note, (SELECT count(*) FROM event WHERE how = 'unlocated') FROM district"
        ).fetchone()
    assert "EPSG:4490" in note
    assert unlocated == 1

    again = run("load", folder, *options)
    assert "grids in force were kept" in again.output
    assert counts(fresh_database, "grid", "part", "event", "posting", "household_count") == [8, 60, 40, 5, 24]
    listed = run("districts").output
    assert "990101" in listed
    assert "1,560" in listed
    assert run("remove", "990101", "--yes").exit_code == 0
    assert "No districts" in run("districts").output


def test_steps_one_by_one(run, folder, fresh_database, tmp_path):
    from gis.ingest import ReadOptions
    from gis.store import pipeline

    with connect(fresh_database.app_url) as connection:
        for batch in pipeline.read_folder(connection, folder, ReadOptions()).batches:
            pipeline.write_batch(connection, "990101", batch)
    assert "cells 24" in run("tessellate", "990101", "--jobs", 1).output
    reports = [tmp_path / "propose.json", tmp_path / "check.json"]
    proposed = run("propose", "990101", "--jobs", 1, "--target", 200, "--report", reports[0]).output
    assert "Plan 1 of 990101." in proposed
    assert "of 8 grids within ±10 %" in proposed
    assert "个在 ±10% 以内" in proposed
    assert "no_cut_building" in run("check", "990101", "--report", reports[1]).output
    told = [json.loads(file.read_text("utf-8")) for file in reports]
    assert told[0]["explanation"] == told[1]["explanation"]
    assert told[0]["explanation"]["excused"] == told[0]["measures"]["excused_grids"]
    assert counts(fresh_database, "grid") == [0]
    assert "version 1" in run("publish", "990101", "--as", "周审批").output
    assert counts(fresh_database, "grid", "posting") == [8, 5]
    with pytest.raises(ConflictError, match="no draft"):
        run("publish", "990101")
    with pytest.raises(NotFoundError):
        run("check", "nowhere")


def test_one_bad_file_and_nothing_is_written(run, folder, fresh_database, tmp_path):
    path = folder / "buildings.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace('"households": 65.0', '"households": -65.0', 1), "utf-8")
    with pytest.raises(InputError, match="nothing was imported"):
        run("load", folder, "--jobs", 1, "--report", tmp_path / "report.json")
    assert counts(fresh_database, "district", "division", "import_run") == [0, 0, 0]
    (report,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["reports"]
    assert report["title"] == "import buildings"
    assert [r["field"] for r in report["remarks"] if r["severity"] == "error"] == ["households"]

    assert run("load", folder, "--jobs", 1, "--accept-partial").exit_code == 0
    assert counts(fresh_database, "building", "grid") == [23, 8]


@pytest.mark.parametrize(
    ("options", "said"), [(("--as-of", "yesterday"), "no date"), (("--effective", "soon"), "no moment")]
)
def test_dates_that_are_none_are_told(run, folder, fresh_database, options, said):
    with pytest.raises(InputError, match=said):
        run("load", folder, "--jobs", 1, *options)
    assert counts(fresh_database, "district") == [0]
