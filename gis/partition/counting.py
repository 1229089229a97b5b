"""Into how many grids is a piece divided best, when their number is free?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gis.partition.search import Effort, divide
from gis.partition.state import energies, totals

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.partition._compiled import Graph
    from gis.partition.objective import Weights

__all__ = ["best_count"]

REACH = 2
"""So many more and fewer grids than by the rule are looked at."""
GLANCE = 4
"""A trial has this share of the search's runs."""


def best_count(
    graph: Graph, k: int, weights: Weights, effort: Effort, seed: int, late: Callable[[], bool] | None = None
) -> int:
    """Choose the number of grids that leaves fewest outside the limits, and of these the one of least energy a grid.

    Only numbers whose mean is inside the limits are tried. By the energy alone, a grid with next to nothing between two
    that cannot be divided would be outweighed by the good ones beside it.

    Parameters
    ----------
    graph : Graph
        A connected piece.
    k : int
        Number by the rule (`gis.partition.counts.grid_count`).
    weights : Weights
    effort : Effort
        Of the search that follows.
    seed : int
    late : callable, optional
        Whether there is no time to try another number: then it is the best of those tried.

    Returns
    -------
    int
        `k` where no other number keeps the mean inside [minimum, maximum], or none is better.
    """
    load = float(graph.load.sum())
    most = math.floor(load / weights.minimum + 1e-9) if weights.minimum > 0 else k + REACH
    least = math.ceil(load / weights.maximum - 1e-9)
    most = min(most, k + REACH, int((graph.load > 0).sum()))
    tried = [k, *(other for other in range(max(1, least, k - REACH), most + 1) if other != k)]
    if len(tried) == 1:
        return k
    glance = replace(effort, runs=max(1, effort.runs // GLANCE))
    found: list[tuple[int, float]] = []
    for count in tried:
        if late is not None and late():
            break
        array = weights.array(float(np.sqrt(graph.area.sum() / count)))
        of, _ = divide(graph, count, array, glance, seed)
        sums, _ = totals(of, count, graph)
        inside = np.clip(sums[:, 0], weights.minimum, weights.maximum)
        outside = int((np.abs(sums[:, 0] - inside) > 1e-9).sum())
        found.append((outside, float(energies(sums, array).sum()) / count))
    return tried[found.index(min(found))] if found else k
