"""Do networks keep out of each other's way where one of them replaces the cells that all stand on?"""

from __future__ import annotations

import datetime as dt

import pytest

from gis.errors import ConflictError, InputError
from gis.networks import Level, Network
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.invariants import insist_on_model
from tests.integration.test_plans_store import BEGIN, LI, MIDNIGHT, NOW, WANG, WEST, Clock, D, put_through, scalar, step

TOWN = "990101001"
POLICE = Network("police", "警务网格", levels=(Level(1, "subdistrict", "responsibility", "local", 520, 300, 800),))
MORE = dt.timedelta(hours=1)
MOMENTS = [BEGIN, NOW, MIDNIGHT - MORE, MIDNIGHT, MIDNIGHT + MORE, MIDNIGHT + 4 * MORE]


@pytest.fixture(scope="module")
def grown(databases):
    """Community grids and a police network of the whole subdistrict in force."""
    with databases.clone() as database:
        clock = Clock(BEGIN)
        with connect(database.app_url) as connection:
            for kind in ("divisions", "buildings", "barriers", "parts", "events"):
                pipeline.write_batch(connection, D, getattr(small, kind)(), clock=clock)
            pipeline.tessellate_district(connection, D, clock=clock)
            pipeline.add_network(connection, D, POLICE)
            for network in ("community", "police"):
                pipeline.propose_plan(connection, D, network=network, clock=clock)
                pipeline.publish_plan(connection, D, network=network, clock=clock)
            pipeline.write_batch(connection, D, small.workers(), clock=clock)
            for actor in (LI, WANG):
                pipeline.add_person(connection, actor.name, clock=clock)
        yield database


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def store(databases, grown):
    with databases.clone(of=grown.name) as database, connect(database.app_url) as connection:
        yield connection


def insist(store):
    insist_on_model(store, district_of(store, D), MOMENTS)


def drafted(store, clock, network="police"):
    scope = [TOWN] if network == "police" else [WEST]
    return pipeline.open_draft(store, D, scope, LI, network=network, clock=clock)


def edit(store, clock, plan, kind, payload=None):
    revision = scalar(store, "SELECT coalesce(max(revision), 0) FROM plan_operation WHERE plan_id = %s", plan)
    return pipeline.edit_draft(store, D, plan, LI, revision=revision, kind=kind, payload=payload, clock=clock)


def recut(store, clock):
    """A draft of the police grids with two for three."""
    plan = drafted(store, clock)
    edit(store, clock, plan, "propose", {"communities": [TOWN], "seed": 3, "target": 780})
    return plan


@pytest.fixture(params=["B000", "B001"], ids=["its grid gets a version", "its grid keeps its polygon"])
def split(request, store, clock):
    """A draft of the community grids in which one cell is two: at the rim of the district, or well inside a grid."""
    plan = drafted(store, clock, "community")
    cell = scalar(
        store,
        "SELECT k.cell_id FROM building_cell k JOIN building b ON b.id = k.building_id"
        " JOIN plan_cell p ON p.cell_id = k.cell_id AND p.plan_id = %s WHERE b.code = %s",
        plan,
        request.param,
    )
    ends = (-5, 60) if request.param == "B000" else (40, 100)
    edit(store, clock, plan, "split", {"cell": cell, "line": [serve.lonlat(10, y) for y in ends]})
    return plan


def test_another_network_may_not_begin_before_the_cells_it_stands_on(store, split, clock):
    put_through(store, split, clock)
    insist(store)
    plan = recut(store, clock)
    step(store, plan, clock, "submit")
    step(store, plan, clock, "approve", WANG)
    with pytest.raises(InputError, match=r"stands on are so from|does not come after"):
        step(store, plan, clock, "publish", effective=NOW + MORE)
    step(store, plan, clock, "publish", effective=MIDNIGHT + MORE)
    insist(store)


def test_cells_are_not_withdrawn_from_under_another_network(store, split, clock):
    put_through(store, split, clock)
    other = recut(store, clock)
    put_through(store, other, clock, effective=MIDNIGHT + MORE)
    with pytest.raises(ConflictError, match="of network police"):
        step(store, split, clock, "withdraw", WANG)
    insist(store)
    step(store, other, clock, "withdraw", WANG)
    step(store, split, clock, "withdraw", WANG)
    insist(store)


def test_a_draft_on_cells_that_were_replaced_or_withdrawn_goes_nowhere(store, split, clock):
    early = recut(store, clock)
    put_through(store, split, clock)
    with pytest.raises(ConflictError, match=r"stands on cells|was begun on version"):
        step(store, early, clock, "submit")
    late = recut(store, clock)
    step(store, late, clock, "submit")
    step(store, late, clock, "approve", WANG)
    step(store, split, clock, "withdraw", WANG)
    with pytest.raises(ConflictError, match=r"stands on cells|was begun on version"):
        step(store, late, clock, "publish", effective=MIDNIGHT + MORE)
    insist(store)
