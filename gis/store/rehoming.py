"""Who answers for an open event, and where does it go when other grids take effect or its street gets another home?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from gis.clock import Clock, utc_now
from gis.store.districts import district_of
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["Rehomed", "answer_new_events", "read_moved", "read_moved_along", "rehome", "rehome_along", "take_effect"]

DEFAULT = {"network": "community", "level": 1}
"""The network whose grids answer for events: `gis.store.locating.NETWORK`, named here without its libraries."""


@dataclass(frozen=True)
class Rehomed:
    """A publication that took effect, and how many open events went to another grid."""

    district: str
    publication: int
    effective: dt.datetime
    moved: int


def take_effect(
    connection: Connection, district: str | None = None, *, patient: bool = True, clock: Clock = utc_now
) -> list[Rehomed]:
    """Re-home open events of every publication that has come into force since the last time; one transaction each.

    Parameters
    ----------
    district : str, optional
        All of them by default.
    patient : bool
        Wait for a district that is being written; otherwise leave it for the next time.
    """
    codes = dict.fromkeys(
        row[1] for row in connection.execute(query("rehoming.due"), {"now": clock(), "district": district})
    )
    done: list[Rehomed] = []
    statement = query("imports.lock_district" if patient else "rehoming.free_district")
    for code in codes:
        with connection.transaction():
            if connection.execute(statement, {"code": code}).fetchone():
                done += rehome(connection, district_of(connection, code), clock())
    return done


def rehome(connection: Connection, place: District, now: dt.datetime) -> list[Rehomed]:
    """Do the work of `take_effect` for one district inside the caller's transaction, which has locked it.

    Publications are seen to one after the other, each at its own moment: what moved twice is told twice.
    """
    done: list[Rehomed] = []
    due = connection.execute(query("rehoming.due"), {"now": now, "district": place.code}).fetchall()
    for publication, _, effective in due:
        values = {"publication": publication, "at": effective, "now": now}
        moved = _move(connection, place, values)
        connection.execute(query("rehoming.set_rehomed"), values)
        done.append(Rehomed(place.code, publication, effective, moved))
    return done


def rehome_along(connection: Connection, place: District, street: int, ids: Sequence[int], now: dt.datetime) -> int:
    """Let open events follow a street to its new home inside the caller's transaction, which has locked the district.

    Parameters
    ----------
    street : int
        Row of the table street with the new home: it says who chose it, and why.
    ids : sequence of int
        Events that may lie on it.

    Returns
    -------
    int
        How many went to another grid; each is written down.
    """
    return _move(connection, place, {"street": street, "ids": list(ids), "at": now, "now": now})


def _move(connection: Connection, place: District, values: dict[str, Any]) -> int:
    nothing = {"publication": None, "street": None, "ids": None}
    return connection.execute(
        query("rehoming.move_events"), {"district": place.id, **DEFAULT, **nothing, **values}
    ).rowcount


def read_moved_along(connection: Connection, street: int) -> list[dict[str, Any]]:
    """Read every open event that went to another grid when a street got another home, the first move first.

    Parameters
    ----------
    street : int
        Any row of the table street of that street and community.

    Returns
    -------
    list of dict
        Columns of ``rehoming.moved_along``.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("rehoming.moved_along"), {"street": street}).fetchall()


def answer_new_events(connection: Connection, place: District, codes: list[str], now: dt.datetime) -> None:
    """Give the events that an import has just written, as far as they are open, the grid that answers for them."""
    rehome(connection, place, now)  # what became due first: an import must not hide a move
    connection.execute(query("rehoming.answer_new"), {"district": place.id, "codes": codes, "now": now, **DEFAULT})


def read_moved(connection: Connection, plan_id: int) -> tuple[dt.datetime | None, list[dict[str, Any]]]:
    """Read when a plan's open events were re-homed (None: not yet), and every event that went to another grid.

    Returns
    -------
    datetime or None, list of dict
        Columns of ``rehoming.moved``.
    """
    row = connection.execute(query("rehoming.rehomed_at"), {"plan": plan_id}).fetchone()
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("rehoming.moved"), {"plan": plan_id}).fetchall()
    return (row[0] if row else None), rows
