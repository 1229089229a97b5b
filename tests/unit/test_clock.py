"""Does the one clock know days and midnights where the district is?"""

from __future__ import annotations

import datetime as dt

import pytest

from gis.clock import local_date, next_local_midnight, stopped_at, utc_now

EVENING = dt.datetime(2026, 3, 28, 23, 30, tzinfo=dt.UTC)


def test_a_stopped_clock_shows_one_moment_and_needs_a_zone():
    assert stopped_at(EVENING)() == EVENING
    with pytest.raises(ValueError, match="no time zone"):
        stopped_at(EVENING.replace(tzinfo=None))
    assert utc_now().utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize(
    ("zone", "date", "midnight"),
    [
        ("UTC", "2026-03-28", "2026-03-29T00:00:00+00:00"),
        ("Asia/Shanghai", "2026-03-29", "2026-03-29T16:00:00+00:00"),
        ("America/New_York", "2026-03-28", "2026-03-29T04:00:00+00:00"),
        ("Europe/Monaco", "2026-03-29", "2026-03-29T22:00:00+00:00"),  # summer time begins that night
    ],
)
def test_days_and_midnights_are_local(zone, date, midnight):
    assert local_date(EVENING, zone).isoformat() == date
    assert next_local_midnight(EVENING, zone).isoformat() == midnight
