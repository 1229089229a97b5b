"""Does a plan live as the rules say: opened, edited, approved by another, published, in force, taken back?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import psycopg
import pytest
import shapely

from gis.clock import stopped_at
from gis.errors import CheckFailedError, ConflictError, InputError, NotFoundError, StaleError
from gis.plans import Actor, Life, state_of
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.lives import life_of
from gis.store.metric import to_stored
from tests.integration import small_district as small
from tests.integration.in_force import BEGIN, Clock, publish_first

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NOW = BEGIN + dt.timedelta(days=1)
MIDNIGHT = dt.datetime(2026, 7, 2, 16, tzinfo=dt.UTC)
"""The next local midnight (Asia/Shanghai) after NOW."""
LI, WANG = Actor("李规划"), Actor("王审批")


@pytest.fixture(scope="module")
def published(databases):
    """A database with version 1 in force since BEGIN, two persons, workers posted."""
    with databases.clone() as database:
        with connect(database.app_url) as connection:
            publish_first(connection, persons=(LI, WANG))
            pipeline.write_batch(connection, D, small.workers(), clock=stopped_at(BEGIN))
        yield database


@pytest.fixture
def store(databases, published):
    with databases.clone(of=published.name) as database, connect(database.app_url) as connection:
        yield connection


@pytest.fixture
def clock():
    return Clock(NOW)


def scalar(connection, statement, *values):
    return connection.execute(statement, values).fetchone()[0]


def cells_of(connection, plan, key):
    rows = connection.execute(
        "SELECT cell_id FROM plan_cell WHERE plan_id = %s AND grid_code = %s ORDER BY 1", [plan, key]
    )
    return [row[0] for row in rows]


def opened(connection, clock, *communities):
    return pipeline.open_draft(connection, D, communities or (WEST,), LI, clock=clock)


def edit(connection, plan, clock, kind, payload=None, who=LI, revision=None):
    if revision is None:
        revision = scalar(connection, "SELECT coalesce(max(revision), 0) FROM plan_operation WHERE plan_id = %s", plan)
    return pipeline.edit_draft(connection, D, plan, who, revision=revision, kind=kind, payload=payload, clock=clock)


def step(connection, plan, clock, name, who=LI, **more):
    pipeline.take_step(connection, D, plan, who, name, clock=clock, **more)


def merged(connection, clock, first="003", second="004", community=WEST):
    """A draft of a community in which two neighbours are one."""
    plan = opened(connection, clock, community)
    edit(connection, plan, clock, "merge", {"from": f"{community}{first}", "into": f"{community}{second}"})
    return plan


def put_through(connection, plan, clock, effective=None):
    step(connection, plan, clock, "submit")
    step(connection, plan, clock, "approve", WANG)
    step(connection, plan, clock, "publish", effective=effective)


def lives(connection, clock, plan):
    return pipeline.read_life(connection, district_of(connection, D), plan, clock())


def codes(connection, at):
    rows = connection.execute("SELECT code FROM grid WHERE valid @> %s::timestamptz ORDER BY code", [at])
    return [row[0][-3:] if row[0].startswith(WEST) else row[0] for row in rows if row[0].startswith(WEST)]


def codes_used_again(connection):
    """Codes that were in force, then were not, then were again."""
    return connection.execute(
        "SELECT code FROM grid GROUP BY code HAVING array_length(ARRAY(SELECT unnest(range_agg(valid))), 1) > 1"
    ).fetchall()


def sets_of_cells(connection, at):
    rows = connection.execute(
        "SELECT array_agg(cell_id) FROM grid_cell WHERE valid @> %s::timestamptz GROUP BY grid_id", [at]
    )
    return {frozenset(row[0]) for row in rows}


def located(connection, at, x=75, y=75):
    point = to_stored(np.array([shapely.Point(small.ORIGIN[0] + x, small.ORIGIN[1] + y)], object), "EPSG:4548")[0]
    return pipeline.locate_points(connection, D, [(point.x, point.y)], at=at)[0]


def everything(connection):
    """All that says who is where when; rows valid at no time left out."""
    return {
        table: sorted(connection.execute(statement).fetchall())
        for table, statement in {
            "grid": "SELECT id, code, valid::text FROM grid WHERE NOT isempty(valid)",
            "grid_cell": "SELECT id, cell_id, grid_id, valid::text FROM grid_cell WHERE NOT isempty(valid)",
            "posting": "SELECT id, worker_id, grid_id, valid::text FROM posting WHERE NOT isempty(valid)",
        }.items()
    }


# ---------------------------------------------------------------------------------------------- the whole life
def test_from_a_draft_to_grids_in_force(store, clock):
    before = everything(store)
    plan = opened(store, clock)
    south_west = cells_of(store, plan, f"{WEST}003")
    assert len(south_west) == 3
    done = edit(store, plan, clock, "merge", {"from": f"{WEST}004", "into": f"{WEST}003"})
    assert done.grids == [
        {"key": f"{WEST}003", "households": 390.0, "cells": 6, "parts": 1},
        {"key": f"{WEST}004", "households": 0.0, "cells": 0, "parts": 0},
    ]
    with pytest.raises(ConflictError, match="'approve' is not open"):
        step(store, plan, clock, "approve", WANG)
    step(store, plan, clock, "submit")
    with pytest.raises(ConflictError, match="another person must approve"):
        step(store, plan, clock, "approve", LI)
    with pytest.raises(ConflictError, match="another person must approve"):
        step(store, plan, clock, "approve", Actor("李 规划"))  # a blank makes nobody another
    with pytest.raises(ConflictError, match="submitted, not a draft"):
        edit(store, plan, clock, "undo")
    step(store, plan, clock, "approve", WANG)
    assert everything(store) == before
    layer = scalar(store, "SELECT version FROM layer_version WHERE layer = 'grids'")
    step(store, plan, clock, "publish")
    assert scalar(store, "SELECT version FROM layer_version WHERE layer = 'grids'") == layer + 1

    row = lives(store, clock, plan)
    assert (row["version"], row["effective"], row["status"]) == (2, MIDNIGHT, "published")
    assert state_of(life_of(row), clock()) == "published"
    assert located(store, clock()).grid_code == f"{WEST}003"
    assert located(store, clock()).valid_to == MIDNIGHT
    assert codes(store, clock()) == ["001", "002", "003", "004"]
    assert located(store, clock(), 225).grid_code == f"{WEST}004"

    clock.now = MIDNIGHT + dt.timedelta(seconds=1)
    row = lives(store, clock, plan)
    assert state_of(life_of(row), clock()) == "in_force"
    # 003 and 004 gave 195 households each: the lower code stays
    assert codes(store, clock()) == ["001", "002", "003"]
    now = located(store, clock(), 225)
    assert (now.grid_code, now.version, now.valid_from, now.valid_to) == (f"{WEST}003", 2, MIDNIGHT, None)
    then = located(store, NOW, 225)
    assert (then.grid_code, then.version) == (f"{WEST}004", 1)
    with pytest.raises(ConflictError, match="in force since"):
        step(store, plan, clock, "withdraw")

    assert row["published"]["unchanged"] == 2
    assert row["published"]["kept_codes"] == [f"{WEST}003"]
    assert row["published"]["withdrawn_codes"] == [f"{WEST}004"]
    steps = pipeline.read_steps(store, plan)
    assert [(s["name"], s["person"]) for s in steps] == [
        ("open", LI.name),
        ("submit", LI.name),
        ("approve", WANG.name),
        ("publish", LI.name),
    ]
    assert not any(s["verified"] for s in steps)


def test_only_changed_grids_get_versions_and_lineage_sums_to_one(store, clock):
    before = everything(store)
    put_through(store, merged(store, clock), clock)
    after = everything(store)
    kept = {row for row in before["grid"] if row in after["grid"]}
    assert {code for _, code, _ in kept} == {f"{WEST}001", f"{WEST}002", *(f"{EAST}00{i}" for i in (1, 2, 3, 4))}
    assert len(after["grid"]) == len(before["grid"]) + 1
    ended = [row for row in after["grid"] if row[2].endswith('"2026-07-02 16:00:00+00")')]
    assert [row[1] for row in ended] == [f"{WEST}003", f"{WEST}004"]
    shares = store.execute(
        "SELECT from_grid, sum(household_share), sum(area_share) FROM grid_lineage GROUP BY from_grid ORDER BY 1"
    ).fetchall()
    assert [row[0] for row in shares] == [row[0] for row in ended]
    for _, households, area in shares:
        assert (households, area) == (pytest.approx(1), pytest.approx(1))
    moved = dict(store.execute("SELECT cell_id, count(*) FROM grid_cell GROUP BY cell_id HAVING count(*) > 1"))
    assert len(moved) == 6
    assert set(moved.values()) == {2}
    shape, union = store.execute(
        "SELECT ST_Area(ST_SymDifference(g.geom, ST_Union(c.geom))), ST_Area(g.geom) FROM grid g"
        " JOIN grid_cell m ON m.grid_id = g.id JOIN cell c ON c.id = m.cell_id"
        " WHERE lower(g.valid) = %s GROUP BY g.id",
        [MIDNIGHT],
    ).fetchone()
    assert shape < union * 1e-9
    assert scalar(store, "SELECT report->'network_measures'->>'grids' FROM plan ORDER BY id DESC LIMIT 1") == "7"


def test_neighbours_never_share_a_colour(store, clock):
    put_through(store, merged(store, clock), clock)
    rows = store.execute("SELECT colour, ST_AsBinary(geom) FROM grid WHERE upper_inf(valid)").fetchall()
    shapes = shapely.from_wkb(np.array([row[1] for row in rows], object))
    for a in range(len(rows)):
        for b in range(a):
            assert rows[a][0] != rows[b][0] or shapely.distance(shapes[a], shapes[b]) > 1e-7


def test_postings_follow_the_code(store, clock):
    put_through(store, merged(store, clock), clock)
    posted = "SELECT w.code FROM posting p JOIN grid_worker w ON w.id = p.worker_id JOIN grid g ON g.id = p.grid_id WHERE g.code = %s AND p.valid @> %s::timestamptz"  # noqa: E501
    later = MIDNIGHT + dt.timedelta(days=1)
    assert store.execute(posted, [f"{WEST}003", NOW]).fetchall() == [("W2",)]
    assert store.execute(posted, [f"{WEST}003", later]).fetchall() == [("W2",)]
    assert store.execute(posted, [f"{WEST}004", NOW]).fetchall() == [("W3",)]
    assert store.execute(posted, [f"{WEST}004", later]).fetchall() == []
    report = scalar(store, "SELECT report FROM publication WHERE version = 2")
    assert report["postings_ended"] == [f"W3 网格员3: {WEST}004"]


def test_who_is_posted_between_publication_and_effect_stays_with_the_code(store, clock):
    put_through(store, merged(store, clock), clock)
    new = small.workers()
    new.frame = new.frame.iloc[:1].assign(code="W9", grid_code=f"{WEST}003")
    assert pipeline.write_batch(store, D, new, clock=clock).counts["posted"] == 1
    of = "SELECT g.valid * p.valid = p.valid, p.valid @> %s::timestamptz FROM posting p JOIN grid g ON g.id = p.grid_id JOIN grid_worker w ON w.id = p.worker_id WHERE w.code = 'W9' ORDER BY p.valid"  # noqa: E501
    assert store.execute(of, [NOW]).fetchall() == [(True, True), (True, False)]
    assert store.execute(of, [MIDNIGHT]).fetchall() == [(True, False), (True, True)]


def test_a_cell_has_one_grid_at_a_time_whatever_is_published(store, clock):
    put_through(store, merged(store, clock), clock)
    with pytest.raises(psycopg.errors.ExclusionViolation):
        store.execute(
            "INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)"
            " SELECT network_id, level, cell_id, grid_id, tstzrange('2026-07-10', '2026-07-11') FROM grid_cell LIMIT 1"
        )
    with pytest.raises(psycopg.errors.ExclusionViolation):
        store.execute("UPDATE grid SET valid = tstzrange(lower(valid), NULL) WHERE upper(valid) = %s", [MIDNIGHT])
    gaps = scalar(
        store,
        "SELECT count(*) FROM (SELECT cell_id, range_agg(valid) r FROM grid_cell GROUP BY cell_id) t"
        " WHERE r <> tstzmultirange(tstzrange(%s, NULL))",
        BEGIN,
    )
    assert gaps == 0


# ---------------------------------------------------------------------------------------------- edits
def test_every_edit_is_a_line_and_the_plan_is_its_replay(store, clock):
    plan = opened(store, clock)
    west, east = f"{WEST}003", f"{WEST}004"
    first = cells_of(store, plan, east)[0]
    edit(store, plan, clock, "move", {"cells": [first], "to": west})
    edit(store, plan, clock, "new_grid", {"cells": cells_of(store, plan, west)[:2], "key": "new-1"})
    edit(store, plan, clock, "merge", {"from": f"{WEST}001", "into": f"{WEST}002"})
    for kind in ("undo", "undo", "redo", "undo", "undo"):
        edit(store, plan, clock, kind)
    draft, kept = pipeline.read_draft(store, plan)
    assert draft.keys.tolist() == kept.tolist() == draft.base.tolist()
    done = edit(store, plan, clock, "redo")
    assert (done.revision, done.cells.tolist(), done.keys.tolist()) == (9, [first], [west])
    assert (done.can_undo, done.can_redo) == (True, True)
    draft, kept = pipeline.read_draft(store, plan)
    assert draft.keys.tolist() == kept.tolist()
    log = store.execute("SELECT revision, kind, person, verified FROM plan_operation ORDER BY 1").fetchall()
    assert [row[0] for row in log] == list(range(1, 10))
    assert log[0][1:] == ("move", LI.name, False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        store.execute("UPDATE plan_operation SET kind = 'move'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        store.execute("DELETE FROM plan_step")


def test_who_comes_second_is_told_the_present_revision(store, clock):
    plan = opened(store, clock)
    cell = cells_of(store, plan, f"{WEST}004")[0]
    edit(store, plan, clock, "move", {"cells": [cell], "to": f"{WEST}003"}, revision=0)
    with pytest.raises(StaleError, match="at edit 1, you know edit 0") as refused:
        edit(store, plan, clock, "merge", {"from": f"{WEST}001", "into": f"{WEST}002"}, WANG, revision=0)
    assert refused.value.revision == 1
    assert scalar(store, "SELECT count(*) FROM plan_operation") == 1


def test_edits_that_cannot_be_leave_the_draft_alone(store, clock):
    plan = opened(store, clock, WEST, EAST)
    west = cells_of(store, plan, f"{WEST}003")
    for kind, payload, told in (
        ("move", {"cells": west, "to": f"{EAST}001"}, "stays inside its community"),
        ("move", {"cells": west, "to": f"{WEST}003"}, "changes nothing"),
        ("move", {"cells": west, "to": "new-9"}, "no grid new-9"),
        ("move", {"cells": [10**9], "to": f"{WEST}003"}, "not of this plan"),
        ("new_grid", {"cells": west, "key": "mine"}, "no key of a new grid"),
        ("merge", {"from": "new-1", "into": f"{WEST}001"}, "has no cells"),
        ("burn", {}, "no edit 'burn'"),
    ):
        with pytest.raises(InputError, match=told):
            edit(store, plan, clock, kind, payload)
    with pytest.raises(ConflictError, match="nothing to undo"):
        edit(store, plan, clock, "undo")
    with pytest.raises(InputError, match="person add"):
        edit(store, plan, clock, "undo", who=Actor("赵某"))
    with pytest.raises(NotFoundError):
        edit(store, plan + 100, clock, "undo", revision=0)
    draft, kept = pipeline.read_draft(store, plan)
    assert (draft.revision, kept.tolist()) == (0, draft.base.tolist())
    with pytest.raises(ConflictError, match="leaves every grid as it is"):
        step(store, plan, clock, "submit")


def test_the_partitioner_proposes_inside_a_draft(store, clock):
    plan = opened(store, clock, WEST, EAST)
    done = edit(store, plan, clock, "propose", {"communities": [EAST], "target": 400})
    held = [grid for grid in done.grids if grid["cells"]]
    assert [(g["households"], g["parts"]) for g in held] == [(390.0, 1), (390.0, 1)]
    draft, kept = pipeline.read_draft(store, plan)
    assert draft.keys.tolist() == kept.tolist()
    assert (draft.keys == draft.base)[draft.community == WEST].all()
    edit(store, plan, clock, "undo")
    assert pipeline.read_draft(store, plan)[1].tolist() == draft.base.tolist()


def test_a_broken_grid_is_not_submitted(store, clock):
    plan = opened(store, clock)
    cell = cells_of(store, plan, f"{WEST}003")[0]  # the far corner from 002
    far = f"{WEST}002"
    done = edit(store, plan, clock, "move", {"cells": [cell], "to": far})
    assert {g["key"]: g["parts"] for g in done.grids}[far] == 2
    with pytest.raises(CheckFailedError, match="not submitted"):
        step(store, plan, clock, "submit")
    assert lives(store, clock, plan)["status"] == "draft"


# ---------------------------------------------------------------------------------------------- conflicts and time
def test_a_draft_on_a_version_that_is_not_in_force_any_more_is_refused(store, clock):
    slow, elsewhere = merged(store, clock), merged(store, clock, community=EAST)
    step(store, slow, clock, "submit")
    step(store, slow, clock, "approve", WANG)
    put_through(store, merged(store, clock, "001", "002"), clock)
    with pytest.raises(ConflictError, match=r"begun on version 1, but in community .*version 2 is in force"):
        step(store, slow, clock, "publish")
    put_through(store, elsewhere, clock)  # another community: nobody was in its way
    assert lives(store, clock, elsewhere)["version"] == 3
    assert lives(store, clock, slow)["status"] == "approved"
    assert scalar(store, "SELECT count(*) FROM publication") == 3


def test_a_publication_takes_effect_now_or_later_and_after_the_last(store, clock):
    plan = merged(store, clock)
    step(store, plan, clock, "submit")
    step(store, plan, clock, "approve", WANG)
    for when in (NOW - dt.timedelta(hours=1), NOW.replace(tzinfo=None)):
        with pytest.raises(InputError, match="cannot take effect"):
            step(store, plan, clock, "publish", effective=when)
    step(store, plan, clock, "publish", effective=NOW + dt.timedelta(days=7))
    following = merged(store, clock, "001", "002")  # begun on the version to come
    assert sorted(set(pipeline.read_draft(store, following)[0].base)) == [f"{WEST}00{i}" for i in (1, 2, 3)]
    step(store, following, clock, "submit")
    step(store, following, clock, "approve", WANG)
    with pytest.raises(InputError, match="does not come after"):
        step(store, following, clock, "publish")
    step(store, following, clock, "publish", effective=NOW + dt.timedelta(days=8))
    with pytest.raises(ConflictError, match="Withdraw version 3 first"):
        step(store, plan, clock, "withdraw")
    assert [codes(store, NOW + dt.timedelta(days=d)) for d in (0, 7, 8)] == [
        ["001", "002", "003", "004"],
        ["001", "002", "003"],
        ["001", "003"],
    ]
    clock.now = NOW + dt.timedelta(days=9)
    assert [state_of(life_of(lives(store, clock, p)), clock()) for p in (plan, following)] == ["closed", "in_force"]


def test_what_is_withdrawn_leaves_the_past_and_the_future_as_they_were(store, clock):
    before = everything(store)
    plan = opened(store, clock)
    edit(store, plan, clock, "new_grid", {"cells": cells_of(store, plan, f"{WEST}003")[:1], "key": "new-1"})
    put_through(store, plan, clock)
    assert codes(store, MIDNIGHT) == ["001", "002", "003", "004", "005"]
    step(store, plan, clock, "withdraw", WANG)
    assert everything(store) == before
    assert lives(store, clock, plan)["status"] == "approved"
    assert located(store, MIDNIGHT).version == 1
    clock.now = MIDNIGHT + dt.timedelta(days=1)
    assert codes(store, clock()) == ["001", "002", "003", "004"]
    step(store, plan, clock, "publish")  # the same codes again, a new version
    assert lives(store, clock, plan)["version"] == 3
    assert codes(store, clock() + dt.timedelta(days=1)) == ["001", "002", "003", "004", "005"]
    other = opened(store, clock)
    with pytest.raises(ConflictError, match="is not open"):
        step(store, other, clock, "withdraw")


def test_a_roll_back_is_a_new_publication_and_uses_no_code_again(store, clock):
    put_through(store, merged(store, clock), clock)
    clock.now = MIDNIGHT + dt.timedelta(hours=1)
    with pytest.raises(NotFoundError, match="no version 9"):
        pipeline.roll_back(store, D, 9, LI, clock=clock)
    plan = pipeline.roll_back(store, D, 1, LI, clock=clock)
    assert [code for code, _ in lives(store, clock, plan)["scope"]] == [WEST]
    assert lives(store, clock, plan)["status"] == "submitted"
    draft, kept = pipeline.read_draft(store, plan)
    assert draft.keys.tolist() == kept.tolist()
    step(store, plan, clock, "approve", WANG)
    step(store, plan, clock, "publish", effective=clock())
    # 003 has exactly half of its households in each part, so both parts get codes never used
    assert codes(store, clock()) == ["001", "002", "005", "006"]
    assert sets_of_cells(store, clock()) == sets_of_cells(store, NOW)
    assert codes_used_again(store) == []
    with pytest.raises(ConflictError, match="are those of version 1"):
        pipeline.roll_back(store, D, 1, LI, clock=clock)


def test_return_needs_a_reason_and_discard_is_the_end(store, clock):
    plan = merged(store, clock)
    step(store, plan, clock, "submit")
    with pytest.raises(InputError, match="needs a reason"):
        step(store, plan, clock, "return", WANG, reason=" ")
    step(store, plan, clock, "return", WANG, reason="网格过大")
    assert pipeline.read_steps(store, plan)[-1]["reason"] == "网格过大"
    edit(store, plan, clock, "undo")
    step(store, plan, clock, "discard")
    with pytest.raises(ConflictError, match="discarded"):
        edit(store, plan, clock, "redo")
    with pytest.raises(ConflictError, match="'discard' is not open"):
        step(store, plan, clock, "discard")


def test_opening_needs_communities_with_grids_and_a_person(store, clock):
    with pytest.raises(NotFoundError, match="no community 990101001099"):
        opened(store, clock, "990101001099")
    with pytest.raises(InputError, match="No community"):
        opened(store, clock, " ")
    with pytest.raises(InputError, match="李规划, 王审批"):
        pipeline.open_draft(store, D, [WEST], Actor("赵某"), clock=clock)
    first = scalar(store, "SELECT min(id) FROM plan")
    with pytest.raises(ConflictError):
        edit(store, first, clock, "undo")
    plan = opened(store, clock)
    with pytest.raises(ConflictError, match="not a first plan"):
        pipeline.publish_plan(store, D, plan, clock=clock)
    proposed = pipeline.propose_plan(store, D, clock=clock).plan_id
    with pytest.raises(ConflictError, match="first proposal"):
        step(store, proposed, clock, "submit")
    assert lives(store, clock, plan)["status"] == "draft"


def test_a_name_is_on_the_list_once(store, clock):
    number, name = pipeline.add_person(store, "  Ann   Smith ", clock=clock)
    assert name == "Ann Smith"
    assert pipeline.add_person(store, "ANN SMITH", clock=clock) == (number, "Ann Smith")
    for bad in ("", " ", "x" * 101, "a\u202eb"):
        with pytest.raises(InputError):
            pipeline.add_person(store, bad, clock=clock)
    assert [n for _, n in pipeline.list_persons(store)] == [LI.name, WANG.name, "Ann Smith"]


def test_state_of_a_first_publication(store, clock):
    rows = pipeline.read_lives(store, district_of(store, D), clock())
    assert [(row["version"], state_of(life_of(row), clock())) for row in rows] == [(1, "in_force")]
    assert state_of(Life(1, "published", effective=clock()), clock()) == "in_force"


# ---------------------------------------------------------------------------------------------- told as it goes
def test_who_edits_while_a_division_is_computed_does_not_wait_and_wins(store, clock):
    plan = opened(store, clock)
    told = []

    def meanwhile(label, done, total):
        if label == "partition" and label not in told:
            with connect(store.info.dsn) as other:  # would wait for ever if the plan were locked
                edit(other, plan, clock, "merge", {"from": f"{WEST}003", "into": f"{WEST}004"})
        told.append(label)

    asked = {"communities": [WEST], "seed": 2, "target": 400}
    with pytest.raises(StaleError, match="you know edit 0"):
        pipeline.edit_draft(
            store, D, plan, LI, revision=0, kind="propose", payload=asked, progress=meanwhile, clock=clock
        )
    assert scalar(store, "SELECT array_agg(kind) FROM plan_operation WHERE plan_id = %s", plan) == ["merge"]
    assert list(dict.fromkeys(told)) == ["reading cells", "partition", "saving the edit"]


def test_a_publication_tells_its_steps(store, clock):
    plan = merged(store, clock)
    told = []
    step(store, plan, clock, "submit")
    step(store, plan, clock, "approve", WANG)
    step(store, plan, clock, "publish", progress=lambda *line: told.append(line))
    names, done, totals = zip(*told, strict=True)
    assert names[:2] == ("checking the plan", "writing grids")
    assert names[-1] == "moving events"
    assert list(done) == sorted(done)
    assert done[-1] == totals[-1]
