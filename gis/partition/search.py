"""How is one piece of a community divided? Short annealing runs from random spanning trees; the best is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.partition._random import state_of
from gis.partition.anneal import anneal
from gis.partition.trees import recursive_split

if TYPE_CHECKING:
    from gis.partition._compiled import Graph

__all__ = ["Effort", "divide"]


@dataclass(frozen=True)
class Effort:
    """How long to search, in steps: never in seconds, so that a plan does not depend on the machine.

    Parameters
    ----------
    runs : int
        Annealing runs from a fresh start; the best is polished once more.
    steps_per_cell : int
        Proposals a cell in each run.
    tries : int
        Random trees looked at for each cut of the start.
    hot, cold : float
        First and last temperature of a run.
    """

    runs: int = 8
    steps_per_cell: int = 300
    tries: int = 4
    hot: float = 0.5
    cold: float = 0.02


def divide(graph: Graph, k: int, weights: np.ndarray, effort: Effort, seed: int) -> tuple[np.ndarray, float]:
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
    rng = state_of(seed)
    best, lowest = np.empty(0, np.int64), np.inf
    for _ in range(max(1, effort.runs)):
        start = recursive_split(k, graph, effort.tries, rng)
        of, energy = anneal(start, k, graph, weights, effort.steps_per_cell * n, effort.hot, effort.cold, rng)
        if energy < lowest:
            best, lowest = of, energy
    return best, float(lowest)
