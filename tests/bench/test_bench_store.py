"""What do a whole import and a whole publication cost beside the bare statements of the database they end in?"""

from __future__ import annotations

import os
import platform
import time
from io import BytesIO

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
import shapely

from gis.ingest import ReadOptions, read_kind
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.reading import district_bounds
from tests.bench.test_bench_cells import made_district
from tests.bench.test_bench_tiles import CODE, DISTRICT, GRIDS, SIDE, SOUTH, WEST
from tests.integration import small_district as small

__all__ = ["databases"]

from tests.bench.conftest import databases  # isort: skip

PARTS, EVENTS, GRIDS_WANTED = 600_000, 1_000_000, 2_000
HOUSEHOLDS_A_BUILDING, TARGET = 10, 60


def machine():
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def things(kind, n):
    """Rows as an office has them: longitude, latitude, and what it is."""
    rng = np.random.default_rng(n)
    columns = {
        "code": [f"{kind[0].upper()}{i:07}" for i in range(n)],
        "class": [f"{101 + i % 20:04}" for i in range(n)],
        "class_name": [f"类{i % 20}" for i in range(n)],
        "lon": np.round(WEST + rng.uniform(0, SIDE, n), 7),
        "lat": np.round(SOUTH + rng.uniform(0, SIDE, n), 7),
    }
    if kind == "events":
        columns["occurred_at"] = pd.date_range("2025-07-01", periods=n, freq="30s").strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame(columns)


def bare_copy(url, kind, table):
    """Seconds of a COPY of the same rows and a GiST index over them."""
    shapes = shapely.set_srid(shapely.points(table["lon"], table["lat"]), 4490)
    rows = table.drop(columns=["lon", "lat"]).assign(geom=shapely.to_wkb(shapes, hex=True, include_srid=True))
    sink = BytesIO()
    pa_csv.write_csv(pa.Table.from_pandas(rows), sink, pa_csv.WriteOptions(include_header=False))
    moment = ", occurred_at timestamptz" if kind == "events" else ""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare_{kind} (code text, class text, class_name text{moment}, geom geometry)")
        start = time.perf_counter()
        with cursor.copy(f"COPY bare_{kind} FROM STDIN (FORMAT csv)") as copy:
            copy.write(sink.getbuffer())
        cursor.execute(f"CREATE INDEX ON bare_{kind} USING gist (geom)")
        connection.commit()
        return time.perf_counter() - start


@pytest.mark.slow
def test_import_against_a_bare_copy(databases, tmp_path, capsys):
    told = [f"\nimport into 45,000 cells in 2,500 grids ({machine()})"]
    bare_s = reading_s = writing_s = 0.0
    with databases.clone() as clone:
        with psycopg.connect(clone.owner_url, autocommit=True) as owner:
            for statement in (*DISTRICT.split(";")[:-1], *GRIDS.split(";")[:-1]):
                owner.execute(statement)
            owner.execute("VACUUM ANALYZE")
        for kind, n in (("parts", PARTS), ("events", EVENTS)):
            table = things(kind, n)
            file = tmp_path / f"{kind}.csv"
            table.to_csv(file, index=False)
            bare = bare_copy(clone.owner_url, kind, table)
            with connect(clone.app_url) as connection:
                start = time.perf_counter()
                batch = read_kind(
                    kind, [str(file)], options=ReadOptions(crs="EPSG:4490"), district=district_bounds(connection, CODE)
                )
                read = time.perf_counter()
                done = pipeline.write_batch(connection, CODE, batch)
                wrote = time.perf_counter()
            assert done.counts["inserted"] == n
            bare_s, reading_s, writing_s = bare_s + bare, reading_s + read - start, writing_s + wrote - read
            told.append(
                f"{n:,} {kind}: bare COPY and GiST {bare:.1f} s; read and checked {read - start:.1f} s,"
                f" located and written {wrote - read:.1f} s, ratio {(wrote - start) / bare:.1f}"
            )
    ratio = (reading_s + writing_s) / bare_s
    told.append(f"together: bare {bare_s:.1f} s, import {reading_s + writing_s:.1f} s, ratio {ratio:.1f} (wanted: 8)")
    with capsys.disabled():
        print("\n".join(told))


@pytest.mark.slow
def test_publication_against_its_exclusion_constraint(databases, capsys):
    communities, streets, buildings = made_district(np.random.default_rng(1))
    code = small.DISTRICT
    names = [f"{code}{1 + i // 10:03}{1 + i % 10:03}" for i in range(len(communities))]
    frames = {
        "divisions": communities.assign(level="community", code=names, name=names).drop(columns="community_id"),
        "barriers": streets.assign(code=[f"S{i}" for i in range(len(streets))]),
        "buildings": buildings.rename(columns={"building_id": "code"}).assign(
            households=HOUSEHOLDS_A_BUILDING, people=HOUSEHOLDS_A_BUILDING * 2, estimated=False
        ),
    }
    with databases.clone() as clone, connect(clone.app_url) as connection:
        for kind, frame in frames.items():
            pipeline.write_batch(connection, code, small.batch(kind, gpd.GeoDataFrame(frame).to_crs(4490)))
        pipeline.tessellate_district(connection, code)
        pipeline.propose_plan(connection, code, target=TARGET)
        start = time.perf_counter()
        pipeline.publish_plan(connection, code)
        ours = time.perf_counter() - start
        with psycopg.connect(clone.owner_url, autocommit=True) as owner:
            owner.execute("CREATE TABLE bare AS SELECT network_id, level, cell_id, grid_id, valid FROM grid_cell")
            start = time.perf_counter()
            owner.execute(
                "ALTER TABLE bare ADD EXCLUDE USING gist (cell_id WITH =, network_id WITH =, level WITH =,"
                " valid WITH &&)"
            )
            bare = time.perf_counter() - start
            grids, members = owner.execute(
                "SELECT (SELECT count(*) FROM grid), (SELECT count(*) FROM grid_cell)"
            ).fetchone()
    assert grids > 0.9 * GRIDS_WANTED
    with capsys.disabled():
        print(
            f"\npublication of {grids:,} grids of {members:,} cells ({machine()}): exclusion constraint {bare:.2f} s,"
            f" whole publication {ours:.2f} s, ratio {ours / bare:.1f} (wanted: 4)"
        )
