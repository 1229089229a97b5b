"""How much of old grids is left in a plan: grids whole, households together, borders where they were?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.partition.loads import loads_of

if TYPE_CHECKING:
    from gis.graph import Tessellation

__all__ = ["Kept", "kept_of"]


@dataclass(frozen=True)
class Kept:
    """What a plan keeps of old grids.

    Parameters
    ----------
    grids, whole : int
        Old grids, and those of them whose cells all lie in one new grid.
    apart : float
        Households that are not in the new grid that holds most households of their old one.
    border_kept : float
        Share of the metres between old grids of one community that are a border in the plan; 1 where there are none.
    border_followed : float
        Share of the metres between new grids of one community that were a border before; 1 where there are none.
    above : int
        Old grids that hold more than a new one may: they cannot stay whole.
    """

    grids: int
    whole: int
    apart: float
    border_kept: float
    border_followed: float
    above: int = 0

    @property
    def share_whole(self) -> float:
        """Share of the old grids that are whole; 1 where there are none."""
        return self.whole / self.grids if self.grids else 1.0

    def as_dict(self) -> dict[str, float]:
        """What is kept, as JSON takes it."""
        return {
            "grids": self.grids,
            "whole": self.whole,
            "apart": self.apart,
            "border_kept": self.border_kept,
            "border_followed": self.border_followed,
        }


def kept_of(tessellation: Tessellation, old: np.ndarray, new: np.ndarray, maximum: float = np.inf) -> Kept:
    """Say what a plan keeps of old grids.

    Parameters
    ----------
    tessellation : Tessellation
    old : ndarray of int, shape (cells,)
        Old grid of each cell; below 0 for none: such cells count nowhere.
    new : ndarray of int, shape (cells,)
        Its grid in the plan.
    maximum : float
        Most load of a grid of the plan, see `gis.partition.loads`.

    Returns
    -------
    Kept
    """
    known = old >= 0
    load = np.nan_to_num(tessellation.cells["households"].to_numpy(float))
    pair, at = np.unique(np.column_stack([old[known], new[known]]), axis=0, return_inverse=True)
    shared = np.bincount(at.ravel(), load[known], len(pair))
    grids, first, met = np.unique(pair[:, 0], return_index=True, return_counts=True)
    together = np.maximum.reduceat(shared, first) if len(first) else shared
    held = np.bincount(at.ravel(), loads_of(tessellation)[known], len(pair))
    held = np.add.reduceat(held, first) if len(first) else held
    a, b = tessellation.adjacency.pairs.T
    metres = np.where(known[a] & known[b], tessellation.adjacency.length, 0.0)
    was, now = metres * (old[a] != old[b]), metres * (new[a] != new[b])
    both = float((was * (new[a] != new[b])).sum())
    return Kept(
        grids=len(grids),
        whole=int((met == 1).sum()),
        apart=float(shared.sum() - together.sum()),
        border_kept=both / float(was.sum()) if was.any() else 1.0,
        border_followed=both / float(now.sum()) if now.any() else 1.0,
        above=int((held > maximum).sum()),
    )
