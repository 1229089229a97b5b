"""Does every grid of a level lie in one grid of the level above, and in which?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import numpy as np

__all__ = ["parents_of", "several_parents"]


def _shared(fine: np.ndarray, coarse: np.ndarray, area: np.ndarray | float) -> pd.DataFrame:
    """Area that every finer grid has in common with every coarser one; an empty coarse code is none."""
    table = pd.DataFrame({"fine": fine, "coarse": [code or "" for code in coarse], "area": area})
    table = table[table["fine"].notna()]
    return table.groupby(["fine", "coarse"], sort=True)["area"].sum().reset_index()


def several_parents(fine: np.ndarray, coarse: np.ndarray) -> dict[str, list[str]]:
    """Find the finer grids that do not lie in one coarser grid.

    Parameters
    ----------
    fine, coarse : ndarray of str or None, shape (cells,)
        Grid of each cell in the two levels; None where it has none.

    Returns
    -------
    dict
        Code of a finer grid -> the coarser grids that hold its cells, ``""`` for none of them.

    Examples
    --------
    >>> several_parents(["a", "a", "b", None], ["x", None, "x", "y"])
    {'a': ['', 'x']}
    """
    held = _shared(fine, coarse, 1.0).groupby("fine", sort=True)["coarse"].agg(list)
    return {str(code): parents for code, parents in held.items() if len(parents) > 1}


def parents_of(fine: np.ndarray, coarse: np.ndarray, area: np.ndarray) -> dict[str, str]:
    """Name the coarser grid that holds most of each finer one; those that lie in none are left out.

    Parameters
    ----------
    fine, coarse : ndarray of str or None, shape (cells,)
    area : ndarray of float, shape (cells,)
    """
    held = _shared(fine, coarse, area)
    held = held[held["coarse"] != ""].sort_values(["fine", "area", "coarse"], ascending=[True, False, True])
    first = held.drop_duplicates("fine")
    return dict(zip(first["fine"], first["coarse"], strict=True))
