"""Do the sums over grids, then and as of a date, add up to all there is?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gis.clock import local_date
from gis.store.locating import NETWORK
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["Sums", "reconcile"]


@dataclass(frozen=True)
class Sums:
    """One amount of a district, summed over the grids of a network level.

    Parameters
    ----------
    basis : {"then", "as_of"}
        ``then``: each thing in the grid that was in force at its own time; ``as_of``: in the grids of one moment.
    total : int
        Counted without any grid.
    in_none : int
        What lies in no grid.
    by_grid : dict
        Grid code -> amount. Over ``then`` also grids that are not in force any more.
    """

    basis: str
    total: int
    in_none: int
    by_grid: dict[str, int]

    @property
    def in_grids(self) -> int:
        """What lies in a grid."""
        return sum(self.by_grid.values())

    @property
    def reconciled(self) -> bool:
        """Whether nothing is counted twice or lost."""
        return self.in_grids + self.in_none == self.total


def reconcile(
    connection: Connection,
    place: District,
    at: dt.datetime,
    amount: Literal["households", "events"],
    basis: Literal["then", "as_of"] = "as_of",
    *,
    network: str = NETWORK,
    level: int = 1,
) -> Sums:
    """Sum households (those of a moment) or events (all until a moment) over grids, and beside them over everything.

    Households have no time of their own: their two bases are the same at any moment.
    """
    values = {
        "district": place.id,
        "network": network,
        "level": level,
        "at": at,
        "as_of": local_date(at, place.time_zone),
        "then": basis == "then",
    }
    rows = connection.execute(query(f"reconciling.{amount}"), values).fetchall()
    whole = connection.execute(query(f"reconciling.all_{amount}"), values).fetchone()
    by_grid = {row[0]: int(row[1]) for row in rows}
    none = by_grid.pop(None, 0)
    return Sums(basis, int(whole[0] or 0) if whole else 0, none, dict(sorted(by_grid.items())))
