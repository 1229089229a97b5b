"""A year in the life of a district: does every date keep its own truth while the city and its grids change?

The clock walks through 2026. On each date what the store says now is written down; at the end every date is asked again
and must answer the same, and the sums over grids, then and as of each date, must add up to all there is.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.errors import ConflictError
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.divisions import communities_at, community_of_cells
from gis.store.metric import to_stored
from gis.store.queries import query
from gis.store.reading import cells_at
from gis.store.reconciling import reconcile
from tests.integration import served_district as serve
from tests.integration import small_district as small
from tests.integration.invariants import insist_on_model

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NORTH, SOUTH = "990101001003", "990101001004"
LI, WANG = Actor("李规划"), Actor("王审批")
ZONE = ZoneInfo("Asia/Shanghai")
B, SIDE = small.BLOCK, 2 * small.BLOCK
POINTS = {"south west": (20, 75), "south east": (170, 75), "north west": (20, 225), "north east": (170, 225),
          "far east": (500, 60), "outside": (900, 900)}  # fmt: skip
"""Metres from the district's corner, off the streets; one in each block of the western community."""


def day(month, date, hour=12):
    return dt.datetime(2026, month, date, hour, tzinfo=ZONE)


DATES = [day(2, 15), day(4, 10), day(4, 25), day(5, 15), day(6, 5), day(6, 20), day(7, 20), day(9, 15), day(11, 1),
         day(12, 25)]  # fmt: skip


class Year:
    """The district, its clock, and what was written down on the way."""

    def __init__(self, connection):
        self.connection, self.now, self.notes, self.events = connection, day(1, 5), {}, []
        for kind in ("divisions", "barriers", "parts", "workers"):
            self.write(getattr(small, kind)())
        self.write(small.buildings(as_of="2026-01-01"))
        pipeline.tessellate_district(connection, D, clock=self)
        pipeline.propose_plan(connection, D, clock=self)
        pipeline.publish_plan(connection, D, clock=self)
        for actor in (LI, WANG):
            pipeline.add_person(connection, actor.name, clock=self)

    def __call__(self):
        return self.now

    @property
    def place(self):
        return district_of(self.connection, D)

    def write(self, batch, **more):
        return pipeline.write_batch(self.connection, D, batch, clock=self, **more)

    def until(self, moment):
        """Walk on; note what is asked on the dates on the way, and let events happen every nine days at every point."""
        while self.now < moment:
            following = min([moment, *(date for date in DATES if date > self.now)])
            self.happen(self.now, following)
            self.now = following
            if following in DATES:
                self.notes[following] = self.told(following)

    def happen(self, since, until):
        times = [day(1, 8) + dt.timedelta(days=9 * i) for i in range(40)]
        rows = [(f"E{t:%m%d}{n}", t, name) for t in times if since < t <= until for n, name in enumerate(POINTS)]
        if not rows:
            return
        self.events += rows
        codes, at, names = zip(*rows, strict=True)
        columns = {"code": codes, "class_name": "暴露垃圾", "occurred_at": pd.to_datetime(list(at), utc=True)}
        self.write(small.batch("events", small.frame(columns, [shapely.Point(POINTS[name]) for name in names])))

    def told(self, at):
        """All that whoever asks on a date is told of it."""
        places = np.array([shapely.Point(np.add(small.ORIGIN, xy)) for xy in POINTS.values()], object)
        asked = [(p.x, p.y) for p in to_stored(places, "EPSG:4548")]
        answers = pipeline.locate_points(self.connection, D, asked, at=at, clock=self)
        cells = community_of_cells(self.connection, cells_at(self.connection, self.place, at), at)
        return {
            "grid": {name: answer.grid_code for name, answer in zip(POINTS, answers, strict=True)},
            "community": {n: a.community and a.community[0] for n, a in zip(POINTS, answers, strict=True)},
            "workers": {n: [w["name"] for w in a.workers] for n, a in zip(POINTS, answers, strict=True)},
            "loads": reconcile(self.connection, self.place, at, "households").by_grid,
            "then": reconcile(self.connection, self.place, at, "events", "then").by_grid,
            "as_of": reconcile(self.connection, self.place, at, "events", "as_of").by_grid,
            "communities": communities_at(self.connection, self.place, at)["code"].tolist(),
            "cells": cells.groupby("code").size().to_dict(),
        }

    def publish(self, plan):
        for name, actor in (("submit", LI), ("approve", WANG), ("publish", LI)):
            pipeline.take_step(self.connection, D, plan, actor, name, clock=self)

    def edit(self, plan, kind, payload, revision=0):
        pipeline.edit_draft(
            self.connection, D, plan, LI, revision=revision, kind=kind, payload=payload, clock=self
        )  # fmt: skip


def divisions(shapes):
    columns = {"level": "community", "code": list(shapes), "name": list(shapes), "name_en": None, "parent_code": None,
               "successor": None, "properties": [{}] * len(shapes)}  # fmt: skip
    return small.batch("divisions", small.frame(columns, list(shapes.values())))


def buildings(codes, shapes=(), **more):
    if shapes:
        frame = small.frame({"code": list(codes), "address": None}, list(shapes))
    else:
        frame = small.buildings().frame
        frame = frame[frame["code"].isin(codes)].reset_index(drop=True)
    return small.batch("buildings", frame.assign(**more))


def households(rows, as_of):
    frame = pd.DataFrame(rows, columns=["building_code", "households"])
    return small.batch("households", frame.assign(people=None, as_of=as_of, estimated=False))


@pytest.fixture(scope="module")
def lived(databases):
    """The whole year, lived once, and its database."""
    with databases.clone() as database, connect(database.app_url) as connection:
        year = Year(connection)
        year.until(day(3, 31))
        year.write(households([("B000", 95)], dt.date(2026, 3, 31)))
        year.until(day(4, 20))  # announced: on 1 May the street between south and north becomes a border
        halves = {SOUTH: shapely.box(0, 0, SIDE, B), NORTH: shapely.box(0, B, SIDE, SIDE)}
        year.write(divisions(halves), effective=dt.date(2026, 5, 1))
        year.until(day(6, 1, 0))
        year.write(buildings(["B010"], state="demolished"), effective=dt.date(2026, 6, 1))
        year.until(day(6, 16))  # told a day late
        new = buildings(["N1"], [shapely.box(125, 180, 140, 200)], households=40.0, people=90, as_of=None)
        year.write(new, effective=dt.date(2026, 6, 15))
        year.until(day(7, 10))  # version 2: the halves get grids of their own
        year.publish(pipeline.open_draft(connection, D, [NORTH, SOUTH], LI, clock=year))
        year.until(day(9, 1))  # version 3: the north is one grid
        plan = pipeline.open_draft(connection, D, [NORTH], LI, clock=year)
        year.edit(plan, "merge", {"from": f"{NORTH}001", "into": f"{NORTH}002"})
        year.publish(plan)
        year.until(day(10, 15))  # version 4: that was a mistake
        plan = pipeline.roll_back(connection, D, 2, LI, communities=[NORTH], clock=year)
        for name, actor in (("approve", WANG), ("publish", LI)):
            pipeline.take_step(connection, D, plan, actor, name, clock=year)
        year.until(day(11, 20))  # version 5: cells anew where a building went and another came
        plan = pipeline.open_draft(connection, D, [NORTH], LI, clock=year)
        year.edit(plan, "renew", None)
        year.publish(plan)
        year.until(day(12, 31))
        yield year, database


@pytest.fixture(scope="module")
def year(lived):
    return lived[0]


W = {
    name: f"{WEST}{serial:03}"
    for serial, name in enumerate(["north west", "north east", "south west", "south east"], 1)
}
N, S = (lambda serial: f"{NORTH}{serial:03}"), (lambda serial: f"{SOUTH}{serial:03}")
OWN = W | {"north west": N(1), "north east": N(2), "south west": S(1), "south east": S(2)}
STORY = [
    # from, community of north and south, grid of each point, households of the grids in the west
    (day(1, 5), WEST, WEST, W, dict.fromkeys(W.values(), 195)),
    (day(3, 31, 0), WEST, WEST, W, {W["south west"]: 225}),
    (day(5, 1, 0), NORTH, SOUTH, W, {}),
    (day(6, 1, 0), NORTH, SOUTH, W, {W["north west"]: 130}),
    (day(6, 15, 0), NORTH, SOUTH, W, {W["north west"]: 170}),
    (day(7, 11, 0), NORTH, SOUTH, OWN, {N(1): 170, N(2): 195, S(1): 225, S(2): 195}),
    # the north east has more households: the merged grid keeps its code
    (day(9, 2, 0), NORTH, SOUTH, OWN | {"north west": N(2)}, {N(2): 365, S(1): 225, S(2): 195}),
    # 001 was withdrawn: it is never used again; version 5 changes cells, not grids
    (day(10, 16, 0), NORTH, SOUTH, OWN | {"north west": N(3)}, {N(3): 170, N(2): 195, S(1): 225, S(2): 195}),
]  # fmt: skip


def story_at(moment):
    """What the story says of a moment: communities, grid of each point, loads in the west."""
    loads, north, south, grids = {}, None, None, {}
    for since, north_, south_, grids_, loads_ in STORY:
        if since <= moment:
            loads = loads | loads_ if grids == grids_ else loads_
            north, south, grids = north_, south_, grids_
    return north, south, grids, loads


def test_every_date_answers_at_the_end_as_it_did_on_the_day(year):
    assert set(year.notes) == set(DATES)
    for date in DATES:
        assert year.told(date) == year.notes[date], date


@pytest.mark.parametrize("date", DATES, ids=lambda date: f"{date:%m-%d}")
def test_a_date_is_as_the_story_says(year, date):
    north, south, grids, loads = story_at(date)
    told = year.told(date)
    assert {name: told["grid"][name] for name in grids} == grids
    assert told["community"]["north west"] == told["community"]["north east"] == north
    assert told["community"]["south west"] == told["community"]["south east"] == south
    assert told["grid"]["outside"] is None
    assert {code: n for code, n in told["loads"].items() if not code.startswith(EAST)} == loads
    assert sum(n for code, n in told["loads"].items() if code.startswith(EAST)) == 780
    assert told["communities"] == sorted({north, south, EAST})
    assert set(told["cells"]) == set(told["communities"])


@pytest.mark.parametrize("date", DATES, ids=lambda date: f"{date:%m-%d}")
def test_sums_then_and_as_of_add_up(year, date):
    happened = [(t, name) for _, t, name in year.events if t <= date]
    _, _, grids, _ = story_at(date)
    then = reconcile(year.connection, year.place, date, "events", "then")
    as_of = reconcile(year.connection, year.place, date, "events", "as_of")
    assert then.reconciled
    assert as_of.reconciled
    assert then.total == as_of.total == len(happened) > 0
    assert then.in_none == as_of.in_none == sum(name == "outside" for _, name in happened)
    expected_then = pd.Series([story_at(t)[2].get(name) for t, name in happened]).value_counts()
    expected_now = pd.Series([grids.get(name) for _, name in happened]).value_counts()
    in_west = lambda sums: {c: n for c, n in sums.by_grid.items() if not c.startswith(EAST)}  # noqa: E731
    assert in_west(then) == expected_then.to_dict()
    assert in_west(as_of) == expected_now.to_dict()
    people = reconcile(year.connection, year.place, date, "households")
    assert people.reconciled
    assert people.in_none == 0
    assert people.total == 780 + sum(story_at(date)[3].values())


def test_the_service_serves_each_date(lived):
    year, database = lived
    with serve.served(database.app_url, now=year) as client:
        for date in DATES:
            told, at = year.notes[date], {"at": date.isoformat()}
            grids = client.get(f"/api/districts/{D}/grids", params=at).json()
            assert {g["code"]: g["households"] for g in grids} == told["loads"]
            numbers = {g["id"]: g["code"] for g in grids}
            for basis in ("then", "as_of"):
                asked = at | {"basis": basis}
                events = client.get(f"/api/districts/{D}/figures/events", params=asked).json()
                assert {code: events["values"][str(number)] for number, code in numbers.items()} == {
                    code: told[basis].get(code, 0) for code in told["loads"]
                }, (basis, date)


def test_the_model_holds_at_every_moment(year):
    turns = [since for since, *_ in STORY] + [day(11, 21, 0)]
    before = [at - dt.timedelta(microseconds=1) for at in turns[1:]]
    insist_on_model(year.connection, year.place, [*DATES, *turns, *before])


def test_no_code_is_ever_used_again(year):
    used = year.connection.execute(
        "SELECT g.code, array_agg(g.valid ORDER BY g.valid), (SELECT count(*) FROM unnest(range_agg(g.valid))) AS runs"
        " FROM grid g WHERE NOT isempty(g.valid) GROUP BY g.code"
    ).fetchall()
    assert {code for code, _, runs in used if runs > 1} == set()
    assert {code for code, *_ in used if not code.startswith(EAST)} == {*W.values(), N(1), N(2), N(3), S(1), S(2)}


def test_lineage_tells_the_way(year):
    went = year.connection.execute(
        "SELECT u.version, f.code, t.code, round(l.household_share::numeric, 3)::float FROM grid_lineage l"
        " JOIN grid f ON f.id = l.from_grid JOIN grid t ON t.id = l.to_grid"
        " JOIN publication u ON u.id = t.publication_id"
        " ORDER BY 1, 2, 3"
    ).fetchall()
    assert [row for row in went if row[0] == 2] == sorted((2, W[name], OWN[name], 1.0) for name in W)
    assert [row for row in went if row[0] == 3] == [(3, N(1), N(2), 1.0), (3, N(2), N(2), 1.0)]
    parted = [(4, N(2), N(2), round(195 / 365, 3)), (4, N(2), N(3), round(170 / 365, 3))]
    assert [row for row in went if row[0] == 4] == parted
    assert (5, N(3), N(3), 1.0) in went
    assert {(old, new) for version, old, new, _ in went if version == 5} <= {(N(2), N(2)), (N(3), N(3))}
    split = year.connection.execute(
        "SELECT f.code, t.code, l.area_share, l.household_share FROM division_lineage l"
        " JOIN division f ON f.id = l.from_division JOIN division t ON t.id = l.to_division ORDER BY 2"
    ).fetchall()
    assert [(a, b) for a, b, *_ in split] == [(WEST, NORTH), (WEST, SOUTH)]
    assert np.allclose([[row[2], row[3]] for row in split], [[0.5, 390 / 810], [0.5, 420 / 810]], atol=1e-6)


def test_cells_are_those_of_their_time(year):
    before, after = (set(cells_at(year.connection, year.place, at).tolist()) for at in (day(11, 1), day(12, 25)))
    of = {
        at: dict(
            year.connection.execute(
                "SELECT b.code, k.cell_id FROM building_cell k JOIN building b ON b.id = k.building_id"
                " JOIN cell c ON c.id = k.cell_id WHERE c.valid @> %(at)s AND b.valid @> %(at)s",
                {"at": at},
            ).fetchall()
        )
        for at in (day(5, 15), day(11, 1), day(12, 25))
    }
    assert [len(buildings) for buildings in of.values()] == [24, 24, 24]  # one went, one came
    stood = of[day(11, 1)]["N1"]  # until the next plan it stands in the cell of the building that went
    assert of[day(5, 15)]["B010"] == stood
    assert stood in before - after
    assert set(of[day(12, 25)].values()) <= after
    assert [code for code, cell in of[day(12, 25)].items() if cell == of[day(12, 25)]["N1"]] == ["N1"]
    stays = [code for code, cell in of[day(12, 25)].items() if of[day(11, 1)].get(code) == cell]
    assert {code for code in small.buildings().frame["code"] if code[:3] not in {"B01", "B11"}} <= set(stays)
    assert before - after
    assert after - before
    rows = year.connection.execute(
        "SELECT from_cell, sum(area_share) FROM cell_lineage WHERE from_cell = ANY(%s) GROUP BY 1",
        [sorted(before - after)],
    ).fetchall()
    assert {cell for cell, _ in rows} == before - after
    assert np.allclose([share for _, share in rows], 1, atol=1e-6)
    with year.connection.transaction(force_rollback=True):  # a version goes back over new cells
        plan = pipeline.roll_back(year.connection, D, 3, LI, communities=[NORTH], clock=year)
        draft, _ = pipeline.read_draft(year.connection, plan)
        assert set(draft.cells[draft.present].tolist()) == {
            row[0] for row in year.connection.execute(
                "SELECT c.id FROM cell c JOIN division d ON d.id = c.community_id"
                " WHERE d.code = %s AND upper_inf(c.valid) AND NOT isempty(c.valid)", [NORTH]
            )
        }  # fmt: skip
        assert len(set(draft.keys[draft.present])) == 1


def test_every_plan_tells_its_cells_by_the_divisions_of_its_scope(year):
    """The statement for all cells at once, beside the rule spelled out for one cell after the other."""
    ask = year.connection.execute
    above = {number: (number, parent) for number, parent in ask("SELECT id, parent_id FROM division")}
    codes = dict(ask("SELECT id, code FROM division").fetchall())
    lay = {cell: [community] for cell, community in ask("SELECT id, community_id FROM cell")}
    for cell, community in ask("SELECT cell_id, community_id FROM cell_community ORDER BY upper(valid) DESC"):
        lay[cell].append(community)
    moved = replaced = 0
    for plan, scope in ask("SELECT plan_id, array_agg(division_id) FROM plan_scope GROUP BY 1").fetchall():
        rows = "SELECT cell_id, base_code, grid_code FROM plan_cell WHERE plan_id = %s"
        held = {cell: of for cell, *of in ask(rows, [plan])}
        kinds = "SELECT payload->'was' FROM plan_operation WHERE plan_id = %s AND kind IN ('renew', 'split')"
        was = {cell: key for (keys,) in ask(kinds, [plan]) for key, cells in keys.items() for cell in cells}
        gone = {cell: [key, ""] for cell, key in was.items() if cell not in held}
        wanted = []
        for cell, of in sorted((held | gone).items()):
            within = [d for community in lay[cell] for d in (community, *above[community]) if d in scope]
            wanted.append((cell, codes[within[0] if within else lay[cell][0]], *of))
            moved += bool(within) and lay[cell][0] not in scope
        assert ask(query("drafts.assignment"), {"plan": plan}).fetchall() == wanted
        replaced += len(gone)
    assert moved
    assert replaced


def test_a_draft_of_a_community_that_is_gone_goes_nowhere(year):
    connection = year.connection
    with connection.transaction(force_rollback=True):
        plan = pipeline.open_draft(connection, D, [SOUTH], LI, clock=year)
        year.edit(plan, "merge", {"from": S(1), "into": S(2)})
        whole = {WEST: shapely.box(0, 0, SIDE, SIDE)}
        year.write(divisions(whole), effective=dt.date(2027, 1, 15))
        with pytest.raises(ConflictError, match=f"community {SOUTH}, which ends on 2027-01-15"):
            pipeline.take_step(connection, D, plan, LI, "submit", clock=year)
