"""Can a planner even out uneven grids with few moves: scope, locks, three answers, the list, take one and undo it?"""

from __future__ import annotations

import io

import openpyxl

from tests.browser.test_plan_jobs import draft, worker  # noqa: F401  # a fixture
from tests.browser.test_planner import LI, PlannerPage, communities, leaving, planner  # noqa: F401  # a fixture
from tests.browser.test_shell import OVERLAPS, TARGETS
from tests.fixtures import ROOT

RULES = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"


def unsettle(planner: PlannerPage, moves: int = 3) -> None:  # noqa: F811
    """Move some inhabited cells over borders by another client, so that there is something to even out."""
    path = f"districts/{planner.district}/plans/{planner.number()}/operations"
    given: set[int] = set()
    for revision in range(moves):
        columns = planner.columns()
        cells, keys = columns["cells"], [grid["key"] for grid in columns["grids"]]
        for cell in sorted(range(len(cells["grid"])), key=lambda c: -cells["households"][c]):
            kept, others = leaving(columns, cell)
            if kept and others and cell not in given:
                break
        given.add(cell)
        payload = {"cells": [cells["cell_id"][cell]], "to": keys[min(others)]}
        assert planner.act(path, LI, revision=revision, kind="move", payload=payload)["revision"] == revision + 1


def test_grids_are_made_even_again_within_scope_and_locks(planner, shot):  # noqa: F811
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    planner.begin(communities(planner)[-1]["code"])
    unsettle(planner)
    page.reload()
    planner.revision(3)
    planner.still()
    before = planner.assignment()
    page.locator("#plan-tab-rebalance").click()
    page.locator("[data-test=locks]", has_text="没有锁定").wait_for()

    # Lock a grid, a cell and a border from the selection; each is listed and can be unlocked.
    columns = planner.columns()
    first = columns["cells"]["grid"][0]
    page.mouse.dblclick(*planner.place(0))
    page.wait_for_selector("[data-test=selection]")
    page.locator("[data-test=lock-grids]").click()
    page.mouse.click(*planner.place(0))
    page.wait_for_selector("[data-test=selection][data-cells='1']")
    page.locator("[data-test=lock-cells]").click()
    a, b = next(
        (a, b)
        for a, b in zip(columns["edges"]["a"], columns["edges"]["b"], strict=True)
        if columns["cells"]["grid"][a] != columns["cells"]["grid"][b]
    )
    page.mouse.click(*planner.place(a))
    page.keyboard.down("Shift")
    page.mouse.click(*planner.place(b))
    page.keyboard.up("Shift")
    page.wait_for_selector("[data-test=selection][data-cells='2']")
    shot(page, "selection")
    page.locator("[data-test=lock-border]").click()
    locks = page.locator("[data-test=lock]")
    assert locks.count() == 3
    planner.still()
    shot(page, "locks")
    locked = columns["grids"][first]["key"]

    page.locator("[data-test=find-answers]").click()
    page.locator("[data-test=answers]").wait_for()
    planner.still()
    shot(page, "answers")
    answers = page.locator("[data-test=answer]:not(:disabled)")
    if answers.count():
        page.locator("[data-test=preview-note]").wait_for()
        assert planner.assignment() == before, "an answer that is only looked at changes nothing"
        for row in page.locator("[data-test=move] small:first-of-type").all_inner_texts():
            assert locked not in row
    page.locator("[data-test=change-conditions]").click()
    page.locator("[data-test=unlock-all]").click()
    assert locks.count() == 0

    # Now by the keyboard, with all of the plan: the answers, the list, a building on the map.
    page.locator("[data-test=find-answers]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][aria-pressed=true]").wait_for()
    page.locator("[data-test=move]").first.wait_for()
    planner.still()
    page.locator("[data-test=answer]").last.focus()
    page.keyboard.press("Enter")
    page.locator("[data-test=preview-note]", has_text="最均衡").wait_for()
    page.locator("[data-test=move]").first.click()
    planner.still()
    assert page.locator("[data-test=move][aria-pressed=true]").count() == 1
    shot(page, "building")
    with page.expect_download() as saved:
        page.locator("[data-test=moves-xlsx]").click()
    book = openpyxl.load_workbook(io.BytesIO(saved.value.path().read_bytes())).active
    assert [cell.value for cell in book[1]][2] == "地址"
    page.keyboard.press("Escape")

    page.evaluate((ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text())
    for theme, lang, size in (("light", "zh-CN", (1366, 768)), ("dark", "en", (1920, 1080))):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.emulate_media(color_scheme=theme)
        if page.evaluate("document.documentElement.lang") != lang:
            page.locator("[data-test=lang]").click()
        page.locator("[data-test=answer]").first.click()
        page.locator("[data-test=move]").first.wait_for()
        page.locator("button[data-tool=fit], .tools button").first.wait_for()
        planner.still()
        assert page.evaluate(OVERLAPS.replace(".map-panel,", ".map-panel, .editor-bar, .draft-legend,")) == []
        assert page.evaluate(TARGETS) == []
        assert [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in page.evaluate(RULES)] == []
        shot(page, f"{theme}-{size[0]}")

    page.locator("[data-test=take-answer]").click()
    planner.revision(4)
    page.locator("[data-test=taken]").wait_for()
    shot(page, "taken")
    assert planner.assignment() != before
    page.locator("[data-test=undo-taken]").click()
    planner.revision(5)
    assert planner.assignment() == before


def test_several_communities_are_left_to_a_job_and_some_grids_are_done_at_once(draft, shot):  # noqa: F811
    planner, database = draft  # noqa: F811  # as the fixture calls it
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    unsettle(planner, 2)
    page.reload()
    planner.revision(2)
    page.locator("#plan-tab-rebalance").click()
    before = planner.assignment()
    page.locator("[data-test=find-answers]").click()
    page.wait_for_selector("[data-test=draft-job][data-state=queued]")
    page.locator("[data-test=draft-job-cancel]").click()
    page.locator("[data-test=draft-job]").wait_for(state="detached")
    with worker(database):
        page.locator("[data-test=find-answers]").click()
        page.locator("[data-test=answer][aria-pressed=true]").wait_for()
    planner.still()
    shot(page, "job")
    page.locator("[data-test=change-conditions]").click()

    # One grid and those beside it: the rest steps back on the map.
    page.mouse.dblclick(*planner.place(0))
    page.locator("[data-test=scope-these]").click()
    assert page.locator("[data-test=scope-grids] li").count() == 1
    assert page.locator("[data-test=neighbours]").is_checked()
    planner.still()
    shot(page, "scope")
    page.locator("[data-test=find-answers]").click()
    page.locator("[data-test=answers]").wait_for()
    planner.still()
    shot(page, "some")
    page.keyboard.press("Escape")
    assert planner.assignment() == before

    # The same grid alone is divided in other ways.
    page.locator("#plan-tab-edit").click()
    page.mouse.dblclick(*planner.place(0))
    page.locator("[data-test=divide-grids]").click()
    page.locator("[data-test=divide-scope]").wait_for()
    page.locator("#propose-target").fill("100")
    page.locator("#propose-target").press("Tab")
    page.locator("[data-test=compare]").click()
    page.locator("[data-test=proposal]").first.wait_for()
    page.locator("[data-test=compare]").wait_for()
    page.locator(".proposal-head").first.click()
    page.locator("[data-test=preview-note]").wait_for()
    planner.still()
    shot(page, "divide")
    page.keyboard.press("Escape")
    assert planner.assignment() == before

    # Colours measure from the target of the draft, and say so.
    where = planner.columns()["communities"][0]["code"]
    path = f"districts/{planner.district}/plans/{planner.number()}/operations"
    payload = {"communities": [where], "target": 120}
    assert planner.act(path, LI, revision=2, kind="propose", payload=payload)["revision"] == 3
    page.reload()
    planner.revision(3)
    page.locator(".draft-legend", has_text="各社区").wait_for()
    page.locator("#plan-tab-grids").click()
    page.locator("[data-test=draft-why]").wait_for()
    planner.still()
    shot(page, "target")
