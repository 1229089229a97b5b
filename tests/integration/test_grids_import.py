"""Do grids in force come in as they are, with what is wrong with them told and nothing else changed?"""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
import shapely

from gis.clock import stopped_at
from gis.errors import ConflictError, InputError
from gis.exchange import EXCHANGE
from gis.ingest import read_kind
from gis.networks import Level, Network
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.reading import cells_at, district_bounds, read_cells
from tests.integration import small_district as small
from tests.integration.imports import run
from tests.integration.in_force import BEGIN, publish_first
from tests.integration.invariants import insist_on_model

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NOW = BEGIN + dt.timedelta(days=30)
CLOCK = stopped_at(NOW)
SINCE = dt.date(2026, 7, 10)
MIDNIGHT = dt.datetime(2026, 7, 9, 16, tzinfo=dt.UTC)
SIDE = 4 * small.BLOCK


@pytest.fixture(scope="module")
def published(databases):
    """A database with the community grids in force since BEGIN, and a police network without grids."""
    with databases.clone() as database:
        clock = stopped_at(BEGIN)
        with connect(database.app_url) as connection:
            publish_first(connection)
            level = Level(1, "subdistrict", code_profile="local")
            pipeline.add_network(connection, D, Network("police", "警务网格", levels=(level,)))
            pipeline.add_person(connection, "李规划", clock=clock)
        yield database


@pytest.fixture
def store(databases, published):
    with databases.clone(of=published.name) as database, connect(database.app_url) as connection:
        yield connection


def drawn(shapes, codes, **columns) -> small.Batch:
    given = {"code": codes, "name": None, "kind": None, "community_code": None}
    return small.batch("grids", small.frame(given | columns, shapes), "police.gpkg")


def halves(at: float = SIDE / 2, codes=("甲", "乙"), **columns) -> small.Batch:
    height = 2 * small.BLOCK
    return drawn([shapely.box(0, 0, at, height), shapely.box(at, 0, SIDE, height)], list(codes), **columns)


def take(store, batch, **options):
    given = {"network": "police", "effective": SINCE, "clock": CLOCK}
    return pipeline.import_grids(store, D, batch, **given | options)


def rows(store, statement, *values):
    return store.execute(statement, values).fetchall()


GRIDS = """
    SELECT g.code, g.name, g.kind, g.origin, d.code, lower(g.valid), round(g.area_m2)
    FROM grid g JOIN network n ON n.id = g.network_id JOIN division d ON d.id = g.division_id
    WHERE n.code = 'police' ORDER BY g.code
"""


def test_grids_come_as_they_are_and_their_faults_are_recorded(store):
    step = take(store, halves(name=["红旗片区", None], kind=["responsibility", None]))
    assert step.version == 1
    assert rows(store, GRIDS) == [
        ("乙", "乙", "basic", "import", "990101001", MIDNIGHT, 90_000),
        ("甲", "红旗片区", "responsibility", "import", "990101001", MIDNIGHT, 90_000),
    ]
    [(status, title, as_of, checks)] = rows(
        store,
        "SELECT p.status, p.title, p.as_of::text, u.checks FROM plan p JOIN publication u ON u.plan_id = p.id"
        " JOIN network n ON n.id = p.network_id WHERE n.code = 'police'",
    )
    assert (status, title, as_of) == ("published", "Import police.gpkg", "2026-06-30")
    failed = {check["name"]: check["codes"] for check in checks if check["hard"] and not check["passed"]}
    assert failed == {"code_matches_parent": ["乙", "甲"]}
    assert step.report.counts["hard_checks_failed"] == 1
    assert "check_code_matches_parent" in step.report.tally()
    point = small.frame({}, [shapely.Point(100, 100)]).geometry[0]
    for at, grid in ((NOW, "甲"), (MIDNIGHT - dt.timedelta(seconds=1), None)):
        [answer] = pipeline.locate_points(store, D, [(point.x, point.y)], at=at, network="police")
        assert answer.grid_code == grid
    [answer] = pipeline.locate_points(store, D, [(point.x, point.y)], at=NOW)
    assert answer.grid_code == f"{WEST}003"


def test_the_same_grids_again_change_nothing_and_others_are_refused(store):
    take(store, halves())
    before = rows(store, "SELECT count(*), max(id) FROM grid_cell")
    again = take(store, halves())
    assert (again.version, again.report.counts["unchanged"]) == (None, 2)
    with pytest.raises(ConflictError, match="gridkeeper plan open"):
        take(store, halves(at=150.0))
    assert rows(store, "SELECT count(*), max(id) FROM grid_cell") == before


def test_nothing_is_written_where_the_file_cannot_be_taken(store):
    before = rows(store, "SELECT (SELECT count(*) FROM plan), (SELECT count(*) FROM grid), (SELECT count(*) FROM cell)")
    with pytest.raises(InputError, match="lies ahead"):
        take(store, halves(), effective=NOW.date() + dt.timedelta(days=2))
    kiosk = [shapely.box(0, 0, SIDE, 300), shapely.box(5, 5, 6, 6)]
    with pytest.raises(InputError, match="larger share of no cell") as fault:
        take(store, drawn(kiosk, ["大", "小"]))
    assert [r.code for r in fault.value.report.remarks if r.rule == "grid_without_cells"] == ["小"]
    with pytest.raises(InputError, match="no grid of it holds"):
        take(store, drawn([shapely.box(9000, 0, 9100, 300)], ["远"]))
    after = rows(store, "SELECT (SELECT count(*) FROM plan), (SELECT count(*) FROM grid), (SELECT count(*) FROM cell)")
    assert after == before


def test_ground_left_out_has_no_grid_and_is_listed(store):
    kiosk = shapely.box(5, 5, 6, 6)
    batch = drawn([shapely.box(0, 0, 450, 300), kiosk], ["大", "小"])
    step = take(store, batch, accept_partial=True)
    assert [row[0] for row in rows(store, GRIDS)] == ["大"]
    counts, tally = step.report.counts, step.report.tally()
    assert counts["households_without_grid"] == 6 * 65
    assert tally["cell_without_grid"] == counts["cells_without_grid"] >= 6
    assert tally["grid_without_cells"] == 1
    assert "check_no_gap" in tally
    held = rows(
        store,
        "SELECT count(*) FROM grid_cell m JOIN building_cell k ON k.cell_id = m.cell_id"
        " JOIN network n ON n.id = m.network_id WHERE n.code = 'police'",
    )
    assert held == [(18,)]


def test_exact_divides_cells_and_every_network_keeps_its_ground(store):
    before = rows(
        store,
        "SELECT g.code, round(sum(c.area_m2)::numeric, 2) FROM grid_cell m JOIN cell c ON c.id = m.cell_id"
        " JOIN grid g ON g.id = m.grid_id WHERE m.valid @> %s::timestamptz GROUP BY g.code ORDER BY 1",
        NOW,
    )
    place = district_of(store, D)
    old = cells_at(store, place, NOW)
    step = take(store, halves(at=135.0), exact=True)  # beside the slabs of the first blocks (30 to 110 m)
    assert step.report.counts["cells_divided"] > 0
    assert step.report.counts["displaced_m2"] == pytest.approx(0, abs=0.5)
    assert [(row[0], float(row[-1])) for row in rows(store, GRIDS)] == [("乙", 139_500.0), ("甲", 40_500.0)]
    cells = read_cells(store, place, as_of=place.as_of, at=NOW)
    shapes = np.asarray(cells.tessellation.cells.geometry.array, object)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(600 * 300, rel=1e-6)
    assert cells.tessellation.cells["households"].sum() == 1560
    assert cells_at(store, place, MIDNIGHT - dt.timedelta(seconds=1)).tolist() == old.tolist()
    after = rows(
        store,
        "SELECT g.code, round(sum(c.area_m2)::numeric, 2) FROM grid_cell m JOIN cell c ON c.id = m.cell_id"
        " JOIN grid g ON g.id = m.grid_id JOIN network n ON n.id = m.network_id"
        " WHERE n.code = 'community' AND m.valid @> %s::timestamptz GROUP BY g.code ORDER BY 1",
        NOW,
    )
    assert [code for code, _ in after] == [code for code, _ in before]
    assert [float(m2) for _, m2 in after] == pytest.approx([float(m2) for _, m2 in before], abs=0.1)
    lost = rows(
        store,
        "SELECT count(*) FROM part p WHERE p.cell_id IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM cell c WHERE c.id = p.cell_id AND c.valid @> %s::timestamptz)",
        NOW,
    )
    assert lost == [(0,)]
    again = take(store, halves(at=135.0), exact=True)
    assert (again.version, again.report.counts["unchanged"]) == (None, 2)


def test_exact_leaves_a_cell_whole_where_a_line_cuts_a_building(store):
    step = take(store, halves(at=70.0), exact=True)  # through the slabs of the first blocks
    assert step.report.counts["cells_whole"] == 6
    told = [r.message for r in step.report.remarks if r.rule == "cell_stays_whole"]
    assert sum("B000" in text for text in told) == 1
    held = rows(
        store,
        "SELECT count(DISTINCT m.grid_id) FROM grid_cell m JOIN building_cell k ON k.cell_id = m.cell_id"
        " JOIN network n ON n.id = m.network_id WHERE n.code = 'police' AND m.valid @> %s::timestamptz"
        " GROUP BY k.building_id HAVING count(DISTINCT m.grid_id) > 1",
        NOW,
    )
    assert held == []


def test_exact_waits_for_plans_in_the_making(store):
    pipeline.open_draft(store, D, [WEST], Actor("李规划"), clock=CLOCK)
    with pytest.raises(ConflictError, match="Publish or discard it first"):
        take(store, halves(at=135.0), exact=True)


@pytest.mark.parametrize("suffix", [s for s in EXCHANGE if s not in {".json", ".geoparquet"}])
def test_every_format_comes_back_by_the_command_line(databases, published, capsys, monkeypatch, tmp_path, suffix):
    with databases.clone(of=published.name) as database:
        file, report = tmp_path / f"grids{suffix}", tmp_path / "report.json"
        ran = run(capsys, monkeypatch, database, "export", "grids", D, "--out", file)
        assert (ran.code, ran.out.strip()) == (0, str(file))
        command = ["import", "grids", file, "--network", "police", "--effective", "2026-07-10", "--report", report]
        ran = run(capsys, monkeypatch, database, *command)
        assert ran.code == 0, ran.err
        told = json.loads(report.read_text(encoding="utf-8"))
        assert (told["counts"]["inserted"], told["counts"]["displaced_m2"], told["counts"]["gained_m2"]) == (8, 0, 0)
        with connect(database.app_url) as connection:
            [same] = connection.execute(
                "SELECT bool_and(x.code = y.code AND x.name = y.name) FROM grid_cell a JOIN grid x ON x.id = a.grid_id"
                " JOIN grid_cell b ON b.cell_id = a.cell_id AND b.id <> a.id JOIN grid y ON y.id = b.grid_id"
            ).fetchone()
        assert same


def test_a_draft_leaves_as_a_file_too_and_bad_orders_are_one_message(
    databases, published, capsys, monkeypatch, tmp_path
):
    with databases.clone(of=published.name) as database:
        with connect(database.app_url) as connection:
            plan = pipeline.open_draft(connection, D, [WEST], Actor("李规划"), clock=CLOCK)
        file = tmp_path / "plan.gpkg"
        ran = run(capsys, monkeypatch, database, "export", "plan", D, plan, "--out", file, "--crs", "EPSG:4548")
        assert ran.code == 0, ran.err
        with connect(database.app_url) as connection:
            batch = read_kind("grids", [file], district=district_bounds(connection, D))
            assert batch.frame["code"].tolist() == [f"{WEST}{n:03}" for n in range(1, 5)]
        police = ["--network", "police", "--effective", "2026-07-10"]
        for order, words in (
            (["export", "grids", D, "--out", tmp_path / "x.xlsx"], "names no format"),
            (["export", "grids", D, "--out", tmp_path / "x.csv", "--crs", "EPSG:4548"], "CSV"),
            (["export", "grids", D, "--out", tmp_path / "x.gpkg", "--network", "fire"], "no grids in force"),
            (["import", "grids", file, "--network", "police"], "--effective"),
            (["import", "grids", file, *police, "--level", "7"], "no level 7"),
            (["import", "grids", file, *police, "--level", "community"], "no level of grids"),
        ):
            ran = run(capsys, monkeypatch, database, *order)
            assert ran.code != 0
            assert words in ran.err
            assert len(ran.err.strip().splitlines()) == 1
            assert not list(tmp_path.glob("x.*"))


def test_names_of_columns_are_those_offices_use(store, tmp_path):
    frame = halves().frame.rename(columns={"code": "网格编码", "name": "网格名称"})
    frame["网格名称"] = ["甲片", "乙片"]
    file = tmp_path / "旧网格.geojson"
    frame[["网格编码", "网格名称", "geometry"]].to_crs(4326).to_file(file, driver="GeoJSON")
    batch = read_kind("grids", [file], district=district_bounds(store, D))
    take(store, batch)
    assert [row[:2] for row in rows(store, GRIDS)] == [("乙", "乙片"), ("甲", "甲片")]


def test_community_grids_may_be_the_first_thing_there_is(fresh_database):
    clock = stopped_at(BEGIN)
    with connect(fresh_database.app_url) as connection:
        for kind in ("divisions", "buildings", "barriers", "workers"):
            pipeline.write_batch(connection, D, getattr(small, kind)(), clock=clock)
        pipeline.tessellate_district(connection, D, clock=clock)
        batch = halves(codes=(f"{WEST}007", f"{EAST}002"))
        step = take(connection, batch, network="community", effective=dt.date(2019, 1, 1))
        assert step.report.counts["hard_checks_failed"] == 0
        assert step.report.counts["posted"] == 2
        [answer] = pipeline.locate_points(connection, D, [batch.frame.geometry[0].centroid.coords[0]], clock=CLOCK)
        assert (answer.grid_code, answer.grid_name, answer.version) == (f"{WEST}007", "第七网格", 1)


def test_the_next_plan_mends_what_was_taken_as_it_was(store):
    """A grid with a code of another making, and ground in no grid: both are right in the plan after, names go on."""
    wang = Actor("王审批")
    pipeline.add_person(store, wang.name, clock=CLOCK)
    pipeline.add_network(store, D, Network("party", "党建网格"))
    batch = drawn(
        [shapely.box(0, 0, 300, 150), shapely.box(0, 150, 300, 300), shapely.box(300, 0, 450, 300)],
        ["甲", f"{WEST}004", f"{EAST}009"],
        name=["老甲", "红旗", "东风"],
    )
    take(store, batch, network="party")
    plan = pipeline.open_draft(store, D, [WEST, EAST], Actor("李规划"), network="party", clock=CLOCK)
    held = rows(store, "SELECT count(*), count(DISTINCT grid_code) FROM plan_cell WHERE plan_id = %s", plan)
    assert held == [(len(cells_at(store, district_of(store, D), NOW)), 4)]
    step = pipeline.check_plan(store, D, plan, clock=CLOCK)
    assert all(check.passed for check in step.checks if check.hard), [c.message for c in step.checks if not c.passed]
    corner = rows(
        store,
        "SELECT p.cell_id FROM plan_cell p JOIN cell c ON c.id = p.cell_id WHERE p.plan_id = %s"
        " AND p.grid_code = %s ORDER BY ST_XMax(c.geom) DESC LIMIT 1",
        plan, f"{WEST}004",
    )  # fmt: skip
    move = {"cells": [corner[0][0]], "to": "甲"}
    pipeline.edit_draft(store, D, plan, Actor("李规划"), revision=0, kind="move", payload=move, clock=CLOCK)
    for name, actor in (("submit", Actor("李规划")), ("approve", wang), ("publish", wang)):
        pipeline.take_step(store, D, plan, actor, name, clock=CLOCK)
    named = "SELECT g.code, g.name, g.origin FROM grid g JOIN network n ON n.id = g.network_id WHERE n.code = 'party'"
    assert rows(store, named + " AND upper_inf(g.valid) ORDER BY 1") == [
        (f"{WEST}004", "红旗", "plan"),
        (f"{WEST}005", "第五网格", "plan"),
        (f"{EAST}009", "东风", "import"),
        (f"{EAST}010", "第十网格", "plan"),
    ]


def split_a_cell(store, li, wang) -> int:
    """An approved plan of all communities in which the upper part of the cell of B002 is a cell of another grid."""
    plan = pipeline.open_draft(store, D, [WEST, EAST], li, clock=CLOCK)
    holds = (
        "SELECT p.cell_id, p.grid_code FROM plan_cell p JOIN building_cell k ON k.cell_id = p.cell_id"
        " JOIN building b ON b.id = k.building_id WHERE p.plan_id = %s AND b.code = %s"
    )
    [(cell, _)] = rows(store, holds, plan, "B002")
    line = small.frame({}, [shapely.LineString([(-5, 130), (200, 130)])]).geometry[0]
    payload = {"cell": cell, "line": [list(point) for point in line.coords]}
    pipeline.edit_draft(store, D, plan, li, revision=0, kind="split", payload=payload, clock=CLOCK)
    upper = (
        "SELECT c.id FROM cell c JOIN plan_cell p ON p.cell_id = c.id JOIN cell_lineage l ON l.to_cell = c.id"
        " WHERE p.plan_id = %s AND l.from_cell = %s ORDER BY ST_YMax(c.geom) DESC LIMIT 1"
    )
    [(child,)] = rows(store, upper, plan, cell)
    [(_, key)] = rows(store, holds, plan, "B010")
    payload = {"cells": [child], "to": key}
    pipeline.edit_draft(store, D, plan, li, revision=1, kind="move", payload=payload, clock=CLOCK)
    for name, actor in (("submit", li), ("approve", wang)):
        pipeline.take_step(store, D, plan, actor, name, clock=CLOCK)
    return plan


@pytest.mark.parametrize("exact", [False, True])
def test_on_the_day_of_a_recut_grids_begin_with_its_cells(store, exact):
    wang = Actor("王审批")
    pipeline.add_person(store, wang.name, clock=CLOCK)
    plan = split_a_cell(store, Actor("李规划"), wang)
    pipeline.take_step(store, D, plan, wang, "publish", clock=CLOCK)
    with pytest.raises(ConflictError, match="puts others in the place of cells") as fault:
        take(store, halves(at=135.0), effective=NOW.date(), exact=exact)
    tomorrow = NOW.date() + dt.timedelta(days=1)
    assert f"--effective {tomorrow}," in fault.value.remedy
    for name in ("withdraw", "discard"):
        pipeline.take_step(store, D, plan, wang, name, clock=CLOCK)

    plan = split_a_cell(store, Actor("李规划"), wang)
    pipeline.take_step(store, D, plan, wang, "publish", effective=NOW, clock=CLOCK)
    with pytest.raises(ConflictError, match="are what they are only since") as fault:
        take(store, halves(at=135.0), effective=NOW.date() - dt.timedelta(days=1), exact=exact)
    assert f"--effective {NOW.date()}" in fault.value.remedy
    later = NOW + dt.timedelta(hours=3)
    step = take(store, halves(at=135.0), effective=NOW.date(), exact=exact, clock=stopped_at(later))
    assert step.effective == NOW
    assert step.report.tally()["grids_begin_with_cells"] == 1
    assert {row[5] for row in rows(store, GRIDS)} == {NOW}
    insist_on_model(store, district_of(store, D), [NOW - dt.timedelta(hours=1), NOW, later])
