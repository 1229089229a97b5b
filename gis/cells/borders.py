"""Where exactly does one community end and the next begin, when their files do not quite agree?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.gaps import gap_cuts, gaps_between
from gis.cells.plane import Plane, components, line_parts, node, plane_of, polygon_parts, unite
from gis.cells.shapes import mended_polygon, width

if TYPE_CHECKING:
    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["MAX_EDGE_M", "settle_borders"]

MAX_EDGE_M = 50.0
"""Straight edges are cut to this, so that other reference systems bend them by less than 0.1 mm."""

STEP_M = 4.0
"""A border's displacement is measured at its vertices and every so many metres."""

PLACE_M = 20.0
"""Points of a border nearer to each other are one place."""


@dataclass
class _Ground:
    """Faces of all community outlines.

    Parameters
    ----------
    plane : Plane
    owner : ndarray of int64
        Community of each face, -1 where none or several claim it.
    claims : dict
        Faces that several communities claim -> these communities.
    count : ndarray of int64
        How many claim it.
    """

    plane: Plane
    owner: np.ndarray
    claims: dict[int, tuple[int, ...]]
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
        `snap_m` wide (closed likewise, down the middle where they are wide or between more than two), wider gaps
        (left), fragments.

    Returns
    -------
    list of Polygon, MultiPolygon or None
        In the order given; None where nothing polygonal was there.
    """
    mended = [_community(code, geometry, findings) for code, geometry in zip(ids, geometries, strict=True)]
    known = [i for i, g in enumerate(mended) if g is not None]
    if not known:
        return mended
    polygons = np.array([None, *(mended[i] for i in known)], dtype=object)[1:]
    names = [ids[i] for i in known]
    gaps = gaps_between(polygons, settings, findings)
    ground = _ground(polygons, gaps, settings)
    if len(gaps):
        _fill(ground, gaps, polygons, names, settings, findings)
    _share_overlaps(ground, names, settings, findings)
    _attach_fragments(ground, names, settings, findings)
    out: list[shapely.Geometry | None] = [None] * len(ids)
    for k, i in enumerate(known):
        mine = np.flatnonzero(ground.owner == k)
        if len(mine):
            out[i] = unite(ground.plane.faces[mine], np.zeros(len(mine), np.int64))[0]
            _tell_moves(ids[i], polygons[k], out[i], settings, findings)
            continue
        findings.add(
            "error",
            "community_covered",
            f"Community {ids[i]} lies wholly under others.",
            code=ids[i],
            at=polygons[k],
            remedy="Correct the overlapping communities.",
        )
    return out


def _community(code: str, geometry: shapely.Geometry | None, findings: Findings) -> shapely.Geometry | None:
    polygon, changed = mended_polygon(geometry)
    if polygon is None:
        findings.add(
            "error",
            "community_without_area",
            f"Community {code} has no area.",
            code=code,
            remedy="Give it a polygon; it gets no cells until then.",
        )
        return None
    if changed:
        findings.add(
            "mended",
            "community_invalid",
            f"The outline of community {code} crossed itself and was mended.",
            code=code,
            at=polygon,
        )
    return shapely.segmentize(polygon, MAX_EDGE_M)


def _ground(polygons: np.ndarray, gaps: np.ndarray, settings: CellSettings) -> _Ground:
    lines = [line_parts(shapely.boundary(polygons)), line_parts(shapely.boundary(gaps))]
    tree = shapely.STRtree(polygons)
    lines += [gap_cuts(gap, tree, settings) for gap in gaps]
    plane = plane_of(node(np.concatenate(lines), settings.grid_m))
    points = shapely.point_on_surface(plane.faces)
    which, face = shapely.STRtree(points).query(polygons, predicate="contains")
    count = np.bincount(face, minlength=len(points))
    owners = np.full(len(points), -1, dtype=np.int64)
    single = count[face] == 1
    owners[face[single]] = which[single]
    claims: dict[int, tuple[int, ...]] = {}
    for f, k in sorted(zip(face[~single].tolist(), which[~single].tolist(), strict=True)):
        claims[f] = (*claims.get(f, ()), k)
    return _Ground(plane, owners, claims, count)


def _fill(
    ground: _Ground, gaps: np.ndarray, polygons: np.ndarray, ids: list[str], settings: CellSettings, findings: Findings
) -> None:
    """Give gaps to the communities beside them."""
    points = shapely.point_on_surface(ground.plane.faces)
    gap, face = shapely.STRtree(points).query(gaps, predicate="contains")
    open_ = ground.count[face] == 0
    gap, face = gap[open_], face[open_]
    tree = shapely.STRtree(polygons)
    crumbs = _Crumbs("gap")
    for g in range(len(gaps)):
        faces = face[gap == g]
        if len(faces) == 0:
            continue
        wide, area = width(gaps[g]), float(gaps[g].area)
        if wide > settings.moved_m:
            ground.owner[faces] = tree.nearest(points[faces])
            wide /= 2
        else:
            ground.owner[faces] = [_longest_neighbour(ground, faces[i : i + 1]) for i in range(len(faces))]
            for f in faces[ground.owner[faces] < 0]:
                ground.owner[f] = int(tree.nearest(points[f]))
        taken = [ids[k] for k in np.unique(ground.owner[faces])]
        crumbs.tell(gaps[g], area, wide, taken, settings, findings)
    crumbs.close(settings, findings)


@dataclass
class _Crumbs:
    """Counts mends too small to list one by one."""

    kind: str
    count: int = 0
    area: float = 0.0

    def tell(
        self,
        shape: shapely.Geometry,
        area: float,
        moved: float,
        taken: list[str],
        settings: CellSettings,
        findings: Findings,
    ) -> None:
        to = " and ".join(taken)
        if moved > settings.moved_m:
            findings.add(
                "mended",
                "border_moved",
                f"A border moves by up to {moved:.2f} m: {area:.1f} m² of {self.kind} go to {to}.",
                at=shape,
                code=taken[0],
                amount=moved,
                unit="m",
            )
        elif area >= settings.overlap_m2:
            findings.add(
                "mended",
                f"border_{self.kind}",
                f"{area:.1f} m² of {self.kind} between communities go to {to}; the border moves by {moved:.2f} m.",
                at=shape,
                code=taken[0],
                amount=area,
                unit="m2",
            )
        else:
            self.count += 1
            self.area += area

    def close(self, settings: CellSettings, findings: Findings) -> None:
        if self.count:
            findings.add(
                "mended",
                f"border_{self.kind}_slivers",
                f"{self.count} slivers of {self.kind} under {settings.overlap_m2:g} m² between communities were given "
                "to a neighbour.",
                amount=self.area,
                unit="m2",
            )


def _clusters(plane: Plane, keys: dict[int, tuple[int, ...]]) -> list[np.ndarray]:
    """Connected groups of faces with equal keys, the largest first."""
    faces = np.array(sorted(keys), dtype=np.int64)
    index = np.full(len(plane.faces), -1, dtype=np.int64)
    index[faces] = np.arange(len(faces))
    inner = plane.sides[plane.sides[:, 0] >= 0]
    pairs = inner[(index[inner] >= 0).all(axis=1)]
    same = np.array([keys[int(a)] == keys[int(b)] for a, b in pairs], dtype=bool)
    label = components(len(faces), index[pairs[same]])
    groups = [faces[label == i] for i in range(int(label.max(initial=-1)) + 1)]
    return sorted(groups, key=lambda g: (-round(float(shapely.area(plane.faces[g]).sum()), 6), int(g[0])))


def _longest_neighbour(ground: _Ground, faces: np.ndarray, among: tuple[int, ...] | None = None) -> int:
    """Community sharing most metres of border with a group of faces; -1 where there is none."""
    plane = ground.plane
    member = np.zeros(len(plane.faces), dtype=bool)
    member[faces] = True
    a, b = plane.sides[:, 0], plane.sides[:, 1]
    crossing = (a >= 0) & (member[a] != member[b])
    owner = ground.owner[np.where(member[a], b, a)[crossing]]
    keep = owner >= 0 if among is None else np.isin(owner, among)
    if not keep.any():
        return -1 if among is None else among[0]
    total = np.bincount(owner[keep], weights=plane.length[crossing][keep])
    return int(np.argmax(np.round(total, 6)))


def _share_overlaps(ground: _Ground, ids: list[str], settings: CellSettings, findings: Findings) -> None:
    """Give ground that several communities claim to one of them."""
    crumbs = _Crumbs("overlap")
    for faces in _clusters(ground.plane, ground.claims):
        among = ground.claims[int(faces[0])]
        to = _longest_neighbour(ground, faces, among)
        ground.owner[faces] = to
        shape = shapely.coverage_union_all(ground.plane.faces[faces])
        wide = max(width(p) for p in polygon_parts(shape))
        crumbs.tell(shape, float(shape.area), wide, [ids[to]], settings, findings)
    crumbs.close(settings, findings)


def _attach_fragments(ground: _Ground, ids: list[str], settings: CellSettings, findings: Findings) -> None:
    """Give crumbs that the mending cut off from their community to the one around them."""
    inner = ground.plane.sides[ground.plane.sides[:, 0] >= 0]
    owners = ground.owner[inner]
    label = components(len(ground.owner), inner[(owners[:, 0] == owners[:, 1]) & (owners[:, 0] >= 0)])
    area = np.bincount(label, weights=shapely.area(ground.plane.faces))
    everyone = set(range(len(ids)))
    for k, code in enumerate(ids):
        groups = np.unique(label[ground.owner == k])
        for group in groups[area[groups] < min(settings.min_block_m2, float(area[groups].max(initial=0.0)))]:
            faces = np.flatnonzero(label == group)
            others = tuple(sorted(everyone - {k}))
            to = _longest_neighbour(ground, faces, others) if others else -1
            shape = shapely.coverage_union_all(ground.plane.faces[faces])
            if to < 0 or not _touches(ground, faces, to):
                continue
            ground.owner[faces] = to
            findings.add(
                "mended",
                "community_fragment",
                f"{area[group]:.2f} m² of community {code} lie apart and go to {ids[to]}, which they touch.",
                at=shape,
                code=code,
                amount=float(area[group]),
                unit="m2",
            )


def _tell_moves(
    code: str, before: shapely.Geometry, after: shapely.Geometry, settings: CellSettings, findings: Findings
) -> None:
    """List places where a border lies further from its old line than `moved_m`, unless told already."""
    old, new = before.boundary, after.boundary
    away = []
    for line, other in ((old, new), (new, old)):
        at = shapely.points(shapely.get_coordinates(shapely.segmentize(line, STEP_M)))
        shapely.prepare(other)
        away.append(at[~shapely.dwithin(other, at, settings.moved_m)])
    points = np.concatenate(away)
    if len(points) == 0:
        return
    told = [shapely.Point(f.x, f.y) for f in findings.items if f.rule == "border_moved" and f.x is not None]
    for place in polygon_parts(shapely.union_all(shapely.buffer(points, PLACE_M))):
        if any(place.intersects(point) for point in told):
            continue
        here = shapely.intersects(place, points)
        metres = float(np.maximum(shapely.distance(points[here], new), shapely.distance(points[here], old)).max())
        findings.add(
            "mended",
            "border_moved",
            f"The border of community {code} moves by up to {metres:.2f} m here.",
            at=place,
            code=code,
            amount=metres,
            unit="m",
        )


def _touches(ground: _Ground, faces: np.ndarray, community: int) -> bool:
    sides = ground.plane.sides[ground.plane.sides[:, 0] >= 0]
    member = np.isin(sides, faces)
    return bool((member[:, ::-1] & (ground.owner[sides] == community)).any())
