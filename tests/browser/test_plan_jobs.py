"""Does work on several communities run beside the planner's page, wait for a worker, and give way to newer edits?"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager

import pytest

from tests.browser.test_planner import LI, WANG, PlannerPage, border_cell, communities
from tests.fixtures import PROGRAM, environment, serve


@contextmanager
def worker(database):
    """A worker in a process of its own, as `gridkeeper worker` is."""
    process = subprocess.Popen([PROGRAM, "worker"], env=environment(database), stdout=subprocess.PIPE, text=True)
    try:
        assert "waits for jobs" in process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def draft(page, databases, sample_database):
    """A draft of two communities, open in the page of a server without a worker, and its database."""
    with databases.clone(of=sample_database.name) as database, serve(database, "--no-worker") as server:
        planner = PlannerPage(page, server.address, "")
        planner.district = planner.api("districts")[0]["code"]
        for name in (LI, WANG):
            planner.act("persons", name=name)
        codes = [c["code"] for c in communities(planner)[:2]]
        plan = planner.act(f"districts/{planner.district}/plans", LI, communities=codes)["id"]
        page.add_init_script(f"localStorage.setItem('gridkeeper.person', '{LI}')")
        page.goto(f"{server.address}plan/{planner.district}/{plan}?lang=zh-CN")
        page.wait_for_selector("[data-test=plan] [role=tab]")
        planner.still()
        yield planner, database
        assert planner.faults == []


def test_communities_are_divided_by_a_job_that_waits_is_cancelled_overtaken_and_undone(draft, shot):
    planner, database = draft
    page, before = planner.page, planner.assignment()
    going = page.locator("[data-test=draft-job]")
    propose = page.locator("[data-test=propose]")
    page.locator("#propose-target").fill("120")

    propose.click()
    page.wait_for_selector("[data-test=draft-job][data-state=queued]")
    page.locator("[data-test=no-worker]", has_text="gridkeeper worker").wait_for()
    assert propose.is_disabled()
    shot(page, "no-worker")
    page.locator("[data-test=draft-job-cancel]").click()
    going.wait_for(state="detached")

    propose.click()  # meanwhile a cell is moved: that counts
    going.wait_for()
    columns = planner.columns()
    cell, target = border_cell(columns)
    move = {"cells": [columns["cells"]["cell_id"][cell]], "to": columns["grids"][target]["key"]}
    path = f"districts/{planner.district}/plans/{planner.number()}/operations"
    assert planner.act(path, LI, revision=0, kind="move", payload=move)["revision"] == 1
    moved = planner.assignment()
    with worker(database):
        note = page.locator("[data-test=plan-note][data-note=job]")
        note.wait_for()
        assert "在此期间已被修改" in note.inner_text()
        shot(page, "overtaken")
        assert planner.assignment() == moved
        planner.revision(1)  # the newest is loaded

        propose.click()
        planner.revision(2)
        planner.still()
        assert going.count() == 0
        divided = planner.assignment()
        assert divided != moved
        shot(page, "divided")
        page.locator("[data-test=undo]").click()
        planner.revision(3)
        assert planner.assignment() == moved
    assert before != moved
