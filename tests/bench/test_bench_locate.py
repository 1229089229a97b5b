"""How much dearer is an answer with `how` and neighbours than a bare index query of the same points?"""

import os
import platform
import time

import numpy as np
import pytest
import shapely

from gis.locate import HOW, Locator

CELLS, POINTS, SIDE = 15_000, 300_000, 10_000.0


@pytest.mark.slow
def test_locate_against_a_bare_index_query(capsys):
    rng = np.random.default_rng(1)
    seeds = shapely.multipoints(rng.uniform(0, SIDE, (CELLS, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(0, 0, SIDE, SIDE)))
    centre = shapely.get_coordinates(shapely.centroid(cells))
    codes = [f"{int(x // 700):03d}{int(y // 700):03d}" for x, y in centre]
    points = shapely.points(rng.uniform(-200, SIDE + 200, (POINTS, 2)))
    locator = Locator(cells, codes)
    tree = shapely.STRtree(cells)
    bare, ours = [], []
    for _ in range(3):
        start = time.perf_counter()
        pairs = tree.query(points, predicate="intersects")
        bare.append(time.perf_counter() - start)
        start = time.perf_counter()
        found = locator.locate(points)
        ours.append(time.perf_counter() - start)
    assert len(np.unique(pairs[0])) == int((found.distance_m == 0).sum())
    told = dict(zip(HOW, np.bincount(found.how, minlength=len(HOW)).tolist(), strict=True))
    with capsys.disabled():
        print(
            f"\nlocate, {POINTS:,} points, {len(cells):,} cells in {len(set(codes)):,} grids"
            f" ({platform.machine()}, {os.cpu_count()} cores): bare STRtree {np.median(bare):.2f} s,"
            f" with how and others {np.median(ours):.2f} s, ratio {np.median(ours) / np.median(bare):.2f}; {told}"
        )
