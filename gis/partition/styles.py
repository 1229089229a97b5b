"""What is a division to be like first of all: even, compact, or true to streets?

A style is a named set of weights (`gis.partition.objective.Weights`); what it does not name is as it is there.
"""

from __future__ import annotations

import math
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from gis.errors import InputError
from gis.partition.objective import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STYLES", "style_weights"]

STYLES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "balanced": {},
        "compact": {"compact": 1.7, "border": 0.4, "miss": 3.6, "tail": 44.0},
        "street-true": {"border": 1.2},
    }
)
"""Weights of each style by its name; the first is the default."""

PRICES = {field.name for field in fields(Weights)} - {"target", "minimum", "maximum"}


def style_weights(style: str | Mapping[str, float]) -> Mapping[str, float]:
    """Give the weights that a style sets, or weights of one's own.

    Raises
    ------
    InputError
        There is no such style or weight, or one is below 0.

    Examples
    --------
    >>> dict(style_weights("balanced"))
    {}
    """
    if not isinstance(style, str):
        if set(style) - PRICES or not all(0 <= price < math.inf for price in style.values()):
            raise InputError(
                f"{dict(style)} are no weights.", f"Give 0 or more for any of {', '.join(sorted(PRICES))}."
            )
        return style
    if style not in STYLES:
        raise InputError(f"There is no style {style!r}.", f"Styles are {', '.join(STYLES)}.")
    return STYLES[style]
