"""What may a rebalancing change, and from which grids does it start? Locks, scope, new cells, buildings too large."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.errors import InputError
from gis.partition._random import seed_of
from gis.partition.changes import Community, graph_of
from gis.partition.choosing import Budget
from gis.partition.loads import loads_of, unit_words
from gis.partition.moves import join
from gis.partition.parts import communities_of
from gis.partition.state import stays_connected
from gis.partition.units import contracted, nearest_cells, units_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gis.graph import Tessellation
    from gis.partition._compiled import Graph
    from gis.partition.changes import Steps
    from gis.partition.objective import Weights
    from gis.partition.parts import CommunityCells
    from gis.partition.units import Unit
    from gis.remarks import Report

__all__ = ["Locks", "Prepared", "Scope", "prepared"]


@dataclass(frozen=True)
class Locks:
    """What stays.

    Parameters
    ----------
    grids : iterable of int
        Their cells stay and none comes.
    cells : iterable of (int, int or None)
        Row positions of cells that stay in their grid, which may be named beside.
    borders : iterable of (int, int)
        Pairs of grids between which nothing moves.
    """

    grids: Iterable[int] = ()
    cells: Iterable[tuple[int, int | None]] = ()
    borders: Iterable[tuple[int, int]] = ()


@dataclass(frozen=True)
class Scope:
    """Grids and communities that may change; none named: all. `neighbours`: those beside the grids named too."""

    grids: Iterable[int] = ()
    communities: Iterable[str] = ()
    neighbours: bool = False


@dataclass
class Prepared:
    """The start of a rebalancing.

    Parameters
    ----------
    grid_of : ndarray of int64, shape (cells,)
        Grid of each cell: as in force, new cells and buildings above the maximum placed.
    grids : int
        Number of grids, new ones last.
    tasks : list of Community
        The communities in scope.
    ids : list of ndarray
        Of each task, the number of its grids in the district; -1 for cells outside the scope that have none.
    first : ndarray of int64, shape (cells,)
        First cell of the unit that moves with each cell: itself where nothing is kept whole. Tasks hold these alone.
    large : list of Unit
        Units above the maximum: their cells move each by itself.
    links : list of (int, int)
        Pairs of cells that hold new cells in their grid.
    own : dict of int to int
        Cell of a building above the maximum -> its new grid.
    spent : Budget
        Households that moved and grids touched by that.
    """

    grid_of: np.ndarray
    grids: int
    tasks: list[Community] = field(default_factory=list)
    ids: list[np.ndarray] = field(default_factory=list)
    first: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    large: list[Unit] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    own: dict[int, int] = field(default_factory=dict)
    spent: Budget = field(default_factory=lambda: Budget(0.0, 0.0))


@dataclass(frozen=True)
class _Rules:
    """Locks and scope, looked through."""

    locked: np.ndarray
    """bool, shape (grids,)."""
    wanted: np.ndarray
    """Grids in scope by their number; bool, shape (grids,)."""
    cells: frozenset[int]
    borders: list[tuple[int, int]]
    communities: frozenset[str] | None
    """Those wholly in scope; None: all."""


@dataclass(frozen=True)
class _Asked:
    """What holds for every community."""

    links: np.ndarray
    weights: Weights
    budget: Budget
    steps: Steps
    seed: int


def prepared(
    tessellation: Tessellation,
    grid_of: np.ndarray,
    weights: Weights,
    *,
    names: Sequence[object] | None,
    links: np.ndarray,
    locks: Locks,
    scope: Scope,
    budget: Budget,
    steps: Steps,
    seed: int,
    report: Report,
    keep_whole: str | None = None,
) -> Prepared:
    """Look through what was asked, place what has no place, and make one task a community.

    Raises
    ------
    InputError
        A grid lies in two communities; a community in scope has none; locks contradict each other or the plan; a name
        is unknown; a budget is below 0.
    """
    grid_of = np.asarray(grid_of, np.int64)
    if grid_of.shape != (len(tessellation.cells),) or (grid_of < -1).any():
        raise InputError(
            f"The plan names a grid for {len(grid_of)} cells, but there are {len(tessellation.cells)}.",
            "Give the grid of every cell, -1 for none.",
        )
    if not (budget.moved >= 0 and budget.grids >= 0):
        raise InputError("A budget is below 0.", "Give 0 or more households and grids, or leave the budget out.")
    grids = int(grid_of.max(initial=-1)) + 1
    every = communities_of(tessellation)
    names = range(grids) if names is None else names
    if scope.neighbours:
        pairs = np.concatenate([tessellation.adjacency.pairs, links.reshape(-1, 2)]).astype(np.int64)
        scope = replace(scope, grids=_and_beside(set(scope.grids), grid_of, pairs))
    rules = _rules(grid_of, names, locks, scope, {cells.community_id for cells in every})
    units = units_of(tessellation, keep_whole, weights.maximum, grid_of, apart=grid_of < 0)
    first = units.first()[units.of]
    rules = replace(rules, cells=frozenset(first[list(rules.cells)].tolist()))
    pairs = first[np.asarray(links, np.int64).reshape(-1, 2)]
    asked = _Asked(pairs[pairs[:, 0] != pairs[:, 1]], weights, budget, steps, seed)
    result = Prepared(grid_of.copy(), grids, first=first, large=units.large)
    seen: dict[int, str] = {}
    for cells in every:
        mine = np.unique(grid_of[cells.cell])
        mine = mine[mine >= 0]
        for g in mine.tolist():
            if seen.setdefault(g, cells.community_id) != cells.community_id:
                raise InputError(
                    f"Grid {names[g]} has cells in communities {seen[g]} and {cells.community_id}.",
                    "A grid stays inside its community: mend the plan first.",
                )
        whole = rules.communities is None or cells.community_id in rules.communities
        if not whole and not rules.wanted[mine].any():
            continue
        if not len(mine):
            raise InputError(
                f"Community {cells.community_id} has no grid in force.", "Partition it first, or leave it out."
            )
        known = len(result.links)
        atoms = contracted(cells, np.unique(units.of[cells.cell], return_inverse=True)[1])
        _prepare(atoms, mine, asked, rules, whole, result)
        result.links[known:] = [nearest_cells(cells, units.of, *pair) for pair in result.links[known:]]
    result.grid_of = result.grid_of[first]
    _tell(tessellation, grid_of, names, result, report)
    return result


def _and_beside(grids: set[int], grid_of: np.ndarray, pairs: np.ndarray) -> list[int]:
    """Add the grids that touch some."""
    sides = grid_of[pairs]
    beside = sides[np.isin(sides, sorted(grids)).any(axis=1)]
    return sorted(grids | set(beside[beside >= 0].tolist()))


def _rules(grid_of: np.ndarray, names: Sequence[object], locks: Locks, scope: Scope, known: set[str]) -> _Rules:
    """Look through locks and scope."""
    grids = int(grid_of.max(initial=-1)) + 1
    there = np.zeros(grids, bool)
    there[grid_of[grid_of >= 0]] = True
    locked, borders = set(locks.grids), list(locks.borders)
    wanted, communities = set(scope.grids), set(scope.communities)
    for g in sorted({*locked, *wanted, *(g for pair in borders for g in pair)}):
        if not 0 <= g < grids or not there[g]:
            raise InputError(f"There is no grid {g} in this plan.", "Name grids that hold cells.")
    if communities - known:
        raise InputError(f"There is no community {min(communities - known)} here.", "Name communities of the district.")
    if any(a == b for a, b in borders):
        raise InputError("A border lies between two grids; one is named twice.", "Name two grids.")
    held: dict[int, int] = {}
    for cell, named in locks.cells:
        if not 0 <= cell < len(grid_of):
            raise InputError(f"There is no cell {cell} to lock.", "Name cells of the district.")
        own = int(grid_of[cell])
        if own < 0:
            raise InputError(f"Cell {cell} is locked, but is in no grid.", "Put it in a grid first, or unlock it.")
        grid = own if named is None else named
        if not 0 <= grid < grids:
            raise InputError(f"There is no grid {grid} in this plan.", "Name grids that hold cells.")
        if held.setdefault(cell, grid) != grid:
            raise InputError(
                f"Cell {cell} is locked to grids {names[held[cell]]} and {names[grid]}.", "Keep one of the locks."
            )
        if grid != own:
            raise InputError(
                f"Cell {cell} is locked to grid {names[grid]}, but lies in grid {names[own]}.",
                "A lock keeps a cell where it is: move it first, or lock it to its own grid.",
            )
    if wanted and not communities and wanted <= locked:
        raise InputError("Every grid in scope is locked.", "Unlock one of them, or widen the scope.")
    numbers = np.arange(grids)
    whole = None if not wanted and not communities else frozenset(communities)
    return _Rules(np.isin(numbers, list(locked)), np.isin(numbers, list(wanted)), frozenset(held), borders, whole)


def _prepare(
    cells: CommunityCells,
    mine: np.ndarray,
    asked: _Asked,
    rules: _Rules,
    whole: bool,
    result: Prepared,
) -> None:
    """Append the task of one community, its new cells and buildings above the maximum placed."""
    k, n, weights = len(mine), len(cells.cell), asked.weights
    closed = rules.locked[mine] | ~(whole | rules.wanted[mine])
    position = {int(c): i for i, c in enumerate(cells.cell)}
    extra = np.array(
        [(position[a], position[b]) for a, b in asked.links.tolist() if a in position and b in position], np.int64
    ).reshape(-1, 2)
    in_force = result.grid_of[cells.cell]
    old = np.where(in_force >= 0, np.searchsorted(mine, in_force), k).astype(np.int64)
    graph = graph_of(cells, extra)
    w = weights.array(float(np.sqrt(cells.area.sum() / k)))
    start = join(old, k, graph, closed, w) if (old == k).any() else old.copy()
    if whole and (start == k).any():
        start = join(start, k, graph, np.zeros(k, bool), w)
        extra = np.vstack([extra, _link_rest(cells, start, k, result.links)])
        graph = graph_of(cells, extra)
    fixed = np.isin(cells.cell, list(rules.cells)) | (start == k)
    ids = mine.copy()
    if (start == k).any():  # out of scope and in no grid: a grid that nothing leaves or enters
        old[start == k] = k
        ids, closed = np.append(ids, -1), np.append(closed, True)
    fixed |= closed[start]
    for v in np.lexsort((np.arange(n), -cells.load)):
        if cells.load[v] <= weights.maximum:
            break
        if not fixed[v] and old[v] < k and _stands_alone(int(v), start, graph, weights, asked.budget, result):
            start[v] = len(ids)
            fixed[v] = True
            result.own[int(cells.cell[v])] = result.grids
            ids, closed = np.append(ids, result.grids), np.append(closed, True)
            result.grids += 1
            result.spent = Budget(result.spent.moved + float(cells.load[v]), result.spent.grids + 2)
    # the label of cells that had no grid is the number of grids
    old = np.where(in_force >= 0, old, len(ids))
    barred = np.zeros((len(ids) + 1, len(ids)), bool)
    barred[:, closed] = True
    barred[:-1][closed] = True
    for a, b in rules.borders:
        both = np.flatnonzero(np.isin(ids, (a, b)))
        if len(both) == 2:
            barred[both[0], both[1]] = barred[both[1], both[0]] = True
    result.grid_of[cells.cell] = ids[start]
    result.ids.append(ids)
    result.tasks.append(
        Community(
            replace(cells, geometry=np.empty(0, object)),  # shapes need not travel
            extra,
            old,
            start,
            fixed,
            barred,
            weights,
            asked.steps,
            seed_of(asked.seed, cells.community_id),
        )
    )


def _link_rest(cells: CommunityCells, start: np.ndarray, k: int, links: list[tuple[int, int]]) -> np.ndarray:
    """Let cells that no path leads from to a grid join that of the nearest cell (rule 6); `start` is changed."""
    made = []
    while (start == k).any():
        rest, others = np.flatnonzero(start == k), np.flatnonzero(start < k)
        (a, b), metres = shapely.STRtree(cells.geometry[others]).query_nearest(
            cells.geometry[rest], return_distance=True, all_matches=True
        )
        i = np.lexsort((others[b], rest[a], np.round(metres, 6)))[0]
        v, u = int(rest[a[i]]), int(others[b[i]])
        start[v] = start[u]
        made.append((min(v, u), max(v, u)))
        links.append((int(cells.cell[made[-1][0]]), int(cells.cell[made[-1][1]])))
    return np.array(made, np.int64).reshape(-1, 2)


def _stands_alone(v: int, start: np.ndarray, graph: Graph, weights: Weights, budget: Budget, result: Prepared) -> bool:
    """Whether a building above the maximum can leave its grid: connected, with enough left, and within budget."""
    rest = float(graph.load[start == start[v]].sum() - graph.load[v])
    if rest < max(weights.minimum, 1e-9):
        return False
    if result.spent.moved + graph.load[v] > budget.moved or result.spent.grids + 2 > budget.grids:
        return False
    n = len(start)
    return bool(stays_connected(v, start, graph, np.zeros(n, np.int64), 2, np.empty(n, np.int64)))


def _tell(
    tessellation: Tessellation, in_force: np.ndarray, names: Sequence[object], result: Prepared, report: Report
) -> None:
    """Say what is out of the ordinary."""
    load, unit = loads_of(tessellation), unit_words(tessellation.load)["en"]
    building = tessellation.cells["building_id"].to_numpy(object)
    for cell in result.own:
        report.add(
            "note",
            "own_grid",
            f"Building {building[cell]} ({load[cell]:g} {unit}) is above the maximum: it becomes a grid.",
            code=str(building[cell]),
            amount=float(load[cell]),
            unit=unit,
        )
    here = np.unique(np.concatenate([ids[ids >= 0] for ids in result.ids] or [np.empty(0, int)]))
    sums = np.bincount(result.grid_of[result.grid_of >= 0], load[result.grid_of >= 0], result.grids)
    had = np.isin(here, in_force)
    for grid in here[had & (sums[here] <= 0)]:
        report.add("note", "grid_empty", f"Grid {names[grid]} holds no household; it stays.", code=str(names[grid]))
    joined = int(((in_force < 0) & (result.grid_of >= 0)).sum())
    if joined:
        report.add(
            "note",
            "new_cells",
            f"{joined} cells had no grid and joined a neighbouring one.",
            amount=float(joined),
            unit="cells",
        )
