"""Does the screen keep what it shows: address, language, theme, table; and does it say what is wrong?"""

from __future__ import annotations

import re

import pytest

from tests.browser.map_page import MapPage
from tests.fixtures import ROOT, serve

TARGETS = """
() => [...document.querySelectorAll('button, input:not([type=checkbox]), [role=tab], a[href], .el-switch')]
  .filter((e) => e.checkVisibility() && !e.closest('.inline, .skip, .maplibregl-ctrl-attrib'))
  .map((e) => [(e.closest('.el-select__wrapper, .el-slider') ?? e).getBoundingClientRect(), e])
  .filter(([r]) => r.width && (r.width < 31.5 || r.height < 31.5))
  .map(([r, e]) => `${e.outerHTML.slice(0, 90)} ${r.width}x${r.height}`)
"""
OVERLAPS = """
() => {
  const boxes = [...document.querySelectorAll('.crumbs, .search, .bar-end, .map-panel, .tools, .inspector, .drawer')]
    .map((e) => [e.className, e.getBoundingClientRect()]);
  const found = [];
  const meet = (p, q) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1;
  for (const [i, [a, p]] of boxes.entries())
    for (const [b, q] of boxes.slice(i + 1)) if (meet(p, q)) found.push(`${a} on ${b}`);
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
  return found;
}
"""


@pytest.fixture
def view(page, served):
    """The map of the sample district; it must not complain of anything."""
    found = MapPage(page, served.address, "")
    found.district = found.api("districts")[0]["code"]
    yield found
    assert found.faults == []


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=["1366x768", "1920x1080"])
def test_every_look_fits(view, shot, size):
    view.page.set_viewport_size({"width": size[0], "height": size[1]})
    view.open("table=1")
    view.page.wait_for_selector(".grid-table tbody tr[data-code]")
    for theme in ("light", "dark"):
        view.page.emulate_media(color_scheme=theme)
        for lang in ("zh-CN", "en"):
            if view.page.evaluate("document.documentElement.lang") != lang:
                view.page.locator("[data-test=lang]").click()
            view.page.wait_for_selector(f"html[lang={lang}]{'.dark' if theme == 'dark' else ':not(.dark)'}")
            view.idle()
            assert view.page.evaluate(OVERLAPS) == []
            shot(view.page, f"{theme}-{lang}")
    assert view.page.evaluate(TARGETS) == []
    view.page.locator("#tab-layers").click()
    assert view.page.evaluate(TARGETS) == []


def test_language_and_theme_outlast_a_reload(view):
    view.open()
    view.page.locator("[data-test=lang]").click()
    view.page.get_by_role("button", name="Table of grids").wait_for()
    assert view.param("lang") == "en"
    view.page.get_by_role("button", name="Theme").click()
    view.page.locator("[data-theme=dark]").click()
    view.page.reload()
    view.page.wait_for_selector("html.dark[lang=en]")
    view.page.goto(view.address)
    view.page.wait_for_selector("html.dark[lang=en]")
    view.idle()


def test_reload_back_and_a_sent_link_give_the_same_screen(view):
    detail = view.api(f"districts/{view.district}")
    community = next(d for d in detail["divisions"] if d["level"] == "community")
    grid = next(g for g in view.grids() if g["division_id"] == community["id"])
    view.open()
    view.page.locator(f"[data-division='{community['code']}']").click()
    view.page.locator(".area-title", has_text=community["name"]).wait_for()
    view.page.locator(".totals .link", has_text=grid["name"]).first.click()
    view.page.wait_for_selector(f"[data-test=card][data-code='{grid['code']}']")
    view.idle()
    link = view.page.url
    view.page.reload()
    view.page.wait_for_selector(f"[data-test=card][data-code='{grid['code']}']")
    view.idle()
    assert view.page.url == link
    view.page.go_back()
    view.page.locator(".area-title", has_text=community["name"]).wait_for()
    assert view.param("area") == community["code"]
    view.page.go_back()
    view.page.locator(".area-title", has_text=detail["name"]).wait_for()
    view.idle()


def test_the_table_and_the_map_are_one(view):
    rows = view.grids()
    view.open("table=1")
    table = view.page.locator(".grid-table")
    table.wait_for()
    view.page.locator("[data-sort=households]").click()
    first = table.locator("tbody tr[data-code]").first
    most = max(row["households"] for row in rows)
    assert f"{most:,}" in first.locator("td").nth(2).inner_text()
    code = first.get_attribute("data-code")
    first.click()
    view.page.wait_for_selector(f"[data-test=card][data-code='{code}']")
    assert first.get_attribute("aria-selected") == "true"
    view.idle()
    view.page.mouse.move(*view.middle())
    view.page.wait_for_selector(".tip")
    view.page.locator("input[type=search]").fill(rows[0]["code"])
    view.page.locator(".drawer-bar", has_text=re.compile(rf"1 / {len(rows)}\b")).wait_for()
    view.page.locator("input[type=search]").fill("")
    with view.page.expect_download() as download:
        view.page.locator("[data-test=export]").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(rows) + 1
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == sum(row["households"] for row in rows)


def test_the_table_is_worked_by_keyboard(view):
    view.open("table=1")
    rows = view.page.locator(".grid-table tbody tr[data-code]")
    rows.first.focus()
    view.page.keyboard.press("ArrowDown")
    second = view.page.evaluate("document.activeElement.dataset.code")
    assert second == view.grids()[1]["code"]
    view.page.keyboard.press("Enter")
    view.page.wait_for_selector(f"[data-test=card][data-code='{second}']")
    view.idle()


def test_without_a_district_it_says_what_to_do_first(page, fresh_database, shot):
    with serve(fresh_database) as server:
        page.goto(server.address)
        steps = page.locator("[data-test=first-steps]")
        steps.wait_for()
        assert "gridkeeper load" in steps.inner_text()
        shot(page)


def test_a_lost_connection_is_told_and_mended(view):
    view.open()
    view.page.context.set_offline(True)
    view.page.locator("[data-test=search]").fill("12")
    view.page.locator(".offline").wait_for()
    view.page.context.set_offline(False)
    view.page.locator(".offline").wait_for(state="detached")
    view.faults.clear()


def test_it_meets_wcag_aa(view):
    """Read by axe: the overview with its table, a card with the layers, the answer, the search."""
    axe = (ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text()
    rules = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"

    def violations() -> list[str]:
        return [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in view.page.evaluate(rules)]

    for theme in ("light", "dark"):
        view.page.emulate_media(color_scheme=theme)
        view.open("table=1")
        view.page.evaluate(axe)
        view.page.wait_for_selector(".grid-table tbody tr[data-code]")
        assert violations() == []
        view.page.locator(".grid-table tbody tr[data-code]").first.click()
        view.page.wait_for_selector("[data-test=card]")
        view.page.locator("#tab-layers").click()
        assert violations() == []
        view.page.locator("[data-tool=where]").click()
        view.page.mouse.click(*view.middle())
        view.page.wait_for_selector("[data-test=answer]")
        view.page.locator("[data-test=search]").fill("1")
        view.page.wait_for_selector(".hit")
        assert violations() == []
        view.idle()
