"""A district over half a year: grids, a re-cut, the same events again, a community split, new counts."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import shapely

from gis.clock import stopped_at
from gis.networks import Level, Network
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import served_district as serve
from tests.integration import small_district as small

WEST, EAST = small.COMMUNITIES
SOUTH, NORTH = "990101001003", "990101001004"
HEIR, GONE = f"{WEST}003", f"{WEST}004"
BEFORE, FIRST, SECOND, SPLIT = "2026-01-02", "2026-02-01", "2026-03-11", "2026-05-01"
"""Local days: before any grid, with version 1, the first of version 2, the first of two communities for one."""
SIDE = 2 * small.BLOCK


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


NOW = moment("2026-07-01T04:00")


def buildings(as_of, households):
    made = serve.buildings()
    made.frame["as_of"], made.frame["households"] = dt.date.fromisoformat(as_of), float(households)
    return made


def later_events():
    """The same places again in April, when version 2 is in force."""
    made = serve.events()
    made.frame["code"] = [f"F{i:03}" for i in range(serve.EVENTS)]
    made.frame["occurred_at"] += pd.Timedelta(days=100)
    return made


def halves():
    columns = {
        "level": "community", "code": [SOUTH, NORTH], "name": ["柳南社区", "柳北社区"], "name_en": None,
        "parent_code": None, "successor": None, "properties": [{}, {}],
    }  # fmt: skip
    parts = [shapely.box(0, 0, SIDE, small.BLOCK), shapely.box(0, small.BLOCK, SIDE, SIDE)]
    return small.batch("divisions", small.frame(columns, parts))


def live_through(url):
    with connect(url) as connection:
        clock = stopped_at(moment("2026-01-04T04:00"))
        batches = [small.divisions(), small.barriers(), buildings("2026-01-01", 60), small.parts(serve.PARTS)]
        for batch in [*batches, serve.events(), small.workers()]:
            pipeline.write_batch(connection, serve.DISTRICT, batch, clock=clock)
        pipeline.tessellate_district(connection, serve.DISTRICT, clock=clock)
        pipeline.propose_plan(connection, serve.DISTRICT, clock=clock)
        pipeline.publish_plan(connection, serve.DISTRICT, clock=clock)

        clock = stopped_at(moment("2026-03-10T04:00"))
        li, wang = Actor("李"), Actor("王")
        for actor in (li, wang):
            pipeline.add_person(connection, actor.name, clock=clock)
        plan = pipeline.open_draft(connection, serve.DISTRICT, [WEST], li, clock=clock)
        payload = {"from": GONE, "into": HEIR}
        pipeline.edit_draft(
            connection, serve.DISTRICT, plan, li, revision=0, kind="merge", payload=payload, clock=clock
        )
        for name, who in (("submit", li), ("approve", wang), ("publish", li)):
            pipeline.take_step(connection, serve.DISTRICT, plan, who, name, clock=clock)

        clock = stopped_at(moment("2026-04-20T04:00"))
        pipeline.write_batch(connection, serve.DISTRICT, later_events(), clock=clock)
        day = dt.date.fromisoformat(SPLIT)
        pipeline.write_batch(connection, serve.DISTRICT, halves(), effective=day, clock=clock)
        clock = stopped_at(moment("2026-06-30T20:00"))
        pipeline.write_batch(connection, serve.DISTRICT, buildings("2026-06-30", 65), clock=clock)


def add_police(url):
    """Three grids of another network, one level above the communities."""
    level = Level(1, "subdistrict", "responsibility", "local", 520, 300, 800)
    clock = stopped_at(NOW)
    with connect(url) as connection:
        pipeline.add_network(connection, serve.DISTRICT, Network("police", "警务网格", levels=(level,)))
        pipeline.propose_plan(connection, serve.DISTRICT, network="police", clock=clock)
        pipeline.publish_plan(connection, serve.DISTRICT, network="police", clock=clock)
