"""How much of the borders between grids runs along lines that can be seen on the ground?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["along_lines", "share_along"]

OUTER_M = 0.05
"""Border this near to that of the division is not an inner one."""


def along_lines(
    polygons: np.ndarray,
    community: np.ndarray,
    outlines: Mapping[str, shapely.Geometry],
    lines: np.ndarray,
    distance: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure each grid's inner border, and how much of it lies within a distance of lines.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon, shape (n,)
        Grids; valid, metres.
    community : ndarray of str, shape (n,)
        Of each grid.
    outlines : mapping of str to Polygon or MultiPolygon
        The communities: their outline is no inner border.
    lines : ndarray of Geometry
        Lines, or areas whose outline counts; metres.
    distance : float
        Metres.

    Returns
    -------
    length, near : ndarray of float64, shape (n,)
        Metres. A border between two grids counts in both.
    """
    inner = shapely.boundary(polygons)
    for name in sorted(set(community) & set(outlines)):  # each has its own outline to leave out
        mine = np.flatnonzero(community == name)
        inner[mine] = shapely.difference(inner[mine], _zones(inner[mine], np.array([outlines[name]]), OUTER_M))
    near = shapely.length(shapely.intersection(inner, _zones(inner, lines, distance)))
    return shapely.length(inner), near


def share_along(
    polygons: np.ndarray,
    community: np.ndarray,
    outlines: Mapping[str, shapely.Geometry],
    lines: np.ndarray,
    distance: float,
) -> float:
    """Give the share of a plan's whole inner border within a distance of lines; NaN without one.

    Parameters are those of `along_lines`.
    """
    length, near = along_lines(polygons, community, outlines, lines, distance)
    return float(near.sum() / length.sum()) if length.sum() > 0 else float("nan")


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
