"""How is one piece of a community divided? Short annealing runs from random trees, and the best of all their grids.

A large piece is searched as a whole first, then window by window: some neighbouring grids at a time, anew from random
trees, while the rest stays. The grids that several runs find for so few cells fit together far better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gis.partition._random import seed_of, state_of
from gis.partition.anneal import anneal
from gis.partition.cover import Pool, best_cover
from gis.partition.pace import Pace
from gis.partition.state import energies, totals
from gis.partition.trees import recursive_split
from gis.partition.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.partition._compiled import Graph

__all__ = ["Effort", "divide"]

BORDER_CELLS = 2.5
"""Cells at a border are about this many times sqrt(cells * grids): the search needs steps for those alone."""
CELLS_A_GRID = 10.0
"""For grids of more cells than this the temperatures of `Effort` are lowered."""
WHOLE = 1.8
"""A piece that is searched window by window is first searched as a whole, in half the runs of so many times the steps;
each window gets half the runs too."""


@dataclass(frozen=True)
class Effort:
    """How long to search, in steps: never in seconds, so that a plan does not depend on the machine.

    Parameters
    ----------
    runs : int
        Annealing runs, each from a fresh start.
    steps_per_cell : float
        Proposals in each run, for each cell likely to lie at a border.
    tries : int
        Random trees looked at for each cut of a start.
    hot, cold : float
        First and last temperature of a run, for grids of up to `CELLS_A_GRID` cells.
    shots : int
        Divisions of each run whose grids go into the pool.
    rounds : int
        Exact covers from the pool, each followed by polishing.
    polish : int
        Runs after each cover, from the best division at temperature `warm`.
    warm : float
        See `polish`.
    most : int
        Grids of the pool that a cover looks at.
    window : int
        Grids of a window; a piece of no more is searched as a whole.
    passes : int
        Times a larger piece is searched window by window.
    """

    runs: int = 8
    steps_per_cell: float = 48
    tries: int = 2
    hot: float = 2.0
    cold: float = 0.06
    shots: int = 8
    most: int = 2000
    rounds: int = 1
    polish: int = 1
    warm: float = 0.1
    window: int = 16
    passes: int = 1


def divide(
    graph: Graph, k: int, weights: np.ndarray, effort: Effort, seed: int, go_on: Callable[[], bool] | None = None
) -> tuple[np.ndarray, float]:
    """Divide a connected graph into `k` connected sets.

    Parameters
    ----------
    graph : Graph
    k : int
        At most the number of cells.
    weights : ndarray
        `Weights.array`.
    effort : Effort
    seed : int
    go_on : callable, optional
        Asked before every run and every cover, see `gis.partition.pace`: where it says no the best so far is given,
        where it says so at once a start without a step.

    Returns
    -------
    of : ndarray of int64
        Set of each cell, 0 .. k-1.
    energy : float
    """
    n = len(graph.load)
    if k <= 1:
        return np.zeros(n, np.int64), 0.0
    if k >= n:
        return np.arange(n, dtype=np.int64), 0.0
    go_on = Pace() if go_on is None else go_on
    if k <= effort.window:
        return _search(graph, k, weights, effort, seed, go_on)
    half = replace(effort, runs=max(1, effort.runs // 2))
    long = replace(half, steps_per_cell=WHOLE * effort.steps_per_cell)
    best, lowest = _search(graph, k, weights, long, seed, go_on)
    for number in range(effort.passes):
        of = best.copy()
        rng = state_of(seed_of(seed, number))
        for window in windows_of(graph, best, k, effort.window, rng):
            begin, known = seed_of(seed, number, window.number), window.of
            found, _ = _search(window.graph, len(window.sets), weights, half, begin, go_on, known)
            of[window.cells] = window.sets[found]
        sums, _ = totals(of, k, graph)
        best, lowest = of, float(energies(sums, weights).sum())
    return best, lowest


def _search(
    graph: Graph,
    k: int,
    weights: np.ndarray,
    effort: Effort,
    seed: int,
    go_on: Callable[[], bool],
    known: np.ndarray | None = None,
) -> tuple[np.ndarray, float]:
    """Divide a graph as `divide` does, as a whole; where a division is `known`, give none that is worse."""
    n = len(graph.load)
    rng = state_of(seed)
    best, lowest = np.empty(0, np.int64), np.inf
    pool = Pool(graph, k, weights)
    if known is not None:
        best, lowest = known, float(energies(totals(known, k, graph)[0], weights).sum())
        pool.add(known[None])
    steps = int(effort.steps_per_cell * min(n, BORDER_CELLS * np.sqrt(n * k)))
    # a flip of one cell of many changes little: the finer the cells, the cooler
    fine = min(1.0, float(np.sqrt(CELLS_A_GRID * k / n)))
    hot, warm, cold = fine * effort.hot, fine * effort.warm, fine * effort.cold
    shots = np.empty((effort.shots, n), np.int64)
    for _ in range(max(1, effort.runs)):
        on = go_on()
        if not on and len(best):
            return best, lowest
        start = recursive_split(k, graph, effort.tries, rng)
        of, energy = anneal(start, k, graph, weights, steps if on else 0, hot, cold, rng, shots)
        pool.add(shots)
        if energy < lowest:
            best, lowest = of, energy
    for _ in range(effort.rounds):
        if not go_on():
            break
        found = best_cover(pool, lowest, effort.most)
        if found is not None:
            best, lowest = found
        for _ in range(effort.polish):
            if not go_on():
                break
            of, energy = anneal(best, k, graph, weights, steps, warm, cold, rng, shots)
            pool.add(shots)
            if energy < lowest:
                best, lowest = of, energy
    return best, float(lowest)
