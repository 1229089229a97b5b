"""Into which classes does a legend put the values of a figure?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["DEVIATION_BREAKS", "Classes", "classify", "round_break"]

DEVIATION_BREAKS = (-50.0, -20.0, -10.0, 10.0, 20.0, 50.0)
"""Per cent; the same on every map, so that one colour always says the same."""

FEWEST, MOST = 5, 7
NO_DATA, ZERO = -2, -1
NARROWEST = 0.01
"""Classes narrower than this share of the median tell nothing apart that anybody would."""

LEEWAY = 0.45
"""A break may move so far towards its neighbouring quantiles to become a round number."""


@dataclass(frozen=True)
class Classes:
    """Classes and what falls into them.

    Parameters
    ----------
    bounds : list of (lower, upper)
        None is open.
    of : ndarray of int, shape (n,)
        Class of each value; `ZERO` and `NO_DATA` stand apart.
    """

    bounds: list[tuple[float | None, float | None]]
    of: np.ndarray

    @property
    def counts(self) -> list[int]:
        """How many values each class has."""
        return [int(n) for n in np.bincount(self.of[self.of >= 0], minlength=len(self.bounds))]


def classify(values: np.ndarray, kind: Literal["diverging", "sequential"]) -> Classes:
    """Put values into classes.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN is no data.
    kind : {"diverging", "sequential"}
        ``diverging``: the fixed `DEVIATION_BREAKS`; a value on a break belongs to the class nearer to 0, so that the
        middle one is "within 10 %". ``sequential``: up to 7 classes of about equally many values above 0, with
        round breaks; ``lower <= value < upper``, the last one closed; 0 stands apart.

    Returns
    -------
    Classes
        The number of classes is lower than 5 only where there are fewer different values.

    Examples
    --------
    >>> classify(np.array([-60.0, -10.0, 0.0, 10.0, 10.5, np.nan]), "diverging").of.tolist()
    [0, 3, 3, 3, 4, -2]
    >>> classify(np.array([0.0, 1.0, 2.0, 2.0]), "sequential").bounds
    [(1.0, 2.0), (2.0, 2.0)]
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    of = np.full(len(values), NO_DATA)
    if kind == "diverging":
        breaks = np.array(DEVIATION_BREAKS)
        low = np.searchsorted(breaks, values[known], side="right")
        high = np.searchsorted(breaks, values[known], side="left")
        of[known] = np.where(values[known] < 0, low, high)
        edges: list[float | None] = [None, *DEVIATION_BREAKS, None]
        return Classes(list(itertools.pairwise(edges)), of)
    of[known & (values == 0)] = ZERO
    drawn = known & (values != 0)
    cuts = _cuts(values[drawn])
    if len(cuts) == 0:
        return Classes([], of)
    of[drawn] = np.clip(np.searchsorted(cuts, values[drawn], side="right") - 1, 0, max(len(cuts) - 2, 0))
    return Classes([(float(a), float(b)) for a, b in itertools.pairwise(cuts)], of)


def _cuts(values: np.ndarray) -> np.ndarray:
    """Rising edges of the classes, the first at or below the least value, the last at or above the greatest."""
    if not len(values):
        return np.empty(0)
    distinct = np.unique(values)
    if len(distinct) <= FEWEST:
        return np.append(distinct, distinct[-1])
    for classes in range(MOST, FEWEST - 1, -1):
        quantiles = np.quantile(values, np.linspace(0, 1, classes + 1))
        edges = _rounded(quantiles)
        counts = np.histogram(values, edges)[0]
        filled = counts.min() >= max(1, len(values) // (4 * classes))
        if len(edges) == classes + 1 and filled and np.diff(edges).min() >= NARROWEST * np.median(values):
            return edges
    # Most values are equal, or nearly: equally many different values a class say more than empty quantiles.
    edges = _rounded(np.quantile(distinct, np.linspace(0, 1, FEWEST + 1)))
    kept: np.ndarray = edges[np.append(np.histogram(values, edges)[0] > 0, True)]
    return kept


def _rounded(edges: np.ndarray) -> np.ndarray:
    gaps = np.diff(edges)
    # The smaller gap beside an edge bounds how far it may move: a long tail must not pull its neighbour along.
    room = np.minimum(np.append(gaps[0], gaps), np.append(gaps, gaps[-1])) * LEEWAY
    low, high = edges - room, edges + room
    high[0], low[-1] = edges[0], edges[-1]  # the outer edges take every value in
    low[0] = max(low[0], 0.0) if edges[0] >= 0 else low[0]
    return np.unique([round_break(a, b) for a, b in zip(low, high, strict=True)])


def round_break(low: float, high: float) -> float:
    """Give the roundest number of an interval: a multiple of the largest step of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_break(187.2, 213.9), round_break(0.031, 0.044), round_break(3.0, 3.0)
    (200.0, 0.04, 3.0)
    """
    if high <= low:
        return float(high)
    width = np.ceil(np.log10(max(abs(low), abs(high))))
    for power in range(int(width), int(np.floor(np.log10(high - low))) - 2, -1):
        for digit in (5, 2, 1):
            # Whole numbers divide exactly where a decimal fraction would leave 0.30000000000000004.
            step, scale = (digit * 10.0**power, 1.0) if power >= 0 else (float(digit), 10.0**-power)
            multiple = np.ceil(round(low * scale / step, 9)) * step / scale
            if multiple <= high:
                return float(multiple)
    return float(low)
