"""How is a coverage drawn from far away without gaps between neighbours, and each of its borders only once?

For drawing only: nothing here decides where a point lies. Shapes come and go in web Mercator (EPSG:3857).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DRAWING", "EXACT_ZOOM", "ZOOMS", "Lines", "border_lines", "draw_coverage", "label_points", "pixel_m"]

DRAWING = 1
"""Rises (up to 99) with each change of what tiles hold, so that no browser keeps a tile of the old rules."""

EXACT_ZOOM = 24
"""Stands for every zoom at which shapes are drawn as they are."""

ZOOMS = (9, 11, 13, EXACT_ZOOM)
"""Last zoom of each simplification; the first that is not below the zoom asked for is drawn."""

WORLD_M = 40_075_016.685_578_49
SCREEN_PX = 512
PARTS_OF_A_PIXEL = 0.5
SNAP_M = 0.05
GAP_M = 1.0


def pixel_m(zoom: int) -> float:
    """Width of a screen pixel at `zoom`, in metres of web Mercator (tiles of 512 pixels).

    Examples
    --------
    >>> round(pixel_m(13), 2)
    9.55
    """
    return WORLD_M / SCREEN_PX / float(2**zoom)


def draw_coverage(polygons: np.ndarray) -> dict[int, np.ndarray]:
    """Simplify a coverage on its shared edges, once for each of `ZOOMS`.

    Parameters
    ----------
    polygons : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        Neighbours that touch, EPSG:3857. Where they do not fit exactly they are made to (within 5 cm, gaps up to
        1 m wide), since an unmatched edge would be simplified twice and differently.

    Returns
    -------
    dict of int to ndarray, shape (n,)
        Shapes by last zoom; row by row those of `polygons`. Borders lie within half a pixel's area of the true ones,
        and what shared an edge still does.
    """
    fitting = fit(polygons)
    shapes = {EXACT_ZOOM: fitting}
    for zoom in ZOOMS[:-1]:
        tolerance = pixel_m(zoom) * PARTS_OF_A_PIXEL
        simple = shapely.coverage_simplify(fitting, tolerance) if len(fitting) else fitting
        # A polygon that collapsed is kept as it was: it must stay on the map, however small.
        lost = shapely.is_empty(simple) | shapely.is_missing(simple)
        simple[lost] = fitting[lost]
        shapes[zoom] = simple
    return shapes


def fit(polygons: np.ndarray) -> np.ndarray:
    """Make neighbours fit exactly where they do not; a valid coverage is given back as it is."""
    polygons = np.asarray(polygons, dtype=object)
    if len(polygons) < 2 or shapely.coverage_is_valid(polygons):
        return polygons
    cleaned: np.ndarray = shapely.coverage_clean(polygons, snapping_distance=SNAP_M, gap_width=GAP_M)
    lost = shapely.is_empty(cleaned) | shapely.is_missing(cleaned)
    cleaned[lost] = polygons[lost]
    return cleaned


@dataclass(frozen=True)
class Lines:
    """Borders, each drawn once.

    Parameters
    ----------
    rank : ndarray of int, shape (m,)
        0 for the outermost level, rising inwards.
    lines : ndarray of shapely MultiLineString, shape (m,)
    """

    rank: np.ndarray
    lines: np.ndarray


def border_lines(polygons: np.ndarray, ancestors: Sequence[Sequence[int]] | np.ndarray) -> Lines:
    """Give each border of a coverage once, with the highest level it is a border of.

    Parameters
    ----------
    polygons : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        A coverage whose shared edges have the same vertices on both sides.
    ancestors : array of int, shape (n, k)
        For each polygon its division at each level, the outermost first (district, subdistrict, community); what
        lies outside of every polygon differs from all of them.

    Returns
    -------
    Lines
        One multi-line a level that occurs; ``rank`` is the first column of `ancestors` in which both sides differ.

    Examples
    --------
    >>> a, b, c = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)
    >>> drawn = border_lines(np.array([a, b, c]), [[1, 10, 100], [1, 10, 101], [1, 11, 102]])
    >>> dict(zip(drawn.rank.tolist(), shapely.length(drawn.lines).tolist()))
    {0: 8.0, 1: 1.0, 2: 1.0}
    """
    ancestors = np.asarray(ancestors)
    if not len(polygons):
        return Lines(np.empty(0, int), np.empty(0, object))
    ends, owner = _segments(np.asarray(polygons, dtype=object))
    segments, at = np.unique(ends, axis=0, return_inverse=True)
    at = at.ravel()
    first = np.full(len(segments), -1)
    second = np.full(len(segments), -1)
    first[at[::-1]] = owner[::-1]  # the first owner of each segment ...
    second[at] = owner  # ... and the last one
    outer = (first == second) | (first < 0)
    rank = np.where(outer, 0, np.argmax(ancestors[first] != ancestors[second], axis=1))
    drawn = [(int(r), shapely.linestrings(segments[rank == r].reshape(-1, 2, 2))) for r in np.unique(rank)]
    merged = [shapely.line_merge(shapely.multilinestrings(parts)) for _, parts in drawn]
    return Lines(np.array([r for r, _ in drawn]), np.array(merged, dtype=object))


def label_points(polygons: np.ndarray) -> np.ndarray:
    """Give, for each polygon, the middle of the largest circle inside its largest part: where a label has most room."""
    points = np.empty(len(polygons), dtype=object)
    for i, polygon in enumerate(polygons):
        parts = shapely.get_parts(polygon)
        largest = parts[np.argmax(shapely.area(parts))] if len(parts) else polygon
        tolerance = max(np.sqrt(largest.area) / 50, 0.1)
        circle = shapely.maximum_inscribed_circle(largest, tolerance=tolerance)
        points[i] = shapely.get_point(circle, 0)
    return points


def _segments(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every edge of every ring, the lower end first, shape (s, 4), and its polygon's row, shape (s,)."""
    parts, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy, of = shapely.get_coordinates(rings, return_index=True)
    inner = of[1:] == of[:-1]
    a, b = xy[:-1][inner], xy[1:][inner]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a[swap], b[swap] = b[swap], a[swap]
    return np.hstack([a, b]), part_of[ring_of[of[:-1][inner]]]
