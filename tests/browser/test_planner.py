"""Can a planner change grids by hand in the browser, take it back, and bring it into force with a second person?"""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.browser.map_page import MapPage, pixel
from tests.browser.test_shell import OVERLAPS, TARGETS
from tests.fixtures import ROOT

LI, WANG = "李工", "王主任"


class PlannerPage(MapPage):
    """The planner's page in a browser."""

    def act(self, path: str, person: str | None = None, **body):
        """Send something to the server itself, as another client would; a refusal is given back as its status."""
        headers = {"Content-Type": "application/json"}
        if person:
            headers["X-Gridkeeper-Person"] = urllib.parse.quote(person)
        request = urllib.request.Request(f"{self.address}api/{path}", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code

    def choose(self, person: str) -> None:
        """Choose who acts, in the top bar."""
        self.page.locator("[data-test=person-menu] > button").click()
        self.page.locator(f"[data-person='{person}']:visible").first.click()

    def begin(self, community: str) -> None:
        """Open a draft of a community through the page."""
        self.page.goto(f"{self.address}plan/{self.district}?area={community}&lang=zh-CN")
        self.page.locator("[data-test=open-draft]").click()
        self.page.wait_for_selector("[data-test=plan] [role=tab]")
        self.still()

    def still(self) -> None:
        """Wait until the edits are saved and the map is drawn."""
        self.page.wait_for_selector("[data-test=plan][data-saving=false]")
        self.page.wait_for_selector("#map[data-map-state=idle]")

    def number(self) -> int:
        """Give the number of the open plan."""
        return int(self.page.locator("[data-test=plan]").get_attribute("data-plan"))

    def revision(self, wanted: int) -> None:
        """Wait until the server has counted so many edits."""
        self.page.wait_for_selector(f"[data-test=plan][data-revision='{wanted}'][data-saving=false]")

    def columns(self, plan: int | None = None) -> dict:
        """Give the cells of a plan, the open one by default, as the server has them."""
        return self.api(f"districts/{self.district}/plans/{plan or self.number()}/cells")

    def assignment(self) -> dict[int, str]:
        """Give the grid of each cell, as the server has it."""
        found = self.columns()
        keys = [grid["key"] for grid in found["grids"]]
        return {c: keys[g] for c, g in zip(found["cells"]["cell_id"], found["cells"]["grid"], strict=True)}

    def places(self) -> list[tuple[float, float]]:
        """Give the pixels of the inner point of each cell of the open plan."""
        cells = self.columns()["cells"]
        lon, lat, zoom = (float(part) for part in self.param("at").split(","))
        x, y = self.middle()
        offsets = (pixel(lon, lat, zoom, *place) for place in zip(cells["x"], cells["y"], strict=True))
        return [(x + right, y + down) for right, down in offsets]

    def place(self, cell: int) -> tuple[float, float]:
        """Give the pixels of the inner point of one cell, by its index."""
        return self.places()[cell]

    def households(self, key: str) -> tuple[int, int]:
        """Read the households of a grid before and after, from the list of the grids just changed."""
        text = self.page.locator(f"[data-test=touched] [data-grid='{key}'] .grid-line-load").inner_text()
        numbers = [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", text)]
        return numbers[0], numbers[-1]


@pytest.fixture
def planner(page, served):
    """The page of the planner with two persons to choose from; it must not complain of anything."""
    found = PlannerPage(page, served.address, "")
    found.district = found.api("districts")[0]["code"]
    for name in (LI, WANG):
        found.act("persons", name=name)
    page.goto(f"{found.address}plan/{found.district}?lang=zh-CN")
    page.locator(f"[data-person='{LI}']").click()
    yield found
    assert found.faults == []


def communities(planner: PlannerPage) -> list[dict]:
    """List the communities with at least three grids, those with fewest first."""
    divisions = planner.api(f"districts/{planner.district}")["divisions"]
    fit = [d for d in divisions if d["level"] == "community" and d["totals"]["grids"] >= 3]
    return sorted(fit, key=lambda d: d["totals"]["grids"])


def loads(columns: dict) -> list[tuple[float, str]]:
    """Give the households and the grid of each cell."""
    cells, keys = columns["cells"], [grid["key"] for grid in columns["grids"]]
    return [(households, keys[grid]) for households, grid in zip(cells["households"], cells["grid"], strict=True)]


def leaving(columns: dict, cell: int) -> tuple[bool, set[int]]:
    """Say whether the grid of a cell stays in one piece without it, and which other grids it touches."""
    grid, edges = columns["cells"]["grid"], zip(columns["edges"]["a"], columns["edges"]["b"], strict=True)
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    rest = {c for c in range(len(grid)) if grid[c] == grid[cell] and c != cell}
    seen: set[int] = set()
    queue = [min(rest)] if rest else []
    while queue:
        at = queue.pop()
        if at not in seen:
            seen.add(at)
            queue += near[at] & rest
    return seen == rest, {grid[n] for n in near.get(cell, ())} - {grid[cell]}


def border_cell(columns: dict) -> tuple[int, int]:
    """Find an inhabited cell whose leaving keeps its grid in one piece, and the neighbouring grid: two indices."""
    households = columns["cells"]["households"]
    for cell in sorted(range(len(households)), key=lambda c: -households[c]):
        kept, others = leaving(columns, cell)
        if kept and others:
            return cell, min(others)
    raise AssertionError("no cell can leave its grid")


def splitting_cell(columns: dict) -> int:
    """Find a cell on the border of its grid without which the grid falls apart: its index."""
    for cell in range(len(columns["cells"]["grid"])):
        kept, others = leaving(columns, cell)
        if others and not kept:
            return cell
    raise AssertionError("every cell can leave its grid")


def test_cells_are_moved_by_hand_and_brought_into_force_by_two(planner, shot):
    page, where = planner.page, communities(planner)[0]
    planner.begin(where["code"])
    plan, before = planner.number(), planner.assignment()
    columns = planner.columns()
    cell, target = border_cell(columns)
    ident, load = columns["cells"]["cell_id"][cell], columns["cells"]["households"][cell]
    source, goal = (columns["grids"][g]["key"] for g in (columns["cells"]["grid"][cell], target))
    assert load > 0
    shot(page, "draft")

    page.mouse.click(*planner.place(cell))
    page.wait_for_selector("[data-test=selection][data-cells='1']")
    page.locator(f".target:has([data-grid='{goal}'])").wait_for()
    planner.still()
    shot(page, "selected")
    was = planner.colours()
    page.locator(f".target:has([data-grid='{goal}'])").click()
    planner.revision(1)
    moved = planner.assignment()
    assert {c for c in before if before[c] != moved[c]} == {ident}
    assert moved[ident] == goal
    old, new = planner.households(goal)
    assert new - old == load
    old, new = planner.households(source)
    assert old - new == load
    planner.still()
    assert planner.colours() != was
    shot(page, "moved")

    page.keyboard.press("Control+z")
    planner.revision(2)
    assert planner.assignment() == before
    page.keyboard.press("Control+Shift+z")
    planner.revision(3)
    assert planner.assignment() == moved
    page.reload()
    planner.revision(3)
    page.locator("[data-test=undo]").click()
    planner.revision(4)
    assert planner.assignment() == before
    page.locator("[data-test=redo]").click()
    planner.revision(5)
    assert planner.assignment() == moved
    page.locator("#plan-tab-grids").click()
    assert page.locator("[data-test=draft-grids] .grid-line-load", has_text="→").count() == 2
    page.wait_for_selector("[data-test=draft-why]:has-text('个在 ±10% 以内')")
    reasons = planner.api(f"districts/{planner.district}/plans/{plan}/explanation")["reasons"]
    assert page.locator("[data-test=grid-why]").count() == len(reasons)
    shot(page, "reasons")

    page.locator("#plan-tab-life").click()
    page.locator("[data-step=submit]").click()
    page.wait_for_selector("[data-state=submitted]")
    assert page.locator("[data-step=approve]").is_disabled()
    assert LI in page.locator("[data-test=another-approves]").inner_text()
    assert planner.act(f"districts/{planner.district}/plans/{plan}/approve", LI) == 409
    shot(page, "submitted")
    planner.choose(WANG)
    page.locator("[data-step=approve]:enabled").click()
    page.wait_for_selector("[data-state=approved]")
    tiles = planner.api(f"districts/{planner.district}")["layers"]["grids"]
    page.locator("[data-step=publish]").click()
    page.locator("[data-test=publish-form] input[value=now]").check()
    shot(page, "publishing")
    page.locator("[data-test=confirm-publish]").click()
    page.wait_for_selector("[data-state=in_force]")
    shot(page, "published")

    page.locator("[data-test=to-overview]").click()
    planner.idle()
    fresh = planner.api(f"districts/{planner.district}")["layers"]["grids"]
    assert fresh != tiles
    assert any(f"/grids/{fresh}/" in tile for tile in planner.tiles)
    rows = {row["code"]: row["households"] for row in planner.grids()}
    for key in (source, goal):
        assert rows[key] == sum(h for h, g in loads(planner.columns(plan)) if g == key)
    shot(page, "overview")


def test_a_grid_that_falls_apart_is_told_and_not_submitted(planner, shot):
    page = planner.page
    planner.begin(communities(planner)[-1]["code"])
    columns = planner.columns()
    cell = splitting_cell(columns)
    page.mouse.click(*planner.place(cell))
    page.wait_for_selector("[data-test=selection][data-cells='1']")
    page.locator(".target .split").first.wait_for()
    page.locator(".target").first.click()
    planner.revision(1)
    key = columns["grids"][columns["cells"]["grid"][cell]]["key"]
    page.wait_for_selector(f"[data-test=touched] [data-grid='{key}'] .split")
    page.locator("[data-test=apart]").wait_for()
    planner.still()
    shot(page)
    page.locator("#plan-tab-life").click()
    page.locator("[data-step=submit]").click()
    page.locator("[data-test=step-error]").wait_for()
    page.wait_for_selector("[data-check=contiguous][data-passed=false]")
    assert page.locator("[data-state=draft]").is_visible()
    planner.faults[:] = [f for f in planner.faults if "submit" not in f and "Failed to load resource" not in f]


def test_an_edit_on_a_stale_draft_is_told_once_and_the_newest_is_loaded(planner, shot):
    page = planner.page
    planner.begin(communities(planner)[0]["code"])
    columns = planner.columns()
    cell, target = border_cell(columns)
    other = {"cells": [columns["cells"]["cell_id"][cell]], "to": columns["grids"][target]["key"]}
    path = f"districts/{planner.district}/plans/{planner.number()}/operations"
    assert planner.act(path, WANG, revision=0, kind="move", payload=other)["revision"] == 1
    page.mouse.click(*planner.place(cell))
    page.locator(".target").last.click()
    page.wait_for_selector("[data-test=plan-note][data-note=stale]")
    planner.revision(1)
    assert planner.assignment()[other["cells"][0]] == other["to"]
    shot(page)
    page.locator("[data-test=undo]").click()
    planner.revision(2)
    assert page.locator("[data-test=plan-note]").count() == 0
    planner.faults[:] = [f for f in planner.faults if "operations" not in f and "Failed to load resource" not in f]


def test_an_edit_without_a_connection_is_told_and_the_server_decides(planner):
    page = planner.page
    planner.begin(communities(planner)[0]["code"])
    cell = border_cell(planner.columns())[0]
    page.mouse.click(*planner.place(cell))
    page.locator(".target").first.wait_for()
    page.context.set_offline(True)
    page.locator(".target").first.click()
    page.wait_for_selector("[data-test=plan-note][data-note=unconfirmed]")
    page.locator(".offline").wait_for()
    page.context.set_offline(False)
    page.wait_for_selector("[data-test=plan-note]", state="detached")
    planner.revision(0)
    page.mouse.click(*planner.place(cell))
    page.locator(".target").first.click()
    planner.revision(1)
    planner.faults.clear()


def test_box_lasso_and_keys_select_and_grids_are_made_and_merged(planner, shot):
    page = planner.page
    planner.begin(communities(planner)[-1]["code"])
    columns = planner.columns()
    cells = columns["cells"]
    x, y = planner.middle()

    def drag(*corners: tuple[float, float]) -> None:
        page.mouse.move(*corners[0])
        page.mouse.down()
        for corner in corners[1:]:
            page.mouse.move(*corner, steps=3)
        page.mouse.up()

    def chosen(number: int) -> None:
        page.wait_for_selector(f"[data-test=selection][data-cells='{number}']")

    places = planner.places()
    inside = [i for i, (px, py) in enumerate(places) if abs(px - x) < 70 and abs(py - y) < 70]
    assert 1 < len(inside) < len(places)
    page.keyboard.press("2")
    drag((x - 70, y - 70), (x + 70, y + 70))
    chosen(len(inside))
    first, outside = inside[0], next(i for i in range(len(places)) if i not in inside)
    page.keyboard.press("1")
    page.keyboard.down("Alt")
    page.mouse.click(*places[first])
    page.keyboard.up("Alt")
    chosen(len(inside) - 1)
    page.keyboard.down("Shift")
    page.mouse.click(*places[first])
    page.mouse.click(*places[outside])
    page.keyboard.up("Shift")
    chosen(len(inside) + 1)
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=selection]", state="detached")
    page.keyboard.press("3")
    drag((x - 71, y - 71), (x + 71, y - 71), (x + 71, y + 71), (x - 71, y + 71))
    page.wait_for_selector("[data-test=selection]")
    shot(page, "lasso")

    page.keyboard.press("1")
    cell, target = border_cell(columns)
    page.mouse.click(*places[cell])
    chosen(1)
    page.locator("[data-test=new-grid]").click()
    planner.revision(1)
    page.wait_for_selector("[data-test=touched] [data-grid='new-1']")
    assert planner.assignment()[cells["cell_id"][cell]] == "new-1"
    planner.still()
    shot(page, "new")
    # The only cell of the new grid is the grid: aimed at a neighbour, the two are merged.
    page.mouse.click(*places[cell])
    chosen(1)
    goal = next(i for i in range(len(places)) if cells["grid"][i] == target)
    page.locator(f".target:has([data-grid='{columns['grids'][target]['key']}'])").wait_for()
    page.keyboard.press("m")
    page.locator(".aim-note").wait_for()
    page.mouse.click(*places[goal])
    planner.revision(2)
    assert planner.assignment()[cells["cell_id"][cell]] == columns["grids"][target]["key"]
    page.locator("#plan-tab-grids").click()
    assert page.locator("[data-test=draft-grids] [data-grid=new-1]").count() == 0


def test_communities_are_divided_and_numbered_anew_and_a_stale_draft_goes_on(planner, shot):
    page = planner.page
    first, second = (c["code"] for c in communities(planner)[:2])
    planner.begin(first)
    before = planner.assignment()
    page.locator("#propose-target").fill("120")
    page.locator("[data-test=propose]").click()
    planner.revision(1)
    planner.still()
    assert planner.assignment() != before
    shot(page, "proposed")
    page.locator("[data-test=undo]").click()
    planner.revision(2)
    planner.still()
    assert planner.assignment() == before
    page.locator("[data-test=renew]").click()  # the ground is as it was: that is told, and nothing is written
    page.wait_for_selector("[data-note=refused]")
    shot(page, "nothing-to-renew")
    planner.still()
    planner.faults[:] = [f for f in planner.faults if "operations" not in f and "Failed to load resource" not in f]
    page.locator("[data-test=renumber]").click()
    planner.revision(3)
    page.wait_for_selector("[data-test=renumber]:disabled")
    codes = {grid["key"]: grid["code"] for grid in planner.columns()["grids"]}
    assert not set(codes) & set(codes.values())
    page.locator("[data-test=undo]").click()
    planner.revision(4)
    page.wait_for_selector("[data-test=renumber]:enabled")
    columns = planner.columns()
    cell, target = border_cell(columns)
    stale = planner.number()
    moved = {"cells": [columns["cells"]["cell_id"][cell]], "to": columns["grids"][target]["key"]}
    planner.act(f"districts/{planner.district}/plans/{stale}/operations", LI, revision=4, kind="move", payload=moved)

    # Meanwhile somebody publishes new numbers for two communities.
    asked = {"communities": [first, second], "title": "重新编号"}
    other = planner.act(f"districts/{planner.district}/plans", LI, **asked)["id"]
    path = f"districts/{planner.district}/plans/{other}"
    planner.act(f"{path}/operations", LI, revision=0, kind="renumber", payload={"communities": [second]})
    larger = {"communities": [second], "seed": 1, "target": 300}
    planner.act(f"{path}/operations", LI, revision=1, kind="propose", payload=larger)
    planner.act(f"{path}/submit", LI)
    planner.act(f"{path}/approve", WANG)
    assert planner.act(f"{path}/publish", LI, effective=dt.datetime.now(dt.UTC).isoformat())["version"]
    page.reload()
    page.locator("[data-test=rebase]").click()
    page.locator("[data-test=to-rebased]").wait_for()
    shot(page, "rebased")
    page.locator("[data-test=to-rebased]").click()
    page.wait_for_selector(f"[data-test=plan]:not([data-plan='{stale}'])[data-revision='1']")
    assert planner.assignment()[moved["cells"][0]] == moved["to"]
    assert page.locator("[data-test=rebase-note]").count() == 0

    # What was in force before is come back to by a plan that is submitted at once.
    rows = planner.api(f"districts/{planner.district}/plans")
    old = next(row["id"] for row in rows if row["state"] in {"in_force", "closed"} and row["version"] == 1)
    page.goto(f"{planner.address}plan/{planner.district}/{old}?lang=zh-CN")
    page.locator("[data-test=rollback]").click()
    shot(page, "rollback")
    page.locator("[data-test=confirm-rollback]").click()
    page.wait_for_selector("[data-test=plan] [data-state=submitted]")
    scope = planner.api(f"districts/{planner.district}/plans/{planner.number()}")["scope"]
    assert second in {place["code"] for place in scope}


def test_every_look_of_the_planner_fits_and_meets_wcag_aa(planner, shot):
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    axe = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    rules = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"

    def judge(name: str) -> None:
        assert page.evaluate(OVERLAPS.replace(".map-panel,", ".map-panel, .editor-bar, .draft-legend,")) == []
        assert page.evaluate(TARGETS) == []
        assert [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in page.evaluate(rules)] == []
        shot(page, name)

    planner.begin(communities(planner)[-1]["code"])
    cell = border_cell(planner.columns())[0]
    for theme, lang in (("light", "zh-CN"), ("dark", "en")):
        page.emulate_media(color_scheme=theme)
        if page.evaluate("document.documentElement.lang") != lang:
            page.locator("[data-test=lang]").click()
        page.wait_for_selector(f"html[lang={lang}]{'.dark' if theme == 'dark' else ':not(.dark)'}")
        page.evaluate(axe)
        planner.still()
        page.locator("#plan-tab-edit").click()
        page.mouse.click(*planner.place(cell))
        page.locator(".target").first.wait_for()
        planner.still()
        judge(f"{theme}-selection")
        page.keyboard.press("Escape")
        page.locator("#plan-tab-grids").click()
        judge(f"{theme}-grids")
        page.locator("#plan-tab-life").click()
        page.locator("[data-test=run-checks]:enabled").click()
        page.locator("[data-check]").first.wait_for(state="attached")
        judge(f"{theme}-life")
    page.set_viewport_size({"width": 1920, "height": 1080})
    planner.still()
    judge("dark-wide")
    page.locator("[data-test=all-plans]").click()
    page.locator("[data-test=plans] .plan-item").first.wait_for()
    planner.idle()
    judge("dark-list")
