"""Where exactly does one community end and the next begin, when their files do not quite agree?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import Plane, components, line_parts, node, plane_of, polygon_parts, unite

if TYPE_CHECKING:
    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["mended_polygon", "settle_borders", "width"]

MAX_EDGE_M = 50.0
"""Straight edges are cut to this, so that other reference systems bend them by less than 0.1 mm."""


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
    """Diameter in metres of the largest circle in a polygon, to a tenth: how far a border moves across it."""
    line = shapely.maximum_inscribed_circle(polygon, tolerance=max(0.01, 0.02 * float(np.sqrt(polygon.area))))
    return 2.0 * float(line.length)


@dataclass
class _Ground:
    """Faces of all community outlines and the community each belongs to (-1: none)."""

    plane: Plane
    owner: np.ndarray
    count: np.ndarray


def settle_borders(
    ids: list[str], geometries: np.ndarray, settings: CellSettings, findings: Findings
) -> list[shapely.Geometry | None]:
    """Make communities an exact coverage: no overlap, no sliver of a gap, shared borders vertex by vertex.

    Parameters
    ----------
    ids : list of str
    geometries : ndarray of geometry
        In metres.
    settings : CellSettings
        `snap_m`, `moved_m`, `grid_m`, `min_block_m2`.
    findings : Findings
        Gets every mend: overlaps (they go to the community with which they share the longest border), gaps up to
        `snap_m` wide (closed likewise), wider gaps (left), fragments.

    Returns
    -------
    list of Polygon, MultiPolygon or None
        In the order given; None where nothing polygonal was there.
    """
    mended: list[shapely.Geometry | None] = []
    for code, geometry in zip(ids, geometries, strict=True):
        polygon, changed = mended_polygon(geometry)
        if polygon is None:
            findings.add(
                "error",
                "community_without_area",
                f"Community {code} has no area.",
                code=code,
                remedy="Give it a polygon; it gets no cells until then.",
            )
        elif changed:
            findings.add(
                "mended",
                "community_invalid",
                f"The outline of community {code} crossed itself and was mended.",
                code=code,
                at=polygon,
                amount=abs(polygon.area - geometry.area),
                unit="m2",
            )
        mended.append(None if polygon is None else shapely.segmentize(polygon, MAX_EDGE_M))
    known = np.array([i for i, g in enumerate(mended) if g is not None], dtype=np.int64)
    if len(known) == 0:
        return mended
    polygons = np.array([mended[i] for i in known], dtype=object)
    ground = _ground(polygons, settings.grid_m)
    _resolve(ground, polygons, [ids[i] for i in known], settings, findings)
    _attach_fragments(ground, [ids[i] for i in known], settings, findings)
    out: list[shapely.Geometry | None] = [None] * len(ids)
    for k, i in enumerate(known):
        mine = np.flatnonzero(ground.owner == k)
        if len(mine) == 0:
            findings.add(
                "error",
                "community_covered",
                f"Community {ids[i]} lies wholly under others.",
                code=ids[i],
                at=polygons[k],
                remedy="Correct the overlapping communities.",
            )
            continue
        out[i] = unite(ground.plane.faces[mine], np.zeros(len(mine), np.int64))[0]
    return out


def _ground(polygons: np.ndarray, grid: float) -> _Ground:
    plane = plane_of(node(line_parts(shapely.boundary(polygons)), grid))
    points = shapely.point_on_surface(plane.faces)
    which, face = shapely.STRtree(points).query(polygons, predicate="contains")
    count = np.bincount(face, minlength=len(points))
    owner = np.full(len(points), -1, dtype=np.int64)
    single = count[face] == 1
    owner[face[single]] = which[single]
    return _Ground(plane, owner, count)


def _clusters(plane: Plane, chosen: np.ndarray) -> list[np.ndarray]:
    """Connected groups among the chosen faces."""
    index = np.full(len(chosen), -1, dtype=np.int64)
    faces = np.flatnonzero(chosen)
    index[faces] = np.arange(len(faces))
    inner = plane.sides[plane.sides[:, 0] >= 0]
    pairs = index[inner]
    label = components(len(faces), pairs[(pairs >= 0).all(axis=1)])
    return [faces[label == i] for i in range(int(label.max(initial=-1)) + 1)]


def _longest_neighbour(ground: _Ground, faces: np.ndarray, skip: int = -1) -> int:
    """Community sharing most metres of border with a group of faces; -1 where there is none."""
    plane = ground.plane
    member = np.zeros(len(plane.faces), dtype=bool)
    member[faces] = True
    a, b = plane.sides[:, 0], plane.sides[:, 1]
    crossing = (a >= 0) & (member[a] != member[b])
    other = np.where(member[a], b, a)[crossing]
    owner, metres = ground.owner[other], plane.length[crossing]
    keep = (owner >= 0) & (owner != skip)
    if not keep.any():
        return -1
    total = np.bincount(owner[keep], weights=metres[keep])
    return int(np.argmax(np.round(total, 6)))


def _resolve(ground: _Ground, polygons: np.ndarray, ids: list[str], settings: CellSettings, findings: Findings) -> None:
    small_count, small_area = 0, 0.0
    for kind in ("overlap", "gap"):
        chosen = ground.count > 1 if kind == "overlap" else ground.count == 0
        for faces in _clusters(ground.plane, chosen):
            shape = shapely.coverage_union_all(ground.plane.faces[faces])
            area = float(shape.area)
            wide = max(width(p) for p in polygon_parts(shape))
            if kind == "gap" and wide > settings.snap_m:
                findings.add(
                    "left_over",
                    "gap_left",
                    f"{area:.0f} m² between communities belong to none ({wide:.1f} m wide).",
                    at=shape,
                    amount=area,
                    unit="m2",
                    remedy="Extend a community over it if it is a fault of drawing.",
                )
                continue
            to = _longest_neighbour(ground, faces)
            if to < 0:  # two communities with one outline: the first keeps it
                to = int(shapely.STRtree(polygons).query(shapely.point_on_surface(shape), predicate="within").min())
            ground.owner[faces] = to
            if wide > settings.moved_m:
                findings.add(
                    "mended",
                    "border_moved",
                    f"A border moves by up to {wide:.2f} m: {area:.1f} m² of {kind} go to community {ids[to]}.",
                    at=shape,
                    code=ids[to],
                    amount=wide,
                    unit="m",
                )
            elif area >= settings.overlap_m2:
                findings.add(
                    "mended",
                    f"border_{kind}",
                    f"{area:.1f} m² of {kind} between communities go to {ids[to]}.",
                    at=shape,
                    code=ids[to],
                    amount=area,
                    unit="m2",
                )
            else:
                small_count, small_area = small_count + 1, small_area + area
    if small_count:
        findings.add(
            "mended",
            "border_slivers",
            f"{small_count} slivers under {settings.overlap_m2:g} m² between communities were given to a neighbour.",
            amount=small_area,
            unit="m2",
        )


def _attach_fragments(ground: _Ground, ids: list[str], settings: CellSettings, findings: Findings) -> None:
    """Give crumbs that the mending cut off from their community to the one around them."""
    inner = ground.plane.sides[ground.plane.sides[:, 0] >= 0]
    owners = ground.owner[inner]
    label = components(len(ground.owner), inner[(owners[:, 0] == owners[:, 1]) & (owners[:, 0] >= 0)])
    area = np.bincount(label, weights=shapely.area(ground.plane.faces))
    for k, code in enumerate(ids):
        groups = np.unique(label[ground.owner == k])
        if len(groups) < 2:
            continue
        for group in groups[area[groups] < settings.min_block_m2]:
            if area[group] == area[groups].max():
                continue
            faces = np.flatnonzero(label == group)
            to = _longest_neighbour(ground, faces, skip=k)
            if to < 0:
                continue
            ground.owner[faces] = to
            shape = shapely.coverage_union_all(ground.plane.faces[faces])
            findings.add(
                "mended",
                "community_fragment",
                f"{area[group]:.2f} m² of community {code} lie apart and go to {ids[to]}, which they touch.",
                at=shape,
                code=code,
                amount=float(area[group]),
                unit="m2",
            )
