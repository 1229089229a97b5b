"""Is what was before kept when divisions, buildings and counts change at a date, and is bad input refused whole?"""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.clock import stopped_at
from gis.errors import ConflictError, InputError
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from gis.store.divisions import communities_at, community_of_cells, midnight_of
from gis.store.reading import cells_at, read_cells
from tests.integration import small_district as small
from tests.integration.in_force import BEGIN, publish_first

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NORTH, SOUTH = "990101001003", "990101001004"
NOW = dt.datetime(2026, 7, 20, 4, tzinfo=dt.UTC)
CLOCK = stopped_at(NOW)
DAY = dt.date(2026, 9, 1)
BEFORE, AFTER = (dt.datetime(2026, month, 15, tzinfo=dt.UTC) for month in (8, 9))
SIDE = 2 * small.BLOCK


@pytest.fixture(scope="module")
def in_force(databases):
    """A database with version 1 in force."""
    with databases.clone() as database:
        with connect(database.app_url) as connection:
            publish_first(connection)
        yield database


@pytest.fixture
def store(in_force):
    with connect(in_force.app_url) as connection, connection.transaction(force_rollback=True):
        yield connection


def divisions(shapes, names=None, level="community", **more):
    columns = {
        "level": level,
        "code": list(shapes),
        "name": [(names or {}).get(code, f"社区{code[-3:]}") for code in shapes],
        "name_en": None,
        "parent_code": None,
        "successor": None,
        "properties": [{}] * len(shapes),
    }
    return small.batch("divisions", small.frame(columns | more, list(shapes.values())))


def halves(at=small.BLOCK):
    """West split by a line from west to east; the street lies at BLOCK."""
    return divisions({SOUTH: shapely.box(0, 0, SIDE, at), NORTH: shapely.box(0, at, SIDE, SIDE)})


def change(store, batch, day=DAY, **more):
    return pipeline.write_batch(store, D, batch, effective=day, clock=CLOCK, **more)


def tree(store, at):
    rows = store.execute(
        "SELECT d.code, p.code, p.valid @> %(at)s::timestamptz"
        " FROM division d LEFT JOIN division p ON p.id = d.parent_id"
        " WHERE d.valid @> %(at)s::timestamptz ORDER BY 1", {"at": at},
    ).fetchall()  # fmt: skip
    assert all(holds in {None, True} for *_, holds in rows)  # a parent holds as long as its children
    return {code: parent for code, parent, _ in rows}


def lineage(store):
    rows = store.execute(
        "SELECT f.code, t.code, l.area_share, l.household_share FROM division_lineage l"
        " JOIN division f ON f.id = l.from_division JOIN division t ON t.id = l.to_division ORDER BY 1, 2"
    )
    return {(a, b): (round(area, 3), round(people, 3)) for a, b, area, people in rows}


def cells_by_community(store, at):
    """Number of cells by community at a moment, found by position; and as the store says."""
    place = district_of(store, D)
    cells = cells_at(store, place, at)
    said = community_of_cells(store, cells, at)
    return said.groupby("code").size().to_dict(), dict(zip(said["cell_id"], said["code"], strict=True))


def homes(store, at):
    """Segments with a home, by community; each home is a cell of that community at the moment."""
    rows = store.execute(
        "SELECT d.code, d.valid @> %(at)s::timestamptz, s.cell_id"
        " FROM street s JOIN division d ON d.id = s.community_id"
        " WHERE s.kind = 'segment' AND s.valid @> %(at)s::timestamptz", {"at": at},
    ).fetchall()  # fmt: skip
    assert all(holds for _, holds, _ in rows)
    community = cells_by_community(store, at)[1]
    assert all(community[cell] == code for code, _, cell in rows)
    return pd.Series([code for code, *_ in rows]).value_counts().to_dict()


def everything(store):
    tables = ("division", "division_lineage", "cell", "cell_community", "building", "building_cell", "household_count",
              "import_run", "layer_version")  # fmt: skip
    return [
        store.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t").fetchone()
        for table in tables
    ]


def households(store, at):
    place = district_of(store, D)
    table = read_cells(store, place, as_of=at.date(), at=at).tessellation.cells
    return table.groupby("community_id")["households"].sum().to_dict()


# ---------------------------------------------------------------------------------------------- divisions
def test_a_split_keeps_what_was(store):
    before = cells_by_community(store, AFTER)[0]
    report = change(store, halves())
    assert report.counts["inserted"] == 2
    assert report.counts["ended"] == 1
    assert set(tree(store, BEFORE)) == {D, "990101001", WEST, EAST}
    assert tree(store, AFTER) == {D: None, "990101001": D, EAST: "990101001", NORTH: "990101001", SOUTH: "990101001"}
    assert lineage(store) == {(WEST, NORTH): (0.5, 0.5), (WEST, SOUTH): (0.5, 0.5)}
    assert cells_by_community(store, BEFORE)[0] == before
    now = cells_by_community(store, AFTER)[0]
    assert now == {EAST: before[EAST], NORTH: before[WEST] // 2, SOUTH: before[WEST] // 2}
    assert report.tally().get("cell_cut_by_border", 0) == 0
    place = district_of(store, D)
    midnight = midnight_of(DAY, place)
    assert midnight == dt.datetime(2026, 8, 31, 16, tzinfo=dt.UTC)  # Asia/Shanghai
    assert WEST in set(communities_at(store, place, midnight - dt.timedelta(seconds=1))["code"])
    assert WEST not in set(communities_at(store, place, midnight)["code"])
    assert set(homes(store, BEFORE)) == {WEST, EAST}
    assert set(homes(store, AFTER)) == {NORTH, SOUTH, EAST}


def test_the_same_change_again_changes_nothing(store):
    change(store, halves())
    before = everything(store)
    report = change(store, halves())
    assert report.counts["inserted"] == report.counts["updated"] == report.counts["ended"] == 0
    assert everything(store)[:-2] == before[:-2]


def test_cells_that_a_new_border_cuts_follow_their_building(store):
    report = change(store, halves(at=small.BLOCK - 30))  # through the uppermost slab's cells, not their slabs' middle
    cut = [r for r in report.remarks if r.rule == "cell_cut_by_border"]
    assert cut
    _, now = cells_by_community(store, AFTER)
    rows = store.execute(
        "SELECT c.id, b.code FROM cell c JOIN building b ON b.id = c.building_id"
        " JOIN division d ON d.id = c.community_id WHERE d.code = ANY(%s)", [[NORTH, SOUTH]],
    ).fetchall()  # fmt: skip
    # slab 2 of the southern blocks stands at y 105..119, the border runs at 120
    assert {now[cell] for cell, code in rows if code[2] == "0"} == {SOUTH}
    assert {now[cell] for cell, code in rows if code[2] == "1"} == {NORTH}
    assert all(r.lon and r.remedy for r in cut)


def test_a_merge_ends_what_the_file_does_not_name(store):
    whole = divisions({WEST: shapely.box(0, 0, 2 * SIDE, SIDE)})
    report = change(store, whole)
    assert report.counts["ended"] == 2
    ended = {r.code: r.message for r in report.remarks if r.rule == "division_ended"}
    assert "ground is taken over" in ended[EAST]
    assert "ground is taken over" not in ended[WEST]
    assert lineage(store) == {(WEST, WEST): (1.0, 1.0), (EAST, WEST): (1.0, 1.0)}
    assert tree(store, AFTER) == {D: None, "990101001": D, WEST: "990101001"}
    assert households(store, AFTER) == {WEST: 1560}


def test_another_code_alone_is_another_division(store):
    change(store, divisions({NORTH: shapely.box(0, 0, SIDE, SIDE)}))
    assert lineage(store) == {(WEST, NORTH): (1.0, 1.0)}
    assert set(cells_by_community(store, AFTER)[0]) == {NORTH, EAST}
    assert set(cells_by_community(store, BEFORE)[0]) == {WEST, EAST}


def test_another_name_alone_is_the_same_division(store):
    report = change(store, divisions({WEST: shapely.box(0, 0, SIDE, SIDE)}, {WEST: "柳岸新社区"}))
    assert (report.counts["updated"], report.counts["inserted"], report.counts["ended"]) == (1, 0, 0)
    names = store.execute("SELECT name FROM division WHERE code = %s", [WEST]).fetchall()
    assert names == [("柳岸新社区",)]


def test_two_changes_follow_each_other(store):
    change(store, halves())
    change(store, divisions({WEST: shapely.box(0, 0, SIDE, SIDE)}), dt.date(2026, 10, 1))
    october = dt.datetime(2026, 10, 15, tzinfo=dt.UTC)
    assert [set(cells_by_community(store, at)[0]) for at in (BEFORE, AFTER, october)] == [
        {WEST, EAST},
        {NORTH, SOUTH, EAST},
        {WEST, EAST},
    ]
    with pytest.raises(ConflictError, match="holds since 2026-10-01"):
        change(store, halves(), dt.date(2026, 9, 15))


def test_what_lies_below_a_new_subdistrict_goes_with_it(store):
    two = divisions(
        {"990101001": shapely.box(0, 0, SIDE, SIDE), "990101002": shapely.box(SIDE, 0, 2 * SIDE, SIDE)},
        level="subdistrict",
    )
    change(store, two)
    assert tree(store, BEFORE) == {D: None, "990101001": D, WEST: "990101001", EAST: "990101001"}
    after = tree(store, AFTER)
    assert after[WEST] == "990101001"
    assert after["990101002"] == D
    assert set(after) == {D, "990101001", "990101002", WEST, EAST}
    assert cells_by_community(store, AFTER)[0] == cells_by_community(store, BEFORE)[0]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({NORTH: shapely.box(0, 0, 100, SIDE)}, "does not say what is left"),
        ({NORTH: shapely.box(0, 0, 200, SIDE), SOUTH: shapely.box(100, 0, SIDE, SIDE)}, "overlap by"),
        ({WEST: shapely.box(0, 0, 100, SIDE)}, "would lie in no community"),
    ],
)
def test_divisions_that_cannot_be_are_refused_whole(store, shapes, message):
    before = everything(store)
    with pytest.raises(InputError, match=message):
        change(store, divisions(shapes))
    assert everything(store) == before


def test_a_border_moves_only_with_a_date(store):
    moved = divisions({WEST: shapely.box(0, 0, SIDE, SIDE - 10)})
    with pytest.raises(ConflictError, match="--effective DATE"):
        pipeline.write_batch(store, D, moved, clock=CLOCK)


# ---------------------------------------------------------------------------------------------- buildings
def some_buildings(codes, shapes=None, **more):
    made = small.buildings()
    frame = made.frame[made.frame["code"].isin(codes)].reset_index(drop=True)
    if shapes:
        new = small.frame({"code": list(shapes)}, list(shapes.values()))
        fresh = gpd.GeoDataFrame({"code": new["code"], "address": None}, geometry=new.geometry, crs=4490)
        frame = gpd.GeoDataFrame(pd.concat([frame, fresh], ignore_index=True), crs=4490)
    return small.batch("buildings", frame.assign(**more))


def standing(store, at):
    rows = store.execute("SELECT code FROM building WHERE valid @> %s::timestamptz ORDER BY 1", [at])
    return [row[0] for row in rows]


def test_demolished_and_new_buildings(store):
    gone = some_buildings(["B000"], state="demolished")
    with pytest.raises(InputError, match="nobody says since when: B000"):
        pipeline.write_batch(store, D, gone, clock=CLOCK)
    report = change(store, gone)
    assert report.counts["ended"] == 1
    new = some_buildings([], {"N1": shapely.box(125, 60, 140, 80)}, households=30.0, people=70, as_of=None)
    change(store, new)
    assert [("B000" in standing(store, at), "N1" in standing(store, at)) for at in (BEFORE, AFTER)] == [
        (True, False),
        (False, True),
    ]
    assert households(store, BEFORE)[WEST] == 780
    assert households(store, AFTER)[WEST] == 780 - 65 + 30
    again = everything(store)
    change(store, gone)
    change(store, new)
    assert everything(store)[:-2] == again[:-2]


def test_a_rebuilt_building_keeps_its_code_and_counts(store):
    wider = {"B000": shapely.box(30, 25, 110, 45)}  # 20 m deep, not 14
    report = change(store, some_buildings([], wider, households=np.nan, people=None, as_of=None))
    assert report.counts["rebuilt"] == 1
    rows = store.execute(
        "SELECT upper_inf(valid), round(ST_Area(ST_Transform(geom, 4548)))::int,"
        " (SELECT array_agg(households) FROM household_count h WHERE h.building_id = b.id)"
        " FROM building b WHERE code = 'B000' ORDER BY valid"
    ).fetchall()
    assert rows == [(False, 80 * 14, [65]), (True, 80 * 20, [65])]
    assert households(store, BEFORE) == households(store, AFTER) == {WEST: 780, EAST: 780}


def test_a_small_correction_is_no_other_building(store):
    nudged = {"B000": shapely.box(30, 25, 110, 39.5)}
    report = change(store, some_buildings([], nudged, households=np.nan, people=None, as_of=None))
    assert (report.counts["rebuilt"], report.counts["updated"]) == (0, 1)
    assert store.execute("SELECT count(*) FROM building WHERE code = 'B000'").fetchone() == (1,)


def test_a_complete_file_ends_what_it_lacks_in_its_communities(store):
    kept = [code for code in small.buildings().frame["code"] if code[1] in "01" and code != "B000"]
    report = change(store, some_buildings(kept), complete=True)
    assert report.counts["ended"] == 1
    assert set(standing(store, BEFORE)) - set(standing(store, AFTER)) == {"B000"}
    with pytest.raises(InputError, match="nobody says since when"):
        pipeline.write_batch(store, D, some_buildings(kept), complete=True, clock=CLOCK)


def test_changes_of_a_building_come_in_order(store):
    change(store, some_buildings([], {"N1": shapely.box(125, 60, 140, 80)}, households=30.0, people=70, as_of=None))
    with pytest.raises(ConflictError, match="stands since 2026-09-01"):
        change(
            store, some_buildings([], {"N1": shapely.box(125, 60, 140, 80)}, state="demolished"), dt.date(2026, 8, 1)
        )


# ---------------------------------------------------------------------------------------------- counts
def counts(rows):
    names = ["building_code", "households", "people", "as_of", "estimated"]
    return small.batch("households", pd.DataFrame(rows, columns=names))


def test_counts_at_two_dates(store):
    first, second = dt.date(2026, 8, 1), dt.date(2026, 9, 1)
    report = pipeline.write_batch(
        store, D, counts([("B000", 70, 150, first, False), ("B000", 75, None, second, False)]), clock=CLOCK
    )
    assert report.counts["counts_added"] == 2
    july = dt.datetime(2026, 7, 15, tzinfo=dt.UTC)
    assert [households(store, at)[WEST] for at in (july, BEFORE, AFTER)] == [780, 785, 790]
    told = {r.code: r for r in report.remarks if r.rule == "completeness"}
    assert set(told) == {WEST, EAST}
    assert told[WEST].amount == 100
    assert "12 of 12 buildings counted by 2026-09-01 (100 %), 1 of them on that date" in told[WEST].message
    again = pipeline.write_batch(store, D, counts([("B000", 70, 150, first, False)]), clock=CLOCK)
    assert (again.counts["counts_added"], again.counts["unchanged"]) == (0, 1)
    pipeline.write_batch(store, D, counts([("B000", 71, 150, first, False)]), clock=CLOCK)
    assert households(store, BEFORE)[WEST] == 786  # the latest recorded of the latest date


def test_an_estimate_never_hides_a_count_and_is_not_complete(store):
    day = dt.date(2026, 8, 1)
    pipeline.write_batch(store, D, counts([("B000", 99, None, day, True)]), clock=CLOCK)
    report = pipeline.write_batch(store, D, counts([("B001", 66, None, day, False)]), clock=CLOCK)
    told = {r.code: r for r in report.remarks if r.rule == "completeness"}
    assert told[WEST].amount == 91.7  # 11 of 12
    pipeline.write_batch(store, D, counts([("B001", 50, None, day, True)]), clock=CLOCK)
    assert households(store, BEFORE)[WEST] == 780 + 34 + 1


def test_counts_of_unknown_buildings_are_refused_whole(store):
    before = everything(store)
    rows = [("B000", 70, None, None, False), ("X1", 1, None, None, False)]
    with pytest.raises(InputError, match=r"1 of 2 rows .* \(row 2, building_code: there is no building X1\)") as fault:
        pipeline.write_batch(store, D, counts(rows), clock=CLOCK)
    assert fault.value.report.errors[0].remedy
    assert everything(store) == before
    partly = pipeline.write_batch(store, D, counts(rows), accept_partial=True, clock=CLOCK)
    assert partly.counts["counts_added"] == 1


def test_a_count_is_of_the_building_of_its_date(store):
    change(store, some_buildings(["B000"], state="demolished"))
    with pytest.raises(InputError, match="did not stand on 2026-09-02"):
        pipeline.write_batch(store, D, counts([("B000", 1, None, dt.date(2026, 9, 2), False)]), clock=CLOCK)
    pipeline.write_batch(store, D, counts([("B000", 5, None, dt.date(2026, 8, 2), False)]), clock=CLOCK)
    assert households(store, BEFORE)[WEST] == 780 - 60


# ---------------------------------------------------------------------------------------------- plans
LI, WANG = Actor("李规划"), Actor("王审批")


def put_through(store, plan, clock=CLOCK, **more):
    for name, actor in (("submit", LI), ("approve", WANG)):
        pipeline.take_step(store, D, plan, actor, name, clock=clock)
    pipeline.take_step(store, D, plan, LI, "publish", clock=clock, **more)


def test_grids_that_a_new_border_cuts_become_one_on_each_side(store):
    for actor in (LI, WANG):
        pipeline.add_person(store, actor.name, clock=CLOCK)
    change(store, halves(at=100))
    with pytest.raises(ConflictError, match=f"stands in community {SOUTH} too"):
        pipeline.open_draft(store, D, [NORTH], LI, clock=CLOCK)
    plan = pipeline.open_draft(store, D, [NORTH, SOUTH], LI, clock=CLOCK)
    draft, keys = pipeline.read_draft(store, plan)
    assert (draft.keys == keys).all()
    sides = {key: set(draft.community[keys == key]) for key in keys}
    assert all(len(side) == 1 for side in sides.values())
    assert sum(key.startswith("new-") for key in sides) == 2
    early = midnight_of(dt.date(2026, 8, 1), district_of(store, D))
    with pytest.raises(InputError, match="are so from 2026-08-31 16:00"), store.transaction():
        put_through(store, plan, effective=early)
    put_through(store, plan)  # by default when the communities begin
    rows = store.execute(
        "SELECT g.code, array_agg(DISTINCT d.code), min(lower(g.valid))"
        " FROM grid g JOIN grid_cell m ON m.grid_id = g.id"
        " JOIN cell c ON c.id = m.cell_id JOIN division d ON d.id = c.community_id"
        " WHERE upper_inf(g.valid) AND upper_inf(m.valid) GROUP BY g.code ORDER BY 1"
    ).fetchall()
    assert all(len(codes) == 1 and code.startswith(codes[0]) for code, codes, _ in rows)
    assert {since for code, _, since in rows if not code.startswith(EAST)} == {midnight_of(DAY, district_of(store, D))}
    assert len(rows) == 6 + 4


def test_a_change_told_late_reaches_behind_a_publication(store):
    for actor in (LI, WANG):
        pipeline.add_person(store, actor.name, clock=CLOCK)
    plan = pipeline.open_draft(store, D, [WEST], LI, clock=CLOCK)
    merge = {"from": f"{WEST}001", "into": f"{WEST}002"}
    pipeline.edit_draft(store, D, plan, LI, revision=0, kind="merge", payload=merge, clock=CLOCK)
    put_through(store, plan)
    before = store.execute("SELECT code, valid FROM grid ORDER BY id").fetchall()
    late = stopped_at(dt.datetime(2026, 8, 20, tzinfo=dt.UTC))
    pipeline.write_batch(store, D, halves(), effective=dt.date(2026, 7, 10), clock=late)
    assert set(cells_by_community(store, BEGIN)[0]) == {WEST, EAST}
    assert set(cells_by_community(store, NOW)[0]) == {NORTH, SOUTH, EAST}
    assert store.execute("SELECT code, valid FROM grid ORDER BY id").fetchall() == before  # they stay as published
    plan = pipeline.open_draft(store, D, [NORTH, SOUTH], LI, clock=late)
    assert store.execute("SELECT base_version FROM plan WHERE id = %s", [plan]).fetchone() == (2,)
    put_through(store, plan, clock=late)
    assert store.execute("SELECT max(version) FROM publication").fetchone() == (3,)
    life = {row["id"]: row["replaced"] for row in pipeline.read_lives(
        store, district_of(store, D), dt.datetime(2026, 9, 1, tzinfo=dt.UTC))}  # fmt: skip
    assert sorted(life.values()) == [False, False, True]  # version 1 stands in the east; 2 has nothing left
