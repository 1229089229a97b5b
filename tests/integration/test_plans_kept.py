"""Is what was found of a plan published as it is while it holds, and never after what it stands on changed?"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import psycopg
import pytest
import shapely

from gis.errors import CheckFailedError
from gis.networks import Level, Network
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.prepared import holding
from tests.integration import small_district as small
from tests.integration.in_force import BEGIN, Clock, publish_first

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NOW = BEGIN + dt.timedelta(days=1)
LI, WANG = Actor("李规划"), Actor("王审批")
POLICE = Network("police", "警务网格", levels=(Level(1, "community", "responsibility", "local", 520, 300, 800),))


def step(connection, plan, name, who, clock):
    pipeline.take_step(connection, D, plan, who, name, clock=clock)


def merged(connection, clock, community=WEST):
    plan = pipeline.open_draft(connection, D, [community], LI, clock=clock)
    codes = {"from": f"{community}003", "into": f"{community}004"}
    pipeline.edit_draft(connection, D, plan, LI, revision=0, kind="merge", payload=codes, clock=clock)
    return plan


def approved(connection, clock, community=WEST):
    plan = merged(connection, clock, community)
    step(connection, plan, "submit", LI, clock)
    step(connection, plan, "approve", WANG, clock)
    return plan


@pytest.fixture(scope="module")
def waiting(databases):
    """A database with version 1 in force and a plan of a community approved, by the number of the plan."""
    with databases.clone() as database:
        with connect(database.app_url) as connection:
            publish_first(connection, persons=(LI, WANG))
            pipeline.add_network(connection, D, POLICE)
            plan = approved(connection, Clock(NOW))
        yield database, plan


@pytest.fixture
def store(databases, waiting):
    with databases.clone(of=waiting[0].name) as database, connect(database.app_url) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared(databases, waiting):
    """The same for tests that take back what they do."""
    with databases.clone(of=waiting[0].name) as database, connect(database.app_url) as connection:
        yield connection


@pytest.fixture
def plan(waiting):
    return waiting[1]


def holds(connection, plan, now=NOW):
    return holding(connection, district_of(connection, D), plan, now) is not None


def written(connection, batch, **options):
    pipeline.write_batch(connection, D, batch, clock=Clock(NOW), **options)


def across(code="N1"):
    """A building on the border of two grids of the west."""
    return small.batch(
        "buildings",
        small.frame(
            {"code": [code], "households": [5.0], "people": [9.0], "as_of": [dt.date(2026, 7, 1)]},
            [shapely.box(140, 195, 160, 205)],
        ),
    )


def test_what_was_kept_is_published_as_it_is(databases, waiting, plan):
    with databases.clone(of=waiting[0].name) as database:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:  # the serving role may not
            owner.execute("UPDATE plan_grid SET name = name || ' *'")
            assert owner.execute("SELECT count(*) FROM plan_grid").fetchone() == (1,)
        with connect(database.app_url) as connection:
            step(connection, plan, "publish", LI, Clock(NOW))
            named = connection.execute(
                "SELECT name LIKE '%% *', geom IS NOT NULL FROM grid WHERE lower(valid) > %s", [NOW]
            )
            assert named.fetchall() == [(True, True)]
            kept = connection.execute("SELECT (SELECT count(*) FROM plan_check), (SELECT count(*) FROM plan_grid)")
            assert kept.fetchone() == (0, 0)


def test_a_check_is_kept_for_a_first_publication(databases):
    with databases.clone() as database, connect(database.app_url) as connection:
        clock = Clock(BEGIN)
        for kind in ("divisions", "buildings", "barriers"):
            written(connection, getattr(small, kind)())
        pipeline.tessellate_district(connection, D, clock=clock)
        plan = pipeline.propose_plan(connection, D, clock=clock).plan_id
        assert not holds(connection, plan, BEGIN)
        checked = pipeline.check_plan(connection, D, clock=clock)
        assert holds(connection, plan, BEGIN)
        done = pipeline.publish_plan(connection, D, clock=clock)
        assert [(c.name, c.passed, len(c.offenders)) for c in done.checks] == [
            (c.name, c.passed, len(c.offenders)) for c in checked.checks
        ]
        pipeline.check_plan(connection, D, plan, clock=clock)  # what is published is not kept for another time
        assert not holds(connection, plan, BEGIN)


def renamed(batch):
    batch.frame["name"] = batch.frame["name"] + "（新）"
    return batch


def recounted(connection):
    frame = pd.DataFrame({"building_code": ["B000"], "households": [64.0], "as_of": [dt.date(2026, 6, 30)]})
    written(connection, small.batch("households", frame))


def published_elsewhere(connection):
    other = approved(connection, Clock(NOW), EAST)
    step(connection, other, "publish", WANG, Clock(NOW))


def other_network(connection):
    pipeline.propose_plan(connection, D, network="police", clock=Clock(NOW))
    pipeline.publish_plan(connection, D, network="police", clock=Clock(NOW))


def edited(connection):
    connection.execute(
        "UPDATE plan_cell SET grid_code = %s WHERE cell_id = (SELECT min(cell_id) FROM plan_cell WHERE grid_code = %s)",
        [f"{WEST}002", f"{WEST}001"],
    )


def compounds():
    shapes = [shapely.box(20, 10, 120, 140)]
    return small.batch("compounds", small.frame({"code": ["Y1"], "name": ["柳岸苑"]}, shapes))


CHANGES = {
    "divisions": lambda c: written(c, renamed(small.divisions())),
    "divisions from a day on": lambda c: written(c, renamed(small.divisions()), effective=dt.date(2026, 8, 1)),
    "barriers": lambda c: written(c, small.batch("barriers", small.barriers().frame.assign(name="新路"))),
    "compounds": lambda c: written(c, compounds()),
    "a building": lambda c: written(c, across()),
    "buildings from a day on": lambda c: written(c, across(), effective=dt.date(2026, 8, 1)),
    "households": recounted,
    "households with buildings": lambda c: written(c, small.buildings(66)),
    "parts": lambda c: written(c, small.parts(61)),
    "limits of the level": lambda c: c.execute("UPDATE network_level SET maximum = maximum + 1"),
    "a publication elsewhere": published_elsewhere,
    "another network": other_network,
    "cells of the plan": edited,
    "a cell, by whatever way": lambda c: c.execute("UPDATE cell SET valid = valid"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_the_ground_ends_it(shared, plan, change):
    assert holds(shared, plan)
    with shared.transaction(force_rollback=True):
        change(shared)
        assert not holds(shared, plan)


def test_what_has_no_part_in_the_checks_leaves_it(shared, plan):
    with shared.transaction(force_rollback=True):
        for batch in (small.events(41), small.workers()):
            written(shared, batch)
        assert holds(shared, plan)


def test_a_plan_that_fails_meanwhile_is_not_published(store, plan):
    everything = "SELECT (SELECT count(*) FROM grid), (SELECT count(*) FROM grid_cell), (SELECT status FROM plan p WHERE p.id = %s)"  # noqa: E501
    before = store.execute(everything, [plan]).fetchone()
    written(store, across())
    with pytest.raises(CheckFailedError, match="N1 is cut by a border"):
        step(store, plan, "publish", WANG, Clock(NOW))
    assert store.execute(everything, [plan]).fetchone() == before
    gone = small.batch("buildings", across().frame.assign(state="demolished"))
    written(store, gone, effective=dt.date(2026, 7, 3))
    step(store, plan, "publish", WANG, Clock(NOW + dt.timedelta(days=5)))


def test_time_alone_may_end_it(store, plan):
    """A building that begins after the submission and before the publication."""
    step(store, plan, "discard", LI, Clock(NOW))
    written(store, across(), effective=dt.date(2026, 7, 5))
    plan = approved(store, Clock(NOW))
    assert holds(store, plan)
    assert not holds(store, plan, NOW + dt.timedelta(days=4))
    with pytest.raises(CheckFailedError, match="N1 is cut by a border"):
        step(store, plan, "publish", WANG, Clock(NOW + dt.timedelta(days=4)))


def test_a_change_beside_a_check_is_seen(databases, waiting, plan):
    """What is written while a submission reads, and committed after it, ends what it kept."""
    with databases.clone(of=waiting[0].name) as database, connect(database.app_url) as connection:
        with psycopg.connect(database.owner_url) as other:
            other.execute("UPDATE building SET name = 'x'")
            assert holds(connection, plan)
            other.commit()
        assert not holds(connection, plan)
