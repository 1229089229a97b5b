"""Does every grid of a level lie in one grid of the level above?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import numpy as np

__all__ = ["several_parents"]


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
    table = pd.DataFrame({"fine": fine, "coarse": [code or "" for code in coarse]}).drop_duplicates()
    held = table[table["fine"].notna()].groupby("fine", sort=True)["coarse"].agg(sorted)
    return {str(code): parents for code, parents in held.items() if len(parents) > 1}
