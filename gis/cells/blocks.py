"""What ground do streets, water, rails, walls and compounds enclose?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import Plane, components, line_parts, node, plane_of, plane_of_faces, unite

if TYPE_CHECKING:
    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["blocks_of", "join_slivers"]


@dataclass
class _Ends:
    """Loose ends of a net of lines: where they are and which line they end."""

    points: np.ndarray
    line: np.ndarray


def blocks_of(
    ground: shapely.Geometry, lines: np.ndarray, settings: CellSettings, findings: Findings, code: str
) -> np.ndarray:
    """Divide the ground of a community into blocks.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
        The community, settled.
    lines : ndarray of LineString
        What may bound a block, from anywhere near.
    settings : CellSettings
    findings : Findings
        Gets rings that do not close and ends that were joined.
    code : str
        The community, for the findings.

    Returns
    -------
    ndarray of Polygon
        They tile the ground; those without a neighbour's reason to be (slivers) have joined another.
    """
    outline = line_parts(shapely.boundary(ground))
    inner = _inner_lines(ground, outline, lines, settings)
    net = node(np.concatenate([outline, inner]), settings.grid_m)
    for _ in range(2):
        bridges = _bridge_gaps(net, settings.close_m)
        if len(bridges) == 0:
            break
        findings.add(
            "mended",
            "line_ends_joined",
            f"{len(bridges)} line ends in community {code} within {settings.close_m:g} m of another line joined to it.",
            code=code,
            amount=float(shapely.length(bridges).sum()),
            unit="m",
        )
        net = node(np.concatenate([net, bridges]), settings.grid_m)
    _tell_unclosed(net, findings, code)
    plane = plane_of(net)
    shapely.prepare(ground)
    inside = shapely.contains(ground, shapely.point_on_surface(plane.faces))
    faces = plane.faces[inside]
    return join_slivers(plane if inside.all() else plane_of_faces(faces), settings)


def _inner_lines(
    ground: shapely.Geometry, outline: np.ndarray, lines: np.ndarray, settings: CellSettings
) -> np.ndarray:
    """Lines within the ground, without what runs along its border."""
    if len(lines) == 0:
        return lines
    shapely.prepare(ground)
    away = shapely.contains_properly(ground, lines)
    kept = lines[away]
    rest = lines[~away]
    if len(rest):
        rest = line_parts(shapely.intersection(rest, ground))
    every = np.concatenate([kept, rest])
    if len(every) == 0:
        return every
    band = shapely.union_all(shapely.buffer(outline, settings.along_m, quad_segs=2))
    shapely.prepare(band)
    touched = shapely.intersects(band, every)
    free = line_parts(shapely.difference(every[touched], band))
    return np.concatenate([every[~touched], free])


def _loose_ends(net: np.ndarray) -> _Ends:
    ends = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(net, 0)),
            shapely.get_coordinates(shapely.get_point(net, -1)),
        ]
    )
    line = np.tile(np.arange(len(net)), 2)
    _, place, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    loose = np.flatnonzero(count[place.ravel()] == 1)
    return _Ends(shapely.points(ends[loose]), line[loose])


def _bridge_gaps(net: np.ndarray, metres: float) -> np.ndarray:
    """Short lines from loose ends to the nearest other line, or to the other end of their own ring."""
    ends = _loose_ends(net)
    if len(ends.points) == 0:
        return ends.points
    tree = shapely.STRtree(net)
    end, line = tree.query(ends.points, predicate="dwithin", distance=metres)
    other = line != ends.line[end]
    end, line = end[other], line[other]
    gap = shapely.distance(ends.points[end], net[line])
    order = np.lexsort((line, gap, end))
    first = np.unique(end[order], return_index=True)[1]
    chosen = order[first]
    out = [shapely.shortest_line(ends.points[end[chosen]], net[line[chosen]])]
    left = np.setdiff1d(np.arange(len(ends.points)), end)
    a, b = shapely.STRtree(ends.points[left]).query(ends.points[left], predicate="dwithin", distance=metres)
    own = (a < b) & (ends.line[left[a]] == ends.line[left[b]])
    out.append(shapely.shortest_line(ends.points[left[a[own]]], ends.points[left[b[own]]]))
    made = np.concatenate(out)
    return made[shapely.length(made) > 0]


def _tell_unclosed(net: np.ndarray, findings: Findings, code: str) -> None:
    ends = _loose_ends(net)
    if len(ends.points) == 0:
        return
    parts = line_parts(shapely.line_merge(shapely.multilinestrings(net[np.unique(ends.line)])))
    first, last = shapely.get_point(parts, 0), shapely.get_point(parts, -1)
    gap, length = shapely.distance(first, last), shapely.length(parts)
    for i in np.flatnonzero((gap > 0) & (length > 6 * gap) & (length > 30)):
        findings.add(
            "left_over",
            "ring_unclosed",
            f"A line of {length[i]:.0f} m in community {code} almost closes ({gap[i]:.1f} m are missing) and bounds no "
            "block.",
            code=code,
            at=last[i],
            amount=float(gap[i]),
            unit="m",
            remedy="Close it if it is a wall or a street round a block.",
        )
    findings.add(
        "note",
        "line_ends_loose",
        f"{len(ends.points)} line ends in community {code} meet nothing; they bound no block.",
        code=code,
        amount=float(len(ends.points)),
    )


def join_slivers(plane: Plane, settings: CellSettings) -> np.ndarray:
    """Join faces too small or too narrow for a block to the neighbour with the longest common border."""
    n = len(plane.faces)
    area, around = shapely.area(plane.faces), shapely.length(plane.faces)
    group = np.arange(n)
    inner = plane.sides[:, 0] >= 0
    for _ in range(8):
        pairs, metres, _ = plane.borders(group)
        size = np.bincount(group, weights=area, minlength=n)
        hidden = inner & (group[plane.sides[:, 0]] == group[plane.sides[:, 1]])
        rim = np.bincount(group, weights=around, minlength=n)
        rim -= 2 * np.bincount(group[plane.sides[hidden, 1]], weights=plane.length[hidden], minlength=n)
        small = (size > 0) & ((size < settings.min_block_m2) | (2 * size < settings.sliver_m * rim))
        target = _best_neighbour(n, pairs, metres, size, small)
        chosen = np.flatnonzero(target >= 0)
        if len(chosen) == 0:
            break
        group = components(n, np.column_stack([chosen, target[chosen]]))[group]
    return unite(plane.faces, np.unique(group, return_inverse=True)[1])


def _best_neighbour(n: int, pairs: np.ndarray, metres: np.ndarray, size: np.ndarray, small: np.ndarray) -> np.ndarray:
    """For each small group the neighbour with the longest border; of two small ones only the smaller moves."""
    a, b = np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
    long = np.round(np.concatenate([metres, metres]), 6)
    usable = small[a] & ((size[b] > size[a]) | ((size[b] == size[a]) & (b < a)))
    a, b, long = a[usable], b[usable], long[usable]
    order = np.lexsort((b, -long, a))
    first = np.unique(a[order], return_index=True)[1]
    target = np.full(n, -1, dtype=np.int64)
    target[a[order][first]] = b[order][first]
    return target
