"""Does the interface let a person open, edit, check, submit and publish a plan, and refuse whom it must?"""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from api.jobs.running import run_job
from gis.errors import ConflictError, InputError
from gis.fault_words import in_chinese
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.in_force import Clock

D = f"/api/districts/{serve.DISTRICT}"
WEST, EAST = small.COMMUNITIES
LI = {"X-Gridkeeper-Person": quote("李规划")}
WANG = {"X-Gridkeeper-Person": quote("王审批")}


@pytest.fixture(scope="module")
def clock():
    return Clock(serve.NOW + dt.timedelta(days=1))


@pytest.fixture(scope="module")
def client(database, clock):
    serve.put_in_force(database.app_url)
    with serve.served(database.app_url, now=clock) as client:
        for name in ("李规划", "王审批"):
            assert client.post("/api/persons", json={"name": name}).status_code == 201
        yield client


def good(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def opened(client, *communities, title=None):
    asked = {"communities": communities or [WEST], "title": title}
    return good(client.post(f"{D}/plans", json=asked, headers=LI), 201)["id"]


def edit(client, plan, revision, kind, payload, status=200):
    asked = {"revision": revision, "kind": kind, "payload": payload}
    answer = client.post(f"{D}/plans/{plan}/operations", json=asked, headers=LI)
    return good(answer) if status == 200 else problem(answer, status)


def take(client, plan, name, who=LI, status=200, **body):
    answer = client.post(f"{D}/plans/{plan}/{name}", json=body or None, headers=who)
    return good(answer) if status == 200 else problem(answer, status)


def test_persons_are_listed_once(client):
    names = [row["name"] for row in good(client.get("/api/persons"))]
    assert names == ["李规划", "王审批"]
    again = good(client.post("/api/persons", json={"name": " 李规划"}), 201)
    assert again == good(client.get("/api/persons"))[0]
    assert "no name" in problem(client.post("/api/persons", json={"name": "\u202e"}), 422)["detail"]


def test_nobody_and_strangers_change_nothing(client):
    asked = {"communities": [WEST]}
    assert "X-Gridkeeper-Person" in problem(client.post(f"{D}/plans", json=asked), 422)["remedy"]
    stranger = {"X-Gridkeeper-Person": quote("赵某")}
    assert "李规划" in problem(client.post(f"{D}/plans", json=asked, headers=stranger), 422)["remedy"]
    assert [p["version"] for p in good(client.get(f"{D}/plans"))] == [1]
    for path in ("", "/cells", "/cells.geojson", "/checks", "/explanation"):
        assert "no plan 99" in problem(client.get(f"{D}/plans/99{path}"), 404)["detail"]


def test_an_editor_gets_cells_in_columns_and_their_shapes(client):
    plan = opened(client, WEST, EAST)
    told = good(client.get(f"{D}/plans/{plan}/cells"))
    cells = told["cells"]
    assert {len(column) for column in cells.values()} == {24}
    assert sum(cells["households"]) == 1560
    assert sum(cells["people"]) == 24 * 162
    assert sorted(cells["cell_id"]) == cells["cell_id"]
    assert [c["code"] for c in told["communities"]] == [WEST, EAST]
    keys = [grid["key"] for grid in told["grids"]]
    assert keys == [grid["code"] for grid in told["grids"]] == [f"{c}00{i}" for c in (WEST, EAST) for i in (1, 2, 3, 4)]
    assert told["grids"][2]["name"] == "第三网格"
    assert [cells["community"][cells["grid"].index(i)] for i in range(8)] == [g["community"] for g in told["grids"]]
    assert told["next_key"] == "new-1"
    edges = told["edges"]
    assert len({len(column) for column in edges.values()}) == 1
    assert all(a < b < 24 for a, b in zip(edges["a"], edges["b"], strict=True))
    assert "secondary" in {told["follows_names"][f] for f in edges["follows"]}

    answer = client.get(f"{D}/plans/{plan}/cells.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    assert [f["id"] for f in features] == list(range(24))
    for feature, x, y in zip(features, cells["x"], cells["y"], strict=True):
        assert shapely.from_geojson(str(feature["geometry"]).replace("'", '"')).contains(shapely.Point(x, y))


def test_edits_answer_with_what_they_touched_and_a_stale_one_with_the_revision(client):
    plan = opened(client)
    cells = good(client.get(f"{D}/plans/{plan}/cells"))["cells"]
    mine = [c for c, g in zip(cells["cell_id"], cells["grid"], strict=True) if g == 3]
    done = edit(client, plan, 0, "new_grid", {"cells": mine[:1], "key": "new-1"})
    assert done["grids"] == [
        {"key": f"{WEST}004", "households": 130.0, "cells": 2, "parts": 1},
        {"key": "new-1", "households": 65.0, "cells": 1, "parts": 1},
    ]
    assert done["changed"] == {"cell_id": mine[:1], "grid": ["new-1"]}
    assert (done["revision"], done["can_undo"], done["can_redo"], done["next_key"]) == (1, True, False, "new-2")
    stale = edit(client, plan, 0, "merge", {"from": "new-1", "into": f"{WEST}003"}, status=409)
    assert (stale["revision"], stale["type"]) == (1, "/problems/conflict")
    edit(client, plan, 1, "merge", {"from": "new-1", "into": f"{WEST}003"})
    grids = good(client.get(f"{D}/plans/{plan}/cells"))["grids"]
    assert [g["key"] for g in grids] == [f"{WEST}00{i}" for i in (1, 2, 3, 4)]
    undone = take(client, plan, "undo", revision=2)
    assert undone["changed"]["grid"] == ["new-1"]
    new = [g for g in good(client.get(f"{D}/plans/{plan}/cells"))["grids"] if g["key"] == "new-1"]
    assert new[0]["code"] == f"{WEST}005"  # the next never used
    assert take(client, plan, "redo", revision=3)["revision"] == 4
    told = good(client.get(f"{D}/plans/{plan}"))
    assert (told["revision"], told["can_undo"], told["can_redo"]) == (4, True, False)
    for kind, payload in (("undo", {}), ("move", {"cells": [], "to": "x"}), ("move", {"cells": mine, "to": EAST})):
        edit(client, plan, 4, kind, payload, status=422)
    take(client, plan, "discard")
    take(client, plan, "undo", revision=4, status=409)


def test_two_persons_put_a_plan_in_force_and_the_map_changes_at_midnight(client, clock):
    plan = opened(client, title="合并")
    edit(client, plan, 0, "merge", {"from": f"{WEST}004", "into": f"{WEST}003"})
    checks = good(client.get(f"{D}/plans/{plan}/checks"))
    assert checks["passed"]
    assert checks["measures"]["grids"] == 3
    assert {"name": "households_in_range", "keys": [f"{WEST}003"]}.items() <= next(
        {k: c[k] for k in ("name", "keys")} for c in checks["checks"] if c["name"] == "households_in_range"
    ).items()
    why = good(client.get(f"{D}/plans/{plan}/explanation"))
    assert (why["revision"], why["grids"]) == (1, 3)
    assert why["within"] + why["excused"] + why["unexplained"] == 3
    merged = next(line for line in why["reasons"] if line["key"] == f"{WEST}003")  # two grids in one are too many
    assert merged["households"] > 220
    assert merged["words"].keys() == why["words"].keys() == {"zh", "en"}
    submitted = take(client, plan, "submit")
    assert (submitted["status"], submitted["submitted_by"], submitted["approved_by"]) == ("submitted", "李规划", None)
    assert submitted["measures"]["grids"] == 3
    assert "another person" in take(client, plan, "approve", status=409)["detail"]
    approved = take(client, plan, "approve", WANG)
    assert approved["next_steps"] == ["return", "publish", "discard"]
    assert approved["base_in_force"]
    midnight = dt.datetime(2026, 7, 2, 16, tzinfo=dt.UTC)
    assert dt.datetime.fromisoformat(approved["default_effective"]) == midnight
    told = take(client, plan, "publish", effective="2026-07-03T00:00:00")  # local, without a zone
    assert (told["state"], told["in_force"], told["version"]) == ("published", False, 2)
    assert dt.datetime.fromisoformat(told["effective"]) == midnight
    assert told["publication"]["opened"] == told["publication"]["kept_codes"] == [f"{WEST}003"]
    assert told["publication"]["withdrawn_codes"] == [f"{WEST}004"]
    assert told["publication"]["postings_ended"] == [f"W3 网格员3: {WEST}004"]

    before = good(client.get(D))
    assert (before["version"], before["counts"]["grids"]) == (1, 8)
    assert len(good(client.get(f"{D}/grids"))) == 8
    lon, lat = serve.lonlat(225, 75)
    answer = good(client.get(f"{D}/locate", params={"lon": lon, "lat": lat}))
    assert (answer["grid"]["code"], answer["version"]) == (f"{WEST}004", 1)

    clock.now = midnight + dt.timedelta(minutes=1)
    after = good(client.get(D))
    assert (after["version"], after["counts"]["grids"], after["plan"]["measures"]["grids"]) == (2, 7, 7)
    assert after["layers"]["grids"] != before["layers"]["grids"]
    rows = good(client.get(f"{D}/grids"))
    assert {row["code"]: row["households"] for row in rows}[f"{WEST}003"] == 390
    answer = good(client.get(f"{D}/locate", params={"lon": lon, "lat": lat}))
    assert (answer["grid"]["code"], answer["version"]) == (f"{WEST}003", 2)
    then = {"lon": lon, "lat": lat, "at": (midnight - dt.timedelta(hours=1)).isoformat()}
    assert good(client.get(f"{D}/locate", params=then))["grid"]["code"] == f"{WEST}004"
    zoom, column, row = serve.tile_at(lon, lat, 14)
    tile = client.get(f"/tiles/{serve.DISTRICT}/grids/{after['layers']['grids']}/{zoom}/{column}/{row}.mvt")
    assert f"{WEST}004" not in {properties["code"] for _, properties, _ in serve.layers_of(tile)["grids"]}
    listed = {p["id"]: p["state"] for p in good(client.get(f"{D}/plans"))}
    assert listed[plan] == "in_force"
    assert "cannot be withdrawn" in take(client, plan, "withdraw", WANG, status=409)["detail"]
    grids = good(client.get(f"{D}/plans/{plan}/cells"))["grids"]
    assert [g["code"] for g in grids] == [f"{WEST}00{i}" for i in (1, 2, 3)]

    back = good(client.post(f"{D}/rollback", json={"version": 1}, headers=LI), 201)
    assert (back["state"], [p["code"] for p in back["scope"]]) == ("submitted", [WEST])
    assert take(client, back["id"], "return", WANG, reason="不必回退")["steps"][-1]["reason"] == "不必回退"
    take(client, back["id"], "return", WANG, status=422, reason="")


def test_a_draft_is_numbered_anew_exempted_and_rebased(client):
    stale, mine = opened(client), opened(client, WEST, EAST)
    told = edit(client, mine, 0, "renumber", {"communities": [EAST]})
    assert (told["revision"], told["grids"]) == (1, [])
    assert good(client.get(f"{D}/plans/{mine}"))["renumbered"] == [EAST]
    grids = good(client.get(f"{D}/plans/{mine}/cells"))["grids"]
    assert [g["code"][-3:] for g in grids if g["key"].startswith(EAST)] == ["005", "006", "007", "008"]
    assert "does not hold" in edit(client, mine, 1, "renumber", {"communities": ["x"]}, status=422)["detail"]
    asked = {"check": "contiguous", "grid": f"{WEST}001", "reason": "江心洲"}
    assert "no island" in problem(client.post(f"{D}/plans/{mine}/waivers", json=asked, headers=LI), 422)["detail"]
    assert "in force still" in problem(client.post(f"{D}/plans/{stale}/rebase", headers=LI), 409)["detail"]
    take(client, mine, "submit")
    take(client, mine, "approve", WANG)
    good(client.post(f"{D}/plans/{mine}/publish", json={}, headers=LI))
    assert not good(client.get(f"{D}/plans/{stale}"))["base_in_force"]
    done = good(client.post(f"{D}/plans/{stale}/rebase", headers=LI), 201)
    assert (done["taken"], done["left"], done["gone"]) == (0, [], 0)
    assert done["plan"]["base_in_force"]
    assert good(client.get(f"{D}/plans/{stale}"))["state"] == "discarded"


# ---------------------------------------------------------------------------------------------- the command line
@pytest.fixture(scope="module")
def run(databases):
    from api.cli import app

    with databases.clone() as database, pytest.MonkeyPatch.context() as patch:
        serve.put_in_force(database.app_url)
        patch.setenv("GRIDKEEPER_OWNER_URL", database.owner_url)
        patch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)

        def command(*arguments):
            result = CliRunner().invoke(app, [str(a) for a in arguments])
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            assert result.exit_code == 0, result.output
            return result.output

        command.url = database.app_url
        yield command


def test_the_whole_life_on_the_command_line(run):
    district = serve.DISTRICT
    with pytest.raises(InputError, match="person add"):
        run("plan", "open", district, "--communities", WEST, "--as", "李规划")
    for name in ("李规划", "王审批"):
        run("person", "add", name)
    assert run("person", "list").split() == ["李规划", "王审批"]
    out = run("plan", "open", district, "--communities", WEST, "--as", "李规划", "--title", "合并")
    assert "Plan 2 of 990101: draft. 合并" in out
    with pytest.raises(InputError, match="--cells"):
        run("plan", "move", district, 2, "--to", f"{WEST}003", "--as", "李规划")
    with connect(run.url) as connection:
        cell = connection.execute("SELECT min(cell_id) FROM plan_cell WHERE grid_code = %s", [f"{WEST}004"]).fetchone()
    assert "new-1" in run("plan", "move", district, 2, "--cells", cell[0], "--to", "new", "--as", "李规划")
    run("plan", "undo", district, 2, "--as", "李规划")
    run("plan", "redo", district, 2, "--as", "李规划")
    run("plan", "undo", district, 2, "--as", "李规划")
    out = run("plan", "move", district, 2, "--from", f"{WEST}004", "--to", f"{WEST}003", "--as", "李规划")
    assert "390" in out
    assert "contiguous" in run("plan", "checks", district, 2)
    run("plan", "submit", district, 2, "--as", "李规划")
    with pytest.raises(ConflictError, match="another person"):
        run("plan", "approve", district, 2, "--as", "李规划")
    run("plan", "approve", district, 2, "--as", "王审批")
    out = run("plan", "publish", district, 2, "--as", "李规划", "--effective", "2126-01-01")
    assert "version 2 from 2126-01-01 00:00 CST" in out
    assert "李规划 (unverified)" in out
    assert "Next: withdraw." in out
    run("plan", "withdraw", district, 2, "--as", "李规划")
    assert "approved" in run("plan", "list", district)
    run("plan", "return", district, 2, "--as", "王审批", "--reason", "再议")
    out = run("plan", "propose", district, 2, "--communities", WEST, "--target", 400, "--as", "李规划")
    assert "390" in out
    out = run("plan", "compare", district, 2, "--communities", WEST, "--target", 100)
    assert "balanced" in out
    with pytest.raises(InputError, match="no style 'round'"):
        run("plan", "propose", district, 2, "--communities", WEST, "--style", "round", "--as", "李规划")
    with pytest.raises(InputError, match="no way to count"):
        run("plan", "compare", district, 2, "--communities", WEST, "--k", "some")
    assert "discarded" in run("plan", "discard", district, 2, "--as", "李规划")
    with pytest.raises(ConflictError, match="are those of version 1"):
        run("plan", "rollback", district, "--version", 1, "--as", "李规划")
    with connect(run.url) as connection:
        assert pipeline.list_persons(connection) == [(1, "李规划"), (2, "王审批")]


def test_a_draft_is_made_even_again_on_the_command_line(run, tmp_path):
    district, li = serve.DISTRICT, ("--as", "李规划")
    with connect(run.url) as connection:
        if not pipeline.list_persons(connection):
            pipeline.add_person(connection, "李规划")
    out = run("plan", "open", district, "--communities", f"{WEST},{EAST}", *li)
    plan = int(out.split()[1])
    with connect(run.url) as connection:
        cell = connection.execute(
            "SELECT c.cell_id FROM plan_cell c JOIN cell_edge e ON c.cell_id IN (e.cell_a, e.cell_b)"
            " JOIN plan_cell n ON n.plan_id = c.plan_id AND n.cell_id IN (e.cell_a, e.cell_b)"
            " WHERE c.plan_id = %s AND c.grid_code = %s AND n.grid_code = %s ORDER BY 1",
            [plan, f"{WEST}001", f"{WEST}002"],
        ).fetchone()[0]
    run("plan", "move", district, plan, "--cells", cell, "--to", f"{WEST}002", *li)
    ask = ("plan", "rebalance", district, plan, *li)
    moves = tmp_path / "moves.csv"
    told = run(*ask, "--moves", moves)
    assert "6 of 8" in told
    assert "8 of 8" in told
    assert (pd.read_csv(moves)["households"] == 65).all()
    assert "No move" in run(*ask, "--max-moved", 10)
    assert "No move" in run(*ask, "--communities", EAST)
    assert "No move" in run(*ask, "--lock-grid", f"{WEST}001")
    with pytest.raises(InputError, match="moves nothing"):
        run(*ask, "--grids", f"{WEST}001", "--keep", 1)
    with pytest.raises(InputError, match="Grid nowhere"):
        run(*ask, "--lock-grid", "nowhere")
    assert f"Plan {plan}, edit 2" in run(*ask, "--keep", 1)
    with connect(run.url) as connection:
        kind, payload = connection.execute(
            "SELECT kind, payload FROM plan_operation WHERE plan_id = %s AND revision = 2", [plan]
        ).fetchone()
        loads = connection.execute(
            "SELECT count(*) FROM plan_cell WHERE plan_id = %s GROUP BY grid_code", [plan]
        ).fetchall()
    assert (kind, payload["communities"], payload["rebalance"]["answer"]) == ("propose", [WEST], "fewest_moved")
    assert payload["rebalance"]["moved"] == 65
    assert len(loads) == 8
    assert "6 of 8" in (run("plan", "undo", district, plan, *li) and run(*ask))
    run("plan", "redo", district, plan, *li)
    assert "8 of 8" in run(*ask)


def test_a_cell_is_split_and_cells_are_renewed_on_request(client):
    plan = opened(client, EAST)
    assert "nothing to make anew" in edit(client, plan, 0, "renew", {}, 409)["detail"]
    cells = good(client.get(f"{D}/plans/{plan}/cells"))["cells"]
    across = {"cell": cells["cell_id"][0], "line": [serve.lonlat(299, 135), serve.lonlat(451, 135)]}
    wrong = {**across, "line": [[116.4, 95.0]]}
    assert edit(client, plan, 0, "split", wrong, 422)["status"] == 422
    shapes = good(client.get(f"{D}/plans/{plan}/cells.geojson"))["features"]
    middle = shapely.Point(serve.lonlat(375, 135))
    across["cell"] = next(
        cells["cell_id"][f["id"]] for f in shapes if shapely.geometry.shape(f["geometry"]).contains(middle)
    )
    done = edit(client, plan, 0, "split", across)
    # the neighbour across the street gets a vertex: it is replaced too
    assert (done["remade"], done["can_undo"], done["changed"]["grid"].count("")) == (True, True, 2)
    assert len(good(client.get(f"{D}/plans/{plan}/cells"))["cells"]["cell_id"]) == len(cells["cell_id"]) + 1
    back = good(client.post(f"{D}/plans/{plan}/undo", json={"revision": 1}, headers=LI))
    assert back["remade"]
    assert good(client.get(f"{D}/plans/{plan}/cells"))["cells"]["cell_id"] == cells["cell_id"]


def test_a_draft_names_its_network_and_level(client):
    told = good(
        client.post(f"{D}/plans", json={"communities": [WEST], "network": "community", "level": 1}, headers=LI), 201
    )
    assert (told["network"], told["level"]) == ("community", 1)
    listed = good(client.get(f"{D}/plans", params={"network": "community", "level": 1}))
    assert told["id"] in [row["id"] for row in listed]
    assert good(client.get(f"{D}/plans", params={"network": "police"})) == []
    asked = {"communities": [WEST], "network": "police"}
    assert "police" in problem(client.post(f"{D}/plans", json=asked, headers=LI), 404)["detail"]
    take(client, told["id"], "discard")


def test_communities_are_divided_in_several_ways_and_one_is_taken(client):
    plan = opened(client)
    asked = {"communities": [WEST], "target": 100}
    made = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))
    assert made["revision"] == 0
    assert made["proposals"]
    assert len(made["proposals"]) == 3 or made["words"]["zh"]
    before = good(client.get(f"{D}/plans/{plan}/cells"))["cells"]
    for proposal in made["proposals"]:
        held = sorted(cell for cells in proposal["assignment"].values() for cell in cells)
        assert held == before["cell_id"]
        assert proposal["figures"]["grids"] == len(proposal["assignment"])
        assert all(share >= 0.1 for share in proposal["apart"])

    one = made["proposals"][-1]
    told = ("style", "seed", "free", "assignment")
    payload = {**asked, **{name: one[name] for name in told}}
    done = edit(client, plan, 0, "propose", payload)
    columns = good(client.get(f"{D}/plans/{plan}/cells"))
    keys = [columns["grids"][grid]["key"] for grid in columns["cells"]["grid"]]
    now = dict(zip(columns["cells"]["cell_id"], keys, strict=True))
    assert now == {cell: key for key, cells in one["assignment"].items() for cell in cells}
    assert done["can_undo"]
    take(client, plan, "undo", revision=1)
    assert good(client.get(f"{D}/plans/{plan}/cells"))["cells"] == before
    # made again by its style and seed it is the same
    edit(client, plan, 2, "propose", {name: value for name, value in payload.items() if name != "assignment"})
    again = good(client.get(f"{D}/plans/{plan}/cells"))
    assert [again["grids"][grid]["key"] for grid in again["cells"]["grid"]] == keys

    some = dict(list(one["assignment"].items())[1:])
    assert "in no grid" in edit(client, plan, 3, "propose", payload | {"assignment": some}, status=422)["detail"]
    wrong = {"communities": [WEST], "minimum": 300, "maximum": 200}
    assert "contradict" in problem(client.post(f"{D}/plans/{plan}/proposals", json=wrong), 422)["detail"]
    for more in ({"target": 0}, {"style": "round"}):
        problem(client.post(f"{D}/plans/{plan}/proposals", json=asked | more), 422)
    assert "不能大于" in in_chinese("Give 0 <= min <= max, e.g. --min 150 --max 300.")


def test_old_grids_are_united_whole_and_some_stay_as_they_are(client):
    plan = opened(client)
    columns = good(client.get(f"{D}/plans/{plan}/cells"))
    held = {}
    for cell, grid in zip(columns["cells"]["cell_id"], columns["cells"]["grid"], strict=True):
        held.setdefault(columns["grids"][grid]["key"], set()).add(cell)
    asked = {"communities": [WEST], "target": 400, "keep_old": "strictly"}
    made = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))
    [first, *_] = made["proposals"]
    kept = first["kept"]
    assert (kept["grids"], kept["whole"], kept["apart"], kept["border_followed"]) == (len(held), len(held), 0, 1)
    assert first["keep_old"] == "strictly"
    edit(client, plan, 0, "propose", asked | {name: first[name] for name in ("style", "seed")})
    now = good(client.get(f"{D}/plans/{plan}/cells"))
    new = dict(zip(now["cells"]["cell_id"], [now["grids"][g]["key"] for g in now["cells"]["grid"]], strict=True))
    assert new == {cell: key for key, cells in first["assignment"].items() for cell in cells}
    assert len(set(new.values())) == 2
    assert all(len({new[cell] for cell in cells}) == 1 for cells in held.values())

    # what was in force when the plan was begun counts, whatever was edited since
    key = min(held)
    edit(client, plan, 1, "propose", asked | {"lock_grids": [key]})
    now = good(client.get(f"{D}/plans/{plan}/cells"))
    new = dict(zip(now["cells"]["cell_id"], [now["grids"][g]["key"] for g in now["cells"]["grid"]], strict=True))
    assert {cell for cell, grid in new.items() if grid == key} == held[key]
    for wrong, said in (
        ({"lock_grids": ["nowhere"]}, "Grid nowhere is none"),
        ({"lock_grids": [key], "keep_old": None}, "old grids are not kept"),
        ({"keep_old": "wholly"}, ""),
    ):
        told = problem(client.post(f"{D}/plans/{plan}/proposals", json=asked | wrong), 422)
        assert said in told["detail"]


def test_a_job_makes_the_same_proposals(client, database, tmp_path):
    plan, asked = opened(client), {"communities": [WEST], "target": 100, "style": "compact"}
    job = good(client.post(f"{D}/jobs", json={"kind": "proposals", "plan": plan, **asked}, headers=LI), 202)["id"]
    run_job(database.app_url, job, tmp_path)
    made = good(client.post(f"{D}/plans/{plan}/proposals", json=asked))
    assert good(client.get(f"/api/jobs/{job}"))["result"] == made
    listed = next(one for one in good(client.get("/api/jobs"))["jobs"] if one["id"] == job)
    assert listed["result"] == {"revision": 0}
