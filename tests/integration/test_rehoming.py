"""Does every open event have somebody who answers for it, whatever grids take effect while it is open?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from gis.store import pipeline
from gis.store.connect import connect
from gis.store.rehoming import read_moved, take_effect
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.test_plans_store import (
    BEGIN,
    MIDNIGHT,
    NOW,
    WEST,
    Clock,
    D,
    edit,
    merged,
    opened,
    put_through,
    scalar,
    step,
)

__all__ = ["clock", "published", "store"]

from tests.integration.test_plans_store import clock, published, store  # isort: skip

MORE = dt.timedelta(days=1)


@pytest.fixture
def open_events(store, clock):
    """All but every third event is open."""
    import_events(store, clock)
    return store


def import_events(store, clock, closed=lambda i: i % 3 == 0):
    made = small.events()
    made.frame["state"] = ["closed" if closed(i) else "open" for i in range(len(made.frame))]
    pipeline.write_batch(store, D, made, clock=clock)


def answers(store, at):
    """Open events that do not belong to the grid that answers at a moment, as locating says."""
    rows = store.execute(
        "SELECT e.code, g.code, ST_X(e.geom), ST_Y(e.geom) FROM event e LEFT JOIN grid g ON g.id = e.grid_id"
        " WHERE e.state = 'open' AND e.geom IS NOT NULL ORDER BY e.code"
    ).fetchall()
    found = pipeline.locate_points(store, D, [(x, y) for *_, x, y in rows], at=at)
    assert len(rows) > 10
    return [(row[0], row[1], answer.grid_code) for row, answer in zip(rows, found, strict=True)]


def test_an_imported_open_event_has_the_grid_that_answers(open_events, clock):
    told = answers(open_events, clock())
    assert all(held == should for _, held, should in told)
    assert any(held for _, held, _ in told)
    assert scalar(open_events, "SELECT count(*) FROM event WHERE state = 'closed' AND grid_id IS NOT NULL") == 0
    assert scalar(open_events, "SELECT count(*) FROM event_move") == 0


def test_open_events_move_when_a_publication_takes_effect_and_not_before(open_events, clock):
    plan = merged(open_events, clock)
    put_through(open_events, plan, clock)
    assert read_moved(open_events, plan) == (None, [])
    assert take_effect(open_events, clock=clock) == [], "tomorrow"
    before = answers(open_events, clock())
    clock.now = MIDNIGHT
    done = take_effect(open_events, clock=clock)
    assert [(one.district, one.effective) for one in done] == [(D, MIDNIGHT)]
    told = answers(open_events, MIDNIGHT)
    assert all(held == should for _, held, should in told)
    at, rows = read_moved(open_events, plan)
    assert at == MIDNIGHT
    changed = {(code, old, new) for (code, old, _), (_, new, _) in zip(before, told, strict=True) if old != new}
    assert {(row["code"], row["from_grid"], row["to_grid"]) for row in rows} >= changed
    assert rows
    assert len(rows) == done[0].moved
    assert {row["from_workers"] is None or "网格员" in row["from_workers"] for row in rows} == {True}
    assert all(row["from_grid"].startswith(WEST) for row in rows)
    assert take_effect(open_events, clock=clock) == [], "once"


def test_a_publication_at_once_moves_them_with_it(open_events, clock):
    plan = merged(open_events, clock)
    put_through(open_events, plan, clock, effective=clock())
    at, rows = read_moved(open_events, plan)
    assert at == NOW
    assert rows
    assert all(held == should for _, held, should in answers(open_events, NOW))


def test_what_was_withdrawn_moves_nothing_and_the_next_start_makes_up_for_a_night_without_a_server(open_events, clock):
    first = merged(open_events, clock)
    put_through(open_events, first, clock)
    step(open_events, first, clock, "withdraw")
    second = merged(open_events, clock, "001", "002")
    put_through(open_events, second, clock)
    clock.now = MIDNIGHT + 3 * MORE
    assert len(take_effect(open_events, clock=clock)) == 1
    assert read_moved(open_events, first) == (None, [])
    assert all(held == should for _, held, should in answers(open_events, clock()))


def test_an_import_hides_no_move_and_a_closed_event_stays_where_it_was_closed(open_events, clock):
    plan = merged(open_events, clock)
    put_through(open_events, plan, clock)
    held = dict(open_events.execute("SELECT code, grid_id FROM event").fetchall())
    clock.now = MIDNIGHT
    import_events(open_events, clock, closed=lambda i: i % 2 == 0)  # others are open now
    at, rows = read_moved(open_events, plan)
    assert at == MIDNIGHT
    assert rows, "what was open at midnight moved, and that is told"
    assert all(was == should for _, was, should in answers(open_events, MIDNIGHT))
    ended = open_events.execute("SELECT code, grid_id FROM event WHERE state = 'closed'").fetchall()
    moved = {row["code"] for row in rows}
    assert all(grid == held[code] for code, grid in ended if code not in moved)


def test_a_busy_district_is_left_for_the_next_time(open_events, published, clock):
    plan = merged(open_events, clock)
    put_through(open_events, plan, clock)
    clock.now = MIDNIGHT
    name = scalar(open_events, "SELECT current_database()")
    with connect(published.app_url.replace(published.name, name)) as other:
        with open_events.transaction():
            open_events.execute("SELECT id FROM district WHERE code = %s FOR NO KEY UPDATE", [D])
            assert take_effect(other, patient=False, clock=clock) == []
        assert len(take_effect(other, patient=False, clock=clock)) == 1


def test_first_grids_take_the_open_events_that_nobody_had(fresh_database):
    clock = Clock(BEGIN)
    with connect(fresh_database.app_url) as store:
        for kind in ("divisions", "buildings", "barriers"):
            pipeline.write_batch(store, D, getattr(small, kind)(), clock=clock)
        import_events(store, clock)
        assert scalar(store, "SELECT count(*) FROM event WHERE grid_id IS NOT NULL") == 0
        pipeline.tessellate_district(store, D, clock=clock)
        pipeline.propose_plan(store, D, clock=clock)
        plan = pipeline.publish_plan(store, D, clock=clock).plan_id
        assert all(held == should for _, held, should in answers(store, BEGIN))
        _, rows = read_moved(store, plan)
        assert {row["from_grid"] for row in rows} == {None}
        assert np.isin([row["to_grid"][:12] for row in rows], small.COMMUNITIES).all()


def test_the_list_is_told_over_http_and_on_the_command_line(open_events, published, clock, capsys, monkeypatch):
    from tests.databases import Database
    from tests.integration.imports import run

    plan = merged(open_events, clock)
    put_through(open_events, plan, clock, effective=clock())
    name = scalar(open_events, "SELECT current_database()")
    urls = [url.replace(published.name, name) for url in (published.owner_url, published.app_url)]
    with serve.served(urls[1], now=clock) as client:
        told = client.get(f"/api/districts/{D}/plans/{plan}/moved").json()
        assert client.get(f"/api/districts/{D}/plans/{plan + 50}/moved").status_code == 404
    assert told["rehomed_at"] is not None
    said = run(capsys, monkeypatch, Database(name, *urls), "plan", "moved", D, plan).out
    assert f"{len(told['events'])} open event" in said
    for event in told["events"]:
        assert event["code"] in said


def test_an_event_imported_while_new_cells_are_announced_has_who_answers_now(open_events, clock):
    plan = opened(open_events, clock)
    pipeline.write_batch(open_events, D, new_building(), clock=clock)
    edit(open_events, plan, clock, "renew")
    put_through(open_events, plan, clock)
    import_events(open_events, clock, closed=lambda i: i % 2 == 0)  # others are open now
    assert scalar(open_events, "SELECT count(*) FROM event_cell") > 0
    assert all(held == should for _, held, should in answers(open_events, clock()))
    clock.now = MIDNIGHT
    assert len(take_effect(open_events, clock=clock)) == 1
    assert all(held == should for _, held, should in answers(open_events, MIDNIGHT))
    pipeline.write_batch(open_events, D, reopened(), clock=clock)
    assert all(held == should for _, held, should in answers(open_events, MIDNIGHT))


def new_building():
    """Across the block of B000 to B002."""
    shape = [small.shapely.box(115, 20, 138, 130)]
    columns = {"code": ["N1"], "address": ["柳岸路9号"], "households": [40.0], "people": [90], "estimated": [False],
               "as_of": [dt.date(2026, 6, 30)]}  # fmt: skip
    return small.batch("buildings", small.frame(columns, shape))


def reopened():
    made = small.events()
    made.frame["state"] = "open"
    return made
