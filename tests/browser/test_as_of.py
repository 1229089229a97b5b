"""Does the whole screen go to another date and back: band, map, figures, cards, address, keyboard?"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.map_page import MapPage
from tests.fixtures import serve
from tests.integration import half_a_year as story
from tests.integration.half_a_year import FIRST, GONE, HEIR, SECOND


@pytest.fixture(scope="module")
def lived(databases):
    """A server whose district has had half a year of its own."""
    with databases.clone() as clone:
        story.live_through(clone.app_url)
        story.add_police(clone.app_url)
        with serve(clone) as server:
            yield server


@pytest.fixture
def view(page, lived):
    found = MapPage(page, lived.address, story.serve.DISTRICT)
    yield found
    assert found.faults == []


def rows(view):
    return view.page.locator(".grid-table tbody tr[data-code]")


def test_a_version_is_gone_to_and_left(view, shot):
    page = view.page
    page.set_viewport_size({"width": 1366, "height": 768})
    view.open("table=1")
    rows(view).nth(6).wait_for()
    assert rows(view).count() == 7
    assert page.locator("[data-test=date-band]").count() == 0

    page.locator("[data-test=as-of] > button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".version[data-date]")
    shot(page, "menu")
    page.locator(f".version[data-date='{SECOND}']").wait_for()
    page.locator(".version").last.click()
    first_day = view.param("date")
    assert first_day == "2026-01-04"
    rows(view).nth(7).wait_for()
    view.idle()
    assert GONE in rows(view).evaluate_all("rows => rows.map((r) => r.dataset.code)")
    band = page.locator("[data-test=date-band]")
    assert first_day in band.inner_text()
    shot(page, "then")
    assert any("grids" in tile for tile in view.tiles)

    page.reload()
    rows(view).nth(7).wait_for()
    assert view.param("date") == first_day
    page.go_back()
    expect(rows(view)).to_have_count(7)
    page.go_forward()
    rows(view).nth(7).wait_for()
    page.locator("[data-test=to-now]").click()
    expect(rows(view)).to_have_count(7)
    assert view.param("date") is None
    expect(band).to_have_count(0)


def test_a_day_is_typed_and_plans_stay_with_now(view):
    page = view.page
    view.open("table=1")
    page.locator("[data-test=as-of] > button").click()
    day = page.locator(".as-of input")
    day.fill(FIRST)
    day.press("Enter")
    rows(view).nth(7).wait_for()
    assert view.param("date") == FIRST
    page.locator("[data-page=plan]").click()
    page.wait_for_selector("[data-test=works-now]")
    expect(rows(view)).to_have_count(7)
    page.locator("[data-page=overview]").click()
    rows(view).nth(7).wait_for()


@pytest.mark.parametrize(("lang", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_the_basis_is_said_and_the_history_is_told(view, shot, lang, theme):
    page = view.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.emulate_media(color_scheme=theme)
    view.open(f"figure=events&basis=then&select=grid:{GONE}", lang=lang)
    basis = page.locator("[data-test=basis]")
    basis.wait_for()
    words = {"zh-CN": ("按当时网格统计", "按所选日期网格归并"), "en": ("own time", "regrouped")}[lang]
    assert words[0] in basis.inner_text()
    told = view.api(f"districts/{view.district}/figures/events", basis="then")["events"]
    apart = page.locator("[data-test=apart]").all_inner_texts()
    assert [str(told[name]) in line for name, line in zip(("elsewhere", "nowhere"), apart, strict=True)] == [True] * 2
    history = page.locator("[data-test=history]")
    history.wait_for()
    assert HEIR in history.inner_text()
    shot(page, "then")
    page.locator("[data-basis=as_of]").click()
    expect(page.locator("[data-test=apart]")).to_have_count(0)
    assert words[1] in basis.inner_text()
    assert view.param("basis") is None
    history.locator("button").first.click()
    page.wait_for_selector(f"[data-test=card][data-code='{HEIR}']")
    assert page.locator("[data-test=history] li").count() == 2
    view.open(f"date={FIRST}&select=grid:{GONE}", lang=lang)
    page.wait_for_selector("[data-test=history] li.current")
    shot(page, "at-a-date")


def test_another_network_is_chosen_by_keyboard(view, shot):
    page = view.page
    page.set_viewport_size({"width": 1366, "height": 768})
    view.open("table=1")
    expect(rows(view)).to_have_count(7)
    page.locator("[data-test=network] > button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-network='community/1']")).to_be_focused()
    shot(page, "menu")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(rows(view)).to_have_count(3)
    view.idle()
    assert view.param("network") == "police"
    shot(page, "police")
    page.reload()
    expect(rows(view)).to_have_count(3)
    page.locator("[data-test=network] > button").click()
    page.locator("[data-network='community/1']").click()
    expect(rows(view)).to_have_count(7)
    assert view.param("network") is None
