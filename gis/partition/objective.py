"""What makes one division of a community better than another?

The energy of a plan is a sum over its grids, so a change of two grids is priced from those two alone, and a set of
grids can be priced without knowing the others:

``energy = sum over grids of balance(load) + shape(4 pi area / perimeter^2) + border * price / (2 side)``

where ``price`` is the grid's inner border in metres, each metre weighted by what it follows (a border inside a
compound is dear, one along a main street costs nothing; each grid bears half), and ``side`` the side of a square of
the community's mean grid area, so that the same weights serve a dense quarter and a sparse edge. Being connected is
not priced: the search never leaves connected plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis.graph import FOLLOWS
from gis.partition._compiled import compiled, inlined

__all__ = ["COMPOUND_CUT", "PRICE_OF", "Weights", "grid_energy", "load_energy"]

PRICE_OF = np.array(
    [
        {
            "none": 1.0,
            "compound": 0.2,
            "wall": 0.2,
            "path": 0.6,
            "service": 0.35,
            "residential": 0.08,
            "tertiary": 0.04,
            "secondary": 0.0,
            "primary": 0.0,
            "expressway": 0.0,
            "rail": 0.0,
            "water": 0.0,
            "block": 0.25,
        }[name]
        for name in FOLLOWS
    ]
)
"""Price of one metre of border by what it follows, index as in `gis.graph.FOLLOWS`."""

COMPOUND_CUT = 2.0
"""Added to the price of a metre whose two sides belong to the same compound."""


@dataclass(frozen=True)
class Weights:
    """How much each part of the energy counts, and the limits of a grid's load.

    Parameters
    ----------
    target, minimum, maximum : float
        Households wanted in a grid, and the range it should stay in.
    tolerance : float
        Share of the target that counts as on target.
    slope : float
        Price of a deviation as large as the target (linear: keeps the mean deviation small).
    bend : float
        The same, squared (keeps single grids from being sacrificed).
    miss : float
        Price of leaving the tolerance at all, reached over `ramp` beyond it.
    ramp : float
        See `miss`; a share of the target.
    outside : float
        Price of a deviation beyond [minimum, maximum] as large as the target.
    compact : float
        Price of a grid with no compactness at all.
    border : float
        Price of an inner border as long as a mean grid's side that follows nothing.
    far : float
        Price of leaving twice the tolerance, on top of `miss` and reached in the same way.
    tail, floor : float
        Price of a grid whose compactness is below `floor`, times the square of what it lacks: the mean alone would
        let a few ribbons pay for many good shapes.
    """

    target: float
    minimum: float
    maximum: float
    tolerance: float = 0.1
    slope: float = 0.55
    bend: float = 3.0
    miss: float = 3.8
    ramp: float = 0.08
    outside: float = 4.0
    compact: float = 1.01
    border: float = 0.22
    far: float = 1.9
    tail: float = 12.75
    floor: float = 0.5

    def array(self, side: float) -> np.ndarray:
        """Return the weights as the kernels take them; `side` in metres."""
        return np.array(
            [
                self.target,
                self.minimum,
                self.maximum,
                self.tolerance,
                self.slope,
                self.bend,
                self.miss,
                self.ramp,
                self.outside,
                self.compact,
                self.border / (2.0 * max(side, 1e-9)),
                self.far,
                self.tail,
                self.floor,
            ]
        )


@inlined
def load_energy(load: float, w: np.ndarray) -> float:
    """Energy of a grid's load alone, at most that of the grid: a move that costs too much by it needs no other look."""
    off = abs(load - w[0]) / w[0]
    energy: float = w[4] * off + w[5] * off * off
    beyond = off - w[3]
    if beyond > 1e-9:
        energy += w[6] * min(1.0, 0.25 + 0.75 * beyond / w[7])
        if beyond > w[3]:
            energy += w[11] * min(1.0, 0.25 + 0.75 * (beyond - w[3]) / w[7])
    if load < w[1]:
        energy += w[8] * (w[1] - load) / w[0]
    elif load > w[2]:
        energy += w[8] * (load - w[2]) / w[0]
    return energy


@compiled
def grid_energy(load: float, area: float, perimeter: float, price: float, w: np.ndarray) -> float:
    """Energy of one grid from its households, m2, metres of outline and priced metres of inner border."""
    compact = 4.0 * np.pi * area / (perimeter * perimeter + 1e-12)
    energy: float = load_energy(load, w) + w[9] * (1.0 - compact) + w[10] * price
    lack = w[13] - compact
    if lack > 0.0:
        energy += w[12] * lack * lack
    return energy
