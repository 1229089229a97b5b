"""Of what is a grid to hold about the same amount: households, or a weighted sum, so that work is balanced?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.graph import Tessellation

__all__ = ["HOUSEHOLDS", "PERSONS", "TERMS", "Load", "default_target", "loads_of", "unit_words", "weighed"]

HOUSEHOLDS = "households"
"""The load by default, as it is written."""

TERMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        HOUSEHOLDS: {"zh": "户", "en": "households"},
        "people": {"zh": "人", "en": "people"},
        "parts": {"zh": "个部件", "en": "parts"},
        "events": {"zh": "件", "en": "events a year"},
        "key_persons": {"zh": "名重点人员", "en": "key persons"},
        "area": {"zh": "平方公里", "en": "km²"},
    }
)
"""What can be counted, and the unit of each. ``parts:0118`` counts the parts whose class begins so."""

PERSONS = ("people", "key_persons")
"""Terms that are counted building by building, as households are."""

MIXED = MappingProxyType({"zh": "工作量单位", "en": "units of work"})
"""Unit of a sum of different things."""

_CLASS = re.compile(r"parts:[0-9A-Za-z]{1,20}")
_KNOWN = f"households, people, parts, parts:CLASS, {', '.join(list(TERMS)[3:])}"
_EXAMPLE = "e.g. households=1,parts=0.05,events=0.2"
_DIGITS = 6
"""Significant digits of a target that is computed, so that it can be typed."""


@dataclass(frozen=True)
class Load:
    """A weighted sum of what is counted in a cell.

    Parameters
    ----------
    weights : tuple of (str, float)
        Term and weight, in the order of `TERMS`; weights are above 0.
    """

    weights: tuple[tuple[str, float], ...] = ((HOUSEHOLDS, 1.0),)

    @classmethod
    def parse(cls, text: str) -> Load:
        """Read a load such as ``households=1,parts=0.05,events=0.2``; a term without a weight counts once.

        Raises
        ------
        InputError
            A term is unknown or named twice, a weight is no number or below 0, or all are 0.

        Examples
        --------
        >>> Load.parse("events=0.2, households").text
        'households=1,events=0.2'
        """
        weights: dict[str, float] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, number = (piece.strip() for piece in part.partition("="))
            if name not in TERMS and not _CLASS.fullmatch(name):
                raise InputError(f"A load has no term {name!r}.", f"Its terms are {_KNOWN}; {_EXAMPLE}.")
            if name in weights:
                raise InputError(f"The load names {name} twice.", "Give each term one weight.")
            weights[name] = _weight(name, number if "=" in part else "1")
        order = {name: i for i, name in enumerate(TERMS)}
        some = sorted(
            ((name, weight) for name, weight in weights.items() if weight > 0),
            key=lambda item: (order[item[0].partition(":")[0]], item[0]),
        )
        if not some:
            raise InputError(
                "All weights of the load are 0." if weights else "The load names no term.",
                f"Give at least one term a weight above 0, {_EXAMPLE}.",
            )
        return cls(tuple(some))

    @property
    def plain(self) -> bool:
        """Whether it is households and nothing else."""
        return self.weights == ((HOUSEHOLDS, 1.0),)

    @property
    def text(self) -> str:
        """Written so that `parse` reads it."""
        return HOUSEHOLDS if self.plain else ",".join(f"{name}={weight:.12g}" for name, weight in self.weights)

    @property
    def terms(self) -> tuple[str, ...]:
        """What it counts."""
        return tuple(name for name, _ in self.weights)

    @property
    def unit(self) -> Mapping[str, str]:
        """``zh`` and ``en``: that of its only term, if that counts once; else `MIXED`."""
        name, weight = self.weights[0]
        return TERMS[name.partition(":")[0]] if len(self.weights) == 1 and weight == 1 else MIXED

    def of(self, counts: Mapping[str, np.ndarray]) -> np.ndarray:
        """Sum up the terms of each cell.

        Parameters
        ----------
        counts : mapping of str to ndarray, shape (cells,)
            Of every term; what is not known (NaN) counts as 0.

        Returns
        -------
        ndarray of float64, shape (cells,)
        """
        sums = [weight * np.nan_to_num(np.asarray(counts[name], float)) for name, weight in self.weights]
        return np.asarray(np.sum(sums, axis=0), float)


def _weight(name: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise InputError(f"The weight of {name}, {number!r}, is no number.", f"Give a number, {_EXAMPLE}.")
    if weight < 0:
        raise InputError(f"The weight of {name} is {number}.", f"Give 0 or more, {_EXAMPLE}.")
    return weight


def weighed(tessellation: Tessellation, load: Load, counts: Mapping[str, np.ndarray], where: str) -> Tessellation:
    """Give cells the load that is to be balanced.

    Parameters
    ----------
    tessellation : Tessellation
    load : Load
    counts : mapping of str to ndarray, shape (cells,)
        What was counted in each cell, by term; households and km² are the tessellation's own.
    where : str
        Who counts, to be named where a term is not there: ``the files``, ``district 110101``.

    Returns
    -------
    Tessellation
        With a column ``load`` of its cells; the same one for plain households.

    Raises
    ------
    InputError
        There are no data for a term.
    """
    if load.plain:
        return tessellation
    cells = tessellation.cells
    own = {HOUSEHOLDS: cells[HOUSEHOLDS].to_numpy(float), "area": shapely.area(cells.geometry.to_numpy()) / 1e6}
    known = own | dict(counts)
    missing = [name for name in load.terms if name not in known]
    if missing:
        raise InputError(
            f"The load counts {', '.join(missing)}, but there are none in {where}.",
            "Give the data, or leave the term out.",
        )
    return replace(tessellation, cells=cells.assign(load=load.of(known)), load=load.text)


def loads_of(tessellation: Tessellation) -> np.ndarray:
    """Load of each cell: households, or what `weighed` gave it; float64, shape (cells,)."""
    cells = tessellation.cells
    load: np.ndarray = np.nan_to_num(cells["load" if "load" in cells else HOUSEHOLDS].to_numpy(float))
    return load


def unit_words(text: str | None) -> Mapping[str, str]:
    """Unit of a load as it is written, ``zh`` and ``en``; households where it is not said."""
    return Load.parse(text or HOUSEHOLDS).unit


def default_target(tessellation: Tessellation, households: float) -> float:
    """Give the load a grid that makes as many grids of cells as a target of households would.

    Parameters
    ----------
    tessellation : Tessellation
        See `weighed`.
    households : float
        Target of households a grid.

    Returns
    -------
    float
        Total load / (total households / `households`), to six digits; `households` where these are the load.

    Raises
    ------
    InputError
        Nobody lives here, or there is nothing of what the load counts.
    """
    if "load" not in tessellation.cells:
        return households
    load = float(loads_of(tessellation).sum())
    here = float(np.nan_to_num(tessellation.cells[HOUSEHOLDS].to_numpy(float)).sum())
    if not (load > 0 and here > 0):
        what = f"no {tessellation.load}" if here > 0 else "no households"
        raise InputError(f"There are {what} here, so no target follows.", "Name the target in units of the load.")
    return float(f"{load * households / here:.{_DIGITS}g}")
