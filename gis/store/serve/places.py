"""What is stored of a district, its divisions and its grids, as it stands at the moment asked for?"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gis.clock import local_date, read_moment
from gis.codes import grid_profile
from gis.errors import NotFoundError
from gis.shapes import DRAWING
from gis.store.locating import NETWORK
from gis.store.serve.rows import Row, one_row, rows

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = [
    "District",
    "class_counts",
    "community_loads",
    "counted_on",
    "counts",
    "district",
    "district_codes",
    "divisions",
    "event_period",
    "events_then",
    "extent",
    "grids",
    "last_year",
    "moment",
    "plan_report",
    "postgis_version",
    "versions",
]


@dataclass(frozen=True)
class District:
    """One district as it stands at one moment, seen by one level of one of its networks.

    Parameters
    ----------
    at : datetime
        The moment.
    ahead : bool
        Whether it is still to come: what is published and will be in force is shown.
    as_of : date or None
        Date of the newest household counts, whatever the moment.
    versions : dict
        Version of each slow tile layer (``base``, ``divisions``, ``grids``), as used in its address: a name of what is
        in force at the moment and of how it is drawn.
    content : str
        Changes with everything that was written to the district, and with what is in force; derived answers are kept
        under it.
    network, network_id, level : str, int or None
        The network shown; without id and level before its first plan.
    duty : bool
        Whether the home cell of a street answers for what lies on the street.
    version, effective, publication_id, plan_id
        The publication in force; None before the first.
    last_event : datetime or None
        When the last event up to the moment happened: none later is counted.
    """

    id: int
    code: str
    name: str
    name_en: str | None
    time_zone: str
    metric_crs: str
    crs_note: str | None
    as_of: dt.date | None
    at: dt.datetime
    ahead: bool
    versions: dict[str, int]
    content: str
    network: str
    network_id: int | None
    duty: bool
    level: int | None
    division_level: str | None
    code_profile: str | None
    target: int | None
    minimum: int | None
    maximum: int | None
    publication_id: int | None
    version: int | None
    effective: dt.datetime | None
    plan_id: int | None
    last_event: dt.datetime | None

    @property
    def serial_digits(self) -> int:
        """How many digits at the end of a grid code number it within its division."""
        return grid_profile(self.code_profile or "local").fields[-1].digits

    @property
    def on(self) -> dt.date:
        """The local date of the moment; household counts of later dates do not count."""
        return local_date(self.at, self.time_zone)

    @property
    def event_year(self) -> tuple[dt.datetime, dt.datetime] | None:
        """The last year of the data, [from, to) in UTC: whole local days, ending with the last event's."""
        return last_year(self.last_event, self.time_zone) if self.last_event else None

    @property
    def scope(self) -> dict[str, Any]:
        """What the queries are asked with."""
        return {
            "district": self.id,
            "network": self.network_id,
            "level": self.level,
            "duty": self.duty,
            "at": self.at,
            "on": self.on,
            "last_event": self.last_event,
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


async def moment(connection: AsyncConnection[Any], code: str, text: str) -> dt.datetime:
    """Read a date or time of a district (see `gis.clock.read_moment`).

    Raises
    ------
    NotFoundError
        There is no such district.
    InputError
        It is neither a date nor a time.
    """
    row = await one_row(connection, "serve_places.time_zone", code=code)
    if row is None:
        raise _unknown(code)
    return read_moment(text, row["time_zone"])


async def district(
    connection: AsyncConnection[Any],
    code: str,
    now: dt.datetime,
    *,
    at: dt.datetime | None = None,
    network: str = NETWORK,
    level: int | None = None,
) -> District:
    """Read one district as it stands at one moment.

    Parameters
    ----------
    connection : AsyncConnection
    code : str
    now : datetime
        The present moment.
    at : datetime, optional
        The moment asked for; now by default.
    network : str
    level : int, optional
        Of the network; its first by default.

    Raises
    ------
    NotFoundError
        There is none of that code, or it has no such network or level.
    """
    at = at or now
    row = await one_row(connection, "serve_places.district", code=code, at=at, network=network, level=level)
    if row is None:
        raise _unknown(code)
    if row["level"] is None and (network != NETWORK or level is not None):
        levels = await rows(connection, "networks.levels", district=row["id"], network=None)
        known = [f"{each['code']} {each['level']}" for each in levels]
        raise NotFoundError(
            f"District {code} has no network {network}" + ("." if level is None else f" with a level {level}."),
            f"There are (network, level): {', '.join(known)}." if known else "Grids come with a first plan.",
        )
    row["network"] = network
    base, shapes, grid_layer, written = (row.pop(name) for name in ("base", "divisions", "grids", "written"))
    published, divided, built, streets = (
        row.pop(name) for name in ("publications", "division_changes", "building_changes", "street_changes")
    )
    on = local_date(at, row["time_zone"])
    counted = min(on, row["as_of"]) if row["as_of"] else on
    seen_by = (network, row["level"])
    drawn: dict[str, tuple[Any, ...]] = {"base": (base, built, counted)}
    drawn |= {"divisions": (shapes, divided), "grids": (grid_layer, seen_by, published, *drawn["base"])}
    return District(
        **row,
        at=at,
        ahead=at > now,
        versions={layer: _token(DRAWING, layer, state) for layer, state in drawn.items()},
        content=f"{written}-{_token(seen_by, published, divided, built, streets, counted, row['last_event'])}",
    )


def _unknown(code: str) -> NotFoundError:
    return NotFoundError(f"There is no district {code}.", "GET /api/districts lists the districts.")


def _token(*state: Any) -> int:
    """Give a number that stands for a state; a browser holds numbers below 2 ** 53 exactly."""
    return int.from_bytes(hashlib.blake2b(repr(state).encode(), digest_size=6).digest(), "big")


async def versions(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Publications of the network and level that stand, the newest first, those ahead too."""
    return await rows(connection, "serve_places.versions", **district.scope)


async def counted_on(connection: AsyncConnection[Any], district: District) -> dt.date | None:
    """Date of the newest household counts up to the moment."""
    if district.as_of is None or district.as_of <= district.on:
        return district.as_of
    row = await one_row(connection, "serve_places.counted_on", **district.scope)
    return row["as_of"] if row else None


async def extent(connection: AsyncConnection[Any], district: District) -> tuple[float, float, float, float] | None:
    """West, south, east, north of a district, degrees; None while it is empty."""
    row = await one_row(connection, "serve_places.extent", **district.scope)
    if row is None or row["west"] is None:
        return None
    return row["west"], row["south"], row["east"], row["north"]


async def counts(connection: AsyncConnection[Any], district: District) -> Row:
    """How much of everything a district holds."""
    return await one_row(connection, "serve_places.counts", **district.scope) or {}


async def divisions(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Divisions, parents first."""
    return await rows(connection, "serve_places.divisions", **district.scope)


async def community_loads(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Loads by community, by its cells: where no grids are in force, or they are not made community by community."""
    since, until = district.event_year or (district.at, district.at)
    return await rows(connection, "serve_places.community_loads", **district.scope, since=since, until=until)


async def grids(connection: AsyncConnection[Any], district: District) -> list[Row]:
    """Grids in force with their loads, by code; events regrouped into them."""
    since, until = district.event_year or (district.at, district.at)
    return await rows(connection, "serve_places.grids", **district.scope, since=since, until=until)


async def events_then(connection: AsyncConnection[Any], district: District) -> dict[str | None, int]:
    """Events of the last year by the code of the grid that was in force when each happened; None: in no grid."""
    since, until = district.event_year or (district.at, district.at)
    found = await rows(connection, "serve_places.events_then", **district.scope, since=since, until=until)
    return {row["code"]: row["events"] for row in found}


async def class_counts(connection: AsyncConnection[Any], district: District, kind: str) -> list[Row]:
    """Classes of ``event`` or ``part``, most frequent first."""
    return await rows(connection, f"serve_places.{kind}_classes", **district.scope)


async def event_period(connection: AsyncConnection[Any], district: District) -> tuple[dt.datetime, dt.datetime] | None:
    """First and last event up to the moment."""
    row = await one_row(connection, "serve_places.event_period", **district.scope)
    return None if row is None or row["first"] is None else (row["first"], row["last"])


async def plan_report(connection: AsyncConnection[Any], district: District) -> Row | None:
    """Report, settings and date of the plan in force."""
    return await one_row(connection, "serve_places.plan_report", plan=district.plan_id)
