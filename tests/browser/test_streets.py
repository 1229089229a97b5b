"""Does the map show who answers for a street, and may a planner give it to another grid?"""

from __future__ import annotations

import json
import urllib.request

import psycopg
import pytest

from tests.browser.map_page import MapPage

STREET = """
SELECT s.id, ST_X(p), ST_Y(p), g.code FROM street s
CROSS JOIN LATERAL (SELECT ST_LineInterpolatePoint(s.geom, 0.5) AS p) m
JOIN grid_cell c ON c.cell_id = s.cell_id JOIN grid g ON g.id = c.grid_id
WHERE s.kind = 'segment' AND s.class = 'residential' AND ST_Length(s.geom::geography) > 80
  AND (SELECT count(DISTINCT k.grid_id) FROM cell a JOIN grid_cell k ON k.cell_id = a.id
       WHERE a.community_id = s.community_id AND ST_DWithin(a.geom::geography, s.geom::geography, 1)) > 1
ORDER BY s.code LIMIT 1
"""


@pytest.fixture
def view(page, served):
    found = MapPage(page, served.address, "")
    found.district = found.api("districts")[0]["code"]
    body = json.dumps({"name": "李规划"}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{served.address}api/persons", body, headers), timeout=30).close()
    yield found
    assert found.faults == []


def test_a_planner_gives_a_street_to_another_grid(view, served, shot):
    with psycopg.connect(served.database.app_url) as connection:
        street, lon, lat, owner = connection.execute(STREET).fetchone()
    view.page.add_init_script("localStorage.setItem('gridkeeper.person', '李规划')")
    view.open(f"at={lon},{lat},17&layers=labels,divisions,grids,streets,buildings,base&figure=none")
    assert any("/streets/" in tile for tile in view.tiles)
    view.page.mouse.click(*view.middle())
    card = view.page.locator("[data-test=street-card]")
    card.wait_for()
    assert owner in card.locator("[data-test=home-grid]").inner_text()
    assert "自动确定" in card.inner_text()
    view.idle()
    shot(view.page, "before")
    before = view.colours()
    choices = card.locator(".choice")
    assert choices.count() > 1
    other = next(code for code in choices.evaluate_all("all => all.map((c) => c.dataset.grid)") if code != owner)
    card.locator(f"[data-grid='{other}']").click()
    view.page.get_by_placeholder("原因").fill("商户都在这边")
    card.locator("[data-test=save-home]").click()
    view.page.wait_for_function(
        "code => document.querySelector('[data-test=home-grid]').innerText.includes(code)", arg=other
    )
    assert "由李规划指定" in card.inner_text()
    assert "商户都在这边" in card.inner_text()
    view.idle()
    assert view.colours() != before
    shot(view.page)
    told = view.api(f"districts/{view.district}/locate", lon=lon, lat=lat)
    assert (told["how"], told["grid"]["code"], told["street"]["person"]) == ("street", other, "李规划")
    assert view.api(f"districts/{view.district}/streets/{street}")["grid"]["code"] == other
    view.open(f"at={lon},{lat},16&layers=labels,grids,streets,base&figure=none&select=street:{street}", lang="en")
    card.wait_for()
    assert "Chosen by 李规划" in card.inner_text()
    assert "Street segment" in card.inner_text()
    shot(view.page, "en")
