"""How much dearer are cells with all their promises than the bare Voronoi diagram of the same buildings?"""

import os
import platform
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, affinity, box

from gis.cells import tessellate

SIDE, STREET, LOT = 3_000.0, 150.0, 24.0


def made_district(rng, side=SIDE):
    """Communities of 600 m, bent streets every 150 m, and turned footprints on a lattice of 24 m."""
    communities = [box(x, y, x + 600, y + 600) for x in np.arange(0, side, 600) for y in np.arange(0, side, 600)]
    bend = np.linspace(-50, side + 50, 80)
    streets = []
    for at in np.arange(STREET, side, STREET):
        sway = at + 9 * np.sin(bend / 210 + at)
        streets += [LineString(np.column_stack([bend, sway])), LineString(np.column_stack([sway, bend]))]
    x, y = np.meshgrid(np.arange(LOT, side - LOT, LOT), np.arange(LOT, side - LOT, LOT))
    keep = rng.random(x.size) < 0.8
    shapes = [
        affinity.rotate(box(a - w, b - h, a + w, b + h), turn)
        for a, b, w, h, turn in zip(
            x.ravel()[keep],
            y.ravel()[keep],
            rng.uniform(3, 9, keep.sum()),
            rng.uniform(3, 8, keep.sum()),
            rng.uniform(0, 90, keep.sum()),
            strict=True,
        )
    ]
    move = [affinity.translate(g, 500_000, 3_380_000) for g in (*communities, *streets, *shapes)]
    n, m = len(communities), len(streets)
    crs = 4547
    return (
        gpd.GeoDataFrame({"community_id": [f"C{i}" for i in range(n)]}, geometry=move[:n], crs=crs),
        gpd.GeoDataFrame({"kind": "street", "class": "residential"}, index=range(m), geometry=move[n : n + m], crs=crs),
        gpd.GeoDataFrame(
            {"building_id": [f"B{i}" for i in range(len(shapes))], "households": rng.integers(0, 9, len(shapes))},
            geometry=move[n + m :],
            crs=crs,
        ),
    )


@pytest.mark.slow
def test_cells_against_a_bare_voronoi_diagram(capsys):
    communities, streets, buildings = made_district(np.random.default_rng(1))
    start = time.process_time()
    samples = shapely.multipoints(shapely.get_coordinates(shapely.segmentize(buildings.geometry.to_numpy(), 4.0)))
    bare = len(shapely.get_parts(shapely.voronoi_polygons(samples)))
    diagram = time.process_time() - start
    start = time.process_time()
    tessellation = tessellate(communities, buildings, barriers=streets)
    ours = time.process_time() - start
    assert shapely.coverage_is_valid(tessellation.cells.geometry.to_numpy())
    with capsys.disabled():
        print(
            f"\ncells, {len(buildings):,} footprints in {len(communities)} communities ({platform.machine()},"
            f" {os.cpu_count()} cores): bare Voronoi of {bare:,} samples {diagram:.1f} CPU s,"
            f" {len(tessellation.cells):,} exact cells with"
            f" {len(tessellation.adjacency.pairs):,} neighbours {ours:.1f} CPU s,"
            f" ratio {ours / diagram:.1f}"
        )
