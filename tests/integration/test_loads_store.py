"""Are drafts divided, told, checked and rebalanced by the load that was asked for, and undone with it?"""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from gis.networks import Network
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import served_district as serve
from tests.integration.test_api_plans import (  # noqa: F401  # fixtures
    LI,
    WEST,
    D,
    client,
    clock,
    edit,
    good,
    opened,
    problem,
    take,
)

PLANNER = Actor("李规划")
LOAD = "households=1,parts=2,events=5"
TERMS = "people=0.5,parts:0101=1,area=100"


def loads(client, plan):  # noqa: F811
    """Load of each grid by key, from the cells that the editor gets."""
    told = good(client.get(f"{D}/plans/{plan}/cells"))
    keys = np.array([told["grids"][g]["key"] for g in told["cells"]["grid"]])
    load = np.array(told["load"] or told["cells"]["households"])
    return {str(key): float(load[keys == key].sum()) for key in np.unique(keys)}, told


def test_a_draft_is_divided_by_work_told_checked_and_undone(client, database):  # noqa: F811
    plan = opened(client, WEST)
    before = good(client.get(f"{D}/plans/{plan}"))
    assert (before["load"], before["unit"]["zh"], before["target"]) == ("households", "户", 200)
    made = good(client.post(f"{D}/plans/{plan}/proposals", json={"communities": [WEST], "load": LOAD}))
    one = made["proposals"][0]
    assert (one["load"], one["unit"]["en"]) == (LOAD, "units of work")
    edit(client, plan, 0, "propose", {name: one[name] for name in ("load", "target", "assignment", "seed", "style")}
         | {"communities": [WEST]})  # fmt: skip
    after = good(client.get(f"{D}/plans/{plan}"))
    assert (after["load"], after["target"], after["minimum"]) == (LOAD, one["target"], 0.75 * one["target"])
    sums, told = loads(client, plan)
    with connect(database.app_url) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM part p JOIN plan_cell c USING (cell_id) WHERE c.plan_id = %s", (plan,)
        ).fetchone()[0]
        happened = connection.execute(
            "SELECT count(*) FROM event e JOIN plan_cell c USING (cell_id) WHERE c.plan_id = %s", (plan,)
        ).fetchone()[0]
    assert counted > 0 < happened
    assert sum(told["load"]) == pytest.approx(sum(told["cells"]["households"]) + 2 * counted + 5 * happened)
    # as many grids as of 200 households
    assert one["target"] == pytest.approx(sum(told["load"]) * 200 / sum(told["cells"]["households"]), rel=1e-5)
    found = good(client.get(f"{D}/plans/{plan}/checks"))
    assert found["measures"]["load"] == LOAD
    off = np.abs(np.array(list(sums.values())) - one["target"])
    assert found["measures"]["mad"] == pytest.approx(off.mean()) == pytest.approx(one["figures"]["mad"])
    assert found["measures"]["within_10"] == (off <= one["target"] / 10).mean()
    why = good(client.get(f"{D}/plans/{plan}/explanation"))
    assert why["unit"]["zh"] == "工作量单位"
    assert {line["key"]: line["load"] for line in why["reasons"]} == pytest.approx(
        {key: load for key, load in sums.items() if abs(load - one["target"]) > one["target"] / 10}
    )
    even = good(client.post(f"{D}/plans/{plan}/rebalancings", json={}))
    assert even["now"]["mad"] == pytest.approx(off.mean())
    # another division without a word of the load goes on with it; undone it is households again
    again = edit(client, plan, 1, "propose", {"communities": [WEST], "target": 2 * one["target"]})
    assert good(client.get(f"{D}/plans/{plan}"))["load"] == LOAD
    for _ in range(2):
        again = good(client.post(f"{D}/plans/{plan}/undo", json={"revision": again["revision"]}, headers=LI))
    assert good(client.get(f"{D}/plans/{plan}"))["load"] == "households"
    assert good(client.get(f"{D}/plans/{plan}/cells"))["load"] is None
    for _ in range(2):
        again = good(client.post(f"{D}/plans/{plan}/redo", json={"revision": again["revision"]}, headers=LI))
    assert good(client.get(f"{D}/plans/{plan}"))["target"] == 2 * one["target"]
    done = take(client, plan, "submit")
    assert done["state"] == "submitted"
    assert done["measures"]["load"] == LOAD


def test_commands_show_the_work_of_each_grid_and_what_is_wanted(client, database, monkeypatch):  # noqa: F811
    from api.cli import app

    monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments):
        done = CliRunner().invoke(app, ["plan", *(str(a) for a in arguments)])
        assert done.exit_code == 0, done.output or done.exception
        rows = [[part.strip() for part in line.split("│")[1:-1]] for line in done.output.splitlines() if "│" in line]
        heads = next(line for line in done.output.splitlines() if "parts ┃" in line).strip("┃ ").split("┃")
        return [head.strip() for head in heads], [row for row in rows if len(row) == len(heads)], done.output

    plan = opened(client, WEST)
    heads, before, out = run("show", serve.DISTRICT, plan)
    assert (heads, "Load" in out) == (["grid", "code", "households", "cells", "parts"], False)
    by = ("--as", PLANNER.name)
    heads, changed, out = run(
        "propose", serve.DISTRICT, plan, "--communities", WEST, "--load", LOAD, "--target", 330, *by
    )
    assert heads == ["grid", "load", "households", "cells", "parts"]
    line = f"Load: {LOAD}; wanted 330 units of work a grid, 247.5 to 495."
    assert line in out
    sums, _ = loads(client, plan)
    assert {row[0]: float(row[1].replace(",", "")) for row in changed if row[3] != "0"} == {
        row[0]: sums[row[0]] for row in changed if row[0] in sums
    }
    assert all(row[1:] == ["0", "0", "0", "0"] for row in changed if row[0] not in sums)
    heads, shown, out = run("show", serve.DISTRICT, plan)
    assert heads == ["grid", "code", "load", "households", "cells", "parts"]
    assert {row[0]: float(row[2].replace(",", "")) for row in shown} == sums
    assert line in out
    # of one thing that counts once the unit is its own
    assert "wanted 40 parts a grid, 30 to 60." in run(
        "propose", serve.DISTRICT, plan, "--communities", WEST, "--load", "parts", "--target", 40, *by
    )[2]  # fmt: skip
    assert line in run("undo", serve.DISTRICT, plan, *by)[2]
    heads, _, out = run("undo", serve.DISTRICT, plan, *by)
    assert (heads, "Load" in out) == (["grid", "households", "cells", "parts"], False)
    assert run("show", serve.DISTRICT, plan)[1] == before


def test_cells_that_only_the_draft_has_carry_what_lies_on_them(client):  # noqa: F811
    plan = opened(client, WEST)
    edit(client, plan, 0, "propose", {"communities": [WEST], "load": "parts=1,events=1", "target": 40})
    before = good(client.get(f"{D}/plans/{plan}/cells"))
    x, y = serve.lonlat(35, 25)
    far = np.hypot(np.array(before["cells"]["x"]) - x, np.array(before["cells"]["y"]) - y)
    cell = before["cells"]["cell_id"][int(np.argmin(far))]
    line = [serve.lonlat(a, b) for a, b in ((20, -5), (20, 60))]
    edit(client, plan, 1, "split", {"cell": cell, "line": [list(point) for point in line]})
    after = good(client.get(f"{D}/plans/{plan}/cells"))
    assert len(after["load"]) == len(before["load"]) + 1
    assert sum(after["load"]) == sum(before["load"]) > 0


def test_an_event_counts_once_where_its_street_got_another_home(client, database):  # noqa: F811
    with connect(database.app_url) as connection:
        row = connection.execute(
            "SELECT ST_X(e.geom), ST_Y(e.geom) FROM event e JOIN cell c ON c.id = e.duty_cell_id "
            "JOIN division d ON d.id = c.community_id WHERE e.how = 'street' AND d.code = %s ORDER BY e.id", (WEST,)
        ).fetchone()  # fmt: skip
    street = good(client.get(f"{D}/locate", params={"lon": row[0], "lat": row[1]}))["street"]
    card = good(client.get(f"{D}/streets/{street['id']}"))
    plan = opened(client, WEST)
    edit(client, plan, 0, "propose", {"communities": [WEST], "load": "events=1", "target": 5})
    before = good(client.get(f"{D}/plans/{plan}/cells"))["load"]
    other = next(grid["code"] for grid in card["choices"] if grid["code"] != card["grid"]["code"])
    good(client.put(f"{D}/streets/{card['id']}/home", json={"grid_code": other}, headers=LI))
    after = good(client.get(f"{D}/plans/{plan}/cells"))["load"]
    assert after != before
    assert sum(after) == sum(before)


def test_terms_are_counted_and_those_without_data_refused(client, database):  # noqa: F811
    plan = opened(client, WEST)
    asked = {"communities": [WEST], "load": TERMS, "target": 300}
    edit(client, plan, 0, "propose", asked)
    told = good(client.get(f"{D}/plans/{plan}/cells"))
    with connect(database.app_url) as connection:
        lamps = connection.execute(
            "SELECT count(*) FROM part p JOIN plan_cell c USING (cell_id) WHERE c.plan_id = %s AND class LIKE '0101%%'",
            (plan,),
        ).fetchone()[0]
    people, area = sum(told["cells"]["people"]), sum(told["cells"]["area_m2"])
    assert sum(told["load"]) == pytest.approx(0.5 * people + lamps + 100 * area / 1e6, rel=1e-6)
    for load, words in (("key_persons=1", "there are none in district"), ("cats", "no term"), ("events=-1", "is -1")):
        fault = problem(client.post(f"{D}/plans/{plan}/proposals", json=asked | {"load": load}), 422)
        assert words in fault["detail"]
        assert fault["remedy"]


def test_units_and_barriers_are_asked_for_kept_and_named(client):  # noqa: F811
    plan = opened(client, WEST)
    asked = {"communities": [WEST], "keep_whole": "compounds", "hard_barriers": ["residential", "water"]}
    one = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))["proposals"][0]
    assert (one["keep_whole"], one["hard_barriers"]) == ("compounds", ["residential", "water"])
    edit(client, plan, 0, "propose", asked)
    detail = good(client.get(f"{D}/plans/{plan}"))
    assert (detail["keep_whole"], detail["hard_barriers"]) == ("compounds", ["residential", "water"])
    checks = {check["name"]: check for check in good(client.get(f"{D}/plans/{plan}/checks"))["checks"]}
    assert checks["crosses_no_barrier"]["passed"]
    assert checks["contiguous"]["passed"]
    for wrong in ({"hard_barriers": ["hedge"]}, {"keep_whole": "cats"}):
        problem(client.post(f"{D}/plans/{plan}/proposals", json={"communities": [WEST]} | wrong), 422)


def test_a_plan_kept_whole_stays_so_when_it_is_made_even(client, database):  # noqa: F811
    plan = opened(client, WEST)
    edit(client, plan, 0, "propose", {"communities": [WEST], "keep_whole": "compounds"})
    with connect(database.app_url) as connection:
        in_compound = {row[0] for row in connection.execute("SELECT id FROM cell WHERE compound_code IS NOT NULL")}
    told = good(client.get(f"{D}/plans/{plan}/cells"))
    ids, edges = told["cells"]["cell_id"], told["edges"]
    key = dict(zip(ids, (told["grids"][g]["key"] for g in told["cells"]["grid"]), strict=True))
    homes = dict(zip(ids, told["cells"]["households"], strict=True))
    (whole,) = {key[cell] for cell in in_compound & set(ids)}
    near = {(ids[a], ids[b]) for a, b in zip(edges["a"], edges["b"], strict=True)}
    near |= {(b, a) for a, b in near}
    # a building comes to the compound's grid, and has to stay: only one of the compound could go back
    come = min(a for a, b in near if homes[a] > 0 and key[a] != whole == key[b])
    edit(client, plan, 1, "move", {"cells": [come], "to": whole})

    def answers(**asked):
        return good(client.post(f"{D}/plans/{plan}/rebalancings", json=asked))["answers"]

    torn = answers(lock_cells=[come], keep_whole="")[0]
    assert torn["moved"] == 65
    assert {cell for cells in torn["taking"]["changes"].values() for cell in cells} & in_compound
    assert [one["moved"] for one in answers(lock_cells=[come])] == [0, 0, 0]
    back = answers()[0]
    assert (back["moved"], back["taking"]["keep_whole"]) == (65, "compounds")
    assert [cell for cells in back["taking"]["changes"].values() for cell in cells] == [come]
    edit(client, plan, 2, "propose", back["taking"])
    with connect(database.app_url) as connection:
        payload = "SELECT payload->>'keep_whole' FROM plan_operation WHERE plan_id = %s AND revision = 3"
        assert connection.execute(payload, (plan,)).fetchone()[0] == "compounds"
    assert good(client.get(f"{D}/plans/{plan}"))["keep_whole"] == "compounds"


def test_a_first_plan_is_made_checked_and_published_by_work(client, database):  # noqa: F811  # put in force
    with connect(database.app_url) as connection:
        pipeline.add_network(connection, serve.DISTRICT, Network("work", "工作网格"))
        asked = {"network": "work", "load": LOAD, "keep_whole": "compounds", "hard_barriers": "water"}
        made = pipeline.propose_plan(connection, serve.DISTRICT, **asked, clock=serve.CLOCK)
        assert made.measures["load"] == LOAD
        assert (made.settings["counted_on"], made.settings["hard_barriers"]) == ("2026-07-01", ["water"])
        found = pipeline.check_plan(connection, serve.DISTRICT, made.plan_id, network="work", clock=serve.CLOCK)
        assert "crosses_no_barrier" in [check.name for check in found.checks if check.passed]
        done = pipeline.publish_plan(connection, serve.DISTRICT, made.plan_id, network="work", clock=serve.CLOCK)
        assert done.measures["load"] == LOAD
        target = "SELECT target FROM network_level l JOIN network n ON n.id = l.network_id WHERE n.code = 'work'"
        assert connection.execute(target).fetchone()[0] == 200  # the level's own is of households
        # a draft begun on it keeps compounds whole until a division says otherwise
        plan = pipeline.open_draft(connection, serve.DISTRICT, [WEST], PLANNER, network="work", clock=serve.CLOCK)
        place = pipeline.district_of(connection, serve.DISTRICT)
        steps = [({}, "compounds"), ({"keep_whole": "", "load": LOAD}, None), ({"load": "households"}, None)]
        for revision, (more, kept) in enumerate(steps):
            asked = {
                "revision": revision,
                "kind": "propose",
                "payload": {"communities": [WEST], "seed": revision} | more,
            }
            pipeline.edit_draft(connection, serve.DISTRICT, plan, PLANNER, **asked, clock=serve.CLOCK)
            settings = pipeline.read_life(connection, place, plan, serve.NOW)["settings"]
            assert (settings["keep_whole"] or None, settings["target"]) == (kept, settings["divided"]["target"])
