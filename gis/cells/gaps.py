"""Where do communities that should touch leave ground between them, and along which lines is it shared?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import line_parts, polygon_parts
from gis.cells.shapes import width
from gis.cells.shares import ridges

if TYPE_CHECKING:
    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["gap_cuts", "gaps_between"]

WIDE_GAP_M = 40.0
"""Gaps up to the width of a large street are told, those that are closed apart."""


def gaps_between(polygons: np.ndarray, settings: CellSettings, findings: Findings) -> np.ndarray:
    """Ground up to `snap_m` wide between communities; wider gaps are told and left."""
    union = shapely.union_all(polygons)
    tree = shapely.STRtree(polygons)
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(union) for ring in part.interiors]
    slits = np.array([hole for hole in holes if width(hole) <= settings.snap_m], dtype=object)
    rest = shapely.union_all([union, *slits])

    def between(reach: float, least: float) -> np.ndarray:
        """Ground that closing by `reach` adds between two communities, but for the fillets of corners (short ones)."""
        closed = rest.buffer(reach, quad_segs=4).buffer(-reach, quad_segs=4)
        parts = polygon_parts(shapely.difference(closed, rest))
        parts = parts[shapely.length(parts) > least * reach]
        part, _ = tree.query(parts, predicate="dwithin", distance=settings.grid_m)
        return np.asarray(parts[np.bincount(part, minlength=len(parts)) >= 2])

    narrow = np.concatenate([slits, between(settings.snap_m / 2, 12.0)])
    wide = polygon_parts(shapely.difference(shapely.union_all(between(WIDE_GAP_M / 2, 7.0)), shapely.union_all(narrow)))
    for part in wide[shapely.area(wide) > settings.min_block_m2]:
        findings.add(
            "left_over",
            "gap_left",
            f"{part.area:.0f} m² between communities belong to none ({width(part):.1f} m wide).",
            at=part,
            amount=float(part.area),
            unit="m2",
            remedy="Extend a community over it if it is a fault of drawing.",
        )
    return np.asarray(narrow)


def gap_cuts(gap: shapely.Geometry, tree: shapely.STRtree, settings: CellSettings) -> np.ndarray:
    """Lines along which a gap is shared: down the middle, or across where the neighbour changes.

    Parameters
    ----------
    gap : Polygon
    tree : STRtree
        Of the communities.
    settings : CellSettings
        A gap up to `moved_m` wide goes to one side between two of its corners; a wider one is halved.

    Returns
    -------
    ndarray of LineString
        None where a narrow gap lies between two communities only.
    """
    beside = np.sort(tree.query(gap, predicate="dwithin", distance=settings.grid_m))
    polygons = tree.geometries[beside]
    wide = width(gap)
    if wide > settings.moved_m:
        near = shapely.intersection(shapely.boundary(polygons), gap.buffer(settings.snap_m))
        xy, owner = shapely.get_coordinates(shapely.segmentize(near, min(4.0, wide / 2)), return_index=True)
        middle = line_parts(shapely.intersection(ridges(xy, owner), gap))
        merged = line_parts(shapely.line_merge(shapely.multilinestrings(middle)))
        return np.asarray(shapely.simplify(merged, wide / 8))  # the samples' zigzag
    if len(beside) < 3:
        return np.empty(0, dtype=object)
    corners = shapely.points(np.unique(shapely.get_coordinates(gap), axis=0))
    metres = shapely.distance(corners[:, None], polygons[None, :])
    touching = metres <= settings.grid_m
    out = []
    for corner, far, touch in zip(corners, metres, touching, strict=True):
        if touch.sum() >= 2 and not touch.all():
            across = int(np.argmin(np.where(touch, np.inf, far)))
            out.append(shapely.shortest_line(corner, polygons[across]))
    return np.array([line for line in out if line.length <= settings.snap_m], dtype=object)
