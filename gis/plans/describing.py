"""What is a grid of a plan called, and what is special about it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gis.graph import Tessellation

__all__ = ["grid_flags", "grid_name"]

_NUMERALS = "零一二三四五六七八九"
_CHINA = ("Asia/Shanghai", "Asia/Urumqi")


def grid_name(serial: int, time_zone: str) -> str:
    """Name a grid by its serial alone: 第七网格 where China's clocks go, Grid 7 elsewhere.

    Examples
    --------
    >>> [grid_name(n, "Asia/Shanghai") for n in (7, 12, 305)], grid_name(7, "America/New_York")
    (['第七网格', '第十二网格', '第三百零五网格'], 'Grid 7')
    """
    return f"第{_numeral(serial)}网格" if time_zone in _CHINA else f"Grid {serial}"


def _numeral(n: int) -> str:
    """Write 1..999 as a Chinese numeral."""
    hundreds, tens, ones = n // 100, n // 10 % 10, n % 10
    words = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        words += ("" if tens == 1 and not hundreds else _NUMERALS[tens]) + "十"
    elif hundreds and ones:
        words += "零"
    return words + (_NUMERALS[ones] if ones else "")


def grid_flags(
    tessellation: Tessellation, grid_of: np.ndarray, grids: int, links: np.ndarray, maximum: float
) -> list[list[str]]:
    """Say of every grid whether it holds an oversize building, lies in an empty community, or needs a link.

    Parameters
    ----------
    tessellation : Tessellation
    grid_of : ndarray of int, shape (cells,)
        Numbered from 0.
    grids : int
    links : ndarray of int, shape (q, 2)
        Pairs of cells held connected beyond the tessellation's own.
    maximum : float
        Households a grid should have at most.

    Returns
    -------
    list of list of str
        ``oversize_building``, ``empty``, ``linked``; one list a grid.
    """
    cells, held = tessellation.cells, tessellation.building_cell
    flags: list[list[str]] = [[] for _ in range(grids)]
    large = held["cell"].to_numpy(np.int64)[held["households"].to_numpy(float) > maximum]
    for grid in np.unique(grid_of[large]):
        flags[grid].append("oversize_building")
    load = cells.groupby("community_id")["households"].transform("sum").to_numpy(float)
    for grid in np.unique(grid_of[load <= 0]):
        flags[grid].append("empty")
    declared = tessellation.adjacency.pairs[tessellation.adjacency.link]
    pairs = np.concatenate([declared.reshape(-1, 2), np.asarray(links).reshape(-1, 2)]).astype(np.int64)
    for grid in np.unique(grid_of[pairs[grid_of[pairs[:, 0]] == grid_of[pairs[:, 1]], 0]]):
        flags[grid].append("linked")
    return flags
