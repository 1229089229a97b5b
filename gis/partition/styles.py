"""What is a division to be like first of all: even, compact, or true to streets?

A style is a named set of weights (`gis.partition.objective.Weights`); what it does not name is as it is there.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gis.errors import InputError

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


def style_weights(style: str) -> Mapping[str, float]:
    """Give the weights that a style sets.

    Raises
    ------
    InputError
        There is no such style.

    Examples
    --------
    >>> dict(style_weights("balanced"))
    {}
    """
    if style not in STYLES:
        raise InputError(f"There is no style {style!r}.", f"Styles are {', '.join(STYLES)}.")
    return STYLES[style]
