"""Which changes make an answer? Those of least price that fit together and stay within budget: a packing of changes.

Changes that share no grid are independent, so an answer is a set of them in which each grid occurs once at most, of
least ``moved + cells - grid * grids brought within tolerance + shape * energy``. None wins grids by sacrificing one:
the sum of squared deviations from the target does not rise. A change that does not pay by itself may make room for
one that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, vstack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.partition.changes import Change

__all__ = ["STANCES", "Budget", "Stance", "choose"]

NODES = 200
"""Nodes of the search at most; a number, not a time, so that the answer does not depend on the machine."""
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
    square = np.array([c.square for c in changes], float)
    spare = np.zeros(len(changes))
    if np.isfinite(stance.most):
        spare = stance.most * np.array([c.bound for c in changes], float) - moved
    if not (price < -1e-9).any():
        return []
    keep = np.flatnonzero((price < -1e-9) | (square < -1e-9) | (spare > 1e-9)).tolist()
    grids = np.concatenate([changes[i].grids for i in keep])
    size = np.array([len(changes[i].grids) for i in keep])
    _, row = np.unique(grids, return_inverse=True)
    once = coo_array((np.ones(len(row)), (row, np.repeat(np.arange(len(keep)), size))))
    rows, limits = [once.tocsr()], [np.ones(once.shape[0])]
    # in targets, so that the solver sees numbers of about one
    lines = [(moved[keep] / target, budget.moved / target), (size, budget.grids), (square[keep] / target**2, 0.0)]
    if np.isfinite(stance.most):
        lines.append((-spare[keep] / target, 0.0))
    for line, limit in lines:
        if np.isfinite(limit):
            rows.append(coo_array(line[None, :].astype(float)).tocsr())
            limits.append(np.array([limit]))
    found = milp(
        price[keep] / target,
        integrality=np.ones(len(keep)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(vstack(rows).tocsc(), -np.inf, np.concatenate(limits)),
        options={"node_limit": NODES, "mip_rel_gap": GAP, "presolve": False},  # presolving prints to stdout at times
    )
    return [] if found.x is None else [i for i, x in zip(keep, found.x, strict=True) if x > 0.5]
