"""Which changes make an answer? Those of least price that fit together and stay within budget: a packing of changes.

Changes that share no grid are independent, so an answer is a set of them in which each grid occurs once at most, of
least ``moved + cells - grid * grids brought within tolerance + shape * energy``. None wins grids by sacrificing one:
the sum of squared deviations from the target does not rise. Each change pays by itself: none is made only because it
makes room for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse import csc_array

    from gis.partition.changes import Change

__all__ = ["STANCES", "Budget", "Stance", "choose"]

NODES = 12
"""Relaxations solved at most; a number, not a time, so that the answer does not depend on the machine."""
CELL = 2.0
"""A cell that moves counts as so many households on top of its own: none moves for its looks alone."""
GAP = 1e-3
"""A choice that can be no more than this share better is not sought."""


@dataclass(frozen=True)
class Stance:
    """What an answer weighs against moved households.

    Parameters
    ----------
    name : str
    grid : float
        Households worth moving for one grid more within tolerance, as a share of the target.
    shape : float
        The same for one unit of the plan's energy.
    most : float
        Moved households at most, as a multiple of the transshipment bounds of the changes taken: buildings much larger
        than what is too much or too little stay.
    """

    name: str
    grid: float
    shape: float
    most: float = np.inf


STANCES = (
    Stance("fewest_moved", 0.3, 0.02, 1.25),
    Stance("between", 1.0, 0.05, 1.6),
    Stance("best_balance", 1.0, 0.5),
)
"""The three answers, from few moves to an even plan."""


@dataclass(frozen=True)
class Budget:
    """Hard limits of an answer: households that move, grids that lose or get cells."""

    moved: float = np.inf
    grids: float = np.inf


def choose(changes: Sequence[Change], stance: Stance, target: float, budget: Budget) -> list[int]:
    """Choose changes.

    Parameters
    ----------
    changes : sequence of Change
        With grids numbered throughout the district.
    stance : Stance
    target : float
        Households wanted in a grid.
    budget : Budget

    Returns
    -------
    list of int
        Positions in `changes`, ascending; no two share a grid.
    """
    moved = np.array([c.moved for c in changes], float)
    price = moved + CELL * np.array([len(c.cell) for c in changes], float)
    price += stance.shape * target * np.array([c.energy for c in changes], float)
    price -= stance.grid * target * np.array([c.gain for c in changes], float)
    keep = np.flatnonzero(price < -1e-9).tolist()
    if not keep:
        return []
    grids = np.concatenate([changes[i].grids for i in keep])
    size = np.array([len(changes[i].grids) for i in keep])
    _, row = np.unique(grids, return_inverse=True)
    once = coo_array((np.ones(len(row)), (row, np.repeat(np.arange(len(keep)), size))))
    square = np.array([changes[i].square for i in keep])
    rows, limits = [once.tocsr()], [np.ones(once.shape[0])]
    bounds = np.array([changes[i].bound for i in keep])
    # in targets, so that the solver sees numbers of about one
    lines = [(moved[keep] / target, budget.moved / target), (size, budget.grids), (square / target**2, 0.0)]
    if np.isfinite(stance.most):
        lines.append(((moved[keep] - stance.most * bounds) / target, 0.0))
    for line, limit in lines:
        if np.isfinite(limit):
            rows.append(coo_array(line[None, :].astype(float)).tocsr())
            limits.append(np.array([limit]))
    taken = _pack(price[keep] / target, vstack(rows).tocsc(), np.concatenate(limits))
    return [i for i, x in zip(keep, taken, strict=True) if x]


def _pack(price: np.ndarray, a: csc_array, limit: np.ndarray) -> np.ndarray:
    """Choose columns of least total price, ``a x <= limit``; nothing chosen keeps every limit.

    Branch and bound over the linear relaxation, the likelier half first. Few rows hold many columns, so hardly any are
    fractional: rounding down and filling up is near the best at once, and `GAP` ends the search early.

    Returns
    -------
    ndarray of bool
    """
    best, least = np.zeros(len(price), bool), 0.0
    dense = a.toarray()
    todo: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), ())]
    for _ in range(NODES):
        if not todo:
            break
        out, in_ = todo.pop()
        low, high = np.zeros(len(price)), np.ones(len(price))
        high[list(out)], low[list(in_)] = 0.0, 1.0
        bounds = np.column_stack([low, high])
        relaxed = linprog(price, A_ub=a, b_ub=limit, bounds=bounds, method="highs-ds")
        if relaxed.status != 0 or relaxed.fun >= least - GAP * abs(least) - 1e-9:
            continue
        whole = _rounded(relaxed.x, price, dense, limit)
        if price[whole].sum() < least - 1e-9:
            best, least = whole, float(price[whole].sum())
        part = np.abs(relaxed.x - np.round(relaxed.x))
        if part.max() > 1e-6:
            j = int(np.argmax(np.where(part > 1e-6, relaxed.x, -1.0)))
            todo += [((*out, j), in_), (out, (*in_, j))]
    return best


def _rounded(x: np.ndarray, price: np.ndarray, a: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Round a relaxed choice down, drop what breaks a limit still, and fill up where there is room."""
    taken = x > 1.0 - 1e-6
    used = a[:, taken].sum(axis=1)
    while (over := used - limit).max() > 1e-9:
        row = int(np.argmax(over))
        at = np.flatnonzero(taken & (a[row] > 0.0))
        j = at[np.argmax(price[at] / a[row, at])]
        taken[j] = False
        used -= a[:, j]
    for j in np.lexsort((price, -np.round(x, 6))):
        if not taken[j] and (used + a[:, j] <= limit + 1e-9).all():
            taken[j] = True
            used += a[:, j]
    return taken
