"""Can a draft number its grids anew, answer for an island, and go on after somebody else published?"""

from __future__ import annotations

import psycopg
import pytest

from gis.errors import CheckFailedError, ConflictError, InputError
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration.test_plans_store import (
    LI,
    MIDNIGHT,
    NOW,
    WANG,
    WEST,
    Clock,
    D,
    cells_of,
    codes,
    codes_used_again,
    edit,
    everything,
    lives,
    merged,
    opened,
    put_through,
    scalar,
    sets_of_cells,
    step,
)
from tests.integration.test_plans_store import published as in_force  # noqa: F401 - a fixture


@pytest.fixture
def clone(databases, in_force):  # noqa: F811
    with databases.clone(of=in_force.name) as database:
        yield database


@pytest.fixture
def store(clone):
    with connect(clone.app_url) as connection:
        yield connection


@pytest.fixture
def clock():
    return Clock(NOW)


# ---------------------------------------------------------------------------------------------- renumber
def test_numbered_anew_grids_keep_their_ground_and_get_codes_never_used(store, clock):
    plan = opened(store, clock)
    before = sets_of_cells(store, NOW)
    done = edit(store, plan, clock, "renumber", {"communities": [WEST]})
    assert (done.revision, done.grids, done.can_undo) == (1, [], True)
    edit(store, plan, clock, "undo")
    with pytest.raises(ConflictError, match="leaves every grid"):
        step(store, plan, clock, "submit")
    edit(store, plan, clock, "redo")
    put_through(store, plan, clock)
    clock.now = MIDNIGHT
    assert codes(store, clock()) == ["005", "006", "007", "008"]
    assert sets_of_cells(store, clock()) == before
    assert codes_used_again(store) == []
    assert lives(store, clock, plan)["published"]["withdrawn_codes"] == [f"{WEST}{n:03}" for n in (1, 2, 3, 4)]
    gone_to = store.execute(
        "SELECT o.code, n.code, l.household_share FROM grid_lineage l JOIN grid o ON o.id = l.from_grid"
        " JOIN grid n ON n.id = l.to_grid ORDER BY 1"
    ).fetchall()
    assert gone_to == [(f"{WEST}{n:03}", f"{WEST}{n + 4:03}", 1.0) for n in (1, 2, 3, 4)]


# ---------------------------------------------------------------------------------------------- waiver
def cut_off(clone, grid):
    """Cut a grid off, as the owner: nothing joins its ground to the rest of its community any more."""
    with psycopg.connect(clone.owner_url) as owner:
        held = "SELECT m.cell_id FROM grid_cell m JOIN grid g ON g.id = m.grid_id WHERE g.code = %s"
        cells = [row[0] for row in owner.execute(held, [grid])]
        owner.execute("DELETE FROM cell_edge WHERE (cell_a = ANY(%(c)s)) <> (cell_b = ANY(%(c)s))", {"c": cells})


def test_a_check_is_waived_for_an_island_by_name_and_with_a_reason(clone, store, clock):
    cut_off(clone, f"{WEST}003")
    plan = merged(store, clock, "003", "004")
    with pytest.raises(InputError, match="no hard check"):
        pipeline.waive(store, D, plan, LI, "parts_balance", f"{WEST}004", "小岛", clock=clock)
    with pytest.raises(InputError, match="needs a reason"):
        pipeline.waive(store, D, plan, LI, "contiguous", f"{WEST}004", " ", clock=clock)
    with pytest.raises(InputError, match="holds no island"):
        pipeline.waive(store, D, plan, LI, "contiguous", f"{WEST}001", "小岛", clock=clock)
    pipeline.waive(store, D, plan, LI, "contiguous", f"{WEST}004", "江心洲，渡船相连", clock=clock)
    with pytest.raises(ConflictError, match="waived for grid"):
        pipeline.waive(store, D, plan, WANG, "contiguous", f"{WEST}004", "again", clock=clock)
    told = pipeline.read_waivers(store, plan)
    assert [(w["check_name"], w["grid_key"], w["person"], w["verified"]) for w in told] == [
        ("contiguous", f"{WEST}004", LI.name, False)
    ]
    assert pipeline.read_steps(store, plan)[-1]["reason"] == f"contiguous, {WEST}004: 江心洲，渡船相连"


def test_what_is_waived_does_not_block_and_nothing_else_is_let_through(clone, store, clock):
    """Two grids that touch at no border are one: it fails, until it is an island that somebody answers for."""
    plan = merged(store, clock, "001", "004")  # across a corner
    with pytest.raises(CheckFailedError, match="connected"):
        step(store, plan, clock, "submit")
    with pytest.raises(InputError, match="holds no island"):
        pipeline.waive(store, D, plan, LI, "contiguous", f"{WEST}004", "because", clock=clock)
    cut_off(clone, f"{WEST}001")
    pipeline.waive(store, D, plan, LI, "contiguous", f"{WEST}004", "江心洲", clock=clock)
    step(store, plan, clock, "submit")
    failing = [c for c in lives(store, clock, plan)["checks"] if c["hard"] and not c["passed"]]
    assert [(c["name"], c["waived"]) for c in failing] == [("contiguous", [f"{WEST}004"])]
    step(store, plan, clock, "approve", WANG)
    step(store, plan, clock, "publish")
    assert scalar(store, "SELECT max(version) FROM publication") == 2


# ---------------------------------------------------------------------------------------------- rebase
def test_a_stale_draft_goes_on_upon_the_version_in_force(store, clock):
    mine = opened(store, clock)
    first, second = cells_of(store, mine, f"{WEST}001")[:2]
    other = cells_of(store, mine, f"{WEST}004")[0]
    edit(store, mine, clock, "move", {"cells": [first], "to": f"{WEST}002"})
    edit(store, mine, clock, "move", {"cells": [other], "to": f"{WEST}003"})
    edit(store, mine, clock, "new_grid", {"cells": [second], "key": "new-1"})
    with pytest.raises(ConflictError, match="in force still"):
        pipeline.rebase_draft(store, D, mine, LI, clock=clock)

    theirs = merged(store, clock, "003", "004")  # 003 stays, 004 ends; cell `other` goes there too
    put_through(store, theirs, clock)
    with pytest.raises(ConflictError, match="was begun on version 1"):
        step(store, mine, clock, "submit")
    before = everything(store)
    done = pipeline.rebase_draft(store, D, mine, WANG, clock=clock)
    assert everything(store) == before
    assert lives(store, clock, mine)["status"] == "discarded"
    assert pipeline.read_steps(store, mine)[-1]["reason"] == f"rebased: plan {done.plan_id}"
    assert (done.taken, done.gone) == (2, 0)
    assert done.left == []  # it is in 003 as wanted, by the others' doing
    assert cells_of(store, done.plan_id, f"{WEST}002").count(first) == 1
    assert cells_of(store, done.plan_id, "new-1") == [second]
    row = lives(store, clock, done.plan_id)
    assert (row["base_version"], row["revision"], row["status"]) == (2, 1, "draft")
    edit(store, done.plan_id, clock, "undo")
    assert "new-1" not in set(pipeline.read_draft(store, done.plan_id)[1])


def test_where_both_moved_a_cell_the_version_in_force_stands_and_is_named(store, clock):
    mine, theirs = opened(store, clock), opened(store, clock)
    here, there = cells_of(store, mine, f"{WEST}001"), cells_of(store, mine, f"{WEST}003")
    cell = scalar(
        store,
        "SELECT CASE WHEN cell_a = ANY(%s) THEN cell_a ELSE cell_b END FROM cell_edge"
        " WHERE (cell_a = ANY(%s)) <> (cell_b = ANY(%s)) AND (cell_a = ANY(%s)) <> (cell_b = ANY(%s))"
        " ORDER BY length_m DESC",
        here, here, here, there, there,
    )  # fmt: skip
    edit(store, mine, clock, "move", {"cells": [cell], "to": f"{WEST}002"})
    edit(store, theirs, clock, "move", {"cells": [cell], "to": f"{WEST}003"})
    put_through(store, theirs, clock)
    done = pipeline.rebase_draft(store, D, mine, LI, clock=clock)
    assert done.left == [{"cell": cell, "wanted": f"{WEST}002", "stays": f"{WEST}003"}]
    assert lives(store, clock, done.plan_id)["revision"] == 0
