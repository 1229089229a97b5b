"""How is one community cut into cells?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gis.cells.assemble import Grouping, group_faces
from gis.cells.blocks import Blocks, blocks_of, joined_groups
from gis.cells.findings import Findings
from gis.cells.neighbours import link_parts, neighbours, part_at_barriers
from gis.cells.plane import Plane, line_parts, node, plane_of, plane_of_faces, polygon_parts, unite
from gis.cells.shares import lattice, outline_samples, ridges
from gis.graph import Adjacency

if TYPE_CHECKING:
    from gis.cells.features import Lines
    from gis.cells.settings import CellSettings

__all__ = ["Cut", "Job", "cut_community"]


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
    """Cut a community; where that fails, say so and give it one cell for each of its parts."""
    findings = Findings()
    try:
        return _cut(job, findings)
    except Exception as error:  # noqa: BLE001 - one bad community never stops the others
        findings.add(
            "error",
            "community_not_cut",
            f"Community {job.code} could not be cut into cells ({type(error).__name__}: {error}); it is one cell a part.",
            code=job.code,
            at=job.ground,
            remedy="Check its streets and buildings for broken geometry.",
        )
        return _uncut(job, findings)


def _uncut(job: Job, findings: Findings) -> Cut:
    cells = polygon_parts(job.ground)
    n = len(cells)
    nobody = np.full(n, -1, dtype=np.int64)
    rows = np.flatnonzero(job.counts)
    points = shapely.point_on_surface(job.geometry[rows])
    cell = shapely.STRtree(cells).nearest(points) if len(rows) else np.empty(0, np.int64)
    load = np.bincount(cell, weights=job.households[rows], minlength=n)
    adjacency = link_parts(cells, load, Adjacency.empty(), job.settings, findings, job.code)
    return Cut(cells, np.arange(n), nobody, np.full(n, None), job.building[rows], cell, adjacency, findings)


def _cut(job: Job, findings: Findings) -> Cut:
    settings = job.settings
    takes = np.flatnonzero(~job.guest)
    takes, shape, solid, joined = _points_apart(takes, job.geometry[takes])
    blocks = blocks_of(job.ground, job.lines, settings, findings, job.code)
    block_of = _block_of(shape, solid, blocks.ground)
    blocks, block_of = _without_empty_strips(blocks, block_of, settings)
    samples, sample_of = outline_samples(shape, solid, settings.densify_m, settings.narrow_m, settings.fine_m)
    pools = _pools(blocks, block_of, sample_of, settings)
    cuts = _share_lines(blocks.ground, pools, shape[solid], samples, sample_of, settings)
    plane = _noded(job.ground, blocks.ground, shape[solid], cuts, settings)
    points = shapely.point_on_surface(plane.faces)
    block = _which(blocks.ground, points)
    stand = _standing(plane, points, shape, solid, settings)
    owner = _shared(stand, points, block, pools, samples, sample_of)
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


def _points_apart(
    takes: np.ndarray, shape: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Let points that lie in a footprint, or on another point, join that building's cell."""
    solid = shapely.get_dimensions(shape) == 2
    joined: list[tuple[int, int]] = []
    drop = np.zeros(len(takes), dtype=bool)
    spots = np.flatnonzero(~solid)
    if len(spots):
        hosts = np.flatnonzero(solid)
        point, host = shapely.STRtree(shape[hosts]).query(shape[spots], predicate="intersects")
        order = np.lexsort((hosts[host], shapely.area(shape[hosts[host]]), point))
        point, host = point[order], host[order]
        for k in np.unique(point, return_index=True)[1]:
            drop[spots[point[k]]] = True
            joined.append((int(takes[spots[point[k]]]), int(takes[hosts[host[k]]])))
        free = spots[~drop[spots]]
        keys = np.round(shapely.get_coordinates(shape[free]), 1)
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        for i, g in enumerate(group.ravel()):
            if first[g] != i:
                drop[free[i]] = True
                joined.append((int(takes[free[i]]), int(takes[free[first[g]]])))
    return takes[~drop], shape[~drop], solid[~drop], joined


def _block_of(shape: np.ndarray, solid: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Block with the larger share of each building."""
    out = np.full(len(shape), -1, dtype=np.int64)
    if len(shape) == 0:
        return out
    block, building = shapely.STRtree(shape).query(blocks, predicate="intersects")
    alone = np.bincount(building, minlength=len(shape))[building] == 1
    share = np.where(alone | ~solid[building], 1.0, 0.0)
    cut = np.flatnonzero(~alone & solid[building])
    share[cut] = shapely.area(shapely.intersection(shape[building[cut]], blocks[block[cut]]))
    order = np.lexsort((block, -np.round(share, 6), building))
    first = np.unique(building[order], return_index=True)[1]
    out[building[order][first]] = block[order][first]
    lost = np.flatnonzero(out < 0)
    if len(lost):
        out[lost] = shapely.STRtree(blocks).nearest(shape[lost])
    return out


def _without_empty_strips(blocks: Blocks, block_of: np.ndarray, settings: CellSettings) -> tuple[Blocks, np.ndarray]:
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


def _pools(blocks: Blocks, block_of: np.ndarray, sample_of: np.ndarray, settings: CellSettings) -> list[np.ndarray]:
    """Samples among which the ground of each block is shared: its own buildings', for a strip its quarter's."""
    n = len(blocks.ground)
    of_sample = block_of[sample_of] if len(sample_of) else np.empty(0, np.int64)
    order = np.argsort(of_sample, kind="stable")
    pools = np.split(order, np.searchsorted(of_sample[order], np.arange(1, n)))
    built = np.bincount(block_of, minlength=n) > 0
    narrow = 2 * shapely.area(blocks.ground) < settings.strip_m * shapely.length(blocks.ground)
    for q in np.unique(blocks.quarter[~built & narrow]):
        mine = np.flatnonzero(blocks.quarter == q)
        together = np.sort(np.concatenate([pools[b] for b in mine if built[b]] or [np.empty(0, np.int64)]))
        for b in mine:
            if not built[b] and narrow[b]:
                pools[b] = together
    return pools


def _share_lines(
    blocks: np.ndarray,
    pools: list[np.ndarray],
    footprints: np.ndarray,
    samples: np.ndarray,
    sample_of: np.ndarray,
    settings: CellSettings,
) -> np.ndarray:
    """Ridges between the shares of each block, and the lattice that keeps large blocks under the cap."""
    large = shapely.area(blocks) > settings.max_cell_m2
    out: list[np.ndarray] = []
    of_block: list[np.ndarray] = []
    for b, polygon in enumerate(blocks):
        found = [ridges(samples[pools[b]], sample_of[pools[b]])]
        if large[b]:
            found.append(lattice(polygon, settings.max_cell_m2 / 4))
        for lines in found:
            out.append(lines)
            of_block.append(np.full(len(lines), b))
    lines = np.concatenate([*out, np.empty(0, dtype=object)])
    where = np.concatenate([*of_block, np.empty(0, np.int64)]).astype(np.int64)
    if len(lines) == 0:
        return lines
    hidden = np.zeros(len(lines), dtype=bool)
    if len(footprints):
        hidden[shapely.STRtree(lines).query(footprints, predicate="contains")[1]] = True
    lines, where = lines[~hidden], where[~hidden]
    inside = np.zeros(len(lines), dtype=bool)
    for b in np.unique(where):
        mine = np.flatnonzero(where == b)
        shapely.prepare(blocks[b])
        inside[mine] = shapely.contains(blocks[b], lines[mine])
    clipped = shapely.intersection(lines[~inside], blocks[where[~inside]])
    return np.concatenate([lines[inside], line_parts(clipped)])


def _noded(
    ground: shapely.Geometry, blocks: np.ndarray, footprints: np.ndarray, cuts: np.ndarray, settings: CellSettings
) -> Plane:
    outlines = line_parts(shapely.boundary(footprints)) if len(footprints) else footprints
    net = node(np.concatenate([line_parts(blocks), outlines, cuts]), settings.grid_m)
    plane = plane_of(net)
    shapely.prepare(ground)
    inside = shapely.contains(ground, shapely.point_on_surface(plane.faces))
    return plane if inside.all() else plane_of_faces(plane.faces[inside])


def _which(areas: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Area that contains each point, the nearest where rounding leaves none."""
    out = np.full(len(points), -1, dtype=np.int64)
    area, point = shapely.STRtree(points).query(areas, predicate="contains")
    out[point] = area
    lost = np.flatnonzero(out < 0)
    if len(lost):
        out[lost] = shapely.STRtree(areas).nearest(points[lost])
    return out


@dataclass
class _Stand:
    """What stands on each face.

    Parameters
    ----------
    owner : ndarray of int64, shape (f,)
        The smallest footprint on the face (-1: none), or the point in it.
    core : ndarray of bool, shape (f,)
        Something stands there.
    overlaps : list of (winner, loser, m2)
    joined : list of (building, host)
        Buildings that others cover (nearly) whole.
    """

    owner: np.ndarray
    core: np.ndarray
    overlaps: list[tuple[int, int, float]]
    joined: list[tuple[int, int]]


def _standing(plane: Plane, points: np.ndarray, shape: np.ndarray, solid: np.ndarray, settings: CellSettings) -> _Stand:
    """Find the building on each face; where footprints overlap the smaller one has the ground."""
    n = len(points)
    stand = _Stand(np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=bool), [], [])
    owner, core = stand.owner, stand.core
    rows = np.flatnonzero(solid)
    if len(rows):
        which, face = shapely.STRtree(points).query(shape[rows], predicate="contains")
        which = rows[which]
        size = np.round(shapely.area(shape), 3)
        order = np.lexsort((which, size[which], face))
        which, face = which[order], face[order]
        used, first, rank = np.unique(face, return_index=True, return_inverse=True)
        owner[used], core[used] = which[first], True
        winner = which[first][rank]
        lost = winner != which
        area = shapely.area(plane.faces)
        keys, place = np.unique(np.column_stack([winner[lost], which[lost]]), axis=0, return_inverse=True)
        metres = np.bincount(place.ravel(), weights=area[face[lost]], minlength=len(keys))
        stand.overlaps = [(int(w), int(b), float(m)) for (w, b), m in zip(keys, metres, strict=True)]
        left = np.bincount(owner[core], weights=area[core], minlength=len(shape))
        covered = solid & (left < settings.same_share * shapely.area(shape))
        host = np.arange(len(shape))
        best = np.zeros(len(shape))
        for w, b, m in stand.overlaps:
            if covered[b] and not covered[w] and m > best[b]:
                host[b], best[b] = w, m
        stand.joined = [(int(b), int(host[b])) for b in np.flatnonzero(host != np.arange(len(shape)))]
        owner[core] = host[owner[core]]
    spots = np.flatnonzero(~solid)
    if len(spots):
        spot, face = shapely.STRtree(plane.faces).query(shape[spots], predicate="intersects")
        order = np.lexsort((face, core[face], spot))
        for k in order[np.unique(spot[order], return_index=True)[1]]:
            if not core[face[k]]:
                owner[face[k]], core[face[k]] = spots[spot[k]], True
    return stand


def _shared(
    stand: _Stand,
    points: np.ndarray,
    block: np.ndarray,
    pools: list[np.ndarray],
    samples: np.ndarray,
    sample_of: np.ndarray,
) -> np.ndarray:
    """Give open faces to the building with the nearest sample of those that share the block; -1 where none does."""
    owner = stand.owner.copy()
    free = np.flatnonzero(~stand.core)
    free = free[np.argsort(block[free], kind="stable")]
    xy = shapely.get_coordinates(points)
    for b, mine in zip(*_runs(block[free]), strict=True):
        pool = pools[b]
        if len(pool):
            rows = free[mine]
            owner[rows] = sample_of[pool[cKDTree(samples[pool]).query(xy[rows])[1]]]
    host = np.arange(int(owner.max(initial=-1)) + 1)
    for b, h in stand.joined:
        if b < len(host):
            host[b] = h
    return np.where(owner >= 0, host[owner], -1) if len(host) else owner


def _runs(values: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Distinct values of a sorted array and the places of each."""
    used, start = np.unique(values, return_index=True)
    return used, np.split(np.arange(len(values)), start[1:]) if len(used) else []


def _insist(cells: np.ndarray, job: Job) -> None:
    """Fail loudly unless the cells are polygons that make up the community."""
    if not np.all(shapely.get_type_id(cells) == 3) or not np.all(shapely.is_valid(cells)):
        raise ValueError("a cell is no valid polygon")
    off = abs(float(shapely.area(cells).sum()) - job.ground.area)
    if off > max(0.5, 1e-7 * job.ground.area):
        raise ValueError(f"the cells miss the community's area by {off:.3f} m²")


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


def _tell(
    job: Job, takes: np.ndarray, shape: np.ndarray, grouping: Grouping, stand: _Stand, findings: Findings
) -> None:
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
    for b in np.flatnonzero(np.bincount(owned, minlength=len(shape)) > 1):
        apart = len(polygon_parts(shape[b])) > 1
        why = "its parts lie apart" if apart else "another building lies across it"
        findings.add(
            "mended",
            "building_in_parts",
            f"Building {job.codes[takes[b]]} has ground in several cells ({why}); its load counts in the largest.",
            code=job.codes[takes[b]],
            at=shape[b],
        )
