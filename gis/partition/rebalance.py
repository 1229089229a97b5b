"""How are grids in force made even again after loads changed, with few households in another grid than before?

Three answers along "fewest moved households - best balance". A grid keeps its number, and their number stays, but for a
building above the maximum that can leave its grid whole: it becomes a grid by itself. No grid is emptied. New cells
first join the neighbouring grid that costs least; a community where all grids are within tolerance is not searched.
What is kept whole and lies in one grid moves as one, or stays.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.partition.changes import Change, Steps, changes_of, graph_of, repair_of, touching
from gis.partition.choosing import STANCES, Budget, Stance, choose
from gis.partition.counts import check_limits
from gis.partition.inputs import Locks, Scope, prepared
from gis.partition.loads import loads_of, unit_words
from gis.partition.objective import Weights
from gis.partition.remark_words import large_words
from gis.partition.styles import style_weights
from gis.partition.transshipment import excess, transshipment
from gis.partition.units import require_kept
from gis.progress import Progress, fan_out, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from gis.graph import Tessellation
    from gis.partition.inputs import Prepared

__all__ = ["Answer", "Balance", "Rebalancing", "rebalance"]

STRICTER = 6
"""Choices tried, each more strictly, for an answer that may not move more than a multiple of its bound."""


@dataclass(frozen=True)
class Balance:
    """How even the grids in scope are.

    Parameters
    ----------
    grids : int
        Grids of the communities in scope.
    within : int
        Of these, within tolerance of the target.
    mad, rms : float
        Mean absolute and root mean square deviation from the target, in households.
    """

    grids: int
    within: int
    mad: float
    rms: float


@dataclass(frozen=True)
class Answer:
    """One way to make the grids even.

    Parameters
    ----------
    name : str
        ``fewest_moved``, ``between``, ``best_balance``.
    grid_of : ndarray of int32, shape (cells,)
        Grid of each cell, numbered as before; new grids last, -1 for cells out of scope that have none.
    moves : DataFrame
        One row a building that leaves its grid, and one a cell without any: ``cell``, ``building_id``,
        ``community_id``, ``from_grid``, ``to_grid``, ``households``.
    moved : float
        Households, or load, of these.
    touched : ndarray of int64
        Grids that lose or get such cells.
    balance : Balance
    excess, bound : float
        Households that must move at least, for the grids within tolerance here: see `gis.partition.transshipment`.
    """

    name: str
    grid_of: np.ndarray
    moves: pd.DataFrame = field(repr=False)
    moved: float
    touched: np.ndarray = field(repr=False)
    balance: Balance
    excess: float
    bound: float

    @property
    def ratio(self) -> float:
        """Moved households as a multiple of `bound`; 1 where nothing moves."""
        if self.moved <= 0:
            return 1.0
        return self.moved / self.bound if self.bound > 0 else float("inf")


@dataclass(frozen=True)
class Rebalancing:
    """What a rebalancing proposes.

    Parameters
    ----------
    answers : list of Answer
        From the fewest moved households to the best balance; two may be the same.
    now : Balance
        Of the grids as they are, with the loads as they are; new cells in the grid they join.
    joined : DataFrame
        Cells that had no grid: ``cell``, ``building_id``, ``community_id``, ``to_grid``, ``households``. They are in no
        list of moves.
    links : ndarray of int32, shape (q, 2)
        Pairs of cells held connected beyond the tessellation's own: those given, and those of new cells.
    report : Report
    settings : dict
        What reproduces it.
    """

    answers: list[Answer]
    now: Balance
    joined: pd.DataFrame = field(repr=False)
    links: np.ndarray = field(repr=False)
    report: Report = field(repr=False)
    settings: dict[str, Any] = field(default_factory=dict)


def rebalance(
    tessellation: Tessellation,
    grid_of: np.ndarray,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    names: Sequence[object] | None = None,
    links: np.ndarray | None = None,
    locks: Locks | None = None,
    scope: Scope | None = None,
    max_moved: float | None = None,
    max_grids: int | None = None,
    seed: int = 1,
    style: str = "balanced",
    keep_whole: str | None = None,
    steps: Steps | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> Rebalancing:
    """Propose three ways to make grids in force even again.

    Parameters
    ----------
    tessellation : Tessellation
        Cells with the loads as they are now; a demolished building has load 0.
    grid_of : ndarray of int, shape (cells,)
        Number of the grid in force of each cell, from 0; -1 for a new cell. Numbers may be missing.
    target, minimum, maximum : float
        Load a grid, as in `partition`.
    names : sequence, optional
        What the grids are called in messages, by number; their numbers.
    links : ndarray of int, shape (q, 2), optional
        Pairs of cells that the plan in force holds connected, see `Plan.links`.
    locks : Locks, optional
    scope : Scope, optional
        Cells of other grids never change.
    max_moved : float, optional
        Households that change their grid at most.
    max_grids : int, optional
        Grids that lose or get moved cells at most.
    seed : int
        The same seed gives the same answers, whatever the number of processes.
    style : str
        See `gis.partition.styles`.
    keep_whole : str, optional
        What moves whole or not at all, see `gis.partition.units.KEPT`: each connected part of a unit that lies in one
        grid in force. A locked cell locks its part. Parts above the maximum, and units that the grids in force divide,
        count as their cells. Cells without a grid join as ever, those of one unit together; from then on they are
        apart from what had a grid before.
    steps : Steps, optional
    executor : Executor, optional
        Where communities are searched side by side.
    progress : Progress

    Returns
    -------
    Rebalancing

    Raises
    ------
    InputError
        See `gis.partition.inputs.prepared`; and as `partition` for limits, style and `keep_whole`.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    kept = require_kept(keep_whole)
    report = Report("rebalance")
    budget = Budget(np.inf if max_moved is None else max_moved, np.inf if max_grids is None else max_grids)
    given = np.empty((0, 2), np.int32) if links is None else np.asarray(links, np.int32).reshape(-1, 2)
    steps = Steps() if steps is None else steps
    start = prepared(
        tessellation,
        grid_of,
        Weights(float(target), float(minimum), float(maximum), **style_weights(style)),
        names=names,
        links=given,
        locks=Locks() if locks is None else locks,
        scope=Scope() if scope is None else scope,
        budget=budget,
        steps=steps,
        seed=seed,
        report=report,
        keep_whole=kept,
    )
    # the longest first, so that no worker is left with a long one at the end
    order = sorted(range(len(start.tasks)), key=lambda i: (-len(start.tasks[i].cells.cell), i))
    found = fan_out(
        changes_of, [start.tasks[i] for i in order], executor=executor, progress=progress, label="rebalance"
    )
    changes = [_numbered(change, start, i) for i, some in sorted(zip(order, found, strict=True)) for change in some]
    left = Budget(budget.moved - start.spent.moved, budget.grids - start.spent.grids)
    in_force = np.asarray(grid_of, np.int64)
    answers = _in_order([_taken(stance, changes, left, tessellation, in_force, start, target) for stance in STANCES])
    if all(not len(answer.moves) for answer in answers):
        report.add("note", "nothing_to_move", "No move is worth making, or allowed: the grids stay as they are.")
    _tell_split(start, in_force, answers, tessellation.load, report)
    come = np.flatnonzero((in_force < 0) & (start.grid_of >= 0))
    joined = _buildings(tessellation, come).assign(to_grid=lambda rows: start.grid_of[rows["cell"].to_numpy()])
    settings = {
        "target": target,
        "minimum": minimum,
        "maximum": maximum,
        "load": tessellation.load,
        "seed": seed,
        "style": style,
        "keep_whole": kept,
        "steps": asdict(steps),
        "max_moved": max_moved,
        "max_grids": max_grids,
    }
    pairs = np.vstack([given, np.array(start.links, np.int32).reshape(-1, 2)])
    return Rebalancing(answers, _balance(start, start.grid_of), joined, pairs, report, settings)


def _tell_split(start: Prepared, in_force: np.ndarray, answers: list[Answer], load: str, report: Report) -> None:
    """Say of units above the maximum that an answer divides them."""
    for large in start.large:
        if len(np.unique(in_force[large.cells])) == 1 and any(
            len(np.unique(answer.grid_of[large.cells])) > 1 for answer in answers
        ):
            said = large_words(large, load)
            report.add(
                "note",
                "unit_split",
                f"{said['en']} and not kept whole: an answer divides it.",
                code=large.name,
                amount=large.load,
                unit=unit_words(load)["en"],
                message_zh=f"{said['zh']}，不再整体保留，有方案将其拆分。",
            )


def _numbered(change: Change, start: Prepared, i: int) -> Change:
    """Name cells and grids of a change as the district does."""
    task, ids = start.tasks[i], start.ids[i]
    return replace(change, cell=task.cells.cell[change.cell], to=ids[change.to], grids=ids[change.grids])


def _in_order(answers: list[Answer]) -> list[Answer]:
    """See that each answer moves no more than the next: where a limit had to be given up, another may move less."""
    few, between, best = answers
    if between.moved > best.moved:
        between = replace(best, name=between.name)
    if 0 < between.moved < few.moved:
        few = replace(between, name=few.name)
    return [few, between, best]


def _taken(
    stance: Stance,
    changes: list[Change],
    budget: Budget,
    tessellation: Tessellation,
    in_force: np.ndarray,
    start: Prepared,
    target: float,
) -> Answer:
    """Choose an answer.

    Together, changes may be bounded by less than one by one: then it is chosen more strictly. Where buildings are so
    coarse that nothing is left, what came nearest to the multiple of the bound stands; where nothing did, that is no
    limit.
    """
    most, near = stance.most, None
    strict, loose = 0.0, most
    for _ in range(STRICTER):
        chosen = choose(changes, replace(stance, most=most), target, budget)
        if chosen:
            answer = _answer(stance.name, tessellation, in_force, start, [changes[i] for i in chosen])
            if near is None or answer.ratio < near.ratio:
                near = answer
            if answer.ratio <= stance.most:
                break
            loose, most = most, 0.99 * most * stance.most / answer.ratio
        elif near is None:
            break
        else:
            strict = most
        if most <= strict:  # so strictly nothing is chosen: halfway
            most = (strict + loose) / 2
    if near is not None:
        return near
    chosen = choose(changes, replace(stance, most=np.inf), target, budget) if np.isfinite(most) else []
    return _answer(stance.name, tessellation, in_force, start, [changes[i] for i in chosen])


def _answer(
    name: str, tessellation: Tessellation, in_force: np.ndarray, start: Prepared, chosen: list[Change]
) -> Answer:
    """Carry out the changes chosen, and say what they come to."""
    after = start.grid_of.copy()
    for change in chosen:
        after[change.cell] = change.to
    after = after[start.first]
    away = np.flatnonzero((in_force >= 0) & (after != in_force))
    moves = _buildings(tessellation, away)
    at = moves["cell"].to_numpy(np.int64)
    moves.insert(3, "from_grid", in_force[at])
    moves.insert(4, "to_grid", after[at])
    least, bound = _bounds(start, after)
    return Answer(
        name,
        after.astype(np.int32),
        moves,
        float(loads_of(tessellation)[away].sum()),
        np.unique(np.concatenate([in_force[away], after[away]])),
        _balance(start, after),
        least,
        bound,
    )


def _buildings(tessellation: Tessellation, at: np.ndarray) -> pd.DataFrame:
    """List the buildings of some cells, and the cells that have none."""
    held = tessellation.building_cell
    some = held[held["cell"].isin(at)][["cell", "building_id", "households"]]
    bare = np.setdiff1d(at, some["cell"].to_numpy(np.int64))
    rows = pd.DataFrame({"cell": bare, "building_id": pd.Series([None] * len(bare), dtype=object), "households": 0.0})
    rows = pd.concat([some.astype({"building_id": object}), rows]) if len(bare) else some
    rows = rows.sort_values(["cell", "building_id"], kind="stable").reset_index(drop=True)
    rows.insert(2, "community_id", tessellation.cells["community_id"].to_numpy(object)[rows["cell"].to_numpy(np.int64)])
    return rows


def _bounds(start: Prepared, after: np.ndarray) -> tuple[float, float]:
    """Excess and transshipment bound of a plan, summed over the communities that it changes."""
    repairs = []
    for task, ids in zip(start.tasks, start.ids, strict=True):
        label = {int(g): i for i, g in enumerate(ids)}
        of = np.array([label[g] for g in after[task.cells.cell].tolist()], np.int64)
        if (of != task.start).any() or (task.start != task.old)[task.old < len(ids)].any():
            at = np.flatnonzero(of != task.start)
            near = touching(task.start, graph_of(task.cells, task.extra), len(ids))
            repairs.append(repair_of(task, at, of[at], near))
    if not repairs:
        return 0.0, 0.0
    return sum(excess(repair) for repair in repairs), float(transshipment(repairs).sum())


def _balance(start: Prepared, of: np.ndarray) -> Balance:
    """Measure the grids of the communities in scope."""
    if not start.tasks:
        return Balance(0, 0, 0.0, 0.0)
    weights = start.tasks[0].weights
    cell = np.concatenate([task.cells.cell for task in start.tasks])
    load = np.concatenate([task.cells.load for task in start.tasks])
    placed = of[cell] >= 0
    here = np.unique(of[cell[placed]])
    sums = np.bincount(of[cell[placed]], load[placed], start.grids)[here]
    off = np.abs(sums - weights.target)
    within = int((off <= weights.tolerance * weights.target + 1e-9).sum())
    return Balance(len(here), within, float(off.mean()), float(np.sqrt((off**2).mean())))
