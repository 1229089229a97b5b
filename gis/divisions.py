"""What becomes of each division when borders, codes or the number of divisions change, and of the cells on it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["DivisionChange", "cell_communities", "compare_divisions", "division_shares"]

SAME_M2 = 1.0
"""Two drawings of a border that differ by no more ground than this are the same border."""
MARGIN = 0.005
"""Share of a division's ground that two drawings of one border may dispute: not worth another division."""
SLIVER = 0.001
"""Shares of ground below this are inaccuracies of drawing, not lineage."""


@dataclass(frozen=True)
class DivisionChange:
    """What a file changes at one level; positions in the old and in the new divisions.

    Parameters
    ----------
    ends : ndarray of int64
        Old divisions that end.
    begins : ndarray of int64
        New ones that begin.
    taken : ndarray of int64
        Those of `ends` that the file does not name: their ground is taken over.
    """

    ends: np.ndarray
    begins: np.ndarray
    taken: np.ndarray


def compare_divisions(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> DivisionChange:
    """Say which divisions of one level end and which begin when a file is taken over.

    A division goes on when its code is in the file with the same border, or when the file is silent about it and its
    ground. It ends when its code comes with another border, when its row names another code as successor, or when the
    file's other divisions cover its ground.

    Parameters
    ----------
    old : GeoDataFrame
        ``code`` and geometry (metres) of the divisions now valid.
    new : GeoDataFrame
        ``code``, ``successor`` (None for none), ``renewed`` (begins anew even where the border is the same) and
        geometry of the file's.

    Raises
    ------
    InputError
        Divisions of the file overlap, or take part of the ground of one that the file does not draw anew.
    """
    old_shapes, new_shapes = (np.asarray(frame.geometry.array, object) for frame in (old, new))
    position = {str(code): i for i, code in enumerate(old["code"])}
    codes = [str(code) for code in new["code"]]
    leaves = np.array(
        [isinstance(s, str) and s not in {"", code} for s, code in zip(new["successor"], codes, strict=True)], bool
    )
    was = np.array([position.get(code, -1) for code in codes], np.int64)
    differs = (was < 0) | new["renewed"].to_numpy(bool)
    known = np.flatnonzero(~differs)
    apart = shapely.area(shapely.symmetric_difference(new_shapes[known], old_shapes[was[known]]))
    differs[known] = apart > SAME_M2
    begins = np.flatnonzero(differs & ~leaves)
    _refuse_overlaps(new_shapes, codes, begins)
    named = was[(differs | leaves) & (was >= 0)]
    silent = np.setdiff1d(np.arange(len(old)), was[was >= 0])
    covered = _covered(old_shapes[silent], new_shapes[begins])
    halved = silent[(covered > MARGIN) & (covered < 1 - MARGIN)]
    if len(halved):
        code, share = str(old["code"].iloc[halved[0]]), float(covered[silent == halved[0]][0])
        raise InputError(
            f"{len(halved)} divisions lose ground that they keep on paper: {share:.1%} of {code} is taken by others of "
            "the file, which does not say what is left of it.",
            f"Put {code} with its new border in the file too, or name its successor.",
        )
    taken = silent[covered >= 1 - MARGIN]
    return DivisionChange(np.union1d(named, taken).astype(np.int64), begins, taken.astype(np.int64))


def _refuse_overlaps(shapes: np.ndarray, codes: list[str], begins: np.ndarray) -> None:
    first, second, common = _common(shapes[begins], shapes[begins])
    small = shapely.area(shapes[begins])
    bad = (first < second) & (common > MARGIN * np.minimum(small[first], small[second]))
    if bad.any():
        a, b = (codes[begins[side[bad][0]]] for side in (first, second))
        raise InputError(
            f"Divisions {a} and {b} overlap by {common[bad][0]:,.0f} m2 ({int(bad.sum())} such pairs).",
            "Correct their borders: every place lies in one division of a level.",
        )


def _covered(shapes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Share of each shape's area that `others` cover together."""
    at, _, common = _common(shapes, others)
    result: np.ndarray = np.bincount(at, common, len(shapes)) / np.maximum(shapely.area(shapes), 1e-12)
    return result


def _common(shapes: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of shapes and others that meet, and the area they have in common."""
    at, other = shapely.STRtree(others).query(shapes, predicate="intersects")
    return at, other, shapely.area(shapely.intersection(shapes[at], others[other]))


def division_shares(old: np.ndarray, new: np.ndarray, points: np.ndarray, households: np.ndarray) -> pd.DataFrame:
    """Tell which share of every old division's ground and households went to which new one.

    Parameters
    ----------
    old, new : ndarray of polygons, shape (n,), (m,)
        In metres.
    points : ndarray of points, shape (buildings,)
    households : ndarray of float, shape (buildings,)

    Returns
    -------
    DataFrame
        ``old``, ``new``, ``area_share``, ``household_share``; where an old one has no households they are shared as
        its area is. Pairs with less than a thousandth of the ground and no household are left out.
    """
    at, into, common = _common(old, new)
    area = np.zeros((len(old), len(new)))
    area[at, into] = common / np.maximum(shapely.area(old[at]), 1e-12)
    where_old, where_new = _holding(old, points), _holding(new, points)
    people = np.zeros_like(area)
    both = (where_old >= 0) & (where_new >= 0)
    np.add.at(people, (where_old[both], where_new[both]), households[both])
    total = np.bincount(where_old[where_old >= 0], households[where_old >= 0], len(old))[:, None]
    share = np.where(total > 0, people / np.maximum(total, 1e-12), area)
    first, second = np.nonzero((area >= SLIVER) | (people > 0))
    return pd.DataFrame(
        {"old": first, "new": second, "area_share": area[first, second], "household_share": share[first, second]}
    )


def _holding(shapes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Position of the first shape that each point lies in; -1 for none."""
    result = np.full(len(points), -1, np.int64)
    if len(points) and len(shapes):
        point, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
        order = np.lexsort((-shape, point))  # the lowest is written last
        result[point[order]] = shape[order]
    return result


def cell_communities(
    cells: np.ndarray, buildings: np.ndarray, communities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give every cell the community that its building stands in; without a building the one with its larger share.

    Parameters
    ----------
    cells, communities : ndarray of polygons
        In metres.
    buildings : ndarray of points, shape (cells,)
        Inside each cell's building; None where it has none.

    Returns
    -------
    community : ndarray of int64, shape (cells,)
        Position; -1 where none covers half of the cell, and its building stands in none.
    beyond_m2 : ndarray of float64, shape (cells,)
        Ground of the cell that lies in other communities, 0 where it is less than a hundredth (or 1 m2): inaccuracy.
    """
    at, other, common = _common(cells, communities)
    area = shapely.area(cells)
    inside = np.bincount(at, common, len(cells))
    order = np.lexsort((-other, common, at))  # the largest of each cell last; of equal ones the first community
    community = np.full(len(cells), -1, np.int64)
    community[at[order]] = other[order]
    community[inside < area / 2] = -1
    has = np.flatnonzero(~shapely.is_missing(buildings))
    homes = _holding(communities, buildings[has])
    community[has[homes >= 0]] = homes[homes >= 0]
    own = other == community[at]
    beyond = inside - np.bincount(at[own], common[own], len(cells))
    beyond[beyond <= np.maximum(SAME_M2, area / 100)] = 0.0
    return community, beyond
