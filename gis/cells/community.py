"""How is one community cut into cells?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.assemble import Grouping, group_faces
from gis.cells.blocks import blocks_of, without_empty_strips
from gis.cells.findings import Findings
from gis.cells.holders import Stand, block_of_each, lots_of, points_apart, shared, standing, untouched
from gis.cells.neighbours import link_parts, neighbours, part_at_barriers
from gis.cells.plane import Plane, line_parts, node, plane_of_faces, polygon_parts, unite
from gis.cells.shares import outline_samples, pools_of, share_lines
from gis.graph import Adjacency

if TYPE_CHECKING:
    from gis.cells.features import Lines
    from gis.cells.settings import CellSettings

__all__ = ["Cut", "Job", "cut_community"]

BEYOND_M = 10.0
LOST_M2 = 0.5


@dataclass
class Job:
    """One community and all that stands or runs in it; picklable.

    Parameters
    ----------
    code : str
    ground : Polygon or MultiPolygon
        Settled.
    building : ndarray of int64
        Rows of the district's buildings.
    geometry : ndarray of geometry
        Their ground here, or their point.
    whole : ndarray of geometry
        Their ground here and elsewhere.
    guest, counts : ndarray of bool
        Takes no ground; its load counts here.
    households : ndarray of float64
    compound : ndarray of object
        Compound of each building, or None.
    codes : list of str
        Building ids.
    lines : Lines
    compounds : ndarray of Polygon
    compound_codes : ndarray of object
    settings : CellSettings
    """

    code: str
    ground: shapely.Geometry
    building: np.ndarray
    geometry: np.ndarray
    whole: np.ndarray
    guest: np.ndarray
    counts: np.ndarray
    households: np.ndarray
    compound: np.ndarray
    codes: list[str]
    lines: Lines
    compounds: np.ndarray
    compound_codes: np.ndarray
    settings: CellSettings


@dataclass
class Cut:
    """Cells of one community.

    Parameters
    ----------
    cells : ndarray of Polygon
    block : ndarray of int64
        0..b-1 within the community.
    owner : ndarray of int64
        Row of the district's buildings, -1 for empty ground.
    compound : ndarray of object
    building, cell : ndarray of int64
        Where each building's load counts.
    adjacency : Adjacency
    findings : Findings
    """

    cells: np.ndarray
    block: np.ndarray
    owner: np.ndarray
    compound: np.ndarray
    building: np.ndarray
    cell: np.ndarray
    adjacency: Adjacency
    findings: Findings = field(default_factory=Findings)


def cut_community(job: Job) -> Cut:
    """Cut a community; where its lines forbid it, without them, else into one cell for each of its parts."""
    findings = Findings()
    try:
        return _cut(job, findings)
    except Exception as error:  # noqa: BLE001 - one bad community never stops the others
        findings = Findings()
        findings.add(
            "error",
            "lines_unusable",
            f"Community {job.code} could not be cut along its lines; they are left out "
            f"({type(error).__name__}: {error}).",
            code=job.code,
            at=job.ground,
            remedy="Check streets, rails, water and compounds there for broken geometry.",
        )
    try:
        return _cut(replace(job, lines=job.lines.none()), findings)
    except Exception as error:  # noqa: BLE001
        findings = Findings()
        findings.add(
            "error",
            "community_not_cut",
            f"Community {job.code} could not be cut into cells and is one cell a part "
            f"({type(error).__name__}: {error}).",
            code=job.code,
            at=job.ground,
            remedy="Check its buildings for broken geometry.",
        )
        return _uncut(job, findings)


def _uncut(job: Job, findings: Findings) -> Cut:
    cells = polygon_parts(job.ground)
    n = len(cells)
    nobody = np.full(n, -1, dtype=np.int64)
    rows = np.flatnonzero(job.counts)
    with np.errstate(invalid="ignore"):  # a broken outline may be why we are here
        points = shapely.point_on_surface(job.geometry[rows])
        lost = ~np.isfinite(shapely.get_x(points))
    points[lost] = job.ground.representative_point()
    cell = shapely.STRtree(cells).nearest(points) if len(rows) else np.empty(0, np.int64)
    load = np.bincount(cell, weights=job.households[rows], minlength=n)
    adjacency = link_parts(cells, load, Adjacency.empty(), job.settings, findings, job.code)
    return Cut(cells, np.arange(n), nobody, np.full(n, None), job.building[rows], cell, adjacency, findings)


def _cut(job: Job, findings: Findings) -> Cut:
    settings = job.settings
    takes = np.flatnonzero(~job.guest)
    takes, shape, solid, joined = points_apart(takes, job.geometry[takes])
    blocks = blocks_of(job.ground, job.lines, settings, findings, job.code)
    block_of = block_of_each(shape, solid, blocks.ground)
    blocks, block_of = without_empty_strips(blocks, block_of, settings)
    samples, sample_of = outline_samples(shape, solid, settings.densify_m, settings.narrow_m, settings.fine_m)
    pools = pools_of(blocks, block_of, sample_of, settings)
    cuts, inner = share_lines(blocks.ground, pools, shape[solid], samples, sample_of, settings)
    bare, free = untouched(shape, solid, blocks.ground, cuts, sample_of)
    plane, points = _noded(job, blocks.ground, takes[solid & ~bare], cuts, inner & free)
    lots = lots_of(plane.faces, shape, bare)
    if lots is None:
        bare[:] = False
        plane, points = _noded(job, blocks.ground, takes[solid], cuts, np.zeros(len(cuts), dtype=bool))
    block = _which(blocks.ground, points)
    stand = standing(plane, points, shape, solid & ~bare, lots, settings)
    owner = shared(stand, points, block, pools, samples, sample_of)
    grouping = group_faces(plane, block, blocks.quarter[block], owner, stand.core, len(shape), settings)
    cells = unite(plane.faces, grouping.cell)
    _insist(cells, job)
    cell_of = np.full(len(job.geometry), -1, dtype=np.int64)
    cell_of[takes] = grouping.main
    for i, j in [*((int(takes[a]), int(takes[b])) for a, b in stand.joined), *joined]:
        cell_of[i] = cell_of[j]
    _house_guests(job, cells, cell_of, findings)
    _tell(job, takes, shape, grouping, stand, findings)
    owner_row = np.where(grouping.owner >= 0, job.building[takes][grouping.owner] if len(takes) else -1, -1)
    compound = _compounds(job, takes, grouping, cells)
    counted = np.flatnonzero(job.counts)
    load = np.bincount(cell_of[counted], weights=job.households[counted], minlength=len(cells))
    adjacency = neighbours(plane, grouping.cell, block, compound, job.lines, settings)
    adjacency = part_at_barriers(adjacency, cells, job.lines, settings)
    adjacency = link_parts(cells, load, adjacency, settings, findings, job.code)
    cell_block = _majority(grouping.cell, block, shapely.area(plane.faces), len(cells))
    return Cut(cells, cell_block, owner_row, compound, job.building[counted], cell_of[counted], adjacency, findings)


def _outlines(job: Job, rows: np.ndarray) -> np.ndarray:
    """Outlines of footprints; at the community's border they run on, for noding has moved that by a lattice step."""
    whole = job.whole[rows]
    lines = shapely.boundary(whole)
    over = shapely.area(whole) > shapely.area(job.geometry[rows])
    west, south, east, north = job.ground.bounds
    lines[over] = shapely.clip_by_rect(
        lines[over], west - BEYOND_M, south - BEYOND_M, east + BEYOND_M, north + BEYOND_M
    )
    return line_parts(lines)


def _noded(
    job: Job, blocks: np.ndarray, rows: np.ndarray, cuts: np.ndarray, free: np.ndarray
) -> tuple[Plane, np.ndarray]:
    """Faces of all lines, and their inner points.

    The `free` cuts meet others at their ends only; they are noded only where rounding made two of them cross.
    """
    grid = job.settings.grid_m
    net = node(np.concatenate([line_parts(blocks), _outlines(job, rows), cuts[~free]]), grid)
    loose = shapely.remove_repeated_points(shapely.set_precision(cuts[free], grid, mode="pointwise"))
    faces = polygon_parts(shapely.polygonize(np.concatenate([net, loose[shapely.length(loose) > 0]])))
    points = shapely.point_on_surface(faces)
    shapely.prepare(job.ground)
    inside = shapely.contains(job.ground, points)
    faces, points = faces[inside], points[inside]
    if free.any() and not (shapely.is_valid(faces).all() and _missed(faces, job) <= LOST_M2):
        return _noded(job, blocks, rows, cuts, np.zeros(len(cuts), dtype=bool))
    return plane_of_faces(faces), points


def _which(areas: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Area that contains each point, the nearest where rounding leaves none."""
    out = np.full(len(points), -1, dtype=np.int64)
    area, point = shapely.STRtree(points).query(areas, predicate="contains")
    out[point] = area
    lost = np.flatnonzero(out < 0)
    if len(lost):
        out[lost] = shapely.STRtree(areas).nearest(points[lost])
    return out


def _insist(cells: np.ndarray, job: Job) -> None:
    """Fail loudly unless the cells are polygons that make up the community."""
    if not np.all(shapely.get_type_id(cells) == 3) or not np.all(shapely.is_valid(cells)):
        raise ValueError("a cell is no valid polygon")
    off = _missed(cells, job)
    if off > LOST_M2:
        raise ValueError(f"the cells miss the community's area by {off:.3f} m²")


def _missed(polygons: np.ndarray, job: Job) -> float:
    """Square metres by which areas do not sum to the community's, less what rounding may take from a large one."""
    return abs(float(shapely.area(polygons).sum()) - float(job.ground.area)) - 1e-7 * float(job.ground.area)


def _majority(cell: np.ndarray, block: np.ndarray, area: np.ndarray, n: int) -> np.ndarray:
    """Block with most of each cell's ground."""
    width = int(block.max(initial=0)) + 1
    keys, place = np.unique(cell * width + block, return_inverse=True)
    total = np.bincount(place.ravel(), weights=area)
    order = np.lexsort((keys, -np.round(total, 6), keys // width))
    first = np.unique((keys // width)[order], return_index=True)[1]
    out = np.zeros(n, dtype=np.int64)
    out[(keys // width)[order][first]] = (keys % width)[order][first]
    return out


def _house_guests(job: Job, cells: np.ndarray, cell_of: np.ndarray, findings: Findings) -> None:
    """Give buildings without ground of their own the cell at their place."""
    lost = np.flatnonzero((cell_of < 0) & job.counts)
    if len(lost) == 0:
        return
    points = shapely.point_on_surface(job.geometry[lost])
    cell_of[lost] = shapely.STRtree(cells).nearest(points)
    for i in lost[~job.guest[lost]]:
        findings.add(
            "mended",
            "building_covered",
            f"Building {job.codes[i]} has no ground of its own and counts in the cell at its place.",
            code=job.codes[i],
            at=job.geometry[i],
        )


def _compounds(job: Job, takes: np.ndarray, grouping: Grouping, cells: np.ndarray) -> np.ndarray:
    """Compound of each cell: its building's, else the one whose outline holds its inner point."""
    out = np.full(len(cells), None, dtype=object)
    if len(job.compounds):
        inner, compound = shapely.STRtree(job.compounds).query(shapely.point_on_surface(cells), predicate="within")
        out[inner[::-1]] = job.compound_codes[compound[::-1]]
    owned = np.flatnonzero(grouping.owner >= 0)
    if len(owned):
        named = job.compound[takes[grouping.owner[owned]]]
        known = np.array([c is not None for c in named], dtype=bool)
        out[owned[known]] = named[known]
    return out


def _tell(job: Job, takes: np.ndarray, shape: np.ndarray, grouping: Grouping, stand: Stand, findings: Findings) -> None:
    """Name overlaps, buildings that others cover, and buildings with ground in several cells."""
    host = dict(stand.joined)
    for winner, loser, area in stand.overlaps:
        if area <= job.settings.overlap_m2 or host.get(loser) == winner:
            continue
        findings.add(
            "mended",
            "buildings_overlap",
            f"{area:.1f} m² lie under buildings {job.codes[takes[winner]]} and {job.codes[takes[loser]]}; the ground "
            f"goes to the smaller, {job.codes[takes[winner]]}.",
            code=job.codes[takes[loser]],
            at=shape[winner],
            amount=area,
            unit="m2",
        )
    for b, h in stand.joined:
        findings.add(
            "mended",
            "building_covered",
            f"Building {job.codes[takes[b]]} lies under {job.codes[takes[h]]} and shares its cell.",
            code=job.codes[takes[b]],
            at=shape[b],
        )
    owned = grouping.owner[grouping.owner >= 0]
    for b in np.flatnonzero(np.bincount(owned, minlength=len(shape)) > 1).tolist():
        apart = len(polygon_parts(shape[b])) > 1
        why = "its parts lie apart" if apart else "another building lies across it"
        findings.add(
            "mended",
            "building_in_parts",
            f"Building {job.codes[takes[b]]} has ground in several cells ({why}); its load counts in the largest.",
            code=job.codes[takes[b]],
            at=shape[b],
        )
