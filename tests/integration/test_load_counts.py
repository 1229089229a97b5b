"""Does `gridkeeper load` take household counts in a file of their own, and is what a total lacks told beside it?"""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.integration import small_district as small
from tests.integration.imports import run

CODES = small.buildings().frame["code"].tolist()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "县"
    path.mkdir()
    divisions = small.divisions().frame[["level", "code", "name", "geometry"]]
    divisions.to_file(path / "divisions.geojson", driver="GeoJSON")
    small.buildings().frame[["code", "address", "geometry"]].to_file(path / "buildings.geojson", driver="GeoJSON")
    small.barriers().frame.to_file(path / "barriers.geojson", driver="GeoJSON")
    return path


def write_counts(folder, codes) -> None:
    lines = ["楼栋编码,户数,统计日期", *(f"{code},50,2026-06-30" for code in codes)]
    (folder / "households.csv").write_text("\n".join(lines), encoding="utf-8")


def test_counts_in_a_file_of_their_own_are_loaded_with_the_buildings(
    fresh_database, folder, capsys, monkeypatch, tmp_path
):
    write_counts(folder, CODES)
    ran = run(capsys, monkeypatch, fresh_database, "load", folder)
    assert ran.code == 0, ran.err
    with psycopg.connect(fresh_database.app_url) as connection:
        counts = connection.execute("SELECT count(*), sum(households), bool_or(estimated) FROM household_count")
        assert counts.fetchone() == (24, 1200, False)
        in_force = connection.execute("SELECT count(*) FROM grid WHERE upper_inf(valid)")
        assert in_force.fetchone() == (6,)  # 600 households in each community
    ran = run(capsys, monkeypatch, fresh_database, "districts")
    assert "100 %" in ran.out
    assert "1,200" in ran.out


def test_a_total_never_stands_without_what_it_lacks(fresh_database, folder, capsys, monkeypatch, tmp_path):
    report = tmp_path / "report.json"
    write_counts(folder, CODES[:5])
    for kind in ("divisions", "buildings"):
        assert run(capsys, monkeypatch, fresh_database, "import", kind, folder / f"{kind}.geojson").code == 0
    ran = run(
        capsys, monkeypatch, fresh_database, "import", "households", folder / "households.csv", "--report", report
    )
    assert ran.code == 0, ran.err
    remarks = json.loads(report.read_text(encoding="utf-8"))["remarks"]
    told = {r["code"]: r["message"] for r in remarks if r["rule"] == "completeness"}
    assert told[small.COMMUNITIES[0]].endswith("250 households (none yet for 7 buildings)")
    assert told[small.COMMUNITIES[1]].endswith("0 households (none yet for 12 buildings)")
    ran = run(capsys, monkeypatch, fresh_database, "districts")
    assert "20 %" in ran.out
    assert "250" in ran.out
