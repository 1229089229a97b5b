"""Do grids that leave as a file come back the same, and nearly the same when every vertex was drawn badly?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from gis.clock import utc_now
from gis.exchange import write_exchange
from gis.ingest import ReadOptions, read_kind
from gis.networks import Network, Reference
from gis.progress import worker_pool
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.copying import fetch_frame
from gis.store.corresponding import correspond
from gis.store.districts import district_of
from gis.store.exports import as_imported, grids_in_force
from gis.store.reading import district_bounds, read_cells
from tests.integration.invariants import insist_on_model

if TYPE_CHECKING:
    import geopandas as gpd

SINCE = dt.date(2020, 1, 1)

MEMBERS = b"""
SELECT b.code AS building, g.code AS grid, coalesce((
    SELECT h.households FROM household_count h WHERE h.building_id = b.id
    ORDER BY h.as_of DESC, h.recorded_at DESC, h.id DESC LIMIT 1), 0) AS households
FROM building_cell k JOIN building b ON b.id = k.building_id
LEFT JOIN (grid_cell m JOIN network n ON n.id = m.network_id AND n.code = %(network)s
           JOIN grid g ON g.id = m.grid_id) ON m.cell_id = k.cell_id
ORDER BY b.code
"""


def exported(connection, code: str, file) -> gpd.GeoDataFrame:
    place = district_of(connection, code)
    frame = as_imported(grids_in_force(connection, place, at=utc_now(), as_of=utc_now().date()))
    write_exchange(frame, file)
    return frame


def imported(connection, code: str, file, network: str, **options):
    pipeline.add_network(connection, code, Network(network, network))
    batch = read_kind("grids", [file], options=ReadOptions(), district=district_bounds(connection, code))
    return pipeline.import_grids(connection, code, batch, network=network, effective=SINCE, **options)


def moved(frame: gpd.GeoDataFrame, metres: float, metric: str, seed: int = 1) -> gpd.GeoDataFrame:
    """Every vertex of every polygon, each on its own, up to so many metres elsewhere."""
    rng = np.random.default_rng(seed)

    def shake(ring):
        xy = shapely.get_coordinates(ring)[:-1]
        angle, reach = rng.uniform(0, 2 * np.pi, len(xy)), metres * np.sqrt(rng.uniform(0, 1, len(xy)))
        return xy + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]

    drawn = frame.to_crs(metric)
    shapes = []
    for grid in drawn.geometry:
        parts = [[shake(ring) for ring in shapely.get_rings(part)] for part in shapely.get_parts(grid)]
        shapes.append(shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in parts]))
    return drawn.set_geometry(shapes, crs=metric).to_crs(4490)


def compare(connection, code: str, network: str):
    """Correspondence of the grids in force with those that came back, and each building with the grid in both."""
    table = correspond(connection, code, Reference("community"), Reference(network)).table
    before = fetch_frame(connection, MEMBERS, {"network": "community"})
    after = fetch_frame(connection, MEMBERS, {"network": network})
    assert before["building"].tolist() == after["building"].tolist()
    households = before[before["grid"].notna()].groupby("grid")["households"].sum()
    told = table.groupby("old")["households"].sum()
    assert told.to_dict() == {grid: households.get(grid, 0) for grid in told.index}
    return table, before.assign(came=after["grid"])


def assert_round_trip(connection, code: str, folder) -> None:
    metric = district_of(connection, code).metric_crs
    frame = exported(connection, code, folder / "grids.gpkg")

    same = imported(connection, code, folder / "grids.gpkg", "same")
    table, buildings = compare(connection, code, "same")
    assert sorted(table["old"]) == sorted(frame["code"])
    assert (table["old"] == table["new"]).all()
    assert (table[["area_share", "household_share", "part_share"]] == 1).all(axis=None)
    assert (buildings["grid"] == buildings["came"]).all()
    assert same.report.counts["displaced_m2"] == same.report.counts["gained_m2"] == 0
    assert not [r for r in same.report.remarks if r.rule.startswith(("building_", "cell_", "grid"))]
    assert same.report.counts["inserted"] == len(frame)

    write_exchange(moved(frame, 1.0, metric), folder / "one.gpkg")
    imported(connection, code, folder / "one.gpkg", "one")
    table, buildings = compare(connection, code, "one")
    assert buildings[buildings["grid"] != buildings["came"]].empty
    assert not table[table["old"] != table["new"]]["households"].any()

    write_exchange(moved(frame, 5.0, metric), folder / "five.gpkg")
    five = imported(connection, code, folder / "five.gpkg", "five")
    table, buildings = compare(connection, code, "five")
    kept = table[table["old"] == table["new"]]["households"].sum() / table["households"].sum()
    other = buildings[buildings["grid"] != buildings["came"]]
    told = {r.code for r in five.report.remarks if r.rule.startswith("building_")}
    tally = five.report.tally()
    print(f"5 m: {kept:.4%} of households stay, {len(other)} of {len(buildings)} buildings elsewhere, {len(told)} told")
    print(five.report.counts, tally)
    assert kept >= 0.995
    assert set(other["building"]) <= told
    broken = (~shapely.is_valid(moved(frame, 5.0, metric).to_crs(metric).geometry.to_numpy())).sum()
    assert tally.get("grid_mended", 0) == broken
    assert fetch_frame(connection, b"SELECT ST_IsValid(geom) AS valid FROM grid")["valid"].all()


def assert_exact(connection, code: str, folder) -> None:
    """Bad lines divide cells: these are still an exact coverage, and the community grids have the same ground."""
    place = district_of(connection, code)
    frame = grids_in_force(connection, place, at=utc_now(), as_of=utc_now().date())
    ground = connection.execute(GROUND).fetchall()
    file = folder / "exact.gpkg"
    write_exchange(moved(as_imported(frame), 5.0, place.metric_crs, seed=2), file)
    step = imported(connection, code, file, "exact", exact=True)
    print(step.report.counts)
    assert step.report.counts["cells_divided"] > len(frame)
    cells = read_cells(connection, place, as_of=utc_now().date(), at=utc_now())
    shapes = np.asarray(cells.tessellation.cells.geometry.array, object)
    assert shapely.coverage_is_valid(shapes)
    assert len(cells.tessellation.building_cell) == connection.execute("SELECT count(*) FROM building").fetchone()[0]
    for before, after in zip(ground, connection.execute(GROUND).fetchall(), strict=True):
        assert after[0] == before[0]
        assert after[1] == pytest.approx(before[1], abs=0.5)
    split = connection.execute(
        "SELECT count(*) FROM (SELECT FROM building_cell k JOIN grid_cell m ON m.cell_id = k.cell_id"
        " AND m.valid @> now() GROUP BY k.building_id, m.network_id HAVING count(DISTINCT m.grid_id) > 1) s"
    ).fetchone()
    assert split == (0,)


GROUND = """
    SELECT g.code, sum(c.area_m2) FROM grid_cell m JOIN cell c ON c.id = m.cell_id AND c.valid @> now()
    JOIN grid g ON g.id = m.grid_id JOIN network n ON n.id = m.network_id AND n.code = 'community'
    WHERE m.valid @> now() GROUP BY g.code ORDER BY g.code
"""


@pytest.fixture
def sample(databases, sample_database):
    with databases.clone(of=sample_database.name) as database, connect(database.app_url) as connection:
        yield connection


def test_the_sample_district_comes_back(sample, tmp_path):
    code = sample.execute("SELECT code FROM district").fetchone()[0]
    assert_round_trip(sample, code, tmp_path)
    assert_exact(sample, code, tmp_path)
    insist_on_model(sample, district_of(sample, code), [dt.datetime(2020, 1, 2, tzinfo=dt.UTC), utc_now()])


@pytest.mark.slow
def test_cambridge_comes_back(fresh_database, cities, tmp_path):
    folder = cities("cambridge_ma")
    with connect(fresh_database.app_url) as connection, worker_pool(2) as pool:
        read = pipeline.read_folder(connection, folder, ReadOptions(as_of=dt.date(2014, 1, 1)))
        new = pipeline.NewDistrict(crs_note=read.crs_note)
        pipeline.load_district(connection, read.code, read.batches, new=new, executor=pool)
        assert_round_trip(connection, read.code, tmp_path)
        assert_exact(connection, read.code, tmp_path)
