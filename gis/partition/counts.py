"""How many grids does a community, or a part of it, get?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["allocate", "check_limits", "grid_count", "half_up"]


def half_up(x: float) -> int:
    """Round to the nearest whole number, halves upwards (2.5 -> 3)."""
    return math.floor(x + 0.5)


def check_limits(target: float, minimum: float, maximum: float) -> None:
    """Refuse a target and limits that no plan can follow."""
    if not all(math.isfinite(x) for x in (target, minimum, maximum)):
        raise InputError("target, min and max must be finite numbers.", "Give numbers, e.g. 200 150 300.")
    if target <= 0:
        raise InputError(f"The target is {target:g} a grid.", "Give a target above 0, e.g. --target 200.")
    if minimum < 0 or minimum > maximum:
        raise InputError(
            f"The minimum ({minimum:g}) and maximum ({maximum:g}) of a grid contradict each other.",
            "Give 0 <= min <= max, e.g. --min 150 --max 300.",
        )
    if not minimum <= target <= maximum:
        raise InputError(
            f"The target ({target:g}) lies outside [min, max] = [{minimum:g}, {maximum:g}].",
            "Give min <= target <= max.",
        )


def grid_count(households: float, loaded: int, target: float, minimum: float, maximum: float) -> int:
    """Count the grids for the households that are not in a building above the maximum.

    ``households / target`` rounded half up, at least 1; where some number of grids keeps their mean within
    [minimum, maximum], moved to the nearest such number; never more than there are cells with households, since a
    grid more would be empty.

    Parameters
    ----------
    households : float
        Of all cells to be divided.
    loaded : int
        Number of those cells that hold households.
    target, minimum, maximum : float
        Households a grid.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> grid_count(486, 40, 200, 200, 300), grid_count(5934, 400, 200, 150, 300)
    (2, 30)
    """
    k = max(1, half_up(households / target))
    low = max(1, math.ceil(households / maximum - 1e-9)) if maximum > 0 else 1
    high = math.floor(households / minimum + 1e-9) if minimum > 0 else k
    if low <= high:
        k = min(max(k, low), high)
    return max(1, min(k, loaded))


def allocate(total: int, loads: Sequence[float], loaded: Sequence[int], target: float) -> list[int]:
    """Share `total` grids among pieces that cannot be joined, at least one each, so that the worst mean is best.

    Parameters
    ----------
    total : int
        Grids wanted in all; raised to the number of pieces where it is less.
    loads : sequence of float
        Households of each piece.
    loaded : sequence of int
        Cells with households of each piece: no piece gets more grids than that (but always one).
    target : float
        Households a grid.

    Returns
    -------
    list of int
        One number a piece, in the same order.
    """
    share = [1] * len(loads)
    for _ in range(max(0, total - len(loads))):
        gains = [
            (abs(load / k - target) * k - abs(load / (k + 1) - target) * (k + 1), -i)
            for i, (load, k, cap) in enumerate(zip(loads, share, loaded, strict=True))
            if k < cap
        ]
        if not gains:
            break
        share[-max(gains)[1]] += 1
    return share
