"""Do polygons tile an outline, vertex by vertex?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["tiles_exactly"]


def tiles_exactly(polygons: np.ndarray, outline: Geometry) -> bool:
    """Say whether polygons are a coverage whose union has the vertices of an outline: as unions of its own cells do.

    False says nothing: polygons with other vertices may tile it too.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon
    outline : Geometry

    Examples
    --------
    >>> halves = shapely.box([0, 1], 0, [1, 2], 1)
    >>> tiles_exactly(halves, shapely.coverage_union_all(halves)), tiles_exactly(halves[:1], shapely.box(0, 0, 2, 1))
    (True, False)
    """
    if not len(polygons) or not shapely.coverage_is_valid(polygons):
        return False
    both = shapely.normalize(np.array([shapely.coverage_union_all(polygons), outline], object))
    return bool(shapely.equals_exact(both[0], both[1], tolerance=0.0))
