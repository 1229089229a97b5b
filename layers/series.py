"""How does a count run, month by month, and on which basis?"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Any

from gis.clock import local_date, read_moment
from gis.errors import InputError, NotFoundError
from gis.store.serve import series
from layers.tiles import period_bounds

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gis.measures import Basis
    from gis.store.serve.places import District
    from layers.keeping import Keeper

__all__ = ["BASES", "months_between", "values"]

BASES: dict[str, tuple[Basis, ...]] = {"events": ("as_of", "then"), "households": ("then",)}
"""Counts that run in time, and their bases, the usual one first."""

MOST = 120
"""Months at most."""


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of all months from that of one day to that of another.

    Examples
    --------
    >>> [str(day) for day in months_between(dt.date(2025, 12, 31), dt.date(2026, 1, 1))]
    ['2025-12-01', '2026-01-01']
    """
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [dt.date(first.year + (first.month - 1 + i) // 12, (first.month - 1 + i) % 12 + 1, 1) for i in range(count)]


async def values(
    connection: AsyncConnection[Any],
    keeper: Keeper,
    district: District,
    key: str,
    *,
    grid: str | None = None,
    division: str | None = None,
    period: tuple[dt.date | None, dt.date | None] = (None, None),
    basis: Basis | None = None,
) -> dict[str, Any]:
    """Give a count by local month.

    Parameters
    ----------
    connection : AsyncConnection
    keeper : Keeper
    district : District
        Its moment ends the series at the latest, and says which grids ``as_of`` means.
    key : str
        Of `BASES`.
    grid, division : str, optional
        A code; neither is the whole district.
    period : (date or None, date or None)
        Local days in the first and the last month; the year up to the moment by default.
    basis : {"then", "as_of"}, optional

    Returns
    -------
    dict
        As `api.models.figures.Series`. Households are those at the end of each month, or at the moment.

    Raises
    ------
    NotFoundError
        There is no such series.
    InputError
        It has not that basis, both a grid and a division are asked for, or too many months are.
    """
    if key not in BASES:
        raise NotFoundError(f"There is no series {key}.", f"There are: {', '.join(BASES)}.")
    basis = basis or BASES[key][0]
    if basis not in BASES[key]:
        raise InputError(f"{key} has no series on the basis {basis}.", f"There is: {', '.join(BASES[key])}.")
    if grid is not None and division is not None:
        raise InputError("A series is of a grid or of a division, not of both.", "Leave one of them out.")
    last = min(period[1] or district.on, district.on)
    first = period[0] or last.replace(year=last.year - 1, day=1) + dt.timedelta(days=31)
    months = months_between(first, last)
    if not 0 < len(months) <= MOST:
        raise InputError(
            f"From {first} to {last} there are {max(0, len(months))} months.",
            f"Ask for 1 to {MOST}, up to {district.on}.",
        )
    of = {"grid": grid, "division": division}
    names = [f"{month:%Y-%m}" for month in months]

    async def make() -> dict[str, int]:
        if key == "households":
            ends = [min(read_moment(str(_last_day(month)), district.time_zone), district.at) for month in months]
            days = [local_date(end, district.time_zone) for end in ends]
            last_moments = dict(zip(names, zip(ends, days, strict=True), strict=True))
            return await series.households_by_month(connection, district, of, last_moments)
        bounds = period_bounds(district.time_zone, (months[0], _last_day(months[-1])))
        return await series.events_by_month(connection, district, of, bounds, basis)

    kept_as = (district.id, district.content, "series", key, basis, grid, division, *names)
    found = await keeper.get(kept_as, make)
    nothing = 0 if key == "events" and district.last_event else None
    return {
        "key": key,
        "basis": basis,
        "grid": grid,
        "division": division,
        "at": district.at,
        "months": [{"month": name, "value": found.get(name, nothing)} for name in names],
    }


def _last_day(month: dt.date) -> dt.date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
