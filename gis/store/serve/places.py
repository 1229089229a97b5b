"""What is stored of a district, its divisions and its grids in force?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gis.codes import grid_profile
from gis.errors import NotFoundError
from gis.shapes import DRAWING
from gis.store.serve.rows import Row, one_row, rows

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = [
    "District",
    "class_counts",
    "community_loads",
    "counts",
    "district",
    "district_codes",
    "divisions",
    "event_period",
    "extent",
    "grids",
    "last_year",
    "plan_report",
    "postgis_version",
]


@dataclass(frozen=True)
class District:
    """One district as it stands at one moment.

    Parameters
    ----------
    now : datetime
        The moment.
    versions : dict
        Version of each slow tile layer (``base``, ``divisions``, ``grids``), as used in its address; it ends with
        the rules of drawing. That of the grids also changes when a publication takes effect, and with the base, whose
        counts its labels carry.
    content : str
        Changes with everything that was written to the district; derived answers are kept under it.
    network_id, level : int or None
        The network shown; None before the first plan.
    version, effective, publication_id, plan_id
        The publication in force; None before the first.
    event_year : (datetime, datetime) or None
        The last year of the data, [from, to) in UTC.
    """

    id: int
    code: str
    name: str
    name_en: str | None
    time_zone: str
    metric_crs: str
    crs_note: str | None
    as_of: dt.date | None
    now: dt.datetime
    versions: dict[str, int]
    content: str
    network_id: int | None
    level: int | None
    code_profile: str | None
    target: int | None
    minimum: int | None
    maximum: int | None
    publication_id: int | None
    version: int | None
    effective: dt.datetime | None
    plan_id: int | None
    event_year: tuple[dt.datetime, dt.datetime] | None

    @property
    def serial_digits(self) -> int:
        """How many digits at the end of a grid code number it within its division."""
        return grid_profile(self.code_profile or "local").fields[-1].digits

    @property
    def scope(self) -> dict[str, Any]:
        """What the queries are asked with."""
        return {
            "district": self.id,
            "network": self.network_id,
            "level": self.level,
            "now": self.now,
            "as_of": self.as_of or self.now.date(),
        }


def last_year(last_event: dt.datetime, time_zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Give the year of whole local days that ends with the day of the last event.

    Data may be older than today; a year that ends today would then count nothing.

    Examples
    --------
    >>> [str(t) for t in last_year(dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC), "Asia/Shanghai")]
    ['2025-03-02 16:00:00+00:00', '2026-03-02 16:00:00+00:00']
    """
    zone = ZoneInfo(time_zone)
    end = last_event.astimezone(zone).date() + dt.timedelta(days=1)
    begin = end.replace(year=end.year - 1, day=28 if (end.month, end.day) == (2, 29) else end.day)
    since, until = (dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for day in (begin, end))
    return since, until


async def postgis_version(connection: AsyncConnection[Any]) -> str:
    """Version of PostGIS."""
    row = await one_row(connection, "serve_places.postgis_version")
    return str(row["version"]) if row else ""


async def district_codes(connection: AsyncConnection[Any]) -> list[str]:
    """Codes of all districts."""
    return [row["code"] for row in await rows(connection, "serve_places.districts")]


async def district(connection: AsyncConnection[Any], code: str, now: dt.datetime) -> District:
    """Read one district at one moment.

    Raises
    ------
    NotFoundError
        There is none of that code.
    """
    row = await one_row(connection, "serve_places.district", code=code, now=now)
    if row is None:
        raise NotFoundError(f"There is no district {code}.", "GET /api/districts lists the districts.")
    base, shapes, grid_layer, every = (int(row.pop(name)) for name in ("base", "divisions", "grids", "every"))
    in_force = row.pop("in_force") % 1000
    last_event = row.pop("last_event")
    stamps = [every, in_force, row["version"] or 0, row.pop("imports"), row.pop("tessellation")]
    return District(
        **row,
        now=now,
        versions={
            "base": base * 100 + DRAWING,
            "divisions": shapes * 100 + DRAWING,
            "grids": ((grid_layer * 1000 + in_force) * 1000 + base % 1000) * 100 + DRAWING,
        },
        content="-".join(map(str, stamps)),
        event_year=last_year(last_event, row["time_zone"]) if last_event else None,
    )


async def extent(connection: AsyncConnection[Any], district: District) -> tuple[float, float, float, float] | None:
    """West, south, east, north of a district, degrees; None while it is empty."""
    row = await one_row(connection, "serve_places.extent", district=district.id, now=district.now)
    if row is None or row["west"] is None:
        return None
    return row["west"], row["south"], row["east"], row["north"]


async def counts(connection: AsyncConnection[Any], district: District) -> Row:
    """How much of everything a district holds."""
    return await one_row(connection, "serve_places.counts", **district.scope) or {}


async def divisions(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Divisions, parents first."""
    return await rows(connection, "serve_places.divisions", district=district.id, now=district.now)


async def community_loads(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Households and people by community, for a district without grids in force."""
    return await rows(connection, "serve_places.community_loads", **district.scope)


async def grids(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Grids in force with their loads, by code."""
    since, until = district.event_year or (district.now, district.now)
    return await rows(connection, "serve_places.grids", **district.scope, since=since, until=until)


async def class_counts(connection: AsyncConnection[Any], district: District, kind: str) -> list[Row]:
    """Classes of ``event`` or ``part``, most frequent first."""
    return await rows(connection, f"serve_places.{kind}_classes", district=district.id)


async def event_period(connection: AsyncConnection[Any], district: District) -> tuple[dt.datetime, dt.datetime] | None:
    """First and last event."""
    row = await one_row(connection, "serve_places.event_period", district=district.id)
    return None if row is None or row["first"] is None else (row["first"], row["last"])


async def plan_report(connection: AsyncConnection[Any], district: District) -> Row | None:
    """Report, settings and date of the plan in force."""
    return await one_row(connection, "serve_places.plan_report", plan=district.plan_id)
