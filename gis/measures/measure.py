"""How is a figure explained to whoever reads it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GRIDS_UNIT",
    "HOUSEHOLDS_UNIT",
    "PERCENT",
    "SQUARE_METRES",
    "TOLERANCE",
    "Basis",
    "Measure",
    "on_target",
    "text",
]

TOLERANCE = 0.1
"""Share of the target that counts as on target."""

Basis = Literal["then", "as_of"]
"""``then``: each thing in the grid in force at its own time; ``as_of``: all regrouped into the grids of one moment."""


@dataclass(frozen=True)
class Measure:
    """One figure, as it is explained to whoever reads it.

    Parameters
    ----------
    key : str
        Stable name.
    label, unit, definition : mapping
        ``zh`` and ``en``.
    kind : {"diverging", "sequential"}
        Whether it has a middle worth seeing (deviation from a target) or runs from little to much.
    basis : {"then", "as_of"}
        ``then``: counted in the grids of each thing's own time; ``as_of``: regrouped into the grids of one date.
    """

    key: str
    label: Mapping[str, str]
    unit: Mapping[str, str]
    definition: Mapping[str, str]
    kind: Literal["diverging", "sequential"] = "sequential"
    basis: Basis = "as_of"


def on_target(households: np.ndarray, target: float, tolerance: float = TOLERANCE) -> np.ndarray:
    """Tell which grids' households differ from `target` by at most ``tolerance * target``."""
    off: np.ndarray = np.abs(np.asarray(households, float) - target)
    return off <= tolerance * target + 1e-9


def text(zh: str, en: str) -> dict[str, str]:
    """Say the same in both languages."""
    return {"zh": zh, "en": en}


HOUSEHOLDS_UNIT = text("户", "households")
PERCENT = text("%", "%")
GRIDS_UNIT = text("个", "grids")
SQUARE_METRES = text("平方米", "m²")
