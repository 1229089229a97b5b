"""Which grid does each cell belong to that takes the place of others, or lies in another community than before?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.plans.replay import new_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inherited", "inherit_keys"]


@dataclass(frozen=True)
class Inherited:
    """Keys of grids.

    Parameters
    ----------
    made : ndarray of str, shape (new cells,)
    kept : ndarray of str, shape (cells before,)
        As before, but where a border between communities cuts a grid: one side keeps it.
    """

    made: np.ndarray
    kept: np.ndarray


def inherit_keys(
    keys: np.ndarray,
    community: np.ndarray,
    stays: np.ndarray,
    weight: np.ndarray,
    new_community: np.ndarray,
    people: pd.DataFrame,
    ground: pd.DataFrame,
) -> Inherited:
    """Give every new cell the grid that its building was in, else the one that gave most of its ground.

    A grid stays inside its community. One that a border cuts falls apart: the side with most households (then most
    ground) keeps its key, every other side gets a new one.

    Parameters
    ----------
    keys, community : ndarray of str, shape (cells before,)
        Grid of each, and the community it lies in now.
    stays : ndarray of bool, shape (cells before,)
        It is not replaced.
    weight : ndarray of float, shape (cells before, 2)
        Households and m2.
    new_community : ndarray of str, shape (new cells,)
    people : DataFrame
        ``made``, ``before`` (rows), ``households``: where the buildings of new cells counted before.
    ground : DataFrame
        ``made``, ``before`` (rows), ``area``: where the ground of new cells was before.

    Returns
    -------
    Inherited
    """
    home = _homes(keys, community, weight)
    made = np.full(len(new_community), "", object)
    came, lay = _sums(people, keys, "households"), _sums(ground, keys, "area")
    for row, own in enumerate(new_community):
        by_people, by_ground = came.get(row, {}), lay.get(row, {})
        near = {key: share for key, share in by_ground.items() if home[key] == own}
        made[row] = _most(by_people) or _most(near) or _most(by_ground) or ""
    for row in np.flatnonzero(made == "").tolist():  # ground that was in no cell: any grid of its community
        made[row] = min((key for key, own in home.items() if own == new_community[row]), default="")
    kept, taken = keys.copy(), set(keys)
    fresh: dict[tuple[str, str], str] = {}

    def side(key: str, own: str) -> str:
        if key and home[key] == own:
            return key
        if (key, own) not in fresh:
            fresh[key, own] = new_key(taken)
            taken.add(fresh[key, own])
        return fresh[key, own]

    for i in np.flatnonzero(stays).tolist():
        kept[i] = side(keys[i], community[i])
    for row, own in enumerate(new_community):
        made[row] = side(made[row], own)
    return Inherited(made, kept)


def _homes(keys: np.ndarray, community: np.ndarray, weight: np.ndarray) -> dict[str, str]:
    """Community of each grid: the one with most of its households, then of its ground, then the lower code."""
    total: dict[tuple[str, str], np.ndarray] = {}
    for key, own, amount in zip(keys, community, weight, strict=True):
        total[key, own] = total.get((key, own), np.zeros(2)) + amount
    home: dict[str, str] = {}
    for (key, own), _ in sorted(total.items(), key=lambda item: (item[0][0], -item[1][0], -item[1][1], item[0][1])):
        home.setdefault(key, own)
    return home


def _sums(rows: pd.DataFrame, keys: np.ndarray, column: str) -> dict[int, dict[str, float]]:
    """Sum an amount by new cell and grid."""
    sums: dict[int, dict[str, float]] = {}
    for made, before, amount in zip(rows["made"], rows["before"], rows[column], strict=True):
        mine = sums.setdefault(int(made), {})
        mine[keys[before]] = mine.get(keys[before], 0.0) + float(amount)
    return sums


def _most(sums: dict[str, float]) -> str | None:
    return min(sums, key=lambda key: (-sums[key], key), default=None)
