"""Does the look-up in squares find what GEOS finds near each point?"""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.cells.nearness import strongest_near


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 80),
    m=st.integers(0, 30),
    wide=st.sampled_from([0.0, 3.0, 400.0]),
    long=st.sampled_from([0.0, 10.0, 2_000.0]),
    metres=st.sampled_from([0.5, 5.0, 60.0]),
)
def test_the_strongest_edge_of_another_is_found(seed, n, m, wide, long, metres):
    rng = np.random.default_rng(seed)
    corner = np.array([500_000.0, 3_380_000.0])
    xy = corner + rng.uniform(0, 1, (n, 2)) * [wide, 300.0]
    a = corner + rng.uniform(-100, 400, (m, 2))
    edges = np.hstack([a, a + rng.uniform(-long, long, (m, 2))])
    owner, of, rank = rng.integers(0, 3, n), rng.integers(0, 3, m), rng.integers(1, 9, m)
    found = strongest_near(xy, owner, edges, of, rank, metres)
    away = shapely.distance(shapely.points(xy)[:, None], shapely.linestrings(edges.reshape(-1, 2, 2))[None, :])
    near = (away <= metres) & (owner[:, None] != of[None, :])
    assert np.array_equal(found, np.where(near, rank, 0).max(axis=1, initial=0))
