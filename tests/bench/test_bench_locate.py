"""How much dearer is an answer with `how`, streets and time than a bare index query of the same points?"""

import os
import platform
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.locate import HOW, Locator
from gis.streets import home_cells, street_ways

CELLS, POINTS, SIDE, STREETS = 15_000, 1_000_000, 10_000.0, 3_000
AIM = 5.0


def town(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells with the code of their grid (about 0.5 km²) and community (4 km²)."""
    seeds = shapely.multipoints(rng.uniform(0, SIDE, (CELLS, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(0, 0, SIDE, SIDE)))
    x, y = shapely.get_coordinates(shapely.centroid(cells)).T
    grid = np.array([f"{int(a):03d}{int(b):03d}" for a, b in zip(x // 700, y // 700, strict=True)], object)
    side = np.array([f"{int(a)}-{int(b)}" for a, b in zip(x // 2000, y // 2000, strict=True)], object)
    return cells, grid, side


def lines(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Streets of all classes, 200 m long in the mean, slanting: about 60 km² of ground within 25 m of one."""
    start = rng.uniform(0, SIDE, (STREETS, 2))
    end = start + rng.normal(0, 160, (STREETS, 2))
    shapes = shapely.linestrings(np.stack([start, end], axis=1))
    names = ["primary", "secondary", "tertiary", "residential", "service"]
    columns = {
        "code": [f"S{i}" for i in range(STREETS)],
        "class": rng.choice(names, STREETS, p=[0.1, 0.2, 0.2, 0.4, 0.1]),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4548)


@pytest.mark.slow
def test_locate_against_a_bare_index_query(capsys):
    rng = np.random.default_rng(1)
    cells, codes, side = town(rng)
    ways = street_ways(lines(rng))
    start = time.perf_counter()
    streets = home_cells(ways, cells, side)
    homes = time.perf_counter() - start
    points = shapely.points(rng.uniform(-200, SIDE + 200, (POINTS, 2)))
    # time: what happened before some communities were cut anew is located among their former cells
    renewed = np.flatnonzero([name.startswith("2-") for name in side])
    before = rng.random(POINTS) < 0.5
    now = Locator(cells, codes, streets=streets, community=side)
    then = Locator(cells[renewed], codes[renewed])
    tree = shapely.STRtree(cells)
    bare, ours = [], []
    for _ in range(3):
        start = time.perf_counter()
        pairs = tree.query(points, predicate="intersects")
        bare.append(time.perf_counter() - start)
        start = time.perf_counter()
        found = now.locate(points)
        changed = np.isin(found.polygon, renewed) & before
        former = then.locate(points[changed])
        ours.append(time.perf_counter() - start)
    assert len(np.unique(pairs[0])) == int((found.distance_m == 0).sum())
    assert (renewed[former.polygon] == found.polygon[changed]).all()
    ratio = np.median(ours) / np.median(bare)
    told = dict(zip(HOW, np.bincount(found.how, minlength=len(HOW)).tolist(), strict=True))
    with capsys.disabled():
        print(
            f"\nlocate, {POINTS:,} points, {len(cells):,} cells in {len(set(codes)):,} grids,"
            f" {len(streets):,} streets (homes in {homes:.1f} s), {changed.sum():,} points of an earlier time"
            f" ({platform.machine()}, {os.cpu_count()} cores): bare STRtree {np.median(bare):.2f} s,"
            f" with how, streets and time {np.median(ours):.2f} s, ratio {ratio:.2f} (aim {AIM:g}); {told}"
        )
    assert ratio <= AIM
