"""Which districts does the store hold, who may change one at a time, and how does one go?"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.errors import NotFoundError
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from gis.store.connect import Connection

__all__ = [
    "District",
    "DistrictSummary",
    "bump_layers",
    "district_of",
    "list_districts",
    "lock",
    "remove_district",
]


@dataclass(frozen=True)
class District:
    """A district of the store."""

    id: int
    code: str
    name: str
    time_zone: str
    metric_crs: str
    as_of: dt.date | None


def district_of(connection: Connection, code: str) -> District:
    """Find a district by its code.

    Raises
    ------
    NotFoundError
        With the codes that there are.
    """
    row = connection.execute(query("districts.by_code"), {"code": code}).fetchone()
    if row is None:
        known = [r[0] for r in connection.execute(query("districts.codes")).fetchall()]
        raise NotFoundError(
            f"There is no district {code}.",
            f"Known: {', '.join(known)}." if known else "Load one with `gridkeeper load DIR`.",
        )
    return District(*row)


@contextmanager
def lock(connection: Connection, code: str) -> Iterator[District]:
    """One transaction that no other import, tessellation or publication of the district runs beside."""
    with connection.transaction():
        connection.execute(query("imports.lock_district"), {"code": code})
        yield district_of(connection, code)


def bump_layers(connection: Connection, district_id: int, *layers: str) -> None:
    """Give slow tile layers a new version."""
    for layer in layers:
        connection.execute(query("imports.bump_layer"), {"district": district_id, "layer": layer})


@dataclass(frozen=True)
class DistrictSummary:
    """A district in a list; `counted` buildings have a household count that is not estimated."""

    code: str
    name: str
    buildings: int
    counted: int
    households: int
    estimated_households: int
    grids: int
    parts: int
    events: int
    version: int | None
    effective: dt.datetime | None


def list_districts(connection: Connection, at: dt.datetime) -> list[DistrictSummary]:
    """List all districts with what they hold at a moment."""
    return [DistrictSummary(*row) for row in connection.execute(query("districts.summaries"), {"at": at})]


def remove_district(connection: Connection, code: str) -> None:
    """Take a district out with everything that belongs to it, in one transaction.

    Raises
    ------
    NotFoundError
        No such district.
    """
    with lock(connection, code) as place:
        # events and parts first: else every cell that goes would be taken out of each of them, one by one
        for statement in ("districts.remove_events", "districts.remove_parts", "districts.remove"):
            connection.execute(query(statement), {"district": place.id})
