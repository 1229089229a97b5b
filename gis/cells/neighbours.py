"""Who touches whom, for how many metres, and what does the border between them follow?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.features import STRENGTH
from gis.cells.plane import components, plane_of_faces
from gis.graph import BARRIER_KINDS, FOLLOWS, STREET_CLASSES, Adjacency, follows_code

if TYPE_CHECKING:
    from gis.cells.features import Lines
    from gis.cells.findings import Findings
    from gis.cells.plane import Plane
    from gis.cells.settings import CellSettings

__all__ = ["link_parts", "neighbours", "neighbours_across", "part_at_barriers"]

RANK = np.argsort(STRENGTH)
"""Strength of each code of `FOLLOWS`."""


def neighbours(
    plane: Plane, cell: np.ndarray, block: np.ndarray, compound: np.ndarray, lines: Lines, settings: CellSettings
) -> Adjacency:
    """Pairs of cells with enough of a common border.

    Parameters
    ----------
    plane : Plane
    cell, block : ndarray of int64, shape (f,)
        Of each face.
    compound : ndarray of object, shape (n,)
        Compound of each cell or None: a border between two compounds is one even without an outline.
    lines : Lines
        All that a border may follow.
    settings : CellSettings
        `min_border_m`, `follow_m`.
    """
    pairs, metres, pair = plane.borders(cell)
    keep = metres >= settings.min_border_m
    if not keep.any():
        return Adjacency.empty()
    edges = np.flatnonzero((pair >= 0) & keep[np.maximum(pair, 0)])
    count = np.maximum(1, np.ceil(plane.length[edges] / settings.follow_m)).astype(np.int64)
    edge = np.repeat(edges, count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = ((step + 0.5) / np.repeat(count, count))[:, None]
    xy = plane.edges[edge, :2] * (1 - share) + plane.edges[edge, 2:] * share
    rank = np.where(block[plane.sides[edge, 0]] != block[plane.sides[edge, 1]], RANK[FOLLOWS.index("block")], 0)
    rank = np.maximum(rank, _along(xy, lines, settings.follow_m))
    long = plane.length[edge] / np.repeat(count, count)
    table = np.bincount(pair[edge] * len(FOLLOWS) + rank, weights=long, minlength=len(pairs) * len(FOLLOWS))
    table = table.reshape(len(pairs), len(FOLLOWS))
    above = np.cumsum(table[:, ::-1], axis=1)[:, ::-1]
    level = (above >= 0.5 * above[:, :1]).sum(axis=1) - 1
    follows = STRENGTH[level].astype(np.int8)
    a, b = compound[pairs[:, 0]], compound[pairs[:, 1]]
    follows[(level <= RANK[FOLLOWS.index("block")]) & (a != b)] = FOLLOWS.index("compound")
    return Adjacency(pairs[keep].astype(np.int32), metres[keep], follows[keep], np.zeros(int(keep.sum()), dtype=bool))


def _along(xy: np.ndarray, lines: Lines, metres: float) -> np.ndarray:
    """Strength of the strongest line within some metres of each point."""
    from gis.cells.nearness import strongest_near  # noqa: PLC0415 - numba takes half a second, needed only here

    at, line = shapely.get_coordinates(lines.geometry, return_index=True)
    legs = np.flatnonzero(line[:-1] == line[1:])
    return strongest_near(
        xy,
        np.zeros(len(xy), dtype=np.int64),
        np.hstack([at[legs], at[legs + 1]]),
        np.ones(len(legs), dtype=np.int64),
        RANK[lines.follows[line[legs]]],
        metres,
    )


def neighbours_across(
    cells: np.ndarray, community: np.ndarray, compound: np.ndarray, lines: Lines, settings: CellSettings
) -> Adjacency:
    """Pairs of cells of different communities with enough of a common border.

    Parameters
    ----------
    cells : ndarray of Polygon, shape (n,)
        Of several communities, edge-matched across their borders too, as `gis.cells.tessellate` makes them.
    community, compound : ndarray of object, shape (n,)
    lines, settings
        As of `neighbours`.
    """
    code = np.unique(community.astype(str), return_inverse=True)[1]
    sides = plane_of_faces(cells).sides
    rim = np.unique(sides[(sides[:, 0] >= 0) & (code[sides[:, 0]] != code[sides[:, 1]])])
    if not len(rim):
        return Adjacency.empty()
    near = neighbours(plane_of_faces(cells[rim]), np.arange(len(rim)), code[rim], compound[rim], lines, settings)
    pairs = rim[near.pairs]
    apart = code[pairs[:, 0]] != code[pairs[:, 1]]
    return Adjacency(pairs[apart].astype(np.int32), near.length[apart], near.follows[apart], near.link[apart])


def part_at_barriers(adjacency: Adjacency, cells: np.ndarray, lines: Lines, settings: CellSettings) -> Adjacency:
    """Take away pairs over a hard barrier, but for bridges, which link the cells they join.

    Parameters
    ----------
    adjacency : Adjacency
    cells : ndarray of Polygon
    lines : Lines
    settings : CellSettings
        `hard_barriers`: kinds over which cells are no neighbours.
    """
    hard = [name for name in STREET_CLASSES if "street" in settings.hard_barriers]
    hard += [kind for kind in BARRIER_KINDS if kind in settings.hard_barriers and kind != "street"]
    over = np.isin(adjacency.follows, [follows_code(name) for name in hard])
    if not hard:
        return adjacency
    bridged = _bridged(cells, lines.geometry[lines.bridge])
    known = {(int(i), int(j)): k for k, (i, j) in enumerate(adjacency.pairs)}
    link = adjacency.link.copy()
    new = []
    for pair in sorted(bridged):
        if pair not in known:
            new.append(pair)
        elif over[known[pair]]:
            link[known[pair]] = True
    keep = ~over | link
    made = np.array(new, dtype=np.int32).reshape(-1, 2)
    return Adjacency(
        np.concatenate([adjacency.pairs[keep], made]),
        np.concatenate([adjacency.length[keep], np.zeros(len(made))]),
        np.concatenate([adjacency.follows[keep], np.zeros(len(made), np.int8)]),
        np.concatenate([link[keep], np.ones(len(made), bool)]),
    )


def _bridged(cells: np.ndarray, bridges: np.ndarray) -> set[tuple[int, int]]:
    """Cells at the two ends of each bridge."""
    if len(bridges) == 0:
        return set()
    tree = shapely.STRtree(cells)
    ends = []
    for point in (shapely.get_point(bridges, 0), shapely.get_point(bridges, -1)):
        cell = np.full(len(bridges), -1, dtype=np.int64)
        row, found = tree.query(point, predicate="intersects")
        cell[row[::-1]] = found[::-1]
        ends.append(cell)
    return {(int(min(a, b)), int(max(a, b))) for a, b in zip(*ends, strict=True) if a >= 0 and b >= 0 and a != b}


def link_parts(
    cells: np.ndarray,
    households: np.ndarray,
    adjacency: Adjacency,
    settings: CellSettings,
    findings: Findings,
    code: str,
) -> Adjacency:
    """Link parts of a community with too few households to the nearest cell of another part (rule 6)."""
    n = len(cells)
    part = components(n, adjacency.pairs)
    links: list[tuple[int, int]] = []
    while part.max(initial=0) > 0:
        load = np.bincount(part, weights=households)
        area = np.bincount(part, weights=shapely.area(cells))
        order = np.lexsort((np.arange(len(load)), area, load))
        small = int(order[0])
        if load[small] >= settings.minimum_load:
            break
        mine, others = np.flatnonzero(part == small), np.flatnonzero(part != small)
        a, b, metres = _nearest(cells, mine, others)
        links.append((min(a, b), max(a, b)))
        findings.add(
            "note",
            "part_linked",
            f"A part of community {code} with {load[small]:g} households lies apart; it is linked over {metres:.0f} m "
            "to the rest.",
            code=code,
            at=cells[a],
            amount=metres,
            unit="m",
        )
        part[mine] = part[b]
        part = np.unique(part, return_inverse=True)[1]
    if part.max(initial=0) > 0:
        findings.add(
            "note",
            "community_in_parts",
            f"Community {code} lies in {int(part.max()) + 1} parts that are divided each on its own.",
            code=code,
            amount=float(part.max() + 1),
        )
    if not links:
        return adjacency
    new = np.array(links, dtype=np.int32)
    known = {(int(i), int(j)) for i, j in adjacency.pairs}
    new = new[[(int(i), int(j)) not in known for i, j in new]]
    return Adjacency(
        np.concatenate([adjacency.pairs, new]),
        np.concatenate([adjacency.length, np.zeros(len(new))]),
        np.concatenate([adjacency.follows, np.zeros(len(new), np.int8)]),
        np.concatenate([adjacency.link, np.ones(len(new), bool)]),
    )


def _nearest(cells: np.ndarray, mine: np.ndarray, others: np.ndarray) -> tuple[int, int, float]:
    """Nearest pair of cells of two groups: of equals the lowest rows."""
    near, metres = shapely.STRtree(cells[others]).query_nearest(cells[mine], return_distance=True)
    order = np.lexsort((others[near[1]], mine[near[0]], np.round(metres, 6)))
    k = order[0]
    return int(mine[near[0][k]]), int(others[near[1][k]]), float(metres[k])
