"""What is the valid ground of a shape, and how wide is it?"""

from __future__ import annotations

import shapely

from gis.cells.plane import polygon_parts

__all__ = ["mended_polygon", "width"]

MAX_SLENDER = 10_000.0


def mended_polygon(geometry: shapely.Geometry | None) -> tuple[shapely.Geometry | None, bool]:
    """Give the valid polygonal part of a geometry in 2D (None where there is none), and whether it was mended."""
    if geometry is None or geometry.is_empty:
        return None, False
    flat = shapely.force_2d(geometry)
    mended = not flat.is_valid
    if mended:
        flat = shapely.make_valid(flat, method="structure", keep_collapsed=False)
    parts = polygon_parts(flat)
    if len(parts) == 0:
        return None, mended
    return (parts[0] if len(parts) == 1 else shapely.multipolygons(parts)), mended


def width(polygon: shapely.Geometry) -> float:
    """Diameter in metres of the largest circle in a polygon, to a twentieth: how far a border moves across it.

    Of a net of strips (thousands of times as long as wide), where no circle can be searched for, the mean width and
    a quarter.
    """
    mean = 2.0 * float(polygon.area) / float(polygon.length)
    if polygon.length > MAX_SLENDER * mean:
        return 1.25 * mean
    line = shapely.maximum_inscribed_circle(polygon, tolerance=max(0.001, 0.025 * mean))
    return 2.0 * float(line.length)
