"""Why is each grid of a plan off target? Proofs are looked for, cell by cell and piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.measures.measure import TOLERANCE, on_target
from gis.partition.barriers import parted
from gis.partition.loads import loads_of
from gis.partition.proofs import (
    SLACK,
    CommunityTotal,
    Explanation,
    NoSetAround,
    OversizeBuilding,
    Reason,
    least_missing,
)
from gis.partition.sets_around import NONE, loaded_neighbours, search_around
from gis.partition.units import units_of

if TYPE_CHECKING:
    from gis.graph import Tessellation
    from gis.partition.plan import Plan

__all__ = ["CAP", "explain"]

CAP = 100_000
"""Decisions of one search around a cell, at most."""


@dataclass(frozen=True)
class _Ground:
    """A plan as arrays: load and grid of each atom, load of each grid, and who touches whom.

    An atom is a cell, or the cells of a unit that is kept whole, whose name it has.
    """

    cell: np.ndarray
    """Row position of each atom's first cell."""
    name: np.ndarray
    community: np.ndarray
    load: np.ndarray
    of: np.ndarray
    grid_load: np.ndarray
    missing: np.ndarray
    pairs: np.ndarray
    alone: np.ndarray
    """Atoms above the maximum: each is a grid by itself, which no other grid can take or pass."""
    low: float
    high: float


def explain(tessellation: Tessellation, plan: Plan, *, tolerance: float = TOLERANCE, cap: int = CAP) -> Explanation:
    """Say of every grid that is off target why, with a proof where there is one.

    Parameters
    ----------
    tessellation : Tessellation
    plan : Plan
        Of any origin: its grids and links count, and of its settings target and maximum, in units of the tessellation's
        load, and what is kept whole and never crossed. Units that the plan divides are not held for whole.
    tolerance : float
        Share of the target by which a grid may differ from it.
    cap : int
        Decisions of one search around a cell; the outcome does not depend on the machine.

    Returns
    -------
    Explanation

    Notes
    -----
    A grid gets the first of: `OversizeBuilding`; `CommunityTotal` where sums alone make every grid of the piece miss;
    `NoSetAround`, of the cell with the greatest load; `CommunityTotal` for as many as are left to be excused, those
    farthest from the target first.
    """
    target, maximum = float(plan.settings["target"]), float(plan.settings["maximum"])
    seen, _ = parted(tessellation, plan.settings.get("hard_barriers") or (), plan.links)
    units = units_of(seen, plan.settings.get("keep_whole"), maximum, plan.grid_of)
    cell = units.first()
    load = np.bincount(units.of, loads_of(tessellation), len(cell))
    of = plan.grid_of[cell].astype(np.int64)
    grid_load = np.bincount(of, load, len(plan.grids))
    pairs = units.of[np.concatenate([seen.adjacency.pairs, plan.links.reshape(-1, 2)]).astype(np.int64)]
    ground = _Ground(
        cell,
        units.name,
        tessellation.cells["community_id"].to_numpy(object).astype(str)[cell],
        load,
        of,
        grid_load,
        ~on_target(grid_load, target, tolerance),
        pairs[pairs[:, 0] != pairs[:, 1]],
        load > maximum,
        target - tolerance * target,
        target + tolerance * target,
    )
    proofs, held = _of_cells(ground, cap)
    reasons: list[Reason] = []
    must_miss = 0
    for members, sums in _of_pieces(ground, held):
        reasons += _of_piece(ground, target, members, sums, proofs)
        must_miss += sums.least
    reasons.sort(key=lambda reason: reason.grid)
    return Explanation(len(grid_load), int((~ground.missing).sum()), reasons, must_miss)


def _of_cells(ground: _Ground, cap: int) -> tuple[dict[int, OversizeBuilding | NoSetAround], np.ndarray]:
    """Find the proof about an atom for each grid that has one, and the load of every atom with a proof (else 0)."""
    load, of, low, high = ground.load, ground.of, ground.low, ground.high
    cell, name = ground.cell, ground.name
    large = load > high + SLACK
    asked = np.flatnonzero(ground.missing[of] & (load > 0) & ~large & ~ground.alone)
    roots = asked[np.argsort(-load[asked], kind="stable")]
    near = loaded_neighbours(load, ground.pairs, ~ground.alone)
    found = search_around(roots, near, load, (low - SLACK, high + SLACK), cap)
    proved = found.outcome == NONE
    proofs: dict[int, OversizeBuilding | NoSetAround] = {}
    for v in sorted(np.flatnonzero(large).tolist(), key=lambda v: (-load[v], v)):
        proofs.setdefault(int(of[v]), OversizeBuilding(int(cell[v]), float(load[v]), high, name[v]))
    for i in np.flatnonzero(proved):
        v = int(roots[i])
        below, above = (float(x) if np.isfinite(x) else None for x in (found.below[i], found.above[i]))
        proof = NoSetAround(int(cell[v]), float(load[v]), low, high, below, above, int(found.nodes[i]), name[v])
        proofs.setdefault(int(of[v]), proof)
    held = np.where(large, load, 0.0)
    held[roots[proved]] = load[roots[proved]]
    return proofs, held


def _of_pieces(ground: _Ground, held: np.ndarray) -> list[tuple[np.ndarray, CommunityTotal]]:
    """Give each piece's grids and what its sums prove; a piece is what pairs of atoms or a grid of the plan join."""
    n, k = len(ground.of), len(ground.grid_load)
    pairs = ground.pairs[~ground.alone[ground.pairs].any(axis=1)]
    ends = np.concatenate([pairs, np.column_stack([np.arange(n), n + ground.of])])
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n + k, n + k))
    pieces, label = connected_components(graph, directed=False)
    total, stuck = (np.bincount(label[:n], load, pieces) for load in (ground.load, held))
    atoms = np.bincount(label[:n], minlength=pieces)
    sizes = dict(zip(*np.unique(ground.community, return_counts=True), strict=True))
    name_of = dict(zip(label[:n].tolist(), ground.community, strict=True))
    by_piece = np.argsort(label[n:], kind="stable")
    stop = np.searchsorted(label[n:][by_piece], np.arange(pieces + 1))
    out = []
    for piece, name in name_of.items():
        members = by_piece[stop[piece] : stop[piece + 1]]
        sums = (float(total[piece]), len(members), float(stuck[piece]), ground.low, ground.high)
        whole = bool(atoms[piece] == sizes[name])
        out.append((members, CommunityTotal(str(name), whole, *sums, least_missing(*sums))))
    return out


def _of_piece(
    ground: _Ground,
    target: float,
    members: np.ndarray,
    sums: CommunityTotal,
    proofs: dict[int, OversizeBuilding | NoSetAround],
) -> list[Reason]:
    """Give the reasons of one piece's grids that are off target."""
    load = ground.grid_load
    missing = sorted(members[ground.missing[members]].tolist(), key=lambda g: (-abs(load[g] - target), g))
    hopeless = least_missing(sums.total, sums.grids, 0.0, sums.low, sums.high) == sums.grids
    reasons, rest = [], []
    for g in missing:
        proof = proofs.get(g)
        if isinstance(proof, OversizeBuilding):
            reasons.append(Reason(g, float(load[g]), "oversize_building", proof))
        elif proof is not None and not hopeless:
            reasons.append(Reason(g, float(load[g]), "no_set_around_building", proof))
        else:
            rest.append(g)
    left = max(0, sums.least - len(reasons))
    reasons += [Reason(g, float(load[g]), "community_total", sums) for g in rest[:left]]
    return reasons + [Reason(g, float(load[g]), "unexplained") for g in rest[left:]]
