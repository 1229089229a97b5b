"""Do the borders of grids run along something that can be seen on the ground?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gis._offenders import Row, mended, offenders, polygons_of
from gis.measures.of_borders import along_lines

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
    outline = dict(zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True))
    names = s.grids["community_id"].astype(str).to_numpy(object)
    polygons = mended(s.grids)
    length, near = along_lines(polygons, names, outline, lines, LINE_DISTANCE_M)
    asked = np.flatnonzero(length >= 1.0)
    codes = s.grids["grid_code"].to_numpy(object)
    rows: list[Row] = [
        (
            codes[i],
            f"网格 {codes[i]} 的内部边界仅 {share:.0%} 沿道路或围界",
            f"only {share:.0%} of the inner border of grid {codes[i]} follows a line",
            float(share),
            polygons[i],
        )
        for i, share in zip(asked.tolist(), near[asked] / length[asked], strict=True)
        if share < LINE_SHARE
    ]
    return offenders(rows, s.grids.crs)
