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


def follows_street_line(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids less than half of whose inner border lies within 5 m of a barrier or compound outline."""
    if s.barriers is None or len(s.barriers) == 0:
        return None
    frames = [s.barriers] + ([s.compounds] if s.compounds is not None and len(s.compounds) else [])
    lines = np.concatenate([polygons_of(f.to_crs(s.grids.crs) if f.crs != s.grids.crs else f) for f in frames])
    lines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    tree = shapely.STRtree(lines)
    outer = dict(
        zip(s.communities["community_id"].astype(str), shapely.boundary(polygons_of(s.communities)), strict=True)
    )
    rows: list[Row] = []
    for code, name, polygon in zip(
        s.grids["grid_code"], s.grids["community_id"].astype(str), mended(s.grids), strict=True
    ):
        border = shapely.boundary(polygon)
        if name in outer:
            border = shapely.difference(border, shapely.buffer(outer[name], 0.05))
        if shapely.length(border) < 1.0:
            continue
        near = lines[tree.query(border, predicate="dwithin", distance=LINE_DISTANCE_M)]
        zone = shapely.union_all(shapely.buffer(near, LINE_DISTANCE_M))
        share = float(shapely.length(shapely.intersection(border, zone)) / shapely.length(border))
        if share < LINE_SHARE:
            rows.append(
                (
                    code,
                    f"网格 {code} 的内部边界仅 {share:.0%} 沿道路或围界",
                    f"only {share:.0%} of the inner border of grid {code} follows a line",
                    share,
                    polygon,
                )
            )
    return offenders(rows, s.grids.crs)
