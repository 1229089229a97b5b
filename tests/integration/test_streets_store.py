"""Does the duty of a street follow its home cell: at an import, by a choice, when lines and cells change?"""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from api.cli import app
from gis.clock import stopped_at
from gis.errors import InputError, NotFoundError
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of, lock
from gis.store.metric import to_stored
from gis.store.rehoming import read_moved_along
from gis.store.streets import choose_cell, find_street, rederive, renew_streets, set_home
from tests.integration import small_district as small
from tests.integration.in_force import BEGIN, publish_first

D = small.DISTRICT
LATER = BEGIN + dt.timedelta(days=10)
LI = Actor("李规划")
ALONG = [(small.BLOCK + dx, 40.0 + 10 * i) for i in range(6) for dx in (-3.0, 0.0, 3.0)]
"""On both sides of the middle of a street inside the western community."""


def spots(places):
    shapes = to_stored(shapely.points(np.asarray(places) + np.asarray(small.ORIGIN)), "EPSG:4548")
    return [(p.x, p.y) for p in shapes]


def along(n=18, prefix="A"):
    columns = {
        "code": [f"{prefix}{i:02}" for i in range(n)],
        "class_name": "占道经营",
        "occurred_at": [BEGIN + dt.timedelta(hours=i) for i in range(n)],
        "state": ["open" if i % 2 else "closed" for i in range(n)],
    }
    return small.batch("events", small.frame(columns, [shapely.Point(p) for p in ALONG[:n]]))


@pytest.fixture(scope="module")
def published(databases):
    with databases.clone() as database:
        clock = stopped_at(BEGIN)
        with connect(database.app_url) as connection:
            publish_first(connection)
            pipeline.write_batch(connection, D, along(), clock=clock)
            pipeline.add_person(connection, LI.name, clock=clock)
        yield database


@pytest.fixture
def store(databases, published):
    with databases.clone(of=published.name) as database, connect(database.app_url) as connection:
        yield connection


def owners(store, at=LATER):
    """Duty grids and geometric grids of the places along the street."""
    found = pipeline.locate_points(store, D, spots(ALONG), at=at)
    assert {a.how for a in found} == {"street"}
    return {a.grid_code for a in found}, {a.geometric_grid["code"] for a in found}


def street_of(store, at=LATER):
    (answer,) = pipeline.locate_points(store, D, spots(ALONG[:1]), at=at)
    return answer.street


def kept(store, prefix="A"):
    return store.execute(
        "SELECT e.code, coalesce(e.duty_cell_id, e.cell_id), h.duty, h.valid FROM event e LEFT JOIN LATERAL"
        " (SELECT coalesce(x.duty_cell_id, x.cell_id) AS duty, x.valid FROM event_cell x WHERE x.event_id = e.id) h"
        " ON true WHERE e.code LIKE %s ORDER BY e.code, h.valid",
        [f"{prefix}%"],
    ).fetchall()


def test_every_street_has_one_home_in_each_community_and_events_one_owner(store):
    rows = store.execute(
        "SELECT s.code, s.community_id, count(*), bool_and(c.community_id = s.community_id)"
        " FROM street s JOIN cell c ON c.id = s.cell_id GROUP BY 1, 2"
    ).fetchall()
    assert rows
    assert all((n, inside) == (1, True) for *_, n, inside in rows)
    duty, geometric = owners(store)
    assert len(duty) == 1
    assert len(geometric) == 2  # by geometry the two sides of the street would have two owners
    assert len({row[1] for row in kept(store)}) == 1
    assert store.execute("SELECT count(*) FROM part WHERE how = 'street'").fetchone() == (0,)
    assert store.execute("SELECT street_rule FROM network").fetchone() == ("duty",)


def test_a_planner_changes_the_home_and_the_events_follow(store):
    street, before = street_of(store), kept(store)
    ((duty,), geometric) = (sorted(group) for group in owners(store))
    (other,) = set(geometric) - {duty}
    place = district_of(store, D)
    cell = choose_cell(store, place, street["id"], other, at=LATER)
    with pytest.raises(InputError, match="not on the list of persons"):
        set_home(store, D, street["id"], cell, Actor("陌生人"), clock=stopped_at(LATER))
    foreign = store.execute(
        "SELECT c.id FROM cell c JOIN division d ON d.id = c.community_id WHERE d.code = %s", [small.COMMUNITIES[1]]
    ).fetchone()[0]
    with pytest.raises(InputError, match="no cell of 柳岸社区"):
        set_home(store, D, street["id"], foreign, LI, clock=stopped_at(LATER))
    with pytest.raises(NotFoundError):
        set_home(store, D, 10**9, cell, LI, clock=stopped_at(LATER))
    set_home(store, D, street["id"], cell, LI, "沿街商户由对面网格管理", clock=stopped_at(LATER))
    assert owners(store, LATER) == ({other}, set(geometric))
    assert owners(store, LATER - dt.timedelta(seconds=1)) == ({duty}, set(geometric))
    assert street_of(store)["person"] == LI.name
    answers = "SELECT DISTINCT e.state, g.code FROM event e LEFT JOIN grid g ON g.id = e.grid_id WHERE e.code LIKE 'A%'"
    assert set(store.execute(answers).fetchall()) == {("open", other), ("closed", None)}
    moves = read_moved_along(store, street["id"])
    assert [row["code"] for row in moves] == [f"A{i:02}" for i in range(1, 18, 2)]
    words = ("from_grid", "to_grid", "person", "reason", "at")
    assert {tuple(row[w] for w in words) for row in moves} == {(duty, other, LI.name, "沿街商户由对面网格管理", LATER)}
    after = kept(store)
    assert {row[1] for row in after} == {cell}
    assert [row[2] for row in after] == [row[1] for row in before]
    assert {(row[3].lower, row[3].upper) for row in after} == {(None, LATER)}
    # what is imported later gets both, each for its time
    pipeline.write_batch(store, D, along(6, "L"), clock=stopped_at(LATER + dt.timedelta(days=1)))
    assert [row[1:3] for row in kept(store, "L")] == [row[1:3] for row in after[:6]]
    # a second choice, back to the first cell, adds a period; deriving everything again changes nothing
    set_home(store, D, street["id"], before[0][1], LI, clock=stopped_at(LATER + dt.timedelta(days=2)))
    back = read_moved_along(store, street["id"])[len(moves) :]
    assert {(row["from_grid"], row["to_grid"], row["reason"]) for row in back} == {(other, duty, None)}
    assert len(back) == len(moves) + 3  # and the open ones of those that came since
    told = kept(store)
    assert len(told) == 2 * len(before)
    pipeline.locate_things(store, D, clock=stopped_at(LATER + dt.timedelta(days=3)))
    assert kept(store) == told


def test_a_choice_survives_new_lines_and_lines_that_go_are_history(store):
    street = street_of(store)
    (other,) = owners(store)[1] - owners(store)[0]
    place = district_of(store, D)
    cell = choose_cell(store, place, street["id"], other, at=LATER)
    set_home(store, D, street["id"], cell, LI, clock=stopped_at(LATER))
    rows = "SELECT code, community_id, cell_id, person, valid FROM street WHERE upper_inf(valid) ORDER BY 1, 2"
    before = store.execute(rows).fetchall()
    soon = LATER + dt.timedelta(days=1)
    with lock(store, D) as place:
        renew_streets(store, place, clock=stopped_at(soon))
    assert store.execute(rows).fetchall() == before
    lane = small.frame(
        {"code": ["S9"], "kind": "street", "class": ["service"]}, [shapely.LineString([(350, 20), (420, 20)])]
    )
    pipeline.write_batch(store, D, small.batch("barriers", lane), clock=stopped_at(soon))
    after = store.execute(rows).fetchall()
    assert set(before) < set(after)
    assert {row[0].split("-")[0] for row in set(after) - set(before)} == {"S9"}
    ((found,), (earlier,)) = (
        pipeline.locate_points(store, D, spots([(380, 20)]), at=at) for at in (soon, soon - dt.timedelta(seconds=1))
    )
    assert (found.how, found.street["code"].split("-")[0], earlier.how) == ("street", "S9", "inside")


def test_codes_are_found_and_communities_named(store):
    place = district_of(store, D)
    code = street_of(store)["code"]
    number = find_street(store, place, code, at=LATER)
    assert store.execute("SELECT code FROM street WHERE id = %s", [number]).fetchone() == (code,)
    across = store.execute("SELECT code FROM street GROUP BY code HAVING count(*) > 1 LIMIT 1").fetchone()[0]
    with pytest.raises(InputError, match="--community"):
        find_street(store, place, across, at=LATER)
    assert find_street(store, place, across, small.COMMUNITIES[1], at=LATER)
    with pytest.raises(NotFoundError):
        find_street(store, place, "nowhere", at=LATER)


def split_cell(store, place, cell, moment):
    """Two cells for one from a moment on, as a publication would have it: ids of the new ones."""
    (made,) = store.execute(
        "INSERT INTO tessellation (district_id, settings, report, base_id)"
        " SELECT district_id, '{}', '{}', id FROM tessellation ORDER BY id LIMIT 1 RETURNING id"
    ).fetchone()
    halves = store.execute(
        "INSERT INTO cell (tessellation_id, community_id, block_no, area_m2, geom, valid)"
        " SELECT %(made)s, c.community_id, c.block_no, c.area_m2 / 2, h.geom, tstzrange(%(moment)s, NULL)"
        " FROM cell c CROSS JOIN LATERAL (SELECT (ST_XMin(c.geom) + ST_XMax(c.geom)) / 2 AS x) m"
        " CROSS JOIN LATERAL (SELECT (ST_Dump(ST_Split(c.geom, ST_SetSRID(ST_MakeLine("
        "   ST_Point(m.x, ST_YMin(c.geom) - 1), ST_Point(m.x, ST_YMax(c.geom) + 1)), 4490)))).geom) h"
        " WHERE c.id = %(cell)s RETURNING id",
        {"made": made, "moment": moment, "cell": cell},
    ).fetchall()
    store.execute("UPDATE cell SET valid = tstzrange(NULL, %s) WHERE id = %s", [moment, cell])
    ids = [row[0] for row in halves]
    rederive(store, place, gone=[cell], made=ids, effective=moment, clock=stopped_at(LATER))
    return ids


def stored_at(store, table, moment):
    duty = "h.duty_cell_id ELSE e.duty_cell_id END" if table == "event" else "NULL ELSE NULL END"
    return store.execute(
        f"SELECT ST_X(e.geom), ST_Y(e.geom), CASE WHEN h.{table}_id IS NOT NULL THEN h.cell_id ELSE e.cell_id END,"
        f" CASE WHEN h.{table}_id IS NOT NULL THEN {duty}"
        f" FROM {table} e LEFT JOIN {table}_cell h ON h.{table}_id = e.id AND h.valid @> %s"
        " WHERE e.geom IS NOT NULL ORDER BY e.code",
        [moment],
    ).fetchall()


def test_what_is_stored_is_what_is_answered_at_every_moment(store):
    """A cell that is split ahead of time, homes chosen before and after, and events that come late."""
    street = street_of(store)
    ahead = LATER + dt.timedelta(days=5)
    with lock(store, D) as place:
        halves = split_cell(store, place, street["cell"], ahead)
    assert len(halves) == 2
    (other,) = owners(store)[1] - owners(store)[0]
    cell = choose_cell(store, district_of(store, D), street["id"], other, at=LATER)
    set_home(store, D, street["id"], cell, LI, clock=stopped_at(LATER))
    pipeline.write_batch(store, D, along(18, "L"), clock=stopped_at(LATER + dt.timedelta(days=1)))
    everywhere = small.batch("events", small.events(60).frame.assign(code=[f"N{i:02}" for i in range(60)]))
    pipeline.write_batch(store, D, everywhere, clock=stopped_at(ahead + dt.timedelta(days=1)))
    seen = set()
    for moment in (LATER - dt.timedelta(days=1), LATER, ahead - dt.timedelta(seconds=1), ahead):
        for table in ("event", "part"):
            rows = stored_at(store, table, moment)
            found = pipeline.locate_points(store, D, [row[:2] for row in rows], at=moment)
            assert [row[2] for row in rows] == [a.cell for a in found]
            if table == "event":
                assert [row[3] or row[2] for row in rows] == [a.duty_cell for a in found]
            seen |= {row[2] for row in rows}
    assert seen >= {street["cell"], *halves}
    told = [
        store.execute(f"SELECT * FROM {table} ORDER BY 1, valid").fetchall() for table in ("event_cell", "part_cell")
    ]
    pipeline.locate_things(store, D, clock=stopped_at(ahead + dt.timedelta(days=2)))
    again = [
        store.execute(f"SELECT * FROM {table} ORDER BY 1, valid").fetchall() for table in ("event_cell", "part_cell")
    ]
    assert again == told


def test_on_the_command_line(store, published, monkeypatch):
    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", published.app_url.replace(published.name, store.info.dbname))
    street, (other,) = street_of(store), owners(store)[1] - owners(store)[0]

    def run(*arguments):
        result = CliRunner().invoke(app, [*arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    counts = json.loads(run("streets", D, "--json"))
    assert counts["segments"] == 7  # three of the long street, two of each that crosses it
    assert (counts["crossings"], counts["homes_chosen"]) == (2, [])
    assert counts["events_on_streets"] >= len(ALONG)
    with pytest.raises(InputError, match="--grid CODE"):
        run("street", "home", D, street["code"], "--as", LI.name)
    assert "9 open events moved" in run(
        "street", "home", D, street["code"], "--as", LI.name, "--grid", other, "--reason", "临街"
    )
    told = run("street", "moved", D, street["code"])
    assert f"9 open events of street {street['code']} moved." in told
    assert street_of(store, dt.datetime.now(dt.UTC))["grid"]["code"] == other
    assert "临街" in run("streets", D)
