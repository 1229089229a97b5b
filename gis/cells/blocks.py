"""What ground do streets, water, rails, walls and compounds enclose?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import Plane, components, line_parts, node, plane_of, plane_of_faces, unite

if TYPE_CHECKING:
    from gis.cells.features import Lines
    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["Blocks", "blocks_of", "joined_groups", "without_empty_strips"]

RING_SHARE = 6.0
"""A line this many times longer than the gap between its ends was meant to close."""


@dataclass
class Blocks:
    """Blocks of one community.

    Parameters
    ----------
    ground : ndarray of Polygon, shape (b,)
        They tile the community.
    quarter : ndarray of int64, shape (b,)
        What streets, water, rails and walls alone enclose: blocks of one quarter are parted by compound outlines or
        land cover only.
    """

    ground: np.ndarray
    quarter: np.ndarray


def blocks_of(ground: shapely.Geometry, lines: Lines, settings: CellSettings, findings: Findings, code: str) -> Blocks:
    """Divide the ground of a community into blocks.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
        The community, settled.
    lines : Lines
        What may bound a block, from anywhere near.
    settings : CellSettings
    findings : Findings
        Gets rings that do not close and ends that were joined.
    code : str
        The community, for the findings.

    Returns
    -------
    Blocks
        Slivers have joined their neighbours.
    """
    outline = line_parts(shapely.boundary(ground))
    bounding = lines.bounds
    firm = bounding & ~lines.soft
    net = _closed(outline, _inner_lines(ground, outline, lines.geometry[firm], settings), settings, findings, code)
    plane = _faces(net, ground)
    quarter = np.arange(len(plane.faces))
    soft = _inner_lines(ground, outline, lines.geometry[bounding & ~firm], settings)
    if len(soft):
        quarters = plane.faces
        net = node(np.concatenate([net, soft]), settings.grid_m)
        plane = _faces(net, ground)
        quarter = np.zeros(len(plane.faces), dtype=np.int64)
        which, face = shapely.STRtree(shapely.point_on_surface(plane.faces)).query(quarters, predicate="contains")
        quarter[face] = which
    _tell_unclosed(net, findings, code)
    group = joined_groups(plane, quarter, settings.sliver_m, settings.min_block_m2)
    used, group = np.unique(group, return_inverse=True)
    group = group.ravel()
    area = shapely.area(plane.faces)
    largest = np.zeros(len(used), dtype=np.int64)
    order = np.argsort(area, kind="stable")
    largest[group[order]] = order
    return Blocks(unite(plane.faces, group), quarter[largest])


def _faces(net: np.ndarray, ground: shapely.Geometry) -> Plane:
    plane = plane_of(net)
    shapely.prepare(ground)
    inside = shapely.contains(ground, shapely.point_on_surface(plane.faces))
    return plane if inside.all() else plane_of_faces(plane.faces[inside])


def _inner_lines(
    ground: shapely.Geometry, outline: np.ndarray, lines: np.ndarray, settings: CellSettings
) -> np.ndarray:
    """Lines within the ground, without what runs along its border."""
    if len(lines) == 0:
        return lines
    shapely.prepare(ground)
    away = shapely.contains_properly(ground, lines)
    every = np.concatenate([lines[away], line_parts(shapely.intersection(lines[~away], ground))])
    if len(every) == 0:
        return every
    band = shapely.union_all(shapely.buffer(outline, settings.along_m, quad_segs=2))
    shapely.prepare(band)
    touched = shapely.intersects(band, every)
    return np.concatenate([every[~touched], line_parts(shapely.difference(every[touched], band))])


def _closed(
    outline: np.ndarray, inner: np.ndarray, settings: CellSettings, findings: Findings, code: str
) -> np.ndarray:
    """Noded net in which line ends reach the line they almost reach."""
    net = node(np.concatenate([outline, inner]), settings.grid_m)
    joined, metres = 0, 0.0
    for _ in range(2):
        bridges = _bridge_gaps(net, settings.close_m)
        if len(bridges) == 0:
            break
        length = shapely.length(bridges)
        told = length > settings.along_m * 1.01  # up to there it was cut off as running along the border
        joined, metres = joined + int(told.sum()), metres + float(length[told].sum())
        net = node(np.concatenate([net, bridges]), settings.grid_m)
    if joined:
        findings.add(
            "mended",
            "line_ends_joined",
            f"{joined} line ends in community {code} stopped within {settings.close_m:g} m of another line and were "
            "joined to it.",
            code=code,
            amount=metres,
            unit="m",
        )
    return net


def _loose_ends(net: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points where one line ends alone, and that line."""
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(net, 0)), shapely.get_coordinates(shapely.get_point(net, -1))]
    )
    line = np.tile(np.arange(len(net)), 2)
    _, place, count = np.unique(ends[:, 0] + 1j * ends[:, 1], return_inverse=True, return_counts=True)
    loose = np.flatnonzero(count[place] == 1)
    return shapely.points(ends[loose]), line[loose]


def _bridge_gaps(net: np.ndarray, metres: float) -> np.ndarray:
    """Short lines from loose ends to the nearest other line, or to the other end of their own ring."""
    points, own = _loose_ends(net)
    if len(points) == 0:
        return points
    end, line = shapely.STRtree(net).query(points, predicate="dwithin", distance=metres)
    other = line != own[end]
    end, line = end[other], line[other]
    gap = shapely.distance(points[end], net[line])
    order = np.lexsort((line, np.round(gap, 9), end))
    chosen = order[np.unique(end[order], return_index=True)[1]]
    made = [shapely.shortest_line(points[end[chosen]], net[line[chosen]])]
    left = np.setdiff1d(np.arange(len(points)), end)
    a, b = shapely.STRtree(points[left]).query(points[left], predicate="dwithin", distance=metres)
    ring = (a < b) & (own[left[a]] == own[left[b]])
    made.append(shapely.shortest_line(points[left[a[ring]]], points[left[b[ring]]]))
    lines = np.concatenate(made)
    return np.asarray(lines[shapely.length(lines) > 0])


def _tell_unclosed(net: np.ndarray, findings: Findings, code: str) -> None:
    points, own = _loose_ends(net)
    if len(points) == 0:
        return
    parts = line_parts(shapely.line_merge(shapely.multilinestrings(net[np.unique(own)])))
    last = shapely.get_point(parts, -1)
    gap, length = shapely.distance(shapely.get_point(parts, 0), last), shapely.length(parts)
    for i in np.flatnonzero((gap > 0) & (length > RING_SHARE * gap) & (length > 30)):
        findings.add(
            "left_over",
            "ring_unclosed",
            f"A line of {length[i]:.0f} m in community {code} lacks {gap[i]:.1f} m to close and bounds no block.",
            code=code,
            at=last[i],
            amount=float(gap[i]),
            unit="m",
            remedy="Close it if it is a wall or a street round a block.",
        )
    findings.add(
        "note",
        "line_ends_loose",
        f"{len(points)} line ends in community {code} meet no other line; there they bound no block.",
        code=code,
        amount=float(len(points)),
    )


def joined_groups(
    plane: Plane,
    quarter: np.ndarray,
    narrow: float,
    least: float,
    keep: np.ndarray | None = None,
    *,
    across: bool = True,
) -> np.ndarray:
    """Join faces too small or too narrow to the neighbour with the longest common border.

    Parameters
    ----------
    plane : Plane
    quarter : ndarray of int64, shape (f,)
        A border inside a quarter counts four times a border along a street.
    narrow : float
        Mean width in metres below which a face joins.
    least : float
        Area in square metres below which it does.
    keep : ndarray of bool, shape (f,), optional
        These stay.
    across : bool
        Join across streets too, where there is nothing else.

    Returns
    -------
    ndarray of int64, shape (f,)
        Group of each face, not necessarily consecutive.
    """
    n = len(plane.faces)
    area, around = shapely.area(plane.faces), shapely.length(plane.faces)
    fixed = np.zeros(n, dtype=bool) if keep is None else keep
    group = np.arange(n)
    inner = plane.sides[:, 0] >= 0
    within = inner & (quarter[plane.sides[:, 0]] == quarter[plane.sides[:, 1]])
    weight = np.where(within, 4.0, 1.0 if across else 0.0) * plane.length
    for _ in range(8):
        pairs, _, pair = plane.borders(group)
        crossing = pair >= 0
        worth = np.bincount(pair[crossing], weights=weight[crossing], minlength=len(pairs))
        size = np.bincount(group, weights=area, minlength=n)
        hidden = inner & (group[plane.sides[:, 0]] == group[plane.sides[:, 1]])
        rim = np.bincount(group, weights=around, minlength=n)
        rim -= 2 * np.bincount(group[plane.sides[hidden, 1]], weights=plane.length[hidden], minlength=n)
        held = np.bincount(group, weights=fixed, minlength=n) > 0
        small = (size > 0) & ~held & ((size < least) | (2 * size < narrow * rim))
        target = _best_neighbour(n, pairs, worth, size, small)
        chosen = np.flatnonzero(target >= 0)
        if len(chosen) == 0:
            break
        group = components(n, np.column_stack([chosen, target[chosen]]))[group]
    return group


def _best_neighbour(n: int, pairs: np.ndarray, worth: np.ndarray, size: np.ndarray, small: np.ndarray) -> np.ndarray:
    """For each small group the neighbour most worth joining; of two small ones only the smaller moves."""
    a, b = np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
    worth = np.round(np.concatenate([worth, worth]), 6)
    larger = (size[b] > size[a]) | ((size[b] == size[a]) & (b < a)) | ~small[b]
    usable = small[a] & larger & (worth > 0)
    a, b, worth = a[usable], b[usable], worth[usable]
    order = np.lexsort((b, -worth, a))
    first = np.unique(a[order], return_index=True)[1]
    target = np.full(n, -1, dtype=np.int64)
    target[a[order][first]] = b[order][first]
    return target


def without_empty_strips(blocks: Blocks, block_of: np.ndarray, settings: CellSettings) -> tuple[Blocks, np.ndarray]:
    """Join narrow empty ground between land cover and streets to its neighbour, where no building could share it."""
    n = len(blocks.ground)
    built = np.bincount(block_of, minlength=n) > 0
    lived_in = np.isin(blocks.quarter, blocks.quarter[built])
    alone = np.bincount(blocks.quarter, minlength=int(blocks.quarter.max(initial=0)) + 1)[blocks.quarter] == 1
    if (built | lived_in | alone).all():
        return blocks, block_of
    plane = plane_of_faces(blocks.ground)
    group = joined_groups(
        plane, blocks.quarter, settings.strip_m, settings.min_block_m2, keep=built | lived_in | alone, across=False
    )
    used, group = np.unique(group, return_inverse=True)
    quarter = np.zeros(len(used), dtype=np.int64)
    quarter[group.ravel()] = blocks.quarter
    return Blocks(unite(plane.faces, group.ravel()), quarter), group.ravel()[block_of]
