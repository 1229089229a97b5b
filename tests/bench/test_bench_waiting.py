"""How long does a planner wait for the first and for the third proposal of one community?"""

from __future__ import annotations

import json
import os
import platform
import time
import urllib.request
from urllib.parse import quote

import numpy as np
import pytest
import shapely

from gis.partition import partition
from gis.partition.proposals import propose_several
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from tests.bench.grounds import BARE
from tests.fixtures import serve
from tests.integration import small_district as small
from tests.unit.partition_ground import lattice

COLUMNS, ROWS, SPACE = 30, 20, 30.0
HOUSEHOLDS, TARGET = 6_000, 200
ROUNDS = 5
COMMUNITY = small.COMMUNITIES[0]
PERSON = "李规划"


def loads():
    """Whole households of 600 buildings, uneven as towns are."""
    drawn = np.random.default_rng(1).lognormal(1.9, 0.8, (ROWS, COLUMNS))
    return np.round(drawn * HOUSEHOLDS / drawn.sum())


def machine():
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def community():
    """One community of 600 buildings with a street every fourth."""
    ground = shapely.box(0, 0, COLUMNS * SPACE, ROWS * SPACE)
    divisions = {
        "level": ["district", "subdistrict", "community"],
        "code": [small.DISTRICT, "990101001", COMMUNITY],
        "name": ["望河区", "临水街道", "柳岸社区"],
        "name_en": ["Wanghe", "Linshui", "Liu'an"],
        "parent_code": [None] * 3,
        "successor": [None] * 3,
        "properties": [{}] * 3,
    }
    across = [shapely.LineString([(0, y * SPACE), (COLUMNS * SPACE, y * SPACE)]) for y in range(4, ROWS, 4)]
    along = [shapely.LineString([(x * SPACE, 0), (x * SPACE, ROWS * SPACE)]) for x in range(4, COLUMNS, 4)]
    streets = {"code": [f"S{i}" for i in range(len(across + along))], "kind": "street", "class": "residential"}
    held = loads()
    spots = [(i * SPACE + 8, j * SPACE + 8) for j in range(ROWS) for i in range(COLUMNS)]
    made = small.frame(
        {"code": [f"B{i:03}" for i in range(held.size)]}, [shapely.box(x, y, x + 14, y + 14) for x, y in spots]
    )
    made = made.assign(households=held.ravel(), people=2 * held.ravel(), estimated=False, address=None)
    return [
        small.batch("divisions", small.frame(divisions, [ground] * 3)),
        small.batch("barriers", small.frame(streets, across + along)),
        small.batch("buildings", made.assign(as_of=np.datetime64("2026-06-30").astype(object))),
    ]


def row(name, first, third, more=""):
    print(f"{name:<46} {first:9.2f} {third:9.2f}  {more}", flush=True)


class Watch:
    """Notes when each proposal comes: seconds of wall clock, and of CPU."""

    def __init__(self):
        self.begun, self.at = (time.perf_counter(), time.process_time()), []

    def __call__(self, _):
        self.at.append((time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]))


def waits(take):
    """Wall clock and CPU until the first, then until the last proposal: medians of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        watch = Watch()
        take(watch)
        rounds.append([*watch.at[0], *watch.at[-1]])
    return np.median(rounds, axis=0)


@pytest.mark.slow
def test_a_planner_waits_for_proposals(databases, capsys):
    """Print the wait for functions alone, for the store and for a server, warm."""
    ground = lattice(loads())
    propose_several(ground)  # kernels are compiled
    start = time.process_time()
    for _ in range(ROUNDS):
        partition(ground, effort=BARE)
    bare = (time.process_time() - start) / ROUNDS
    functions = waits(lambda each: propose_several(ground, each=each))

    with databases.clone() as database:
        with connect(database.app_url) as connection:
            for batch in community():
                pipeline.write_batch(connection, small.DISTRICT, batch)
            pipeline.tessellate_district(connection, small.DISTRICT)
            pipeline.propose_plan(connection, small.DISTRICT)
            grids = pipeline.publish_plan(connection, small.DISTRICT).measures["grids"]
            pipeline.add_person(connection, PERSON)
            plan = pipeline.open_draft(connection, small.DISTRICT, [COMMUNITY], Actor(PERSON))
            (cells,) = connection.execute("SELECT count(*) FROM plan_cell WHERE plan_id = %s", (plan,)).fetchone()
            asked = {"communities": [COMMUNITY]}
            store = waits(lambda each: pipeline.compare_proposals(connection, small.DISTRICT, plan, asked, each=each))
        with serve(database, "--no-worker") as server:
            request = urllib.request.Request(
                f"{server.address}api/districts/{small.DISTRICT}/plans/{plan}/proposals/stream",
                json.dumps(asked).encode(),
                {"Content-Type": "application/json", "X-Gridkeeper-Person": quote(PERSON)},
            )

            def ask(each):
                with urllib.request.urlopen(request) as answer:
                    found = [each(line) for line in answer]
                assert len(found) == 4  # three as they came, and the whole

            cold = Watch()
            ask(cold)
            served = waits(ask)

    with capsys.disabled():
        print(
            f"\nwaiting for proposals on {machine()}: one community, {cells} cells, {grids} grids, warm,"
            f" median of {ROUNDS}"
        )
        print(f"{'':<46} {'first s':>9} {'third s':>9}")
        row("functions alone, wall clock", functions[0], functions[2])
        row("functions alone, CPU", functions[1], functions[3])
        row("  as a multiple of random trees alone, CPU", functions[1] / bare, functions[3] / bare)
        row("store, wall clock", store[0], store[2])
        row("server, wall clock", served[0], served[2], "one stream: each as it is ready")
        row("  the first time after its start", cold.at[0][0], cold.at[-1][0], "kernels are loaded")
    assert abs(cells - COLUMNS * ROWS) < 30 and abs(grids - HOUSEHOLDS / TARGET) <= 1
