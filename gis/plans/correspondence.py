"""What became of every old grid among the new ones, of any two networks, levels, versions or moments?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLUMNS", "Pieces", "correspondence", "ground_pieces"]

COLUMNS = (
    "old",
    "new",
    "area_m2",
    "area_share",
    "households",
    "household_share",
    "parts",
    "part_share",
)
"""Columns of the table, in their order."""

CRUMB_M2 = 0.01
"""Less ground in common is arithmetic."""

NONE = ""
"""Stands for no grid while groups are made: no grid has an empty code."""


class Pieces(NamedTuple):
    """Something that is divided among grids, before and after: ground, households or parts.

    Parameters
    ----------
    old, new : ndarray of str or None, shape (n,)
        Grid of each piece; None for none.
    amount : ndarray of float, shape (n,)
    """

    old: np.ndarray
    new: np.ndarray
    amount: np.ndarray


def correspondence(ground: Pieces, households: Pieces, parts: Pieces) -> pd.DataFrame:
    """Tell which share of every old grid went to which new one, by area, households and parts.

    Parameters
    ----------
    ground, households, parts : Pieces
        Square metres, households and municipal parts.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for every pair that has anything in common, by old grid and falling share. A grid is None
        where ground belongs to none: the remainder of an old grid, or what a new grid got from outside. Every share of
        an old grid (and of no old grid) sums to 1; where it has no households, or no parts, they are shared as its
        area is.

    Examples
    --------
    >>> old, new = np.array(["a", "a", "b"], object), np.array(["x", None, "x"], object)
    >>> everything = Pieces(old, new, np.array([30.0, 10.0, 5.0]))
    >>> table = correspondence(everything, everything, everything)
    >>> table[["old", "new", "area_share"]].to_numpy().tolist()
    [['a', 'x', 0.75], ['a', None, 0.25], ['b', 'x', 1.0]]
    """
    names = {"area_m2": ground, "households": households, "parts": parts}
    table = pd.concat([_sums(pieces).rename(name) for name, pieces in names.items()], axis=1).fillna(0.0)
    table = table.reindex(columns=list(names)).reset_index()
    share = None
    for name, to in (("area_m2", "area_share"), ("households", "household_share"), ("parts", "part_share")):
        share = _shares(table["old"], table[name], share)
        table[to] = share
        share = table["area_share"]
    order = table.assign(last=table["old"] == NONE, rest=table["new"] == NONE, most=-table["area_share"])
    table = table.loc[order.sort_values(["last", "old", "most", "rest", "new"]).index].reset_index(drop=True)
    for side in ("old", "new"):
        table[side] = pd.Series([code or None for code in table[side]], dtype=object)
    return table.loc[:, list(COLUMNS)]


def _sums(pieces: Pieces) -> pd.Series:
    frame = pd.DataFrame(
        {
            "old": [code or NONE for code in pieces.old],
            "new": [code or NONE for code in pieces.new],
            "amount": np.asarray(pieces.amount, float),
        }
    )
    frame = frame[((frame["old"] != NONE) | (frame["new"] != NONE)) & (frame["amount"] > 0)]
    return frame.groupby(["old", "new"])["amount"].sum()


def _shares(old: pd.Series, amount: pd.Series, instead: pd.Series | None) -> pd.Series:
    """Share of each row in its old grid; `instead` where that has nothing, else even shares."""
    total = amount.groupby(old).transform("sum")
    even = 1.0 / amount.groupby(old).transform("size")
    return (amount / total.where(total > 0, 1.0)).where(total > 0, even if instead is None else instead)


def ground_pieces(
    old: np.ndarray,
    old_grid: np.ndarray,
    new: np.ndarray,
    new_grid: np.ndarray,
    *,
    old_shapes: Sequence[shapely.Geometry] | np.ndarray,
    new_shapes: Sequence[shapely.Geometry] | np.ndarray,
) -> Pieces:
    """Take the ground of two sets of cells apart; a cell that is in both is one piece.

    Parameters
    ----------
    old, new : ndarray of int64
        Numbers of the cells, ascending.
    old_grid, new_grid : ndarray of str or None
        Grid of each.
    old_shapes, new_shapes : sequence of Polygon
        In metres.
    """
    before, after = np.asarray(old_shapes, object), np.asarray(new_shapes, object)
    both, at_old, at_new = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    went = np.flatnonzero(~np.isin(old, both))
    came = np.flatnonzero(~np.isin(new, both))
    i, j = shapely.STRtree(after[came]).query(before[went], predicate="intersects")
    common = shapely.area(shapely.intersection(before[went[i]], after[came[j]]))
    kept = common > CRUMB_M2
    i, j, common = i[kept], j[kept], common[kept]
    lost = shapely.area(before[went]) - np.bincount(i, common, len(went))
    gained = shapely.area(after[came]) - np.bincount(j, common, len(came))
    nothing_new, nothing_old = np.full(len(went), None, object), np.full(len(came), None, object)
    return Pieces(
        np.concatenate([old_grid[at_old], old_grid[went[i]], old_grid[went], nothing_old]),
        np.concatenate([new_grid[at_new], new_grid[came[j]], nothing_new, new_grid[came]]),
        np.concatenate([shapely.area(before[at_old]), common, _above(lost), _above(gained)]),
    )


def _above(area: np.ndarray) -> np.ndarray:
    return np.where(area > CRUMB_M2, area, 0.0)
