"""What is killed: one step of the store in a process of its own, which says when it begins."""

from __future__ import annotations

import datetime as dt

from gis.clock import stopped_at
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import small_district as small

__all__ = ["CLOCK", "STEPS", "run"]

CLOCK = stopped_at(dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC))
PARTS = 5_000


def _import(connection):
    pipeline.write_batch(connection, small.DISTRICT, small.parts(PARTS), clock=CLOCK)


def _tessellate(connection):
    pipeline.tessellate_district(connection, small.DISTRICT, clock=CLOCK)


def _publish(connection):
    pipeline.publish_plan(connection, small.DISTRICT, clock=CLOCK)


STEPS = {"tessellation": _tessellate, "publish": _publish, "import": _import}
"""In the order of a district's beginning."""


def run(url, step, begins):
    """Do one step; `begins` is told when it begins and when it has ended."""
    with connect(url) as connection:
        begins.send("begun")
        STEPS[step](connection)
    begins.send("ended")
