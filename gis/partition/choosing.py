"""Which changes make an answer? Those of least price that fit together and stay within budget: a packing of changes.

Changes that share no grid are independent, so an answer is a set of them in which each grid occurs once at most, of
least ``moved - grid * grids brought within tolerance + shape * energy``. None wins grids by sacrificing one: the sum of
squared deviations from the target does not rise.
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

NODES = 2000
"""Nodes of the search at most; a number, not a time, so that the answer does not depend on the machine."""


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
        Moved households at most, as a multiple of the transshipment bounds of the changes taken.
    """

    name: str
    grid: float
    shape: float
    most: float = np.inf


STANCES = (
    Stance("fewest_moved", 0.4, 0.02, 1.5),
    Stance("between", 0.5, 0.1),
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
    price = moved + stance.shape * target * np.array([c.energy for c in changes], float)
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
    solved = milp(
        price[keep] / target,
        constraints=LinearConstraint(vstack(rows), ub=np.concatenate(limits)),
        integrality=np.ones(len(keep)),
        bounds=Bounds(0, 1),
        options={"node_limit": NODES, "mip_rel_gap": 0.0, "presolve": False},
    )
    return [] if solved.x is None else [i for i, x in zip(keep, solved.x, strict=True) if x > 0.5]
