"""Can a planner change grids by hand in the browser, take it back, and bring it into force with a second person?"""

from __future__ import annotations

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
        return {c: found["grids"][g]["key"] for c, g in zip(found["cells"]["cell_id"], found["cells"]["grid"], strict=True)}

    def place(self, cell: int) -> tuple[float, float]:
        """Give the pixels of the inner point of a cell, by its index."""
        cells = self.columns()["cells"]
        lon, lat, zoom = (float(part) for part in self.param("at").split(","))
        right, down = pixel(lon, lat, zoom, cells["x"][cell], cells["y"][cell])
        x, y = self.middle()
        return x + right, y + down

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


def border_cell(columns: dict) -> tuple[int, int]:
    """Find an inhabited cell whose leaving keeps its grid in one piece, and the neighbouring grid: two indices."""
    cells, edges = columns["cells"], list(zip(columns["edges"]["a"], columns["edges"]["b"], strict=True))
    grid, near = cells["grid"], {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)

    def connected(rest: set[int]) -> bool:
        seen, queue = set(), [min(rest)]
        while queue:
            at = queue.pop()
            if at not in seen:
                seen.add(at)
                queue += near[at] & rest
        return seen == rest

    for cell in sorted(range(len(grid)), key=lambda c: -cells["households"][c]):
        others = {grid[n] for n in near[cell]} - {grid[cell]}
        rest = {c for c in range(len(grid)) if grid[c] == grid[cell] and c != cell}
        if others and rest and connected(rest):
            return cell, min(others)
    raise AssertionError("no cell can leave its grid")


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
