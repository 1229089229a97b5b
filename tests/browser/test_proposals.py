"""Can a planner compare proposals for a community, look at each on the map, take one and undo it?"""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.test_planner import PlannerPage, communities, planner  # noqa: F401  # a fixture
from tests.browser.test_shell import OVERLAPS, TARGETS
from tests.fixtures import ROOT


def test_three_proposals_are_compared_shown_taken_and_undone(planner: PlannerPage, shot):  # noqa: F811
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    planner.begin(communities(planner)[-1]["code"])
    before = planner.assignment()

    page.locator("#propose-minimum").fill("5000")
    page.locator("#propose-minimum").press("Tab")
    page.get_by_text("下限不能大于目标").wait_for()
    assert page.locator("[data-test=compare]").is_disabled()
    page.locator("#propose-target").fill("100")
    page.locator("#propose-target").press("Tab")
    assert page.locator("#propose-minimum").input_value() == "75"
    page.locator("[data-test=compare]").click()
    cards = page.locator("[data-test=proposal]")
    cards.first.wait_for()
    page.locator("[data-test=compare]").wait_for()  # each comes as it is ready; then all are there
    assert cards.count() == 3 or page.locator("[data-test=proposals-fewer]").is_visible()

    # By the keyboard alone: the card with the focus is drawn, the draft stays what it is.
    page.locator("[data-test=compare]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-test=proposal][data-shown=true]")
    page.locator("[data-test=preview-note]", has_text="方案 1").wait_for()
    planner.still()
    shot(page, "preview")
    last = cards.last
    last.locator(".proposal-head").focus()
    page.locator("[data-test=preview-note]", has_text=f"方案 {cards.count()}").wait_for()
    planner.still()
    assert planner.assignment() == before
    page.keyboard.press("Escape")
    page.locator("[data-test=preview-note]").wait_for(state="detached")

    axe = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    rules = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"
    page.evaluate(axe)
    for theme, lang, size in (("light", "zh-CN", (1366, 768)), ("dark", "en", (1920, 1080))):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.emulate_media(color_scheme=theme)
        if page.evaluate("document.documentElement.lang") != lang:
            page.locator("[data-test=lang]").click()
        cards.first.locator(".proposal-head").click()
        page.locator("[data-test=preview-note]").wait_for()
        planner.still()
        assert page.evaluate(OVERLAPS.replace(".map-panel,", ".map-panel, .editor-bar, .draft-legend,")) == []
        assert page.evaluate(TARGETS) == []
        assert [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in page.evaluate(rules)] == []
        shot(page, f"{theme}-{size[0]}")

    cards.first.locator("[data-test=take-proposal]").click()
    planner.revision(1)
    taken = planner.assignment()
    assert taken != before
    assert page.locator("[data-test=proposals]").count() == 0
    planner.still()
    page.locator("[data-test=undo]").click()
    planner.revision(2)
    assert planner.assignment() == before


def test_old_grids_are_kept_whole_at_another_target(planner: PlannerPage, shot):  # noqa: F811
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    planner.begin(communities(planner)[-1]["code"])
    before = planner.assignment()
    page.locator("#propose-target").fill("600")
    page.locator("#propose-target").press("Tab")
    page.locator("[data-test=keeping]").click()
    page.get_by_role("option", name="必须时才拆分").click()
    page.locator("[data-test=compare]").click()
    card = page.locator("[data-test=proposal]").first
    card.wait_for()
    page.locator("[data-test=compare]").wait_for()
    whole, grids = card.locator("[data-test=proposal-kept] dd").inner_text().split(" / ")
    assert whole == grids == str(len(set(before.values())))
    shot(page, "keeping")
    card.locator("[data-test=take-proposal]").click()
    planner.revision(1)
    now = planner.assignment()
    assert 1 < len(set(now.values())) < len(set(before.values()))
    assert all(len({now[cell] for cell, grid in before.items() if grid == old}) == 1 for old in set(before.values()))


def test_work_is_balanced_and_compounds_kept_whole(planner: PlannerPage, shot):  # noqa: F811
    page = planner.page
    page.set_viewport_size({"width": 1366, "height": 768})
    planner.begin(communities(planner)[-1]["code"])
    before = planner.assignment()
    page.locator("[data-test=load]").click()
    page.get_by_role("option", name="工作量").click()
    page.locator("[data-test=target-follows]").wait_for()
    page.locator("[data-test=more] summary").click()
    for term, weight in (("parts", "0.5"), ("key_persons", "2")):
        page.locator(f"#weight-{term}").fill(weight)
        page.locator(f"#weight-{term}").press("Tab")
    page.locator("[data-test=keep-whole]").check()
    page.locator("[data-test=compare]").click()
    cards = page.locator("[data-test=proposal]")
    cards.first.wait_for()
    page.locator("[data-test=compare]").wait_for()
    assert "工作量单位" in cards.first.locator("[data-test=proposal-target]").inner_text()

    axe = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    rules = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"
    page.evaluate(axe)
    for theme, lang, size in (("light", "zh-CN", (1366, 768)), ("dark", "en", (1920, 1080))):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.emulate_media(color_scheme=theme)
        if page.evaluate("document.documentElement.lang") != lang:
            page.locator("[data-test=lang]").click()
        page.locator("[data-test=more] summary").scroll_into_view_if_needed()
        planner.still()
        assert page.evaluate(OVERLAPS.replace(".map-panel,", ".map-panel, .editor-bar, .draft-legend,")) == []
        assert page.evaluate(TARGETS) == []
        assert [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in page.evaluate(rules)] == []
        shot(page, f"{theme}-{size[0]}")

    cards.first.locator("[data-test=take-proposal]").click()
    planner.revision(1)
    assert planner.assignment() != before
    planner.still()
    target = page.locator("#propose-target")
    assert float(target.input_value()) > 200  # that of the work: as many grids, and more in each than households
    shot(page, "taken")
    page.locator("[data-test=undo]").click()
    planner.revision(2)
    assert planner.assignment() == before
    expect(target).to_have_value("200")
    expect(page.locator("[data-test=keep-whole]")).not_to_be_checked()
