"""What is special about a grid of a plan?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.partition.barriers import parted
from gis.partition.loads import loads_of
from gis.partition.units import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.graph import Tessellation

__all__ = ["grid_flags"]


def grid_flags(
    tessellation: Tessellation, grid_of: np.ndarray, grids: int, links: np.ndarray, settings: Mapping[str, Any]
) -> list[list[str]]:
    """Say of every grid what is special about it.

    Parameters
    ----------
    tessellation : Tessellation
    grid_of : ndarray of int, shape (cells,)
        Numbered from 0.
    grids : int
    links : ndarray of int, shape (q, 2)
        Pairs of cells held connected beyond the tessellation's own.
    settings : mapping
        Of the plan: ``maximum``, and ``keep_whole`` and ``hard_barriers`` where they are set.

    Returns
    -------
    list of list of str
        ``oversize_building``: one cell, or building, is above the maximum; ``empty``: nothing to balance in its
        community; ``linked``: needs a link; ``unit_split``: has part of a unit too large to be kept whole. One list a
        grid.
    """
    cells, held, maximum = tessellation.cells, tessellation.building_cell, float(settings["maximum"])
    flags: list[list[str]] = [[] for _ in range(grids)]
    large = held["cell"].to_numpy(np.int64)[held["households"].to_numpy(float) > maximum]
    if "load" in cells:
        large = np.flatnonzero(loads_of(tessellation) > maximum)
    for grid in np.unique(grid_of[large]):
        flags[grid].append("oversize_building")
    load = loads_of(tessellation)
    here = pd.Series(load).groupby(cells["community_id"].to_numpy(object)).transform("sum").to_numpy(float)
    for grid in np.unique(grid_of[here <= 0]):
        flags[grid].append("empty")
    declared = tessellation.adjacency.pairs[tessellation.adjacency.link]
    pairs = np.concatenate([declared.reshape(-1, 2), np.asarray(links).reshape(-1, 2)]).astype(np.int64)
    for grid in np.unique(grid_of[pairs[grid_of[pairs[:, 0]] == grid_of[pairs[:, 1]], 0]]):
        flags[grid].append("linked")
    if settings.get("keep_whole"):
        seen, _ = parted(tessellation, settings.get("hard_barriers") or (), links)
        for unit in units_of(seen, settings["keep_whole"], maximum).large:
            here = np.unique(grid_of[unit.cells])
            for grid in here if len(here) > 1 else ():
                if "unit_split" not in flags[grid]:
                    flags[grid].append("unit_split")
    return flags
