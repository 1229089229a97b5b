"""How did a count run, month by month, in one grid or division?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.store.serve.rows import rows

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import AsyncConnection

    from gis.measures import Basis
    from gis.store.serve.places import District

__all__ = ["events_by_month", "households_by_month"]

Of = dict[str, str | None]
"""``grid`` and ``division``: a code or None; neither is the whole district."""


async def events_by_month(
    connection: AsyncConnection[Any],
    district: District,
    of: Of,
    period: tuple[dt.datetime | None, dt.datetime | None],
    basis: Basis,
) -> dict[str, int]:
    """Events by local month (``2026-03``); months without any are missing."""
    values = {**of, "since": period[0], "until": period[1], "then": basis == "then", "time_zone": district.time_zone}
    found = await rows(connection, "serve_series.events", **district.scope, **values)
    return {row["month"]: row["value"] for row in found}


async def households_by_month(
    connection: AsyncConnection[Any], district: District, of: Of, ends: dict[str, tuple[dt.datetime, dt.date]]
) -> dict[str, int]:
    """Households at the end of each month, its last moment and local day given; months before any count are missing."""
    moments, days = [end[0] for end in ends.values()], [end[1] for end in ends.values()]
    values = {**of, "months": list(ends), "ends": moments, "days": days}
    found = await rows(connection, "serve_series.households", **district.scope, **values)
    return {row["month"]: row["value"] for row in found}
