"""What do a whole import and a whole publication cost beside the bare statements of the database they end in?"""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from io import BytesIO
from pathlib import Path
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
import shapely

from gis.ingest import ReadOptions, read_kind
from gis.ingest.bounds import DistrictBounds
from gis.store import pipeline, write
from gis.store.connect import connect
from gis.store.copying import PIECE
from tests.bench.test_bench_cells import made_district
from tests.bench.test_bench_tiles import CODE, DISTRICT, GRIDS, SIDE, SOUTH, WEST
from tests.integration import small_district as small

__all__ = ["databases"]

from tests.bench.conftest import databases  # isort: skip

SHARE = float(os.environ.get("GRIDKEEPER_BENCH_SHARE", "1"))
"""Of the full number of rows: 0.1 for a quick look."""
PARTS, EVENTS, GRIDS_WANTED = (int(n * SHARE) for n in (600_000, 1_000_000, 2_000))
WANTED = 8
"""Times a bare COPY and GiST that an import may cost."""
TARGET, DISTRICT_SIDE, COMMUNITIES = 200, 5_400.0, 70
"""Households a grid, as proposed by default; buildings have 10 to 13, so a grid has about 17 cells."""

TILED = """
UPDATE cell c
SET geom = ST_MakeEnvelope(g.x + i % 3 * 0.0014 / 3, g.y + i / 3 * 0.0014 / 6,
                           g.x + (i % 3 + 1) * 0.0014 / 3, g.y + (i / 3 + 1) * 0.0014 / 6, 4490)
FROM (SELECT b.id, split_part(b.code, '-', 2)::int AS i, substr(split_part(b.code, '-', 1), 2)::bigint AS grid
      FROM building b) b
JOIN (SELECT id, ST_XMin(geom) AS x, ST_YMin(geom) AS y FROM grid) g ON g.id = b.grid
WHERE c.building_id = b.id;
"""
"""Cells that leave no ground between them, as those of a real district."""


def cpu(connection):
    """CPU seconds so far of this process and of a connection's backend: other work on the machine does not count."""
    ticks = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


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


def bare_file(url, kind, table):
    """CPU seconds of a COPY of the file's columns, the place as a point, and a GiST index over them."""
    shapes = shapely.set_srid(shapely.points(table["lon"], table["lat"]), 4490)
    rows = table.drop(columns=["lon", "lat"]).assign(geom=shapely.to_wkb(shapes, hex=True, include_srid=True))
    sink = BytesIO()
    pa_csv.write_csv(pa.Table.from_pandas(rows), sink, pa_csv.WriteOptions(include_header=False))
    moment = ", occurred_at timestamptz" if kind == "events" else ""
    return _bare(url, f"bare (code text, class text, class_name text{moment}, geom geometry)", [sink.getbuffer()])


def bare_rows(url, table):
    """CPU seconds of a COPY of the rows as they are stored, and a GiST index over them."""
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} TO STDOUT (FORMAT csv)") as copy,
    ):
        data = b"".join(copy)
    return _bare(url, f"bare (LIKE {table})", [memoryview(data)[i : i + PIECE] for i in range(0, len(data), PIECE)])


def _bare(url, table, pieces):
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table}")
        start = cpu(connection)
        with cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy:
            for piece in pieces:
                copy.write(piece)
        cursor.execute("CREATE INDEX ON bare USING gist (geom)")
        connection.commit()
        used = cpu(connection) - start
        cursor.execute("DROP TABLE bare")
        return used


def timed(seconds, name, function):
    """The same function, its CPU seconds of this process added to `seconds[name]`."""

    def call(*args, **kwargs):
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] += time.process_time() - start

    return call


@pytest.mark.slow
def test_import_against_a_bare_copy(databases, tmp_path, capsys, monkeypatch):
    """Files become part of a district without cells, and of one where each thing is located to its cell.

    Locating has a measurement of its own (`test_bench_locate`): it is told apart, and whole figures with it too.
    """

    def tell(line):
        with capsys.disabled():
            print(line)

    tell(f"\nimport ({machine()}), CPU seconds of both sides")
    outline = gpd.GeoDataFrame(
        {"code": ["990199"], "name": ["量测区"], "level": ["district"]},
        geometry=[shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)],
        crs=4490,
    )
    district = DistrictBounds(CODE, outline, time_zone="Asia/Shanghai")
    tables, files = {}, {}
    for kind, n in (("parts", PARTS), ("events", EVENTS)):
        tables[kind], files[kind] = things(kind, n), str(tmp_path / f"{kind}.csv")
        tables[kind].to_csv(files[kind], index=False)
    locating = Counter()
    monkeypatch.setattr(write, "_located", timed(locating, "s", write._located))
    for name, scripts in (("no cells", (DISTRICT,)), ("45,000 cells in 2,500 grids", (DISTRICT, GRIDS, TILED))):
        used = Counter()
        locating.clear()
        with databases.clone() as clone, psycopg.connect(clone.owner_url, autocommit=True) as owner:
            for statement in (part for script in scripts for part in script.split(";")[:-1]):
                owner.execute(statement)
            owner.execute("VACUUM ANALYZE")
            for kind, table in tables.items():
                used["file"] += bare_file(clone.owner_url, kind, table)
                start = time.process_time()
                batch = read_kind(kind, [files[kind]], options=ReadOptions(crs="EPSG:4490"), district=district)
                used["read"] += time.process_time() - start
                with connect(clone.app_url) as connection:
                    start = cpu(connection)
                    done = pipeline.write_batch(connection, CODE, batch)
                    used["written"] += cpu(connection) - start
                assert done.counts["inserted"] == len(table)
                del batch
                used["rows"] += bare_rows(clone.owner_url, write.TABLE_OF[kind])
        used["write"] = used["written"] - locating["s"]
        tell(
            f"{name}: {PARTS:,} parts and {EVENTS:,} events: read and checked {used['read']:.1f} s, located"
            f" {locating['s']:.1f} s, written {used['write']:.1f} s"
        )
        for words, bare in (("the file's columns", used["file"]), ("the rows as stored", used["rows"])):
            ours = used["read"] + used["write"]
            verdict = "held" if ours <= WANTED * bare else "MISSED"
            tell(
                f"  bare COPY and GiST of {words} {bare:.1f} s: import {ours / bare:.1f} x"
                f" (wanted: {WANTED}: {verdict}), with locating {(ours + locating['s']) / bare:.1f} x"
            )


class Steps:
    """CPU seconds of each step of a plan's life, of both sides, told as they come."""

    def __init__(self, connection, tell):
        self.connection, self.tell, self.spent = connection, tell, {}

    def __call__(self, name, act, *args, **options):
        start = cpu(self.connection)
        done = act(self.connection, small.DISTRICT, *args, **options)
        self.spent[name] = cpu(self.connection) - start
        self.tell(f"  {name}: {self.spent[name]:.2f} s")
        return done


def bare_constraint(url, version, *, closed=False):
    """CPU seconds of the exclusion constraint over the memberships that a publication opens (median of 3).

    With those that it closes, where asked. Grid by grid: in the order of cells alone the same index takes half as
    long again to build, and the figure would hang on the plan of a query.

    Returns
    -------
    float, int, int
        Seconds, grids, memberships.
    """
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "CREATE TEMPORARY TABLE bare AS SELECT m.network_id, m.level, m.cell_id, m.grid_id, m.valid"
            " FROM grid_cell m JOIN grid g ON g.id = m.grid_id JOIN publication u ON u.version = %s"
            " WHERE g.publication_id = u.id OR %s AND upper(m.valid) = u.effective ORDER BY m.grid_id, m.cell_id",
            [version, closed],
        )
        spent = []
        for number in range(3):
            start = cpu(owner)
            owner.execute(
                f"ALTER TABLE bare ADD CONSTRAINT once_{number} EXCLUDE USING gist"
                " (cell_id WITH =, network_id WITH =, level WITH =, valid WITH &&)"
            )
            spent.append(cpu(owner) - start)
            owner.execute(f"ALTER TABLE bare DROP CONSTRAINT once_{number}")
        row = owner.execute("SELECT count(DISTINCT grid_id), count(*) FROM bare").fetchone()
    return median(spent), *row


@pytest.mark.slow
def test_publication_against_its_exclusion_constraint(databases, capsys):
    """A district is divided and published, then cut anew as a draft: submitted, approved by another, published.

    A publication that replaces others writes each cell twice: the old membership ends and the new one begins. So it is
    told, too, beside the same constraint over all memberships that it writes.
    """

    def tell(line):
        with capsys.disabled():
            print(line)

    rng = np.random.default_rng(1)
    communities, streets, buildings = made_district(rng, DISTRICT_SIDE)
    communities = communities.iloc[: max(1, round(COMMUNITIES * SHARE))]
    buildings = buildings[buildings.centroid.within(communities.union_all())]
    households = rng.integers(10, 14, len(buildings))
    code = small.DISTRICT
    names = [f"{code}{1 + i // 10:03}{1 + i % 10:03}" for i in range(len(communities))]
    frames = {
        "divisions": communities.assign(level="community", code=names, name=names).drop(columns="community_id"),
        "barriers": streets.assign(code=[f"S{i}" for i in range(len(streets))]),
        "buildings": buildings.rename(columns={"building_id": "code"}).assign(
            households=households, people=households * 2, estimated=False
        ),
    }
    first, recut = ("propose", "check", "publish"), ("open", "propose anew", "submit", "approve", "publish anew")
    with databases.clone() as clone, connect(clone.app_url) as connection:
        for kind, frame in frames.items():
            pipeline.write_batch(connection, code, small.batch(kind, gpd.GeoDataFrame(frame).to_crs(4490)))
        pipeline.tessellate_district(connection, code)
        people = [pipeline.Actor(name) for name in ("Planner", "Approver")]
        for person in people:
            pipeline.add_person(connection, person.name)
        with psycopg.connect(clone.owner_url, autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
        step = Steps(connection, tell)
        tell(f"\npublication ({machine()}), CPU seconds of both sides")
        step("propose", pipeline.propose_plan, target=TARGET)
        step("check", pipeline.check_plan)
        step("publish", pipeline.publish_plan)
        told = [(first, bare_constraint(clone.owner_url, 1), bare_constraint(clone.owner_url, 1, closed=True))]
        plan = step("open", pipeline.open_draft, names, people[0])
        asked = {"communities": names, "seed": 2, "target": 0.95 * TARGET}
        step("propose anew", pipeline.edit_draft, plan, people[0], revision=0, kind="propose", payload=asked)
        step("submit", pipeline.take_step, plan, people[0], "submit")
        step("approve", pipeline.take_step, plan, people[1], "approve")
        step("publish anew", pipeline.take_step, plan, people[1], "publish")
        told.append((recut, bare_constraint(clone.owner_url, 2), bare_constraint(clone.owner_url, 2, closed=True)))
    for steps, (bare, grids, members), (every, _, written) in told:
        ours, whole = step.spent[steps[-1]], sum(step.spent[name] for name in steps)
        tell(
            f"{steps[-1]}: {grids:,} grids of {members:,} cells ({members / grids:.0f} each), exclusion constraint"
            f" {bare:.2f} s, publication {ours:.2f} s, ratio {ours / bare:.1f} (wanted: 4;"
            f" {'held' if ours <= 4 * bare else 'MISSED'}); over all {written:,} memberships that it writes"
            f" {every:.2f} s, ratio {ours / every:.1f};"
            f" all of {', '.join(steps)}: {whole:.2f} s"
        )
        assert grids > 0.9 * GRIDS_WANTED
