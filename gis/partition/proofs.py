"""What proves that a grid cannot be on target? What has no proof is called unexplained.

Three proofs are known, each of them sound for every plan of the same pieces: a building above the maximum is a grid by
itself, what it leaves of a community falls into pieces that no grid leaves, and each piece keeps its number of grids.

- `OversizeBuilding`: the load of one cell alone is above the tolerance.
- `NoSetAround`: no connected set of cells that holds this one is within tolerance (`sets_around` looks at all).
  Where units are kept whole, a unit takes the place of its cells in both.
- `CommunityTotal`: load and number of grids of a piece, and what its cells of the first two kinds hold, leave at least
  so many grids off target (`least_missing`).

The first two excuse the one grid that holds the cell, the third as many grids of the piece as it proves and no other
proof excuses. A search that is cut off proves nothing. `gis.partition.explaining` finds the proofs of a plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from gis.partition.loads import unit_words
from gis.partition.proof_words import plan_words, proof_words

if TYPE_CHECKING:
    import numpy as np

    from gis.graph import Tessellation
    from gis.partition.plan import Plan

__all__ = [
    "REASONS",
    "SLACK",
    "CommunityTotal",
    "Explanation",
    "NoSetAround",
    "OversizeBuilding",
    "Reason",
    "least_missing",
]

SLACK = 1e-6
"""Load by which a proof must hold: far above what sums of floats are off by."""

Kind = Literal["oversize_building", "no_set_around_building", "community_total", "unexplained"]
REASONS: tuple[Kind, ...] = ("oversize_building", "no_set_around_building", "community_total", "unexplained")


@dataclass(frozen=True)
class OversizeBuilding:
    """A cell, or unit kept whole, whose load alone is above the tolerance: whatever grid holds it is so too.

    Parameters
    ----------
    cell : int
        Row position in the tessellation's cells; of a unit, that of its first cell.
    load : float
        Its load.
    high : float
        The most that is within tolerance.
    kept : str or None
        Name of the unit.
    """

    cell: int
    load: float
    high: float
    kept: str | None = None


@dataclass(frozen=True)
class NoSetAround:
    """A cell, or unit kept whole, that is in no connected set within tolerance.

    Parameters
    ----------
    cell : int
        Row position in the tessellation's cells; of a unit, that of its first cell.
    load : float
        Its load.
    low, high : float
        The least and the most that is within tolerance.
    below, above : float or None
        Nearest loads that a connected set around it can have; None where there is none.
    nodes : int
        Decisions that the enumeration took.
    kept : str or None
        Name of the unit.
    """

    cell: int
    load: float
    low: float
    high: float
    below: float | None
    above: float | None
    nodes: int
    kept: str | None = None


@dataclass(frozen=True)
class CommunityTotal:
    """A piece of a community of whose grids at least `least` miss the tolerance.

    Parameters
    ----------
    community : str
        Its code.
    whole : bool
        Whether the piece is the whole community.
    total : float
        Load of the piece.
    grids : int
        Number of grids that it is divided into.
    held : float
        Load of its cells that no grid within tolerance can hold.
    low, high : float
        The least and the most that is within tolerance.
    least : int
        See `least_missing`.
    """

    community: str
    whole: bool
    total: float
    grids: int
    held: float
    low: float
    high: float
    least: int


@dataclass(frozen=True)
class Reason:
    """Why one grid is off target.

    Parameters
    ----------
    grid : int
        Row position in the plan's grids.
    load : float
        Its load.
    kind : str
        Of `REASONS`.
    proof : OversizeBuilding, NoSetAround, CommunityTotal or None
        None for what is unexplained.
    """

    grid: int
    load: float
    kind: Kind
    proof: OversizeBuilding | NoSetAround | CommunityTotal | None = None


@dataclass(frozen=True)
class Explanation:
    """Why the grids off target are so, and how far a plan is from what is possible.

    Parameters
    ----------
    grids, within : int
        All grids, and those within tolerance.
    reasons : list of Reason
        One for each grid that is not, by grid.
    must_miss : int
        Least number of grids that miss in any plan with as many grids in each piece, proved.
    """

    grids: int
    within: int
    reasons: list[Reason]
    must_miss: int

    @property
    def counts(self) -> dict[str, int]:
        """Number of grids by kind of reason, every kind named."""
        told = Counter(reason.kind for reason in self.reasons)
        return {kind: told[kind] for kind in REASONS}

    @property
    def excused(self) -> int:
        """Grids off target with a proof."""
        return len(self.reasons) - self.unexplained

    @property
    def unexplained(self) -> int:
        """Grids off target without one."""
        return self.counts["unexplained"]

    @property
    def within_unexcused(self) -> float:
        """Share within tolerance of the grids that no proof excuses; 1 where every grid is excused."""
        rest = self.grids - self.excused
        return self.within / rest if rest else 1.0

    @property
    def bound(self) -> float:
        """What this plan is measured by: the share of its grids that no proof excuses; NaN without grids.

        Another plan may have more within, where it lets one grid hold two cells that excuse a grid each here; what no
        plan surpasses is `ceiling`.
        """
        return 1.0 - self.excused / self.grids if self.grids else float("nan")

    @property
    def ceiling(self) -> float:
        """Share within tolerance that no plan with as many grids in each piece surpasses; NaN without grids."""
        return 1.0 - self.must_miss / self.grids if self.grids else float("nan")

    @property
    def distance(self) -> float:
        """How far the share within tolerance is from `bound`: the share of grids that are unexplained."""
        return self.unexplained / self.grids if self.grids else float("nan")

    @property
    def measures(self) -> dict[str, Any]:
        """Its figures by the names that they have among the measures of a plan."""
        return {
            "grids": self.grids,
            "ceiling_within_10": self.ceiling,
            "excused_grids": self.excused,
            "unexplained_grids": self.unexplained,
            "within_10_unexcused": self.within_unexcused,
            "reasons": self.counts,
        }

    def as_dict(self, tessellation: Tessellation, plan: Plan, ids: np.ndarray | None = None) -> dict[str, Any]:
        """Give it as JSON: figures, and each reason with the grid's code, its proof and words.

        Parameters
        ----------
        ids : ndarray of int, shape (cells,), optional
            Number of each cell; by default from 1, as in `gis.partition.cell_frame`.
        """
        codes = plan.grids["grid_code"].to_numpy(object)
        buildings = tessellation.cells["building_id"].to_numpy(object)
        people, unit = plan.grids["households"].to_numpy(float), unit_words(tessellation.load)
        keep_whole = plan.settings.get("keep_whole")

        def line(reason: Reason) -> dict[str, Any]:
            proof = {} if reason.proof is None else asdict(reason.proof)
            if "cell" in proof:
                cell = proof.pop("cell")
                proof["cell_id"] = cell + 1 if ids is None else int(ids[cell])
                proof["building_id"] = None if buildings[cell] is None else str(buildings[cell])
                if proof["kept"] is None:
                    del proof["kept"]
            of = {"grid_code": str(codes[reason.grid]), "households": float(people[reason.grid]), "load": reason.load}
            words = proof_words(reason.kind, proof, unit, keep_whole)
            return of | {"reason": reason.kind, "proof": proof, "words": words}

        names = ("grids", "within", "excused", "unexplained", "counts", "within_unexcused", "bound", "distance")
        figures = {name: getattr(self, name) for name in (*names, "must_miss", "ceiling")}
        lines = [line(reason) for reason in self.reasons]
        return figures | {"unit": dict(unit), "words": plan_words(self.measures), "reasons": lines}


def least_missing(total: float, grids: int, held: float, low: float, high: float) -> int:
    """Count the grids of a piece that cannot but miss the tolerance, from sums alone.

    Parameters
    ----------
    total : float
        Households of the piece, T.
    grids : int
        Number of its grids, k.
    held : float
        Households H of the cells that no grid within tolerance can hold; 0 where there are none.
    low, high : float
        The least and the most that is within tolerance.

    Returns
    -------
    int
        The least m for which the sums allow that k - m grids are within.

    Notes
    -----
    Let m grids miss and let them hold X. The others hold T - X, and that is between (k - m) low and (k - m) high; so X
    is in ``[max(H, T - (k - m) high), T - (k - m) low]``. No grid misses only if H = 0 and k low <= T <= k high. With
    m >= 1 the range is not empty if and only if H <= T - (k - m) low, that is m >= k - (T - H) / low. If m = 1, X is
    the load of one grid that misses: the range must hold a value below `low` or above `high`. From m = 2 on there is no
    further condition: X is (0, X) or, where X is within tolerance and high < 2 low, (X/2, X/2).

    Without H: T > k high makes one grid miss, since one can take all that is too much; T < k low as many as
    k - floor(T / low), since the others need `low` each.
    """
    if held <= 0 and grids * low - SLACK <= total <= grids * high + SLACK:
        return 0
    least = max(1, grids - int((total - held + SLACK) // low))
    if least == 1:
        fewest, most = max(held, total - (grids - 1) * high), total - (grids - 1) * low
        if fewest >= low - SLACK and most <= high + SLACK:
            least = 2
    return min(least, grids)
