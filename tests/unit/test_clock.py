"""Does the one clock know days and midnights where the district is?"""

from __future__ import annotations

import datetime as dt

import pytest

from gis.clock import local_date, next_local_midnight, stopped_at, utc_now
from gis.store.publishing import _name

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


def test_grids_are_named_by_their_serial():
    names = [_name(n, chinese=True) for n in (1, 10, 12, 20, 25, 100, 101, 110, 305, 999)]
    assert names == [
        "第一网格", "第十网格", "第十二网格", "第二十网格", "第二十五网格", "第一百网格", "第一百零一网格",
        "第一百一十网格", "第三百零五网格", "第九百九十九网格",
    ]  # fmt: skip
    assert _name(7, chinese=False) == "Grid 7"
