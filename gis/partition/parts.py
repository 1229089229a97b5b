"""Which pieces of a community are divided on their own, and what does the search see of each?

A community falls into parts where its cells are not connected (ARCHITECTURE rule 6): a part with at least the minimum
load is divided alone, a smaller one is linked to the nearest cell of another. Within a part every building above the
maximum is a grid by itself; what remains falls into pieces, and a piece that hangs on such a building alone and is
too small for a grid goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.partition.counts import allocate, grid_count
from gis.partition.loads import loads_of
from gis.partition.objective import COMPOUND_CUT, PRICE_OF

if TYPE_CHECKING:
    from gis.graph import Tessellation

__all__ = ["CommunityCells", "CommunityParts", "Piece", "communities_of", "find_parts", "subgraph"]

STREET_BIAS = 0.6
"""How much later a tree uses an edge across a border that costs nothing than one across a border that follows nothing
(random keys span 0..1)."""


@dataclass(frozen=True)
class CommunityCells:
    """The cells of one community as arrays; `cell` holds their row positions in the tessellation."""

    community_id: str
    cell: np.ndarray
    load: np.ndarray
    area: np.ndarray
    outline: np.ndarray
    centre: np.ndarray
    geometry: np.ndarray
    pairs: np.ndarray
    length: np.ndarray
    price: np.ndarray
    bias: np.ndarray
    link: np.ndarray


@dataclass(frozen=True)
class Piece:
    """A connected set of cells to be divided into `k` grids; `cell` indexes the community's arrays.

    Parameters
    ----------
    oversize : bool
        A building above the maximum.
    locked : bool
        A grid that stays as it is.
    """

    cell: np.ndarray
    k: int
    oversize: bool = False
    locked: bool = False


@dataclass
class CommunityParts:
    """How one community is taken apart before the search."""

    pieces: list[Piece] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of cells (row positions in the tessellation) linked by rule 6 here, beyond the tessellation's own."""
    short: list[tuple[int, int]] = field(default_factory=list)
    """(grids by the rule, grids given) where the two differ."""
    swallowed: float = 0.0
    """Load of remainders too small for a grid that went with a building above the maximum."""


def communities_of(tessellation: Tessellation) -> list[CommunityCells]:
    """Split the tessellation's arrays by community, in the order in which the communities first appear."""
    cells = tessellation.cells
    ids = cells["community_id"].to_numpy(object)
    names, code = np.unique(ids.astype(str), return_inverse=True)
    geometry = np.asarray(cells.geometry.values, object)
    load = loads_of(tessellation)
    area = shapely.area(geometry)
    outline = shapely.length(geometry)
    centroid = shapely.centroid(geometry)
    centre = np.column_stack([shapely.get_x(centroid), shapely.get_y(centroid)])
    compound = cells["compound_id"].to_numpy(object) if "compound_id" in cells else np.full(len(cells), None, object)

    adjacency = tessellation.adjacency
    a, b = adjacency.pairs[:, 0], adjacency.pairs[:, 1]
    unit = PRICE_OF[adjacency.follows]
    together = np.array(
        [x is not None and x == y and x != "" for x, y in zip(compound[a], compound[b], strict=True)], bool
    )
    price = adjacency.length * (unit + COMPOUND_CUT * together)
    bias = STREET_BIAS * (1.0 - np.minimum(unit, 1.0)) - STREET_BIAS * together

    by_cell = np.argsort(code, kind="stable")
    cell_stop = np.searchsorted(code[by_cell], np.arange(len(names) + 1))
    by_pair = np.argsort(code[a], kind="stable")
    pair_stop = np.searchsorted(code[a][by_pair], np.arange(len(names) + 1))
    local = np.empty(len(cells), np.int64)
    out = []
    for i, name in enumerate(names):
        mine = by_cell[cell_stop[i] : cell_stop[i + 1]]
        edges = by_pair[pair_stop[i] : pair_stop[i + 1]]
        local[mine] = np.arange(len(mine))
        out.append(
            CommunityCells(
                str(name),
                mine,
                load[mine],
                area[mine],
                outline[mine],
                centre[mine],
                geometry[mine],
                local[adjacency.pairs[edges]],
                adjacency.length[edges],
                price[edges],
                bias[edges],
                adjacency.link[edges],
            )
        )
    return out


def subgraph(community: CommunityCells, cell: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, ...]:
    """Neighbours among `cell` in CSR form.

    Parameters
    ----------
    community : CommunityCells
    cell : ndarray of int
        Cells to keep, positions in the community.
    extra : ndarray of int, shape (q, 2)
        Links beyond the community's own pairs, positions in the community.

    Returns
    -------
    ptr, nbr, length, price, bias : ndarray
        ``nbr[ptr[i]:ptr[i + 1]]`` are the neighbours of ``cell[i]`` as positions in `cell`.
    """
    local = np.full(len(community.cell), -1, np.int64)
    local[cell] = np.arange(len(cell))
    pairs = np.vstack([community.pairs, extra.reshape(-1, 2)]).astype(np.int64)
    none = np.zeros(len(extra))
    values = np.column_stack(
        [
            np.concatenate([community.length, none]),
            np.concatenate([community.price, none]),
            np.concatenate([community.bias, none + STREET_BIAS]),
        ]
    )
    inside = (local[pairs] >= 0).all(axis=1)
    a, b = local[pairs[inside]].T
    values = values[inside]
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    values = np.vstack([values, values])
    order = np.lexsort((target, source))
    ptr = np.searchsorted(source[order], np.arange(len(cell) + 1)).astype(np.int64)
    values = np.ascontiguousarray(values[order].T)
    return ptr, np.ascontiguousarray(target[order]), values[0].copy(), values[1].copy(), values[2].copy()


def _components(n: int, pairs: np.ndarray, keep: np.ndarray | None = None) -> np.ndarray:
    """Component number of each cell, numbered by lowest cell; -1 for cells not kept."""
    if keep is None:
        keep = np.ones(n, bool)
    inside = keep[pairs].all(axis=1) if len(pairs) else np.empty(0, bool)
    a, b = pairs[inside].T if inside.any() else (np.empty(0, int), np.empty(0, int))
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    _, first, number = np.unique(label[keep], return_index=True, return_inverse=True)
    out = np.full(n, -1)
    out[keep] = np.argsort(np.argsort(first))[number]
    return out


def _link_small(community: CommunityCells, label: np.ndarray, minimum: float) -> list[tuple[int, int]]:
    """Links (rule 6) from each part below the minimum load to the nearest cell of another part, least part first."""
    label = label.copy()
    links: list[tuple[int, int]] = []
    while True:
        parts = np.unique(label)
        if len(parts) == 1:
            return links
        loads = [(float(community.load[label == p].sum()), int(p)) for p in parts]
        load, part = min(loads)
        if load >= minimum and load > 0:
            return links
        mine, others = np.flatnonzero(label == part), np.flatnonzero(label != part)
        tree = shapely.STRtree(community.geometry[others])
        (source, target), distance = tree.query_nearest(
            community.geometry[mine], return_distance=True, all_matches=True
        )
        rank = np.lexsort((others[target], mine[source], np.round(distance, 6)))[0]
        a, b = int(mine[source[rank]]), int(others[target[rank]])
        links.append((min(a, b), max(a, b)))
        label[mine] = label[b]


def find_parts(community: CommunityCells, target: float, minimum: float, maximum: float) -> CommunityParts:
    """Take a community apart into pieces, each with its number of grids.

    Parameters
    ----------
    community : CommunityCells
    target, minimum, maximum : float
        Load a grid.

    Returns
    -------
    CommunityParts
        The pieces cover every cell once; each is connected, counting links.
    """
    n = len(community.cell)
    result = CommunityParts()
    label = _components(n, community.pairs)
    local_links = _link_small(community, label, minimum)
    result.links = [(int(community.cell[a]), int(community.cell[b])) for a, b in local_links]
    if community.load.sum() <= 0:  # one grid, parts of it linked
        result.pieces.append(Piece(np.arange(n), 1))
        return result
    extra = np.array(local_links, np.int64).reshape(-1, 2)
    pairs = np.vstack([community.pairs, extra]).astype(np.int64)
    part_of = _components(n, pairs)
    for part in range(part_of.max() + 1):
        _divide_part(community, part_of == part, pairs, (target, minimum, maximum), result)
    return result


def _divide_part(
    community: CommunityCells,
    member: np.ndarray,
    pairs: np.ndarray,
    limits: tuple[float, float, float],
    result: CommunityParts,
) -> None:
    """Append the pieces of one part to `result`."""
    target, minimum, maximum = limits
    load = community.load
    over = member & (load > maximum)
    rest = member & ~over
    own: dict[int, list[int]] = {int(v): [int(v)] for v in np.flatnonzero(over)}
    label = _components(len(load), pairs, rest)
    kept: list[np.ndarray] = []
    # a remainder too small for a grid goes with the building that cuts it off, unless it is all there is
    groups = [np.flatnonzero(label == g) for g in range(label.max() + 1)] if rest.any() else []
    largest = max((float(load[g].sum()) for g in groups), default=0.0)
    for group in groups:
        total = float(load[group].sum())
        alone = total > 0 and (total >= minimum or total == largest)
        if own and not alone:
            _join_nearest_oversize(group, over, own, community, pairs)
            result.swallowed += total
        else:
            kept.append(group)
    result.pieces += [Piece(np.array(sorted(cells)), 1, oversize=True) for cells in own.values()]
    if not kept:
        return
    loads = [float(load[g].sum()) for g in kept]
    loaded = [max(1, int((load[g] > 0).sum())) for g in kept]
    wanted = grid_count(float(load[rest].sum()), sum(loaded), target, minimum, maximum)
    share = allocate(wanted, loads, loaded, target)
    if sum(share) != wanted:
        result.short.append((wanted, sum(share)))
    result.pieces += [Piece(g, k) for g, k in zip(kept, share, strict=True)]


def _join_nearest_oversize(
    group: np.ndarray,
    over: np.ndarray,
    own: dict[int, list[int]],
    community: CommunityCells,
    pairs: np.ndarray,
) -> None:
    """Give a cut-off group of cells to the building above the maximum with which it shares most border."""
    inside = np.zeros(len(over), bool)
    inside[group] = True
    shared: dict[int, float] = {}
    length = np.concatenate([community.length, np.zeros(len(pairs) - len(community.length))])
    for (a, b), metres in zip(pairs, length, strict=True):
        for u, v in ((a, b), (b, a)):
            if inside[u] and over[v]:
                shared[int(v)] = shared.get(int(v), 0.0) + float(metres)
    best = max(shared, key=lambda v: (shared[v], -v))
    own[best] += [int(v) for v in group]
