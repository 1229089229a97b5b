"""Which repairs are worth a thought in one community? Several searches, taken apart into changes that do not touch.

Grids between which nothing moves can be changed or left independently. So what a search comes upon falls apart into
changes, each of some grids that exchange cells; the answers are chosen from the changes of all searches.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gis.partition._compiled import Graph, compiled
from gis.partition._random import seed_of, state_of
from gis.partition.moves import Bounds, repair
from gis.partition.parts import subgraph
from gis.partition.state import energies, totals
from gis.partition.transshipment import Repair, transshipment

if TYPE_CHECKING:
    from gis.partition.objective import Weights
    from gis.partition.parts import CommunityCells

__all__ = ["LADDER", "Change", "Community", "Rung", "Steps", "changes_of", "graph_of", "repair_of", "touching"]

REACH = 3
"""A search looks at grids up to this many neighbours away from one that is outside tolerance."""


@dataclass(frozen=True)
class Rung:
    """One search.

    Parameters
    ----------
    price : float
        Energy of moving as many households as the target.
    cell : float
        A cell's move counts as that of so many households on top of its own.
    weights : dict
        What differs from the weights of a partition. A lean search hardly looks at anything but the tolerance.
    """

    price: float
    cell: float
    weights: dict[str, float] = field(default_factory=dict)


_LEAN = {
    "slope": 0.2,
    "bend": 0.5,
    "outside": 0.5,
    "far": 0.0,
    "compact": 0.02,
    "border": 0.005,
    "tail": 0.0,
    "ramp": 0.001,
}

LADDER = (
    *(Rung(price, 0.1, _LEAN) for price in (25.0, 17.5, 12.0, 8.0, 5.0)),
    *(Rung(price, 0.1, {**_LEAN, "ramp": 0.2}) for price in (12.0, 6.0)),
    *(Rung(price, 1.0) for price in (10.0, 4.0, 1.5)),
)
"""From few moves for the tolerance alone to an even plan; found by trial."""


@dataclass(frozen=True)
class Steps:
    """How long a rebalancing searches.

    Parameters
    ----------
    per_cell : int
        Proposals of each search for each cell that may move.
    hot, cold : float
        First and last temperature.
    """

    per_cell: int = 48
    hot: float = 1.0
    cold: float = 0.05


@dataclass(frozen=True)
class Community:
    """One community to look at; small enough to be sent to another process.

    Parameters
    ----------
    cells : CommunityCells
    extra : ndarray of int, shape (q, 2)
        Links beyond the cells' own neighbours, positions in the community.
    old : ndarray of int64, shape (n,)
        Grid in force of each cell, 0 .. k-1; k for a cell that had none.
    start : ndarray of int64, shape (n,)
        Grid of each cell before anything is sought: as `old`, new cells and buildings above the maximum placed.
    fixed : ndarray of bool, shape (n,)
    barred : ndarray of bool, shape (k + 1, k)
        See `gis.partition.moves.Bounds`.
    weights : Weights
    steps : Steps
    seed : int
    """

    cells: CommunityCells
    extra: np.ndarray
    old: np.ndarray
    start: np.ndarray
    fixed: np.ndarray
    barred: np.ndarray
    weights: Weights
    steps: Steps
    seed: int


@dataclass(frozen=True)
class Change:
    """Cells that change their grid together.

    Parameters
    ----------
    cell, to : ndarray of int64
        Cells, and the grid each goes to. From `changes_of`: positions and grids of the community.
    grids : ndarray of int64
        Grids that lose or get cells.
    moved : float
        Households that leave the grid they had.
    gain : int
        Grids more within tolerance.
    energy : float
        Change of the plan's energy, by the weights of a partition.
    square : float
        Change of the sum of squared deviations from the target.
    bound : float
        Transshipment bound for the grids that are within tolerance after it; 0 where `gain` is not above 0.
    """

    cell: np.ndarray
    to: np.ndarray
    grids: np.ndarray
    moved: float
    gain: int
    energy: float
    square: float
    bound: float = 0.0


def graph_of(cells: CommunityCells, extra: np.ndarray) -> Graph:
    """All cells of a community as the kernels take them."""
    ptr, nbr, length, price, bias = subgraph(cells, np.arange(len(cells.cell)), extra)
    return Graph(ptr, nbr, length, price, bias, cells.load, cells.area, cells.outline)


def touching(of: np.ndarray, graph: Graph, k: int) -> np.ndarray:
    """Pairs of grids with neighbouring cells, lower first, shape (m, 2)."""
    a, b = of[np.repeat(np.arange(len(of)), np.diff(graph.ptr))], of[graph.nbr]
    key = np.unique((a * k + b)[a < b])
    return np.column_stack([key // k, key % k])


def changes_of(community: Community) -> list[Change]:
    """Search a community for repairs.

    Parameters
    ----------
    community : Community

    Returns
    -------
    list of Change
        Each by itself keeps every grid as connected as it was; so do any that share no grid.
    """
    cells, start, weights = community.cells, community.start, community.weights
    k = community.barred.shape[1]
    graph = graph_of(cells, community.extra)
    near = touching(start, graph, k)
    load = np.bincount(start, cells.load, k)
    fixed = community.fixed | _far(community, load, near)[start]
    free = int((~fixed).sum())
    if k == 1 or free == 0 or cells.load.sum() <= 0:
        return []
    side = float(np.sqrt(cells.area.sum() / k))
    found: dict[bytes, Change] = {}
    plain = weights.array(side)
    for number, rung in enumerate(LADDER):
        price = np.where(community.old < k, rung.price * (cells.load + rung.cell) / weights.target, 0.0)
        of = repair(
            start,
            k,
            graph,
            Bounds(community.old, price, fixed, community.barred),
            replace(weights, **rung.weights).array(side),
            community.steps.per_cell * free,
            community.steps.hot,
            community.steps.cold,
            state_of(seed_of(community.seed, number)),
        )
        for at in _apart(start, of, k):
            name = at.tobytes() + of[at].tobytes()
            if name not in found:
                found[name] = _weighed(community, graph, plain, at, of[at])
    # what moves nobody and evens nothing out is done for looks alone, and may change somebody's worker
    useful = [change for change in found.values() if change.moved > 0 or change.gain > 0 or change.square < 0]
    return _bounded(community, useful, near)


def _far(community: Community, load: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Which grids lie too far from any that is outside tolerance and may be changed; bool, shape (k,)."""
    k, weights = len(load), community.weights
    movable = np.bincount(community.start, ~community.fixed, k) > 0
    open_ = movable | ~community.barred[:k].all(axis=0)
    reached = (np.abs(load - weights.target) > weights.tolerance * weights.target + 1e-9) & open_
    for _ in range(REACH):
        a, b = near.T
        grown = reached.copy()
        grown[a] |= reached[b]
        grown[b] |= reached[a]
        reached = grown
    return ~reached


def _apart(start: np.ndarray, of: np.ndarray, k: int) -> list[np.ndarray]:
    """Cells that changed, by groups of grids that exchange cells."""
    at = np.flatnonzero(start != of)
    group = _groups(start[at], of[at], k)
    return [at[group == g] for g in np.unique(group)]


@compiled
def _groups(a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """Name connected components of the edges a-b over 0 .. k-1: of each edge, the least node of its component."""
    least = np.arange(k)
    changed = True
    while changed:
        changed = False
        for i in range(len(a)):
            low = min(least[a[i]], least[b[i]])
            if least[a[i]] != low or least[b[i]] != low:
                least[a[i]] = low
                least[b[i]] = low
                changed = True
    named: np.ndarray = least[a]
    return named


def _weighed(community: Community, graph: Graph, w: np.ndarray, at: np.ndarray, to: np.ndarray) -> Change:
    """Say what a change would bring."""
    start, weights = community.start, community.weights
    k = community.barred.shape[1]
    after = start.copy()
    after[at] = to
    grids = np.unique(np.concatenate([start[at], to]))
    old, new = (totals(of, k, graph)[0][grids] for of in (start, after))
    within = [np.abs(s[:, 0] - weights.target) <= weights.tolerance * weights.target + 1e-9 for s in (old, new)]
    had = community.old[at] < k
    return Change(
        at,
        to,
        grids,
        float(graph.load[at[had]].sum()),
        int(within[1].sum() - within[0].sum()),
        float(energies(new, w).sum() - energies(old, w).sum()),
        float(((new[:, 0] - weights.target) ** 2).sum() - ((old[:, 0] - weights.target) ** 2).sum()),
    )


def _bounded(community: Community, changes: list[Change], near: np.ndarray) -> list[Change]:
    """Add its bound to every change that brings grids within tolerance."""
    wanted = [i for i, change in enumerate(changes) if change.gain > 0]
    repairs = [repair_of(community, changes[i].cell, changes[i].to, near) for i in wanted]
    if not repairs:
        return changes
    for i, bound in zip(wanted, transshipment(repairs), strict=True):
        changes[i] = replace(changes[i], bound=float(np.nan_to_num(bound)))
    return changes


def repair_of(community: Community, at: np.ndarray, to: np.ndarray, near: np.ndarray) -> Repair:
    """State the programme whose optimum bounds what a division of the community moves.

    Cells that had no grid count where they end: they are not moved.
    """
    k, weights = community.barred.shape[1], community.weights
    after = community.start.copy()
    after[at] = to
    old = np.where(community.old < k, community.old, after)
    load = np.bincount(old, community.cells.load, k)
    end = np.bincount(after, community.cells.load, k)
    span = weights.tolerance * weights.target
    used = np.sort(np.column_stack([old, after])[old != after], axis=1)
    pairs = np.unique(np.vstack([near, used]), axis=0)
    held = np.abs(end - weights.target) <= span + 1e-9
    return Repair(load, pairs, held, weights.target - span, weights.target + span)
