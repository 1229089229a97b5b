"""How is one piece of a community divided? Short annealing runs from random spanning trees; the best is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.partition._random import state_of
from gis.partition.anneal import anneal
from gis.partition.cover import Pool, best_cover
from gis.partition.pace import Pace
from gis.partition.trees import recursive_split

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.partition._compiled import Graph

__all__ = ["Effort", "divide"]

BORDER_CELLS = 2.5
"""Cells at a border are about this many times sqrt(cells * grids): the search needs steps for those alone."""
CELLS_A_GRID = 10.0
"""For grids of more cells than this the temperatures of `Effort` are lowered."""


@dataclass(frozen=True)
class Effort:
    """How long to search, in steps: never in seconds, so that a plan does not depend on the machine.

    Parameters
    ----------
    runs : int
        Annealing runs, each from a fresh start.
    steps_per_cell : int
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
    """

    runs: int = 8
    steps_per_cell: int = 50
    tries: int = 4
    hot: float = 2.0
    cold: float = 0.06
    shots: int = 8
    most: int = 2000
    rounds: int = 1
    polish: int = 1
    warm: float = 0.1


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
    rng = state_of(seed)
    best, lowest = np.empty(0, np.int64), np.inf
    steps = int(effort.steps_per_cell * min(n, BORDER_CELLS * np.sqrt(n * k)))
    # a flip of one cell of many changes little: the finer the cells, the cooler
    fine = min(1.0, float(np.sqrt(CELLS_A_GRID * k / n)))
    hot, warm, cold = fine * effort.hot, fine * effort.warm, fine * effort.cold
    pool = Pool(graph, k, weights)
    shots = np.empty((effort.shots, n), np.int64)
    for run in range(max(1, effort.runs)):
        on = go_on()
        if run and not on:
            break
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
