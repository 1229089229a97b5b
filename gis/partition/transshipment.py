"""How many households must change their grid at least, so that given grids come within tolerance?

Two bounds, both on the households that leave the grid they were in, for a given set of grids that end within
tolerance (every other grid may end with any load):

`excess`
    What the over-full grids of the set have too much must leave them, and what the others lack must enter them; a
    household that moves leaves one grid and enters one. So at least the larger of both sums moves, whatever the map.
`transshipment`
    Households move only between grids that touch, so what a grid has too much may have to pass through others, and
    each passage is a household (not always the same) that moves. The least total is a linear programme: flows on the
    pairs of touching grids, each grid of the set within its limits, none below nothing. It is a bound for every
    division in which cells go only to grids of those pairs: the cells that move are such a flow. A division may also
    take a cell to a grid that its own did not touch, once cells between them have left; so the pairs that a division
    itself uses are added to those that touch before the bound is held against it.

Buildings are not divided, so neither bound can always be reached.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack

__all__ = ["Repair", "excess", "transshipment"]


@dataclass(frozen=True)
class Repair:
    """What is to be reached.

    Parameters
    ----------
    load : ndarray, shape (k,)
        Households of each grid before anything moves.
    pairs : ndarray of int, shape (m, 2)
        Grids between which households may move, each pair once.
    held : ndarray of bool, shape (k,)
        The set: grids that end within [low, high].
    low, high : float
        Households.
    """

    load: np.ndarray
    pairs: np.ndarray
    held: np.ndarray
    low: float
    high: float


def excess(repair: Repair) -> float:
    """Sum what the set has too much, and what it lacks; the larger of both, in households.

    Examples
    --------
    >>> excess(Repair(np.array([250.0, 150.0, 200.0]), np.array([[0, 1]]), np.array([True, True, True]), 180, 220))
    30.0
    """
    load = repair.load[repair.held]
    over, lack = np.maximum(load - repair.high, 0.0).sum(), np.maximum(repair.low - load, 0.0).sum()
    return float(max(over, lack))


def transshipment(repairs: list[Repair]) -> np.ndarray:
    """Least households that move between touching grids, of each repair; solved as one programme of separate blocks.

    Returns
    -------
    ndarray, shape (repairs,)
        NaN for all where one of them cannot be reached at all.

    Examples
    --------
    >>> row = np.array([[0, 1], [1, 2]])
    >>> transshipment([Repair(np.array([260.0, 200.0, 140.0]), row, np.array([True, True, True]), 180, 220)]).tolist()
    [80.0]
    """
    if not any(len(repair.pairs) for repair in repairs):
        reached = [excess(repair) == 0.0 for repair in repairs]
        return np.zeros(len(repairs)) if all(reached) else np.full(len(repairs), np.nan)
    grids = np.cumsum([0, *(len(repair.load) for repair in repairs)])
    flows = np.cumsum([0, *(2 * len(repair.pairs) for repair in repairs)])
    ends = [np.vstack([r.pairs, r.pairs[:, ::-1]]) + first for r, first in zip(repairs, grids, strict=False)]
    source, target = np.vstack(ends).astype(np.int64).T
    each = np.arange(flows[-1])
    gain: csr_array = coo_array(
        (np.repeat([1.0, -1.0], flows[-1]), (np.concatenate([target, source]), np.concatenate([each, each]))),
        shape=(grids[-1], flows[-1]),
    ).tocsr()
    load = np.concatenate([repair.load for repair in repairs])
    high = np.concatenate([np.where(repair.held, repair.high, np.inf) for repair in repairs])
    low = np.concatenate([np.where(repair.held, repair.low, 0.0) for repair in repairs])
    capped = np.isfinite(high)
    solved = linprog(
        np.ones(flows[-1]),
        A_ub=vstack([gain[capped], -gain]),
        b_ub=np.concatenate([(high - load)[capped], load - low]),
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        return np.full(len(repairs), np.nan)
    done = np.concatenate([[0.0], np.cumsum(solved.x)])
    return np.asarray(np.round(done[flows[1:]] - done[flows[:-1]], 9))
