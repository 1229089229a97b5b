"""Do three real cities go from their files to grids in force in the database, with every invariant kept?

Each test recomputes from the input what it asserts; nothing here trusts the checks of the program itself.
"""

from __future__ import annotations

import datetime as dt
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.errors import ConflictError
from gis.ingest import ReadOptions
from gis.plans import Actor
from gis.progress import worker_pool
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.districts import district_of
from gis.store.reading import read_cells


def load(database, folder, **options):
    with connect(database.app_url) as connection, worker_pool(2) as pool:
        read = pipeline.read_folder(connection, folder, ReadOptions(**options))
        new = pipeline.NewDistrict(crs_note=read.crs_note)
        return pipeline.load_district(connection, read.code, read.batches, new=new, executor=pool)


def grids_of(connection, code):
    """Grids in force in the district's metric CRS, with households summed from the latest counts."""
    place = district_of(connection, code)
    frame = fetch_geo_frame(
        connection,
        b"""SELECT g.id, g.code, g.flags, d.code AS community, ST_AsBinary(g.geom) AS wkb,
                   (SELECT coalesce(sum(h.households), 0)::int FROM grid_cell m
                    JOIN building_cell k ON k.cell_id = m.cell_id
                    JOIN household_count h ON h.building_id = k.building_id WHERE m.grid_id = g.id) AS households
            FROM grid g JOIN network n ON n.id = g.network_id JOIN division d ON d.id = g.division_id
            WHERE n.district_id = %(district)s AND g.valid @> now() ORDER BY g.code""",
        {"district": place.id},
    )
    return frame.to_crs(place.metric_crs)


def assert_exact(connection, code, grids):
    """Cells and grids tile the snapped communities: nothing between them, nothing twice."""
    stored = read_cells(
        connection, district_of(connection, code), as_of=dt.date(2100, 1, 1), at=dt.datetime.now(dt.UTC)
    ).tessellation
    cells = np.asarray(stored.cells.geometry.array, object)
    assert shapely.coverage_is_valid(cells)
    shapes = np.asarray(grids.geometry.array, object)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    gap = overlap = 0.0
    for name, outline in zip(stored.communities["community_id"], stored.communities.geometry, strict=True):
        mine = shapes[(grids["community"] == name).to_numpy()]
        gap += shapely.difference(outline, shapely.union_all(mine)).area
        overlap += shapely.area(mine).sum() - shapely.union_all(mine).area
    assert gap < 1.0
    assert abs(overlap) < 1.0
    return stored


def assert_parts_are_linked(grids):
    several = shapely.get_num_geometries(np.asarray(grids.geometry.array, object)) > 1
    assert all("linked" in flags for flags in grids["flags"][several])
    return int(several.sum())


def assert_every_point_has_one_answer(connection, code, table, total):
    """What is stored agrees with bulk and single answers, and with plain geometry."""
    place = district_of(connection, code)
    rows = fetch_frame(
        connection,
        b"SELECT ST_X(t.geom) AS x, ST_Y(t.geom) AS y, t.how, t.distance_m, t.cell_id FROM event t"
        b" WHERE t.district_id = %(district)s AND t.geom IS NOT NULL ORDER BY t.id"
        if table == "event"
        else b"SELECT ST_X(t.geom) AS x, ST_Y(t.geom) AS y, t.how, t.distance_m, t.cell_id FROM part t"
        b" WHERE t.district_id = %(district)s ORDER BY t.id",
        {"district": place.id},
    )
    assert len(rows) == total
    covered = ["inside", "border", *(["street"] if table == "event" else [])]  # parts stay geometric
    assert rows["how"].isin([*covered, "near", "outside"]).all()
    assert (rows["cell_id"].isna() == (rows["how"] == "outside")).all()
    assert ((rows["distance_m"] == 0) == rows["how"].isin(covered)).all()
    bulk = pipeline.locate_points(connection, code, rows[["x", "y"]].to_numpy().tolist())
    answered = pd.Series([a.how for a in bulk])
    if table == "part":
        answered = answered.where(answered != "street", rows["how"])
    assert answered.tolist() == rows["how"].tolist()
    for i in np.linspace(0, total - 1, 40).astype(int):
        (single,) = pipeline.locate_points(connection, code, [(rows["x"][i], rows["y"][i])])
        assert single == bulk[i]
        assert (single.cell, single.distance_m) == (
            None if pd.isna(rows["cell_id"][i]) else int(rows["cell_id"][i]),
            rows["distance_m"][i],
        )
    return rows


@pytest.fixture(scope="module")
def cambridge(database, cities):
    folder = cities("cambridge_ma")
    loaded = load(database, folder, as_of=dt.date(2014, 1, 1))
    with connect(database.app_url) as connection:
        yield folder, loaded, connection


def test_cambridge_grids_are_even_exact_and_whole(cambridge):
    folder, loaded, connection = cambridge
    grids = grids_of(connection, "cambridge_ma")
    assert grids["community"].nunique() == 13
    assert grids["households"].sum() == 42_227
    stored = assert_exact(connection, "cambridge_ma", grids)
    assert assert_parts_are_linked(grids) == loaded.published.measures["multipart_grids"]
    within = (grids["households"].between(180, 220)).mean()
    ceiling = loaded.published.measures["ceiling_within_10"]
    print(f"within 10 %: {within:.3f} of {len(grids)} grids, ceiling {ceiling:.3f}")
    assert 0.80 <= within <= ceiling + 1e-9

    # Lots in more than one grid are those that the input itself puts there.
    lots = gpd.read_parquet(folder / "lots.parquet").to_crs(grids.crs)
    told = {remark.code for remark in stored.report.remarks if remark.rule == "not_a_building"}
    assert told == {"ROAD"}  # one "lot" is the whole street surface round 11,000 others
    lots = lots[lots["lot_id"] != "ROAD"]
    communities = gpd.read_parquet(folder / "communities.parquet").to_crs(grids.crs)
    shapes = np.asarray(shapely.make_valid(lots.geometry.array), object)
    lot, grid = shapely.STRtree(grids.geometry.to_numpy()).query(shapes, predicate="intersects")
    piece = shapely.area(shapely.intersection(shapes[lot], grids.geometry.to_numpy()[grid]))
    held = np.bincount(lot[piece > 1.0], minlength=len(lots))
    cut = set(np.flatnonzero(held > 1))
    at, where = shapely.STRtree(communities.geometry.to_numpy()).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[at], communities.geometry.to_numpy()[where]))
    over_border = set(np.flatnonzero(np.bincount(at[share > 0.5], minlength=len(lots)) > 1))
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a != b], b[a != b]
    overlapping = set(a[shapely.area(shapely.intersection(shapes[a], shapes[b])) > 0.5])
    parted = set(np.flatnonzero(shapely.get_num_geometries(shapes) > 1))
    assert cut - over_border - overlapping - parted == set()
    print(f"{len(cut)} lots lie in several grids: {len(cut & over_border)} over a community border")
    assert len(stored.building_cell) >= len(lots)


def test_cambridge_events_have_one_answer_each(cambridge):
    folder, _, connection = cambridge
    rows = assert_every_point_has_one_answer(connection, "cambridge_ma", "event", 9_110)
    boundary = gpd.read_parquet(folder / "communities.parquet").to_crs(26986)
    ground = boundary.geometry.union_all()
    points = gpd.GeoSeries(gpd.points_from_xy(rows["x"], rows["y"]), crs=4326).to_crs(26986)
    away = points.distance(ground).to_numpy()
    outside = rows["distance_m"].to_numpy() > 0
    assert 60 <= outside.sum() <= 80  # 71 lie outside the city
    assert np.abs(rows["distance_m"] - away)[away > 5].max() < 2.0  # two CRS, borders snapped
    assert (away[~outside] < 5).all()
    assert_every_point_has_one_answer(connection, "cambridge_ma", "part", 19_144)


def test_cambridge_streets_have_one_owner_in_each_community(cambridge):
    _, _, connection = cambridge
    place = district_of(connection, "cambridge_ma")
    streets = fetch_geo_frame(
        connection,
        b"""SELECT s.code, s.kind, s.half_width_m, s.community_id, c.community_id AS of_home, g.code AS grid,
                   ST_AsBinary(s.geom) AS wkb
            FROM street s JOIN cell c ON c.id = s.cell_id JOIN grid_cell m ON m.cell_id = c.id
            JOIN grid g ON g.id = m.grid_id WHERE s.district_id = %(district)s AND s.valid @> now()""",
        {"district": place.id},
    )
    segments = streets["kind"] == "segment"
    assert segments.sum() > 2_000
    assert not streets.duplicated(["code", "community_id"]).any()
    assert (streets["community_id"] == streets["of_home"]).all()
    # the same by points along every segment, off the crossings: one owner on each side of a community border
    metres = streets.to_crs(place.metric_crs)
    nodes = metres[~segments].drop_duplicates("code")
    lines = metres[segments].drop_duplicates("code")
    lines = lines[lines.length > 1]
    asked = shapely.line_interpolate_point(
        lines.geometry.to_numpy()[:, None], [0.3, 0.4, 0.5, 0.6, 0.7], normalized=True
    )
    off = np.ones(asked.shape, bool)
    _, near = shapely.STRtree(asked.ravel()).query(
        nodes.geometry.to_numpy(), predicate="dwithin", distance=nodes["half_width_m"].to_numpy()
    )
    off.ravel()[near] = False
    spots = gpd.GeoSeries(asked.ravel(), crs=place.metric_crs).to_crs(4490)
    found = pipeline.locate_points(connection, "cambridge_ma", [(p.x, p.y) for p in spots])
    owners: dict[tuple[str, str], set[str]] = {}
    for answer, clear in zip(found, off.ravel(), strict=True):
        if clear and answer.how == "street":
            owners.setdefault((answer.street["code"], answer.community[0]), set()).add(answer.grid_code)
    assert len(owners) > 1_500
    assert all(len(grids) == 1 for grids in owners.values())
    by_geometry: dict[tuple[str, str], set[str]] = {}
    for answer, clear in zip(found, off.ravel(), strict=True):
        if clear and answer.how == "street":
            by_geometry.setdefault((answer.street["code"], answer.community[0]), set()).add(
                answer.geometric_grid["code"]
            )
    split = sum(len(grids) > 1 for grids in by_geometry.values())

    total, on, other_cell, other_grid = connection.execute(
        """SELECT count(*), count(*) FILTER (WHERE e.how = 'street'), count(e.duty_cell_id),
                  count(*) FILTER (WHERE d.grid_id <> m.grid_id)
           FROM event e JOIN grid_cell m ON m.cell_id = e.cell_id
           LEFT JOIN grid_cell d ON d.cell_id = e.duty_cell_id WHERE e.district_id = %s""",
        [place.id],
    ).fetchone()
    assert 0 < other_grid <= other_cell <= on <= total
    print(
        f"\nstreets: {segments.sum()} segment homes and {(~segments).sum()} crossing homes; {split} of {len(owners)}"
        f" segments would have several owners by geometry, none has; of {total} events {on} lie on a street,"
        f" {other_cell} have another cell on duty, {other_grid} change hands"
    )


def test_one_changed_building_renews_a_handful_of_cells(cambridge):
    _, _, connection = cambridge
    person = Actor("李规划")
    with connection.transaction(force_rollback=True):
        pipeline.add_person(connection, person.name)
        code, building = connection.execute(
            """SELECT d.code, b.code FROM building b JOIN cell c ON c.building_id = b.id
               JOIN division d ON d.id = c.community_id ORDER BY md5(b.code) LIMIT 1"""
        ).fetchone()
        plan = pipeline.open_draft(connection, "cambridge_ma", [code], person)
        statement = "SELECT count(*) FROM plan_cell WHERE plan_id = %s"
        before = connection.execute(statement, [plan]).fetchone()[0]
        with pytest.raises(ConflictError, match="as the ground is"):
            pipeline.edit_draft(connection, "cambridge_ma", plan, person, revision=0, kind="renew")
        connection.execute(
            "UPDATE building SET valid = tstzrange(NULL, now() - '1 h'::interval) WHERE code = %s", [building]
        )
        start, cpu = time.perf_counter(), time.process_time()
        done = pipeline.edit_draft(connection, "cambridge_ma", plan, person, revision=0, kind="renew")
        spent, cpu = time.perf_counter() - start, time.process_time() - cpu
        gone = int((done.keys == "").sum())
        assert 1 <= gone <= 60
        shapes = fetch_geo_frame(
            connection,
            b"SELECT ST_AsBinary(c.geom) AS wkb FROM plan_cell p JOIN cell c ON c.id = p.cell_id"
            b" WHERE p.plan_id = %(plan)s",
            {"plan": plan},
        )
        assert shapely.coverage_is_valid(shapes.geometry.to_numpy())
    print(
        f"\nrenewal: building {building} gone: {gone} of {before} cells of community {code} replaced by"
        f" {len(done.keys) - gone} in {spent:.1f} s ({cpu:.1f} CPU s)"
    )


def test_monaco_by_estimates(fresh_database, cities):
    folder = cities("monaco_osm")
    loaded = load(fresh_database, folder)
    with connect(fresh_database.app_url) as connection:
        grids = grids_of(connection, "monaco_osm")
        assert (grids["community"].nunique(), grids["households"].sum()) == (9, 24_285)
        assert_exact(connection, "monaco_osm", grids)
        assert assert_parts_are_linked(grids) == loaded.published.measures["multipart_grids"]
        estimated = connection.execute("SELECT bool_and(estimated), count(*) FROM household_count").fetchone()
        assert estimated == (True, 1_228)
        listed = pipeline.list_districts(connection, dt.datetime.now(dt.UTC))
        assert [(d.households, d.estimated_households) for d in listed] == [(24_285, 24_285)]
        assert_every_point_has_one_answer(connection, "monaco_osm", "part", 1_426)
    assert loaded.published.measures["estimated_households"] == 24_285
    lone = grids[[("oversize_building" in flags) for flags in grids["flags"]]]
    towers = gpd.read_parquet(folder / "buildings.parquet")["households_est"]
    assert len(lone) == (towers > 300).sum()
    assert (lone["households"] > 300).all()


def test_singapore_by_points_and_towers(fresh_database, cities):
    folder = cities("singapore_hdb")
    loaded = load(fresh_database, folder, as_of=dt.date(2025, 8, 1))
    communities = gpd.read_parquet(folder / "communities.parquet")
    blocks = gpd.read_parquet(folder / "blocks.parquet")
    with connect(fresh_database.app_url) as connection:
        grids = grids_of(connection, "singapore_hdb")
        assert grids["households"].sum() == blocks["dwelling_units"].sum() == 100_354
        assert set(grids["community"]) == set(communities["community_id"])
        assert_exact(connection, "singapore_hdb", grids)
        assert_parts_are_linked(grids)
        assert connection.execute("SELECT time_zone, metric_crs FROM district").fetchone() == (
            "Asia/Singapore",
            "EPSG:32648",
        )
        in_cells = connection.execute("SELECT count(*) FROM building_cell").fetchone()[0]
        assert in_cells == len(blocks)
    empty = grids[[("empty" in flags) for flags in grids["flags"]]]
    populated = blocks.groupby("community_id")["dwelling_units"].sum()
    assert set(empty["community"]) == set(communities["community_id"]) - set(populated[populated > 0].index)
    measures = loaded.published.measures
    print(f"within 10 %: {measures['within_10']:.3f}, ceiling {measures['ceiling_within_10']:.3f}")
    assert measures["within_10"] <= measures["ceiling_within_10"]
