"""What time is it, for everything that decides by time?

The one clock of the project. Rules take a `Clock` and never ask the machine themselves, so that a test can live a year
in a second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from gis.errors import InputError

__all__ = ["Clock", "first_moment", "local_date", "next_local_midnight", "read_moment", "stopped_at", "utc_now"]

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


def first_moment(day: dt.date, since: dt.datetime | None, time_zone: str) -> dt.datetime:
    """Give the first moment from a calendar day on at which there is what began at `since`, in UTC.

    Parameters
    ----------
    since : datetime or None
        None for what was always there.

    Examples
    --------
    >>> noon = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)
    >>> [str(first_moment(dt.date(2026, 3, day), noon, "Asia/Shanghai")) for day in (2, 1)]
    ['2026-03-01 16:00:00+00:00', '2026-03-01 04:00:00+00:00']
    """
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(time_zone)).astimezone(dt.UTC)
    return midnight if since is None else max(midnight, since)


def next_local_midnight(moment: dt.datetime, time_zone: str) -> dt.datetime:
    """Give the first moment of the next calendar day in a district's time zone, in UTC.

    Examples
    --------
    >>> next_local_midnight(dt.datetime(2026, 3, 1, 20, tzinfo=dt.UTC), "Asia/Shanghai").isoformat()
    '2026-03-02T16:00:00+00:00'
    """
    tomorrow = local_date(moment, time_zone) + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), ZoneInfo(time_zone)).astimezone(dt.UTC)


def read_moment(text: str, time_zone: str) -> dt.datetime:
    """Give the moment that is meant by a date or a time, in UTC.

    A date means the last moment of that local day, so that what took effect during the day is seen; a time with a zone
    means itself, one without is local.

    Raises
    ------
    InputError
        It is neither a date nor a time.

    Examples
    --------
    >>> read_moment("2026-06-30", "Asia/Shanghai").isoformat()
    '2026-06-30T15:59:59.999999+00:00'
    >>> read_moment("2026-06-30T08:00:00+08:00", "UTC").isoformat()
    '2026-06-30T00:00:00+00:00'
    """
    try:
        if len(text) <= len("2026-06-30"):
            day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(12), ZoneInfo(time_zone))
            return next_local_midnight(day, time_zone) - dt.timedelta(microseconds=1)
        moment = dt.datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign of an address that was not escaped
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))).astimezone(dt.UTC)
    except (ValueError, OverflowError) as fault:
        raise InputError(
            f"{text!r} is neither a date nor a time.", "Write 2026-06-30, or 2026-06-30T08:00:00Z (a plus sign as %2B)."
        ) from fault
