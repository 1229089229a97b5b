"""Are the grids of a draft made even over HTTP, with what moves and whose worker changes, and is nonsense refused?"""

from __future__ import annotations

import io

import openpyxl
import pytest

from api.jobs.running import run_job
from gis.errors import ConflictError
from gis.store import pipeline
from tests.integration import nested_district as nested
from tests.integration.test_api_plans import (  # noqa: F401  # fixtures
    EAST,
    LI,
    WEST,
    D,
    client,
    clock,
    edit,
    good,
    opened,
    problem,
)
from tests.integration.test_networks import CLOCK, grids, networks, store  # noqa: F401  # fixtures
from tests.integration.test_networks import LI as PLANNER
from tests.integration.test_networks import D as NESTED_DISTRICT
from tests.integration.test_networks import edit as edit_stored

ONE, TWO = f"{WEST}001", f"{WEST}002"


def held(client, plan):  # noqa: F811
    """Cells of each grid, and the grid of each cell."""
    columns = good(client.get(f"{D}/plans/{plan}/cells"))
    keys = [columns["grids"][g]["key"] for g in columns["cells"]["grid"]]
    of = dict(zip(columns["cells"]["cell_id"], keys, strict=True))
    return of, columns


@pytest.fixture(scope="module")
def uneven(client):  # noqa: F811
    """A draft of both communities where one cell of grid 1 was given to grid 2: its number, and that cell."""
    plan = opened(client, WEST, EAST)
    of, columns = held(client, plan)
    ids, edges = columns["cells"]["cell_id"], columns["edges"]
    near = {(ids[a], ids[b]) for a, b in zip(edges["a"], edges["b"], strict=True)}
    near |= {(b, a) for a, b in near}
    cell = min(c for c in of if of[c] == ONE and any(of[n] == TWO for m, n in near if m == c))
    edit(client, plan, 0, "move", {"cells": [cell], "to": TWO})
    return plan, cell


def test_three_answers_are_told_listed_taken_and_undone(client, uneven):  # noqa: F811
    plan, cell = uneven
    made = good(client.post(f"{D}/plans/{plan}/rebalancings", json={}))
    assert (made["revision"], made["now"]["grids"], made["now"]["within"]) == (1, 8, 6)
    assert [one["name"] for one in made["answers"]] == ["fewest_moved", "between", "best_balance"]
    first = made["answers"][0]
    assert (first["moved"], first["buildings"], first["touched"], first["balance"]["within"]) == (65, 1, 2, 8)
    assert (first["bound"], first["ratio"]) == (50, 1.3)
    assert first["taking"]["communities"] == [WEST]
    assert list(first["taking"]["changes"]) == [ONE]

    asked = {"revision": 1, "changes": first["taking"]["changes"]}
    moves = good(client.post(f"{D}/plans/{plan}/moves", json=asked))
    assert (moves["total"], moves["households"]) == (1, 65)
    row = moves["moves"][0]
    assert (row["from_grid"], row["to_grid"], row["address"][:3]) == (TWO, ONE, "柳岸路")
    workers = [good(client.get(f"{D}/grids/{code}"))["people"] for code in (TWO, ONE)]
    names = [", ".join(one["name"] for one in people) or None for people in workers]
    assert [row["worker_from"], row["worker_to"]] == names
    assert row["worker_changes"] == (names[0] != names[1])
    assert first["workers"] == len({name for name in names if name})
    book = openpyxl.load_workbook(
        io.BytesIO(client.post(f"{D}/plans/{plan}/moves?format=xlsx", json=asked).content)
    ).active
    assert [cell.value for cell in book[2]][6:8] == [TWO, ONE]
    text = client.post(f"{D}/plans/{plan}/moves?format=csv&lang=en", json=asked).content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("Building,Name,Address")
    assert good(client.post(f"{D}/plans/{plan}/moves?offset=1", json=asked))["moves"] == []
    stale = problem(client.post(f"{D}/plans/{plan}/moves", json={**asked, "revision": 0}), 409)
    assert stale["revision"] == 1

    before, _ = held(client, plan)
    edit(client, plan, 1, "propose", first["taking"])
    after, _ = held(client, plan)
    assert {c: (before[c], after[c]) for c in before if before[c] != after[c]} == {row["cell"]: (TWO, ONE)}
    assert good(client.post(f"{D}/plans/{plan}/rebalancings", json={}))["now"]["within"] == 8
    good(client.post(f"{D}/plans/{plan}/undo", json={"revision": 2}, headers=LI))
    assert held(client, plan)[0] == before
    assert cell in before


def test_scope_locks_and_budgets_are_kept(client, uneven):  # noqa: F811
    plan, _ = uneven

    def moved(**asked):
        made = good(client.post(f"{D}/plans/{plan}/rebalancings", json=asked))
        return [one["moved"] for one in made["answers"]]

    of, _ = held(client, plan)
    assert moved(grids=[ONE]) == [0, 0, 0], "one grid alone gives and takes nothing"
    assert moved(grids=[ONE], neighbours=True)[0] == 65
    assert moved(communities=[EAST]) == [0, 0, 0]
    assert moved(lock_grids=[ONE]) == [0, 0, 0]
    assert moved(lock_cells=[c for c in of if of[c] == TWO]) == [0, 0, 0]
    assert moved(max_moved=10) == [0, 0, 0]
    assert 65 not in moved(lock_borders=[[ONE, TWO]])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"grids": [ONE], "lock_grids": [ONE]}, "全部被锁定"),
        ({"lock_grids": ["nowhere"]}, "nowhere"),
        ({"communities": ["nowhere"]}, "不包含 nowhere"),
        ({"lock_borders": [[ONE, ONE]]}, "两个网格之间"),
        ({"lock_cells": [10**9]}, "不在方案中"),
        ({"target": 100, "minimum": 120}, "不在下限与上限"),
        ({"target": 0}, "目标（target）必须大于 0，现在是 0"),
        ({"target": "many"}, "目标（target）必须是数字，现在是 many。"),
        ({"max_moved": -1}, "不能小于 0"),
        ({"style": "round"}, "侧重（style）只能是 balanced、compact、street-true，现在是 round"),
        ({"wish": 1}, "wish不是这里的字段"),
    ],
)
def test_what_contradicts_itself_is_said_clearly(client, uneven, asked, said):  # noqa: F811
    told = problem(client.post(f"{D}/plans/{uneven[0]}/rebalancings", json=asked), 422)
    assert said in told["detail_zh"]
    assert told["remedy"]
    assert told["remedy_zh"]


def test_an_edit_left_to_a_job_is_looked_at_first(client, uneven):  # noqa: F811
    asked = {"kind": "edit", "plan": uneven[0], "revision": 1, "edit": "propose"}
    payload = {"communities": [WEST], "target": 0}
    told = problem(client.post(f"{D}/jobs", json={**asked, "payload": payload}, headers=LI), 422)
    assert told["places"][0]["field"] == "propose.payload.target"
    assert "目标（target）必须大于 0" in told["detail_zh"]


def test_a_job_finds_the_same_answers(client, uneven, database, tmp_path):  # noqa: F811
    plan, _ = uneven
    asked = {"kind": "rebalance", "plan": plan, "grids": [ONE], "neighbours": True}
    job = good(client.post(f"{D}/jobs", json=asked, headers=LI), 202)
    assert job["title"] == str(plan)
    run_job(database.app_url, job["id"], tmp_path)
    result = good(client.get(f"/api/jobs/{job['id']}"))["result"]
    at_once = good(
        client.post(f"{D}/plans/{plan}/rebalancings", json={key: asked[key] for key in ("grids", "neighbours")})
    )

    def told(made):
        return made["now"], [(one["moved"], one["taking"]["changes"]) for one in made["answers"]]

    assert told(result) == told(at_once)
    listed = next(one for one in good(client.get("/api/jobs"))["jobs"] if one["id"] == job["id"])
    assert listed["result"] == {"revision": result["revision"]}


def test_a_draft_says_which_target_its_grids_were_made_for(client):  # noqa: F811
    plan = opened(client, EAST)
    assert good(client.get(f"{D}/plans/{plan}"))["targets"] == {}
    edit(client, plan, 0, "propose", {"communities": [EAST], "target": 100})
    assert good(client.get(f"{D}/plans/{plan}"))["targets"] == {EAST: 100}
    why = good(client.get(f"{D}/plans/{plan}/explanation"))
    assert all(abs(reason["households"] - 100) > 10 for reason in why["reasons"])
    assert len(why["reasons"]) == why["grids"] - why["within"]
    good(client.post(f"{D}/plans/{plan}/undo", json={"revision": 1}, headers=LI))
    assert good(client.get(f"{D}/plans/{plan}"))["targets"] == {}
    good(client.post(f"{D}/plans/{plan}/redo", json={"revision": 2}, headers=LI))
    assert good(client.get(f"{D}/plans/{plan}"))["targets"] == {EAST: 100}


def test_some_grids_are_divided_anew_and_the_others_stay(client):  # noqa: F811
    plan = opened(client, WEST)
    before, _ = held(client, plan)
    asked = {"communities": [WEST], "grids": [ONE, TWO], "target": 130}
    made = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))
    mine = {cell for cell, key in before.items() if key in {ONE, TWO}}
    for one in made["proposals"]:
        assert {cell for cells in one["assignment"].values() for cell in cells} == mine
    one = made["proposals"][0]
    payload = asked | {name: one[name] for name in ("style", "seed", "assignment")}
    assert "in no grid" in edit(client, plan, 0, "propose", payload | {"grids": None}, 422)["detail"]
    edit(client, plan, 0, "propose", payload)
    after, _ = held(client, plan)
    assert {cell for cell in before if before[cell] != after[cell]} <= mine
    assert {after[cell] for cell in mine} == set(one["assignment"])
    assert {after[cell] for cell in mine}.isdisjoint({after[cell] for cell in set(before) - mine})
    # the grids that stay were not divided for that target
    assert good(client.get(f"{D}/plans/{plan}"))["targets"] == {}
    told = edit(client, plan, 1, "propose", {"communities": [WEST], "grids": ["nowhere"]}, 422)
    assert "nowhere" in told["detail_zh"]


def test_a_level_with_others_beside_it_is_made_even_in_whole_finer_grids(store):  # noqa: F811
    town = nested.SUBDISTRICTS[0]
    plan = pipeline.open_draft(store, NESTED_DISTRICT, [town], PLANNER, network="party", level=2, clock=CLOCK)
    fine = {cell: code for code, (_, _, cells) in grids(store, "party", 3).items() for cell in cells}
    coarse = {code: cells for code, (_, _, cells) in grids(store, "party", 2).items() if code.startswith(town)}
    one, two = sorted(coarse)
    shapes = {code: min(cells) for code, (_, _, cells) in grids(store, "party", 3).items()}
    answers = []
    for code in sorted(shapes):  # a whole finer grid is given away: rebalancing brings one back
        if shapes[code] not in coarse[one]:
            continue
        cells = [cell for cell, name in fine.items() if name == code]
        edit_stored(store, plan, 0, "move", {"cells": cells, "to": two})
        made = pipeline.rebalancing_of(store, NESTED_DISTRICT, plan, {}, clock=CLOCK)
        answers = [made.changes(answer) for answer in made.found.answers]
        break
    moved = [cell for cells in answers[0].values() for cell in cells]
    assert moved
    whole = {fine[cell] for cell in moved}
    assert {cell for cell, code in fine.items() if code in whole} == set(moved)
    edit_stored(store, plan, 1, "propose", made.payload(made.found.answers[0]))
    checks = {check.name: check for check in pipeline.check_plan(store, NESTED_DISTRICT, plan, clock=CLOCK).checks}
    assert checks["nested"].passed
    edit_stored(store, plan, 2, "move", {"cells": [min(coarse[one] & set(fine))], "to": two})
    with pytest.raises(ConflictError, match="only a part of grid"):
        pipeline.rebalancing_of(store, NESTED_DISTRICT, plan, {}, clock=CLOCK)


def test_a_level_under_another_is_made_even_inside_it(store):  # noqa: F811
    community = nested.COMMUNITIES[0]
    plan = pipeline.open_draft(store, NESTED_DISTRICT, [community], PLANNER, network="party", level=3, clock=CLOCK)
    made = pipeline.rebalancing_of(store, NESTED_DISTRICT, plan, {"max_moved": 200}, clock=CLOCK)
    parent = {cell: code for code, (_, _, cells) in grids(store, "party", 2).items() for cell in cells}
    for answer in made.found.answers:
        for cells in made.changes(answer).values():
            assert len({parent[cell] for cell in cells}) == 1
    assert made.found.now.grids == 4
