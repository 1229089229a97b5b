"""Do the borders of grids run along something that can be seen on the ground?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis._offenders import Row, mended, offenders, polygons_of

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.checks.subject import Subject

__all__ = ["follows_street_line"]

LINE_DISTANCE_M = 5.0
LINE_SHARE = 0.5
OUTER_M = 0.05
"""Border this near to that of the division is not an inner one."""


def follows_street_line(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids less than half of whose inner border lies within 5 m of a barrier or compound outline."""
    if s.barriers is None or len(s.barriers) == 0:
        return None
    frames = [s.barriers] + ([s.compounds] if s.compounds is not None and len(s.compounds) else [])
    lines = np.concatenate([polygons_of(f.to_crs(s.grids.crs) if f.crs != s.grids.crs else f) for f in frames])
    outline = dict(zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True))
    names = s.grids["community_id"].astype(str).to_numpy(object)
    polygons = mended(s.grids)
    inner = shapely.boundary(polygons)
    for name in sorted(set(names) & set(outline)):  # each has its own outline to leave out
        mine = np.flatnonzero(names == name)
        inner[mine] = shapely.difference(inner[mine], _zones(inner[mine], np.array([outline[name]]), OUTER_M))
    length = shapely.length(inner)
    asked = np.flatnonzero(length >= 1.0)
    near = shapely.length(shapely.intersection(inner[asked], _zones(inner[asked], lines, LINE_DISTANCE_M)))
    codes = s.grids["grid_code"].to_numpy(object)
    rows: list[Row] = [
        (
            codes[i],
            f"网格 {codes[i]} 的内部边界仅 {share:.0%} 沿道路或围界",
            f"only {share:.0%} of the inner border of grid {codes[i]} follows a line",
            float(share),
            polygons[i],
        )
        for i, share in zip(asked.tolist(), near / length[asked], strict=True)
        if share < LINE_SHARE
    ]
    return offenders(rows, s.grids.crs)


def _zones(borders: np.ndarray, lines: np.ndarray, metres: float) -> np.ndarray:
    """What lies within some metres of lines (of polygons: their borders), for each border only as far as it matters.

    Lines are taken stretch by stretch: a street as long as the district is near a grid with a few of them.
    """
    stretches = _stretches(lines)
    of, stretch = shapely.STRtree(stretches).query(borders, predicate="dwithin", distance=metres)
    order = np.argsort(of, kind="stable")
    zones = np.full(len(borders), shapely.MultiLineString(), object)
    if len(order):
        _, numbered = np.unique(of[order], return_inverse=True)
        zones[np.unique(of)] = shapely.multilinestrings(stretches[stretch[order]], indices=numbered)
    return np.asarray(shapely.buffer(zones, metres, quad_segs=8), object)


def _stretches(lines: np.ndarray) -> np.ndarray:
    """Straight stretches of lines and of the borders of polygons."""
    lines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    points, of = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    ends = np.stack([points[:-1], points[1:]], axis=1)[of[:-1] == of[1:]]
    return np.asarray(shapely.linestrings(ends), object)
