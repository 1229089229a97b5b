"""Are cells made anew where the ground changed, only there, and does everything that lies in them follow?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely

from gis.clock import stopped_at
from gis.errors import ConflictError, InputError
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.copying import fetch_geo_frame
from gis.store.districts import district_of
from gis.store.metric import to_metric, to_stored
from tests.integration import small_district as small
from tests.integration.in_force import BEGIN, publish_first
from tests.integration.invariants import insist_on_model

D = small.DISTRICT
WEST, EAST = small.COMMUNITIES
NOW = BEGIN + dt.timedelta(days=1)
EFFECTIVE = dt.datetime(2026, 7, 2, 16, tzinfo=dt.UTC)
"""The next local midnight (Asia/Shanghai) after NOW."""
BEFORE, AFTER = EFFECTIVE - dt.timedelta(seconds=1), EFFECTIVE
MOMENTS = [BEGIN, NOW, BEFORE, AFTER]
LI, WANG = Actor("李规划"), Actor("王审批")
CLOCK = stopped_at(NOW)


@pytest.fixture(scope="module")
def published(databases):
    """Version 1 in force; since then B001 was demolished and N1 was built in the block of B010."""
    with databases.clone() as database:
        clock = stopped_at(BEGIN)
        with connect(database.app_url) as connection:
            publish_first(connection, persons=(LI, WANG))
            pipeline.write_batch(connection, D, small.workers(), clock=clock)
            connection.execute("UPDATE building SET valid = tstzrange(NULL, %s) WHERE code = 'B001'", [BEGIN])
            columns = {
                "code": ["N1"], "address": ["柳岸路9号"], "households": [40.0], "people": [90], "estimated": [False],
                "as_of": [dt.date(2026, 6, 30)],
            }  # fmt: skip
            new = small.batch("buildings", small.frame(columns, [shapely.box(120, 180, 138, 290)]))
            pipeline.write_batch(connection, D, new, clock=clock)
        yield database


@pytest.fixture
def store(databases, published):
    with databases.clone(of=published.name) as database, connect(database.app_url) as connection:
        yield connection


def scalar(connection, statement, *values):
    return connection.execute(statement, values).fetchone()[0]


def opened(connection, *communities):
    return pipeline.open_draft(connection, D, communities or (WEST,), LI, clock=CLOCK)


def edit(connection, plan, kind, payload=None):
    revision = scalar(connection, "SELECT coalesce(max(revision), 0) FROM plan_operation WHERE plan_id = %s", plan)
    return pipeline.edit_draft(connection, D, plan, LI, revision=revision, kind=kind, payload=payload, clock=CLOCK)


def step(connection, plan, name, who=LI, **more):
    pipeline.take_step(connection, D, plan, who, name, clock=CLOCK, **more)


def put_through(connection, plan, effective=None):
    step(connection, plan, "submit")
    step(connection, plan, "approve", WANG)
    step(connection, plan, "publish", effective=effective)


def cells_of(connection, plan):
    return {row[0] for row in connection.execute("SELECT cell_id FROM plan_cell WHERE plan_id = %s", [plan])}


def polygons(connection, cells):
    statement = b"SELECT id, ST_AsBinary(geom) AS wkb FROM cell WHERE id = ANY(%(cells)s) ORDER BY id"
    frame = fetch_geo_frame(connection, statement, {"cells": sorted(cells)})
    return np.asarray(frame.geometry.array, object)


def cell_of(connection, plan, building):
    return scalar(
        connection,
        "SELECT p.cell_id FROM plan_cell p JOIN building_cell k ON k.cell_id = p.cell_id"
        " JOIN building b ON b.id = k.building_id WHERE p.plan_id = %s AND b.code = %s",
        plan,
        building,
    )


def cells_of_community(connection, code):
    found = connection.execute(
        "SELECT c.id FROM cell c JOIN division d ON d.id = c.community_id"
        " WHERE d.code = %s AND c.valid @> %s::timestamptz",
        [code, AFTER],
    )
    return {row[0] for row in found}


def lonlat(x, y):
    point = to_stored(np.array([shapely.Point(small.ORIGIN[0] + x, small.ORIGIN[1] + y)], object), "EPSG:4548")[0]
    return point.x, point.y


def insist(connection, plan):
    """A draft's replay is what is kept, and its cells are an exact coverage of their communities."""
    draft, kept = pipeline.read_draft(connection, plan)
    assert draft.keys.tolist() == kept.tolist()
    shapes = polygons(connection, cells_of(connection, plan))
    assert shapely.coverage_is_valid(shapes)
    return shapes


# ---------------------------------------------------------------------------------------------- in a draft
def test_only_blocks_whose_ground_changed_get_new_cells(store):
    plan = opened(store)
    before = cells_of(store, plan)
    ground = shapely.coverage_union_all(polygons(store, before))
    done = edit(store, plan, "renew")
    after = cells_of(store, plan)
    assert done.remade
    made, gone = after - before, before - after
    held = "SELECT array_agg(b.code ORDER BY b.code) FROM building_cell k JOIN building b ON b.id = k.building_id"
    held += " WHERE k.cell_id = ANY(%s)"
    two_blocks = ["B000", "B002", "B010", "B011", "B012"]
    # B101, across the street, gets the vertex where its new neighbours meet
    assert scalar(store, held, sorted(made)) == [*two_blocks, "B101", "N1"]
    assert scalar(store, held, sorted(gone)) == sorted([*two_blocks, "B001", "B101", "N1"])
    shapes = insist(store, plan)
    assert shapely.coverage_union_all(shapes).symmetric_difference(ground).area < 1e-12  # square degrees: 0.01 m2
    shares = store.execute("SELECT sum(area_share) FROM cell_lineage GROUP BY from_cell").fetchall()
    assert len(shares) == len(gone)
    assert [row[0] for row in shares] == pytest.approx([1.0] * len(gone))
    assert scalar(store, "SELECT count(*) FROM cell WHERE id = ANY(%s) AND isempty(valid)", sorted(made)) == len(made)
    households = {g["key"]: g["households"] for g in done.grids}
    assert households == {f"{WEST}001": 235.0, f"{WEST}003": 130.0, f"{WEST}004": 195.0}
    assert all(g["parts"] == 1 for g in done.grids)
    with pytest.raises(ConflictError, match="as the ground is"):
        edit(store, plan, "renew")
    assert cells_of(store, plan) == after


def test_undo_and_redo_of_new_cells_survive_a_reload(store):
    plan = opened(store)
    cell = min(cells_of(store, plan))
    edit(store, plan, "move", {"cells": [cell], "to": f"{WEST}002"})
    before = cells_of(store, plan)
    edit(store, plan, "renew")
    after, made = cells_of(store, plan), sorted(cells_of(store, plan) - before)
    edit(store, plan, "move", {"cells": made[:1], "to": f"{WEST}004"})
    for _ in range(3):
        done = edit(store, plan, "undo")
        insist(store, plan)
    assert (cells_of(store, plan), done.remade) == (before, False)
    draft, _ = pipeline.read_draft(store, plan)
    assert draft.keys[draft.present].tolist() == draft.base[draft.present].tolist()
    with pytest.raises(InputError, match="not of this plan"):
        edit(store, plan, "move", {"cells": made[:1], "to": f"{WEST}002"})
    assert [edit(store, plan, "redo").remade for _ in range(3)] == [False, True, False]
    assert cells_of(store, plan) == after
    insist(store, plan)


def test_a_line_splits_a_cell_where_it_cuts_no_building(store):
    plan = opened(store)
    cell = cell_of(store, plan, "B002")  # from 65 m up to the street, its building up to 119 m
    through = [lonlat(-5, 130), lonlat(200, 130)]
    with pytest.raises(InputError, match=r"cuts building B002 \(400.0 m²"):
        edit(store, plan, "split", {"cell": cell, "line": [lonlat(-5, 110), lonlat(200, 110)]})
    with pytest.raises(InputError, match="does not lead through"):
        edit(store, plan, "split", {"cell": cell, "line": [lonlat(-5, 130), lonlat(50, 130)]})
    with pytest.raises(InputError, match="not of this plan"):
        edit(store, plan, "split", {"cell": 10**9, "line": through})
    before = cells_of(store, plan)
    done = edit(store, plan, "split", {"cell": cell, "line": through})
    children = {row[0] for row in store.execute("SELECT to_cell FROM cell_lineage WHERE from_cell = %s", [cell])}
    assert len(children) == 2
    assert children <= cells_of(store, plan)
    assert next((g["key"], g["households"], g["parts"]) for g in done.grids) == (f"{WEST}003", 130.0, 1)
    insist(store, plan)
    upper = max(children, key=lambda c: polygons(store, [c])[0].bounds[1])
    edit(store, plan, "move", {"cells": [upper], "to": f"{WEST}001"})
    edit(store, plan, "renew")  # other blocks change; this one was split, so its children stay
    insist(store, plan)
    for _ in range(3):
        edit(store, plan, "undo")
    assert cells_of(store, plan) == before


# ---------------------------------------------------------------------------------------------- in force
def located(connection, at, x, y, **more):
    return pipeline.locate_points(connection, D, [lonlat(x, y)], at=at, **more)[0]


def things(connection, at):
    """Cell of every part and event as it is read at a moment."""
    return {
        kind: connection.execute(
            f"SELECT t.code, CASE WHEN h.{kind}_id IS NULL THEN t.cell_id ELSE h.cell_id END FROM {kind} t"
            f" LEFT JOIN {kind}_cell h ON h.{kind}_id = t.id AND h.valid @> %s::timestamptz ORDER BY 1",
            [at],
        ).fetchall()
        for kind in ("part", "event")
    }


def everything(connection):
    """All that says who is where when; rows valid at no time left out."""
    statements = {
        "grid": "SELECT id, code, valid::text FROM grid WHERE NOT isempty(valid)",
        "grid_cell": "SELECT id, cell_id, grid_id, valid::text FROM grid_cell WHERE NOT isempty(valid)",
        "posting": "SELECT id, worker_id, grid_id, valid::text FROM posting WHERE NOT isempty(valid)",
        "cell": "SELECT id, community_id, valid::text FROM cell WHERE NOT isempty(valid)",
        "part": "SELECT id, cell_id, how, distance_m FROM part",
        "part_cell": "SELECT part_id, cell_id, valid::text FROM part_cell",
        "event": "SELECT id, cell_id, duty_cell_id, how FROM event",
        "event_cell": "SELECT event_id, cell_id, valid::text FROM event_cell",
        "street": "SELECT code, community_id, cell_id, valid::text FROM street WHERE NOT isempty(valid)",
    }
    return {name: sorted(connection.execute(text).fetchall(), key=str) for name, text in statements.items()}


def households(connection, at):
    """Households of each grid of the west at a moment, in the buildings that stand then."""
    rows = connection.execute(
        "SELECT right(g.code, 3), sum(h.households)::int FROM grid g JOIN grid_cell m ON m.grid_id = g.id"
        " AND m.valid @> %(at)s::timestamptz JOIN building_cell k ON k.cell_id = m.cell_id"
        " JOIN building b ON b.id = k.building_id AND b.valid @> %(at)s::timestamptz"
        " JOIN household_count h ON h.building_id = b.id WHERE g.valid @> %(at)s::timestamptz AND g.code LIKE %(west)s"
        " AND g.network_id = (SELECT id FROM network WHERE code = 'community') GROUP BY 1 ORDER BY 1",
        {"at": at, "west": f"{WEST}%"},
    )
    return dict(rows.fetchall())


def second_network(connection):
    """Another network with the same grids in the west; its codes are P1 to P4."""
    copied = """
        WITH n AS (
            INSERT INTO network (district_id, code, name) SELECT district_id, 'police', '警格' FROM network RETURNING id
        ), l AS (
            INSERT INTO network_level SELECT id, 1, 'community', 'local', 'basic', 200, 100, 300 FROM n
        ), p AS (
            INSERT INTO plan (network_id, level, tessellation_id, status, as_of, settings, report)
            SELECT n.id, 1, t.id, 'published', '2026-06-30', '{}', '{}' FROM n, tessellation t
            RETURNING id, network_id
        ), u AS (
            INSERT INTO publication (network_id, level, version, plan_id, effective, published_by, checks)
            SELECT network_id, 1, 1, id, %(begin)s, 'x', '[]' FROM p RETURNING id, network_id
        ), g AS (
            INSERT INTO grid (network_id, level, code, kind, name, division_id, publication_id, area_m2, geom, valid)
            SELECT u.network_id, 1, 'P' || right(g.code, 1), 'basic', 'P', g.division_id, u.id, g.area_m2, g.geom,
                   tstzrange(%(begin)s, NULL)
            FROM u, grid g WHERE g.code LIKE %(west)s RETURNING id, code, network_id
        )
        INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
        SELECT g.network_id, 1, m.cell_id, g.id, m.valid
        FROM g JOIN grid o ON o.code LIKE %(west)s AND right(o.code, 1) = right(g.code, 1)
        JOIN grid_cell m ON m.grid_id = o.id"""
    connection.execute(copied, {"begin": BEGIN, "west": f"{WEST}%"})
    connection.commit()


def test_a_publication_ahead_of_time_replaces_cells_and_is_taken_back(store):
    second_network(store)
    before, was = everything(store), things(store, BEFORE)
    plan = opened(store)
    edit(store, plan, "renew")
    gone = [row[0] for row in store.execute("SELECT DISTINCT from_cell FROM cell_lineage ORDER BY 1")]
    made = [row[0] for row in store.execute("SELECT DISTINCT to_cell FROM cell_lineage ORDER BY 1")]
    step(store, plan, "submit")
    step(store, plan, "approve", WANG)
    for _ in range(2):
        step(store, plan, "publish")
        assert {row[0] for row in store.execute("SELECT valid::text FROM cell WHERE id = ANY(%s)", [gone])} == {
            '(,"2026-07-02 16:00:00+00")'
        }
        assert things(store, BEFORE) == was
        moved = things(store, AFTER)
        assert moved != was
        assert not {cell for kind in moved.values() for _, cell in kind} & set(gone)
        step(store, plan, "withdraw", WANG)
        now = everything(store)
        for name in now:
            assert now[name] == before[name]
    step(store, plan, "publish")
    assert households(store, BEFORE) == {"001": 235, "002": 195, "003": 130, "004": 195}
    assert households(store, AFTER) == {"001": 235, "002": 195, "003": 130, "004": 195}
    place = (129, 230)  # in N1
    assert located(store, BEFORE, *place).cell in gone
    after = located(store, AFTER, *place)
    assert after.cell in made
    assert after.grid_code == f"{WEST}001"
    for at in (BEFORE, AFTER):
        assert located(store, at, *place, network="police").grid_code == "P1"
    kinds = store.execute("SELECT origin, count(*) FROM grid WHERE NOT isempty(valid) GROUP BY 1 ORDER BY 1").fetchall()
    assert kinds == [("carried", 3), ("plan", 15)]
    shares = store.execute(
        "SELECT sum(l.household_share), sum(l.area_share) FROM grid_lineage l JOIN grid g ON g.id = l.to_grid"
        " WHERE NOT isempty(g.valid) GROUP BY l.from_grid"
    ).fetchall()
    assert len(shares) == 6
    assert np.allclose(shares, 1)
    stray = """SELECT count(*) FROM grid_cell m JOIN cell c ON c.id = m.cell_id WHERE NOT m.valid <@ c.valid"""
    assert scalar(store, stray) == 0
    assert scalar(store, "SELECT count(*) FROM building_cell k JOIN cell c ON c.id = k.cell_id AND c.valid @> %s"
                         " JOIN building b ON b.id = k.building_id AND b.valid @> %s", AFTER, AFTER) == 24  # fmt: skip
    insist_on_model(store, district_of(store, D), MOMENTS)


def test_cells_that_a_draft_made_twice_are_traced_to_those_in_force(store):
    second_network(store)
    plan = opened(store)
    begun = cells_of(store, plan)
    edit(store, plan, "renew")
    store.execute("UPDATE building SET valid = tstzrange(NULL, %s) WHERE code = 'B011'", [BEGIN])
    edit(store, plan, "renew")
    insist(store, plan)
    edit(store, plan, "split", {"cell": cell_of(store, plan, "B100"), "line": [lonlat(100, 10), lonlat(400, 10)]})
    insist(store, plan)
    draft, _ = pipeline.read_draft(store, plan)
    middle = draft.cells[(draft.base == None) & ~draft.present]  # noqa: E711 - made, and gone again
    assert len(middle) > 0
    put_through(store, plan)
    now = {row[0] for row in store.execute("SELECT id FROM cell WHERE valid @> %s::timestamptz", [AFTER])}
    assert not now & set(middle.tolist())
    assert shapely.coverage_is_valid(polygons(store, now & cells_of(store, plan)))
    gone = sorted(begun - now)
    shares = store.execute(
        "SELECT sum(area_share) FROM cell_lineage WHERE from_cell = ANY(%s) AND to_cell = ANY(%s) GROUP BY from_cell",
        [gone, sorted(now)],
    ).fetchall()
    assert len(shares) == len(gone)
    assert np.allclose(shares, 1)
    assert households(store, AFTER) == {"001": 170, "002": 195, "003": 130, "004": 195}
    for network in ("community", "police"):  # every cell of the west has one grid of each
        held = "SELECT count(*), count(DISTINCT m.cell_id) FROM grid_cell m JOIN network n ON n.id = m.network_id"
        held += " WHERE n.code = %s AND m.valid @> %s::timestamptz AND m.cell_id = ANY(%s)"
        west = sorted(now & cells_of(store, plan))
        assert store.execute(held, [network, AFTER, west]).fetchone() == (len(west), len(west))
    # the split reaches the border of the east, whose cells stay as they are
    insist_on_model(store, district_of(store, D), MOMENTS, seams=False)
    west, east = (
        to_metric(polygons(store, cells_of_community(store, code)), "EPSG:4548") for code in small.COMMUNITIES
    )
    inner = shapely.get_parts(shapely.coverage_invalid_edges(np.concatenate([west, east])))
    feet = shapely.points(shapely.get_coordinates(inner))
    assert len(feet), "no seam: this test has lost its ground"
    width = max(shapely.distance(feet, shapely.union_all(side).boundary).max() for side in (west, east))
    assert width <= 1e-5  # a step of the lattice


def test_old_grids_are_laid_over_the_cells_that_there_are_now(store):
    plan = opened(store)
    edit(store, plan, "renew")
    edit(store, plan, "merge", {"from": f"{WEST}003", "into": f"{WEST}004"})
    put_through(store, plan, NOW)
    assert households(store, NOW) == {"001": 235, "002": 195, "004": 325}
    back = pipeline.roll_back(store, D, 1, LI, clock=CLOCK)
    told = scalar(store, "SELECT report->'laid_over' FROM plan WHERE id = %s", back)
    assert (told["cells"], told["households"]) == (7, 0.0)
    assert told["area_m2"] < 1
    insist(store, back)
    step(store, back, "approve", WANG)
    step(store, back, "publish")
    # 004 gave 195 of its 325 households to the heir of its code; 003 was withdrawn and does not come back
    assert households(store, AFTER) == {"001": 235, "002": 195, "004": 195, "005": 130}
    assert located(store, AFTER, 75, 75).grid_code == f"{WEST}005"
    insist_on_model(store, district_of(store, D), MOMENTS)
    with pytest.raises(ConflictError, match="are those of version 1"):
        pipeline.roll_back(store, D, 1, LI, clock=CLOCK)


def test_new_cells_at_the_border_of_a_community_keep_the_district_an_exact_coverage(store):
    store.execute("UPDATE building SET valid = tstzrange(NULL, %s) WHERE code = 'B201'", [BEGIN])
    plan = opened(store, EAST)
    before = cells_of(store, plan)
    edit(store, plan, "renew")
    made = polygons(store, cells_of(store, plan) - before)
    border = shapely.LineString([lonlat(2 * small.BLOCK, 0), lonlat(2 * small.BLOCK, 2 * small.BLOCK)])
    assert (shapely.distance(made, border) < 1e-9).any()
    put_through(store, plan)
    insist_on_model(store, district_of(store, D), MOMENTS)
