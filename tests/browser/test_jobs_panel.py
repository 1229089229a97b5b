"""Does a file that is handed over become a job that is told as it goes, with its faults as a table?"""

from __future__ import annotations

import re

import pytest
import shapely

from gis.exchange import write_exchange
from gis.networks import Level, Network
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import lock
from tests.browser.test_shell import OVERLAPS, TARGETS
from tests.fixtures import ROOT, serve
from tests.integration import served_district as small
from tests.integration import small_district as ground

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "async () => (await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })).violations"
FIRST = 150_000
"""Milliseconds that a worker's first job may take on a busy machine: it compiles and loads what it needs."""
OTHERS = {"zh-CN": ("police", "警务网格"), "en": ("fire", "消防网格")}
LOOKS = [("zh-CN", "light", 1366, 768), ("en", "dark", 1920, 1080)]


@pytest.fixture(scope="module")
def served(database):
    small.put_in_force(database.app_url)
    with connect(database.app_url) as connection:
        level = Level(1, "subdistrict", code_profile="local")
        for code, name in OTHERS.values():
            pipeline.add_network(connection, small.DISTRICT, Network(code, name, levels=(level,)))
    with serve(database) as server:  # its worker runs beside it
        yield server


@pytest.fixture
def panel(page, served, request, shot):
    """The open panel of jobs, and a judge of what it looks like."""
    lang, theme, width, height = request.param
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(
        f"localStorage.setItem('gridkeeper.lang', '{lang}'); localStorage.setItem('gridkeeper.theme', '{theme}')"
    )
    page.goto(f"{served.address}overview/{small.DISTRICT}")
    page.locator("[data-test=jobs-menu] > button").focus()
    page.keyboard.press("Enter")
    page.locator("[data-test=jobs]").wait_for()
    page.evaluate(AXE.read_text())

    def judge(name: str) -> None:
        shot(page, name)
        assert page.evaluate(OVERLAPS) == []
        assert page.evaluate(TARGETS) == []
        assert [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in page.evaluate(RULES)] == []

    return page, lang, judge


def hand_over(page, file, *rows):
    file.write_text("code,class_name,lon,lat\n" + "\n".join(rows), encoding="utf-8")
    page.locator("[data-test=import-file]").set_input_files(file)
    page.locator("[data-test=import-start]").click()


@pytest.mark.parametrize("panel", LOOKS, indirect=True, ids=["zh-light-1366", "en-dark-1920"])
def test_a_file_becomes_a_job_that_is_told_cancelled_and_tried_again(panel, served, tmp_path):
    page, lang, judge = panel
    west, south = small.lonlat(20, 20)
    file = tmp_path / "parts 路灯普查.csv"
    good = f"{lang}2,路灯,{west},{south}"
    if lang == "zh-CN":
        page.locator("[data-test=jobs-none]").wait_for()
        judge("empty")

    hand_over(page, file, f"{lang}1,,{west},{south}", good)
    failed = page.locator(".job[data-state=failed]").first
    failed.wait_for(timeout=FIRST)
    failed.locator("[data-test=job-show]").press("Enter")
    row, wrong, remedy = failed.locator("[data-test=job-report] tbody td").all_inner_texts()
    judge("failed")
    assert row == "1"
    assert [text.isascii() for text in (wrong, remedy)] == [lang == "en"] * 2, (wrong, remedy)
    assert "--" not in remedy, "an option of a command is nothing to press here"
    failed.locator("[data-test=job-show]").press("Enter")

    with connect(served.database.app_url) as connection, lock(connection, small.DISTRICT):  # as another writer does
        hand_over(page, file, good)
        page.locator(".job[data-state=running] [role=progressbar]").wait_for()
        hand_over(page, file, good)  # the same file can be chosen again
        waiting = page.locator(".job[data-state=queued]")
        waiting.wait_for()
        page.locator("[data-test=jobs-count]", has_text="2").wait_for()
        judge("running-and-queued")
        waiting.locator("[data-test=job-cancel]").click()
        page.locator(".job[data-state=cancelled]").first.wait_for()
    done = page.locator(".job[data-state=succeeded]")
    done.first.wait_for()
    done.first.locator("[data-test=job-show]").click()
    judge("succeeded-and-cancelled")

    before = done.count()
    page.locator(".job[data-state=cancelled] [data-test=job-retry]").first.click()
    done.nth(before).wait_for()
    page.keyboard.press("Escape")
    page.locator("[data-test=jobs]").wait_for(state="detached")
    assert page.evaluate("document.activeElement.closest('[data-test=jobs-menu]') !== null")


@pytest.mark.parametrize("panel", LOOKS, indirect=True, ids=["zh-light-1366", "en-dark-1920"])
def test_grids_of_a_network_come_in_on_a_day_chosen_in_the_calendar(panel, served, tmp_path):
    page, lang, judge = panel
    width, height = 4 * ground.BLOCK, 2 * ground.BLOCK
    network, name = OTHERS[lang]
    shapes = [shapely.box(0, 0, width / 2, height), shapely.box(width / 2, 0, width, height)]
    columns = {"code": ["A", "B"], "name": None, "kind": None, "community_code": None}
    file = tmp_path / "grids 警务.gpkg"
    write_exchange(ground.frame(columns, shapes), file)

    page.locator("[data-test=import-file]").set_input_files(file)
    start = page.locator("[data-test=import-start]")
    assert start.is_disabled(), "a day has to be chosen"
    page.locator("[data-test=import-level]").click()
    page.get_by_role("option", name=name).click()
    page.locator("[data-test=import-effective] input").click()
    page.locator(".el-date-picker").wait_for()
    judge("calendar")
    assert page.locator(".el-date-picker td.today ~ td.available").count() == 0, "what is in force began already"
    page.locator(".el-date-picker .arrow-left:not(.d-arrow-left)").click()
    page.locator(".el-date-picker td.available").first.click()
    page.locator(".el-date-picker").wait_for(state="hidden")
    day = page.locator("[data-test=import-effective] input").input_value()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    judge("filled")
    done = page.locator(".job[data-state=succeeded]")
    before = done.count()
    start.click()

    done.nth(before).wait_for(timeout=FIRST)
    done.first.locator("[data-test=job-show]").click()
    judge("told")
    with connect(served.database.app_url) as connection:
        found = connection.execute(
            "SELECT g.code, to_char(lower(g.valid) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
            " FROM grid g JOIN network n ON n.id = g.network_id"
            " WHERE n.code = %s ORDER BY g.code",
            (network,),
        ).fetchall()
    assert [tuple(row) for row in found] == [(code, f"{day} 00:00") for code in ("A", "B")]
