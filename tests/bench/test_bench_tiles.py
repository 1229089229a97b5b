"""How long does a tile of a whole district take when nothing is kept, how heavy is it, and how long a bare query?

A district as in the design's scale: 49 km2, 2,500 grids, 45,000 buildings, 600,000 parts, 300,000 events, made by SQL.
"""

from __future__ import annotations

import os
import platform
import time

import numpy as np
import psycopg
import pytest

from layers.tiles import MAX_ZIPPED
from tests.integration.served_district import served, tile_at

CODE, WEST, SOUTH, SIDE, ROWS = "990199", 113.20, 23.10, 0.07, 50
ROUNDS = 12

DISTRICT = """
INSERT INTO district (code, name, time_zone, metric_crs, as_of)
VALUES ('990199', '量测区', 'Asia/Shanghai', 'EPSG:4547', '2026-06-30');
INSERT INTO division (district_id, level, code, name, geom)
SELECT id, 'district', '990199', name, ST_Multi(ST_MakeEnvelope(113.20, 23.10, 113.27, 23.17, 4490)) FROM district;
INSERT INTO division (district_id, level, code, name, parent_id, geom)
SELECT d.district_id, 'community', format('990199%s%s', to_char(x, 'FM000'), to_char(y, 'FM000')), x || '-' || y, d.id,
       ST_Multi(ST_Segmentize(ST_MakeEnvelope(113.20 + x * 0.007, 23.10 + y * 0.007,
                                              113.207 + x * 0.007, 23.107 + y * 0.007, 4490), 0.0001))
FROM division d, generate_series(0, 9) x, generate_series(0, 9) y;
INSERT INTO network (district_id, code, name) SELECT id, 'community', '社区网格' FROM district;
INSERT INTO network_level (network_id, level, division_level, code_profile, kind, target, minimum, maximum)
SELECT id, 1, 'community', 'gbt30428_2013', 'basic', 200, 150, 300 FROM network;
INSERT INTO tessellation (district_id, settings, report) SELECT id, '{}', '{}' FROM district;
INSERT INTO plan (network_id, level, tessellation_id, status, as_of, settings, report)
SELECT n.id, 1, t.id, 'published', '2026-06-30', '{}', '{}' FROM network n, tessellation t;
INSERT INTO publication (network_id, level, version, plan_id, effective, published_by, checks)
SELECT network_id, 1, 1, id, '2026-01-01', 'bench', '{}' FROM plan;
"""

GRIDS = """
INSERT INTO grid (network_id, level, code, kind, name, division_id, publication_id, area_m2, colour, geom, valid)
SELECT p.network_id, 1, v.code || to_char(row_number() OVER (PARTITION BY v.id), 'FM000'), 'basic', x || '.' || y, v.id,
       p.id, 20000, (x * 2 + y) % 6,
       ST_Multi(ST_Segmentize(ST_MakeEnvelope(113.20 + x * 0.0014, 23.10 + y * 0.0014,
                                              113.2014 + x * 0.0014, 23.1014 + y * 0.0014, 4490), 0.00004)),
       '[2026-01-01,)'
FROM publication p, generate_series(0, 49) x, generate_series(0, 49) y, division v
WHERE v.code = format('990199%s%s', to_char(x / 5, 'FM000'), to_char(y / 5, 'FM000'));
INSERT INTO building (district_id, code, name, address, address_key, geom)
SELECT v.district_id, 'B' || g.id || '-' || i, '量测小区' || i || '号楼',
       '量测路' || g.id || '号' || i || '号楼',
       '量测路' || g.id || '号' || i || '幢',
       ST_MakeEnvelope(ST_XMin(g.geom) + (i % 3) * 0.00046 + 0.00005, ST_YMin(g.geom) + (i / 3) * 0.00023 + 0.00004,
                       ST_XMin(g.geom) + (i % 3) * 0.00046 + 0.0004, ST_YMin(g.geom) + (i / 3) * 0.00023 + 0.00015,
                       4490)
FROM grid g JOIN division v ON v.id = g.division_id, generate_series(0, 17) i;
INSERT INTO household_count (building_id, as_of, households, people, source)
SELECT id, d, 11, 28, 'bench' FROM building, (VALUES ('2025-06-30'::date), ('2026-06-30')) AS dates(d);
INSERT INTO cell (tessellation_id, community_id, block_no, building_id, area_m2, geom)
SELECT t.id, g.division_id, 1, b.id, 1100, ST_Expand(b.geom, 0.00002)
FROM building b JOIN grid g ON g.id = substr(split_part(b.code, '-', 1), 2)::bigint, tessellation t;
INSERT INTO building_cell SELECT tessellation_id, building_id, id FROM cell;
INSERT INTO grid_cell (network_id, level, cell_id, grid_id, valid)
SELECT g.network_id, 1, c.id, g.id, '[2026-01-01,)'
FROM cell c JOIN building b ON b.id = c.building_id
JOIN grid g ON g.id = substr(split_part(b.code, '-', 1), 2)::bigint;
INSERT INTO barrier (district_id, code, kind, class, name, geom)
SELECT d.id, 'S' || i || '.' || j || '.' || k, 'street',
       CASE WHEN i % 25 = 0 THEN 'primary' WHEN i % 5 = 0 THEN 'tertiary' ELSE 'residential' END, '量测路',
       CASE k WHEN 0 THEN ST_MakeLine(ST_SetSRID(ST_MakePoint(113.2 + i * 0.0014, 23.1 + j * 0.0014), 4490),
                                      ST_SetSRID(ST_MakePoint(113.2 + i * 0.0014, 23.1014 + j * 0.0014), 4490))
              ELSE ST_MakeLine(ST_SetSRID(ST_MakePoint(113.2 + j * 0.0014, 23.1 + i * 0.0014), 4490),
                               ST_SetSRID(ST_MakePoint(113.2014 + j * 0.0014, 23.1 + i * 0.0014), 4490)) END
FROM district d, generate_series(0, 50) i, generate_series(0, 49) j, generate_series(0, 1) k;
INSERT INTO layer_version (district_id, layer, version)
SELECT id, layer, 1 FROM district, (VALUES ('base'), ('divisions'), ('grids')) AS layers(layer);
"""

THINGS = """
INSERT INTO part (district_id, code, class, class_name, cell_id, how, geom)
SELECT d.id, 'P' || i, to_char(101 + i % 20, 'FM0000'), '部件' || i % 20, 1 + (i * 7919::bigint) % 45000, 'inside',
       ST_SetSRID(ST_MakePoint(113.2 + random() * 0.07, 23.1 + random() * 0.07), 4490)
FROM district d, generate_series(1, 600000) i;
INSERT INTO event (district_id, code, class, class_name, occurred_at, cell_id, how, geom)
SELECT d.id, 'E' || i, to_char(101 + i % 30, 'FM0000'), '事件' || i % 30,
       '2025-07-01'::timestamptz + i * interval '105 s',
       1 + (i * 7919::bigint) % 45000, 'inside',
       ST_SetSRID(ST_MakePoint(113.2 + random() * 0.07, 23.1 + random() * 0.07), 4490)
FROM district d, generate_series(1, 300000) i;
"""

BARE = """
WITH b AS (SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS tile)
SELECT ST_AsMVT(t, 'grids') FROM (
    SELECT g.id, g.code, ST_AsMVTGeom(ST_Transform(g.geom, 3857), b.tile) AS geom FROM grid g, b
    WHERE g.geom && ST_Transform(b.tile, 4490)) t
"""


@pytest.fixture(scope="module")
def url(databases):
    with databases.clone() as clone, psycopg.connect(clone.owner_url, autocommit=True) as owner:
        owner.execute("SELECT setseed(0.5)")
        for script in (DISTRICT, GRIDS, THINGS):
            for statement in script.split(";")[:-1]:
                owner.execute(statement)
        owner.execute("VACUUM ANALYZE")
        yield clone


def addresses(zoom):
    """Tiles spread over the district."""
    rng = np.random.default_rng(zoom)
    spots = np.array([WEST, SOUTH]) + rng.uniform(0, SIDE, (ROUNDS, 2))
    return [tile_at(lon, lat, zoom) for lon, lat in spots]


@pytest.mark.slow
def test_tiles_of_a_whole_district(url, capsys):
    told = [f"\ntiles, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; cold, one client"]
    told.append(f"{'layer':<12}{'zoom':>5}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}{'heaviest kB':>13}")
    with served(url.app_url) as client, psycopg.connect(url.owner_url) as bare:
        client.get("/api/health")
        start = time.perf_counter()
        detail = client.get(f"/api/districts/{CODE}").json()
        rows = time.perf_counter()
        client.get(f"/api/districts/{CODE}/figures/households")
        kept = time.perf_counter()
        for layer, zooms in {
            "grids": (10, 12, 14, 16),
            "divisions": (10, 14),
            "base": (11, 13, 14, 15, 16),
            "parts": (10, 12, 14, 16, 17),
            "events": (10, 12, 14, 16),
        }.items():
            version = f"/{detail['layers'][layer]}" if layer in detail["layers"] else ""
            for zoom in zooms:
                took, weight = [], 0
                for z, x, y in addresses(zoom):
                    _forget(client, layer)
                    begin = time.perf_counter()
                    answer = client.get(f"/tiles/{CODE}/{layer}{version}/{z}/{x}/{y}.mvt")
                    took.append(1000 * (time.perf_counter() - begin))
                    weight = max(weight, int(answer.headers.get("content-length", 0)))
                assert weight <= MAX_ZIPPED
                told.append(_line(layer, zoom, took, weight))
        for zoom in (10, 12, 14, 16):
            took, weight = [], 0
            for z, x, y in addresses(zoom):
                begin = time.perf_counter()
                row = bare.execute(BARE, {"z": z, "x": x, "y": y}).fetchone()
                took.append(1000 * (time.perf_counter() - begin))
                weight = max(weight, len(row[0]))
            told.append(_line("bare grids", zoom, took, weight) + "  (not zipped, not simplified)")
    told.append(f"district page {1000 * (rows - start):.0f} ms cold, a figure {1000 * (kept - rows):.0f} ms after it")
    with capsys.disabled():
        print("\n".join(told))


def _forget(client, layer):
    """Forget kept tiles, but not that the shapes are written: that is done once a version."""
    kept = client.app.state.gridkeeper.tiles._kept
    for key in [k for k in kept if layer not in {"grids", "divisions"} or k[-1] != "shapes"]:
        del kept[key]


def _line(layer, zoom, took, weight):
    p50, p95 = np.percentile(took, [50, 95])
    return f"{layer:<12}{zoom:>5}{p50:>9.0f}{p95:>9.0f}{max(took):>9.0f}{weight / 1000:>13.0f}"
