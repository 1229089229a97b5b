"""Does the map show the grids, and does it answer what people ask of it?"""

from __future__ import annotations

import re

import pyproj
import pytest

from tests.browser.map_page import MapPage, degrees

CGCS2000 = pyproj.Geod(a=6378137, rf=298.257222101)


@pytest.fixture
def view(page, served):
    """The map of the sample district; it must not complain of anything."""
    found = MapPage(page, served.address, "")
    found.district = found.api("districts")[0]["code"]
    yield found
    assert found.faults == []


def number(text: str) -> float:
    """Read the first number of a text as people write it here."""
    return float(re.search(r"[\d,]+(\.\d+)?", text)[0].replace(",", ""))


def test_the_map_shows_grids(view, shot):
    view.open()
    assert any(f"/tiles/{view.district}/grids/" in tile for tile in view.tiles)
    assert any(f"/tiles/{view.district}/base/" in tile for tile in view.tiles)
    colours = view.colours()
    assert len(colours) > 50, "the map is blank"
    assert max(colours.values()) < 0.9 * sum(colours.values())
    detail = view.api(f"districts/{view.district}")
    panel = view.page.locator("[data-test=area]")
    assert detail["name"] in panel.inner_text()
    assert f"{detail['counts']['households']:,}" in panel.inner_text()
    shot(view.page)


def test_a_click_on_a_grid_gives_its_card(view, shot):
    grid = max(view.grids(), key=lambda row: row["area_m2"])
    lon, lat = grid["center"]
    view.open(f"at={lon},{lat},15.4")
    view.page.mouse.click(*view.middle())
    card = view.page.locator(f"[data-test=card][data-code='{grid['code']}']")
    card.wait_for()
    assert number(card.locator("[data-figure=households] b").inner_text()) == grid["households"]
    assert view.param("select") == f"grid:{grid['code']}"
    assert grid["name"] in view.page.locator(".crumbs").inner_text()
    view.idle()
    shot(view.page)


def test_another_figure_colours_the_grids_anew(view, shot):
    view.open()
    before = view.colours()
    view.page.locator("[data-test=figure]").click()
    label = next(f["label"]["zh"] for f in view.api("figures") if f["key"] == "households")
    view.page.get_by_role("option", name=label, exact=True).click()
    view.page.wait_for_selector("#map[data-map-figure=households]")
    view.idle()
    assert view.param("figure") == "households"
    counts = [int(t.replace(",", "")) for t in view.page.locator("[data-test=classes] b").all_inner_texts()]
    assert sum(counts) == len(view.grids())
    after = view.colours()
    assert sum(abs(after.get(c, 0) - before.get(c, 0)) for c in after.keys() | before.keys()) > 5_000
    shot(view.page)


def test_search_by_grid_code_with_the_keyboard_alone(view):
    wanted = view.grids()[-1]["code"]
    view.open()
    view.page.keyboard.press("/")
    view.page.keyboard.type(wanted)
    view.page.wait_for_selector(f"[data-hit='{wanted}'][aria-selected=true]")
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowUp")
    view.page.keyboard.press("Enter")
    view.page.wait_for_selector(f"[data-test=card][data-code='{wanted}']")
    view.idle()
    assert view.param("select") == f"grid:{wanted}"


def test_search_by_address_in_full_width_digits(view):
    hits = view.api(f"districts/{view.district}/search", q="1", limit=40)
    title = next(h["title"] for h in hits if h["type"] == "building" and re.search(r"\d", h["title"]))
    typed = title.translate({ord("0") + i: "０１２３４５６７８９"[i] for i in range(10)})
    assert typed != title
    view.open()
    view.page.locator("[data-test=search]").fill(typed)
    first = view.page.locator(".hit").first
    first.wait_for()
    assert title in first.inner_text()
    first.click()
    card = view.page.locator("[data-test=card]")
    card.wait_for()
    assert title in card.inner_text()
    assert view.param("select").startswith("building:")


def test_where_is_this_is_answered_and_copied(view, shot):
    grid = max(view.grids(), key=lambda row: row["households"])
    lon, lat = grid["center"]
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.open(f"at={lon},{lat},16")
    view.page.locator("[data-tool=where]").click()
    view.page.mouse.click(*view.middle())
    answer = view.page.locator("[data-test=answer]")
    answer.wait_for()
    assert grid["code"] in answer.inner_text()
    view.page.locator("[data-test=copy]").click()
    view.page.get_by_role("button", name="已复制").wait_for()
    copied = view.page.evaluate("navigator.clipboard.readText()")
    assert grid["code"] in copied
    assert copied.strip() == view.page.locator("[data-test=answer-text]").inner_text().strip()
    view.idle()
    shot(view.page)
    view.page.keyboard.press("Escape")
    view.page.wait_for_selector("[data-test=area]")


def test_lengths_and_areas_are_true_metres(view, shot):
    lon, lat, zoom = *view.grids()[0]["center"], 15.0
    view.open(f"at={lon},{lat},{zoom}")
    x, y = view.middle()
    corners = [(0, 30), (140, 30), (140, 200)]
    places = [degrees(round(lon, 5), round(lat, 5), zoom, *corner) for corner in corners]

    def draw(tool: str) -> str:
        view.page.locator(f"[data-tool={tool}]").click()
        view.page.wait_for_selector("[data-test=measure]")
        for right, down in corners:
            view.page.mouse.click(x + right, y + down, delay=20)
            view.page.wait_for_timeout(450)  # two quick clicks would be a double click
        view.page.keyboard.press("Enter")
        return view.page.locator("[data-test=measure] b").first.inner_text()

    shown, expected = number(draw("length")), CGCS2000.line_length(*zip(*places, strict=True))
    assert shown == pytest.approx(expected, rel=0.01)
    text = draw("area")
    square_metres = number(text) * (10_000 if "公顷" in text else 1)
    expected = abs(CGCS2000.polygon_area_perimeter(*zip(*places, strict=True))[0])
    assert square_metres == pytest.approx(expected, rel=0.02)
    shot(view.page)
    view.page.keyboard.press("Escape")
    view.page.wait_for_selector("[data-test=measure]", state="detached")


def test_events_heat_up_by_class_and_period(view, shot):
    view.open("layers=heat,divisions,base")
    before = view.colours()
    view.page.locator("#tab-layers").click()
    asked: list[str] = []
    view.page.on("request", lambda r: asked.append(r.url) if "/heat?" in r.url else None)
    view.page.locator("[data-test=period]").click()
    view.page.get_by_role("option", name="近 7 天").click()
    view.page.wait_for_function("() => location.search.includes('period=week')")
    view.idle()
    assert re.search(r"from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d", asked[-1])
    view.page.locator("[data-test=event-class]").click()
    kind = view.api(f"districts/{view.district}")["event_classes"][0]
    view.page.get_by_role("option", name=kind["class_name"]).first.click()
    view.page.wait_for_function("() => location.search.includes('event=')")
    view.idle()
    assert f"class={kind['class']}" in asked[-1]
    assert view.colours() != before
    view.page.locator(".layer-row:has([data-layer=events]) .el-switch__core").click()
    view.idle()
    assert any("/events/" in tile for tile in view.tiles)
    shot(view.page)
