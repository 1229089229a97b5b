"""What time is it, for everything that decides by time?

The one clock of the project. Rules take a `Clock` and never ask the machine themselves, so that a test can live a year
in a second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

__all__ = ["Clock", "local_date", "next_local_midnight", "stopped_at", "utc_now"]

Clock = Callable[[], dt.datetime]
"""Gives the present moment with its time zone."""


def utc_now() -> dt.datetime:
    """Give the machine's time, in UTC."""
    return dt.datetime.now(dt.UTC)


def stopped_at(moment: dt.datetime) -> Clock:
    """Give a clock that always shows `moment`.

    Raises
    ------
    ValueError
        When `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone.")
    return lambda: moment


def local_date(moment: dt.datetime, time_zone: str) -> dt.date:
    """Give the calendar date of a moment in a district's time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def next_local_midnight(moment: dt.datetime, time_zone: str) -> dt.datetime:
    """Give the first moment of the next calendar day in a district's time zone, in UTC.

    Examples
    --------
    >>> next_local_midnight(dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC), "Asia/Shanghai").isoformat()
    '2026-03-02T16:00:00+00:00'
    """
    tomorrow = local_date(moment, time_zone) + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), ZoneInfo(time_zone)).astimezone(dt.UTC)
