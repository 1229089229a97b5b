"""Do cells, plan, grids and everything located to them come out of the store as the rules say?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import psycopg
import pytest
import shapely

from gis.clock import stopped_at
from gis.errors import CheckFailedError, ConflictError, InputError, NotFoundError
from gis.graph import FOLLOWS
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.metric import to_metric, to_stored
from gis.store.plans import read_plan
from gis.store.reading import read_cells
from gis.store.tables import metadata
from tests.integration import small_district as small

D = small.DISTRICT
NOW = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
CLOCK = stopped_at(NOW)
AS_OF = dt.date(2026, 6, 30)


def prepared(connection, *kinds):
    for kind in ("divisions", "buildings", "barriers", *kinds):
        pipeline.write_batch(connection, D, getattr(small, kind)(), clock=CLOCK)


@pytest.fixture(scope="module")
def store(database):
    """The small district, published, with everything located and posted."""
    with connect(database.app_url) as connection:
        prepared(connection)
        pipeline.tessellate_district(connection, D, clock=CLOCK)
        pipeline.propose_plan(connection, D, clock=CLOCK)
        pipeline.publish_plan(connection, D, by="周审批", clock=CLOCK)
        for kind in ("parts", "events", "workers"):
            pipeline.write_batch(connection, D, getattr(small, kind)(), clock=CLOCK)
        yield connection


@pytest.fixture
def draft(fresh_database):
    """The small district with a draft, nothing in force."""
    with connect(fresh_database.app_url) as connection:
        prepared(connection)
        pipeline.tessellate_district(connection, D, clock=CLOCK)
        pipeline.propose_plan(connection, D, clock=CLOCK)
        yield connection


def scalar(connection, statement, *values):
    return connection.execute(statement, values).fetchone()[0]


def test_cells_come_back_as_an_exact_coverage(store):
    stored = read_cells(store, district_of(store, D), as_of=AS_OF, at=NOW)
    tessellation = stored.tessellation
    cells = np.asarray(tessellation.cells.geometry.array, object)
    assert shapely.coverage_is_valid(cells)
    ground = shapely.union_all(tessellation.communities.geometry.to_numpy())
    assert ground.area == pytest.approx(600 * 300, rel=1e-6)
    assert shapely.area(cells).sum() == pytest.approx(ground.area, abs=1e-3)
    assert len(tessellation.building_cell) == 24
    assert tessellation.cells["households"].sum() == 1560
    assert {FOLLOWS[f] for f in tessellation.adjacency.follows} >= {"secondary", "residential"}
    areas = dict(store.execute("SELECT id, area_m2 FROM cell").fetchall())
    assert [areas[i] for i in stored.ids] == pytest.approx(shapely.area(cells), abs=1e-4)


def test_there_and_back_is_the_same_vertex_everywhere():
    lines = shapely.linestrings(small.points(200)[:, None, :] + np.array(small.ORIGIN) + [[[0, 0], [7, 3]]])
    back = to_metric(to_stored(lines, "EPSG:4548"), "EPSG:4548")
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(lines)).max() < 1e-6
    single = np.concatenate([to_stored(lines[i : i + 1], "EPSG:4548") for i in range(len(lines))])
    assert (shapely.get_coordinates(single) == shapely.get_coordinates(to_stored(lines, "EPSG:4548"))).all()


def test_grids_in_force_are_their_cells(store):
    rows = store.execute(
        "SELECT g.code, g.name, g.kind, g.origin, g.colour, d.code, lower(g.valid), upper(g.valid),"
        " ST_AsBinary(g.geom), ST_AsBinary(ST_Union(c.geom))"
        " FROM grid g JOIN division d ON d.id = g.division_id JOIN grid_cell m ON m.grid_id = g.id"
        " JOIN cell c ON c.id = m.cell_id GROUP BY g.id, d.code ORDER BY g.code"
    ).fetchall()
    assert [row[0] for row in rows] == [f"{c}{n:03}" for c in small.COMMUNITIES for n in range(1, 5)]
    assert [row[1] for row in rows[:4]] == ["第一网格", "第二网格", "第三网格", "第四网格"]
    assert {row[2:4] for row in rows} == {("basic", "plan")}
    assert {row[6:8] for row in rows} == {(NOW, None)}
    for row in rows:
        assert row[0].startswith(row[5])
        shape, union = (to_metric(np.array([shapely.from_wkb(b)], object), "EPSG:4548")[0] for b in row[8:10])
        assert shape.symmetric_difference(union).area < 1e-3
    grids = to_metric(np.array([shapely.from_wkb(row[8]) for row in rows], object), "EPSG:4548")
    assert shapely.coverage_is_valid(grids)
    for a in range(len(rows)):
        for b in range(a):
            if shapely.intersection(grids[a], grids[b]).length > 1:
                assert rows[a][4] != rows[b][4]
    version, by, checks = store.execute("SELECT version, published_by, checks FROM publication").fetchone()
    assert (version, by) == (1, "周审批")
    assert {c["name"] for c in checks if c["hard"]} >= {"inside_division", "no_gap", "no_overlap", "contiguous"}
    assert all(c["passed"] for c in checks if c["hard"])
    assert scalar(store, "SELECT version FROM layer_version WHERE layer = 'grids'") == 1


def test_no_cell_has_two_grids_at_one_moment(store, database):
    again = "INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid) SELECT network_id, level, cell_id, %s, {} FROM grid_cell WHERE grid_id = %s LIMIT 1"  # noqa: E501
    one, other = (row[0] for row in store.execute("SELECT id FROM grid ORDER BY id LIMIT 2").fetchall())
    with pytest.raises(psycopg.errors.ExclusionViolation):
        store.execute(again.format("tstzrange('2027-01-01', '2027-02-01')"), [other, one])
    with store.transaction(force_rollback=True):  # before the grids began there is room
        store.execute(again.format("tstzrange('2025-01-01', '2025-02-01')"), [other, one])
    with pytest.raises(psycopg.errors.ExclusionViolation):
        store.execute(
            "INSERT INTO grid (network_id, level, code, kind, name, division_id, publication_id, area_m2, geom)"
            " SELECT network_id, level, code, kind, name, division_id, publication_id, area_m2, geom FROM grid LIMIT 1"
        )
    with pytest.raises(psycopg.errors.ExclusionViolation):
        store.execute(
            "INSERT INTO building (district_id, code, geom) SELECT district_id, code, geom FROM building LIMIT 1"
        )


def test_single_and_bulk_answers_agree_with_what_is_stored(store):
    events = store.execute(
        "SELECT ST_X(e.geom), ST_Y(e.geom), e.how, e.distance_m, e.cell_id, coalesce(e.duty_cell_id, e.cell_id)"
        " FROM event e WHERE e.geom IS NOT NULL ORDER BY e.code"
    ).fetchall()
    assert {row[2] for row in events} >= {"inside", "near", "street"}
    lonlat = [row[:2] for row in events]
    single = pipeline.locate_points(store, D, lonlat, clock=CLOCK)
    bulk = pipeline.locate_points(store, D, lonlat * 3, clock=CLOCK)  # more than are answered one by one
    assert len(bulk) > 100 >= len(single)
    assert single == bulk[: len(single)]
    assert [(a.how, a.distance_m, a.cell, a.duty_cell) for a in single] == [row[2:] for row in events]
    parts = store.execute("SELECT ST_X(geom), ST_Y(geom), how, cell_id FROM part ORDER BY code").fetchall()
    assert {row[2] for row in parts} <= {"inside", "border", "near", "outside"}  # parts stay geometric
    found = pipeline.locate_points(store, D, [row[:2] for row in parts], clock=CLOCK)
    assert [a.cell for a in found] == [row[3] for row in parts]


def test_an_answer_is_whole(store):
    corner = to_stored(np.array([shapely.Point(small.ORIGIN[0] + 75, small.ORIGIN[1] + 75)], object), "EPSG:4548")[0]
    answer = pipeline.locate_points(store, D, [(corner.x, corner.y)], clock=CLOCK)[0]
    assert (answer.how, answer.distance_m, answer.others) == ("inside", 0.0, [])
    assert answer.grid_code == f"{small.COMMUNITIES[0]}003"
    assert (answer.grid_name, answer.grid_kind, answer.version) == ("第三网格", "basic", 1)
    assert answer.community == (small.COMMUNITIES[0], "柳岸社区")
    assert answer.subdistrict == ("990101001", "临水街道")
    assert answer.district == (D, "望河区")
    assert answer.workers == [{"name": "网格员2", "phone": "000", "role": "grid_worker"}]
    assert (answer.valid_from, answer.valid_to) == (NOW, None)


def test_border_near_outside_unlocated_and_long_ago(store):
    east, north = small.ORIGIN[0] + small.BLOCK, small.ORIGIN[1] + 75
    east += small.BLOCK  # the border of the two communities, where there is no street
    metres = [
        (east - 0.2, north),
        (east + 0.5, north),
        (east - 400, north),
        (east, north - 30_000),
        (east, north - 300_000),
    ]
    points = to_stored(shapely.points(metres), "EPSG:4548")
    lonlat = [(p.x, p.y) for p in points]
    found = pipeline.locate_points(store, D, [*lonlat, None, (float("nan"), 1.0)], clock=CLOCK)
    assert [a.how for a in found] == ["border", "border", "near", "outside", "outside", "unlocated", "unlocated"]
    west_code, east_code = f"{small.COMMUNITIES[0]}004", f"{small.COMMUNITIES[1]}003"
    assert (found[0].grid_code, found[1].grid_code) == (west_code, east_code)
    assert found[1].others == [(west_code, pytest.approx(0.5, abs=1e-3))]
    assert found[2].distance_m == pytest.approx(100, abs=1e-3)
    assert found[2].grid_code == f"{small.COMMUNITIES[0]}003"
    assert found[3].distance_m == pytest.approx(29_925, abs=1)
    assert found[4].distance_m == pytest.approx(299_925, abs=5)
    assert {(a.cell, a.grid_code) for a in found[3:]} == {(None, None)}
    before = pipeline.locate_points(store, D, lonlat[:1], at=NOW - dt.timedelta(days=1), clock=CLOCK)[0]
    assert (before.grid_code, before.version, before.community[0]) == (None, None, small.COMMUNITIES[0])
    with pytest.raises(NotFoundError):
        pipeline.locate_points(store, "nowhere", lonlat)


def test_events_without_coordinates_are_kept_unlocated(store):
    rows = dict(store.execute("SELECT how, count(*) FROM event GROUP BY how").fetchall())
    assert rows["unlocated"] == 1
    assert sum(rows.values()) == 40
    assert scalar(store, "SELECT count(*) FROM event WHERE how = 'unlocated' AND cell_id IS NULL AND geom IS NULL") == 1


def test_workers_are_posted_one_to_a_grid_and_the_rest_listed(store):
    posted = store.execute(
        "SELECT w.code, g.code, lower(p.valid) FROM posting p JOIN grid_worker w ON w.id = p.worker_id"
        " JOIN grid g ON g.id = p.grid_id ORDER BY w.code"
    ).fetchall()
    first, second = small.COMMUNITIES
    assert posted == [
        *((f"W{i}", f"{first}{i + 1:03}", NOW) for i in range(4)),
        ("W5", f"{second}001", NOW),
    ]
    report = scalar(store, "SELECT report FROM import_run WHERE kind = 'workers'")
    assert [(r["code"], r["rule"]) for r in report["remarks"]] == [("W4", "worker_without_grid")]
    named = small.workers()
    named.frame = named.frame.iloc[:2].assign(code=["W8", "W9"], grid_code=[f"{second}001", "990101001001099"])
    with store.transaction(force_rollback=True):
        again = pipeline.write_batch(store, D, named, clock=CLOCK)
        assert (again.counts["posted"], again.counts["not_posted"]) == (1, 2)  # many workers may share a grid
        assert "worker_names_unknown_grid" in again.tally()
    assert pipeline.post_workers(store, D, clock=CLOCK).counts["posted"] == 0


def test_cells_stay_while_grids_are_in_force(store):
    with pytest.raises(ConflictError, match="in force since 2026-07-01"):
        pipeline.tessellate_district(store, D, clock=CLOCK)
    moved = small.divisions()
    moved.frame = moved.frame.set_geometry(moved.frame.geometry.translate(0.001, 0))
    with pytest.raises(ConflictError, match="another border"):
        pipeline.write_batch(store, D, moved, clock=CLOCK)


def test_a_new_building_joins_the_cell_it_stands_in(store):
    new = small.batch(
        "buildings",
        small.frame(
            {"code": ["N1", "N2"], "households": [7.0, 9.0], "as_of": [AS_OF] * 2},
            [shapely.box(60, 120, 70, 130), shapely.box(2000, 0, 2010, 10)],
        ),
    )
    with store.transaction(force_rollback=True):
        report = pipeline.write_batch(store, D, new, clock=CLOCK)
        assert report.counts["buildings_settled"] == 1
        assert [(r.rule, r.code) for r in report.remarks] == [("building_in_no_cell", "N2")]
        loads = store.execute(
            "SELECT g.code FROM building b JOIN building_cell k ON k.building_id = b.id"
            " JOIN grid_cell m ON m.cell_id = k.cell_id JOIN grid g ON g.id = m.grid_id WHERE b.code = 'N1'"
        ).fetchall()
        assert loads == [(f"{small.COMMUNITIES[0]}003",)]


# ---------------------------------------------------------------------------------------------- drafts
def test_a_plan_is_read_back_as_it_was_proposed(draft):
    stored = read_plan(draft, district_of(draft, D), now=NOW)
    step = pipeline.check_plan(draft, D, clock=CLOCK)
    assert stored.status == "draft"
    assert (stored.as_of, stored.base_version) == (AS_OF, None)
    assert stored.plan.grids["grid_code"].tolist() == [f"{c}{n:03}" for c in small.COMMUNITIES for n in range(1, 5)]
    assert stored.plan.grids["serial"].tolist() == [1, 2, 3, 4] * 2
    assert stored.plan.grids["households"].tolist() == [195.0] * 8
    assert np.bincount(stored.plan.grid_of).tolist() == stored.plan.grids["buildings"].tolist()
    assert step.measures["grids"] == 8
    assert step.measures["gap_m2"] == pytest.approx(0, abs=1e-3)
    assert [c.name for c in step.checks if not c.passed and c.hard] == []


def test_proposing_and_tessellating_again_replace_what_nobody_published(draft):
    first = scalar(draft, "SELECT max(id) FROM plan")
    second = pipeline.propose_plan(draft, D, target=400, clock=CLOCK)
    assert dict(draft.execute("SELECT id, status FROM plan").fetchall()) == {
        first: "discarded",
        second.plan_id: "draft",
    }
    assert second.measures["grids"] == 4
    assert draft.execute("SELECT target, minimum, maximum FROM network_level").fetchone() == (400, 300, 600)
    pipeline.tessellate_district(draft, D, clock=CLOCK)
    assert scalar(draft, "SELECT count(*) FROM tessellation") == 1
    with pytest.raises(ConflictError, match="gridkeeper propose"):
        pipeline.publish_plan(draft, D, clock=CLOCK)


def test_a_failed_hard_check_publishes_nothing(draft):
    draft.execute(  # one cell to a grid at the other end of its community
        "UPDATE plan_cell SET grid_code = %s WHERE cell_id = (SELECT min(cell_id) FROM plan_cell WHERE grid_code = %s)",
        [f"{small.COMMUNITIES[0]}002", f"{small.COMMUNITIES[0]}003"],
    )
    with pytest.raises(CheckFailedError, match="not published"):
        pipeline.publish_plan(draft, D, clock=CLOCK)
    assert [scalar(draft, f"SELECT count(*) FROM {t}") for t in ("publication", "grid", "grid_cell")] == [0, 0, 0]
    assert scalar(draft, "SELECT status FROM plan") == "draft"


def test_a_plan_on_another_version_than_the_one_in_force_is_refused(draft):
    first = scalar(draft, "SELECT max(id) FROM plan")
    past = NOW - dt.timedelta(days=200)
    assert pipeline.publish_plan(draft, D, effective=past, clock=CLOCK).version == 1
    assert draft.execute("SELECT DISTINCT lower(valid) FROM grid_cell").fetchall() == [(past,)]
    with pytest.raises(ConflictError, match="published, not a draft"):
        pipeline.publish_plan(draft, D, first, clock=CLOCK)
    pipeline.propose_plan(draft, D, clock=CLOCK)
    with pytest.raises(ConflictError, match=r"begun on no version.*version 1 is in force"):
        pipeline.publish_plan(draft, D, clock=CLOCK)


@pytest.mark.parametrize("when", [NOW + dt.timedelta(days=1), NOW.replace(tzinfo=None)])
def test_a_first_publication_begins_in_the_past_or_now(draft, when):
    with pytest.raises(InputError, match="cannot take effect"):
        pipeline.publish_plan(draft, D, effective=when, clock=CLOCK)


def test_steps_in_the_wrong_order_say_which_comes_first(fresh_database):
    with connect(fresh_database.app_url) as connection:
        with pytest.raises(NotFoundError, match="gridkeeper load"):
            pipeline.tessellate_district(connection, D)
        pipeline.write_batch(connection, D, small.divisions(), clock=CLOCK)
        with pytest.raises(ConflictError, match="gridkeeper tessellate"):
            pipeline.propose_plan(connection, D)
        with pytest.raises(ConflictError, match="gridkeeper propose"):
            pipeline.check_plan(connection, D)
        only_district = small.divisions()
        only_district.frame = only_district.frame.iloc[:1]
        pipeline.write_batch(connection, "empty", only_district, clock=CLOCK)
        with pytest.raises(ConflictError, match="no communities"):
            pipeline.tessellate_district(connection, "empty")


def test_loading_whole_twice_and_removing_leaves_nothing(fresh_database):
    kinds = ("workers", "events", "parts", "barriers", "buildings", "divisions")
    with connect(fresh_database.app_url) as connection:
        first = pipeline.load_district(connection, D, [getattr(small, k)() for k in kinds], clock=CLOCK)
        assert first.published.version == 1
        assert [r.title for r in first.reports] == [
            "import divisions", "import buildings", "import barriers", "tessellate", "partition", "publish",
            "import parts", "import events", "import workers",
        ]  # fmt: skip
        everything = {t.name: scalar(connection, f"SELECT count(*) FROM {t.name}") for t in metadata.sorted_tables}
        again = pipeline.load_district(connection, D, [getattr(small, k)() for k in kinds], clock=CLOCK)
        assert again.published is None
        now = {t.name: scalar(connection, f"SELECT count(*) FROM {t.name}") for t in metadata.sorted_tables}
        more = {name: n - everything[name] for name, n in now.items() if n != everything[name]}
        assert more.pop("ground_change")  # a line for each statement, also where it changes no row
        assert more == {"import_run": 6}
        listed = pipeline.list_districts(connection, NOW)
        assert [(d.code, d.grids, d.households, d.version) for d in listed] == [(D, 8, 1560, 1)]
        with pytest.raises(InputError, match="which ground"):
            pipeline.load_district(connection, "other", [small.parts()])
        pipeline.remove_district(connection, D)
        left = {t.name: scalar(connection, f"SELECT count(*) FROM {t.name}") for t in metadata.sorted_tables}
    assert set(left.values()) == {0}
