"""Which steps put version 1 of the small district in force, as most tests of the store begin?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gis.clock import stopped_at
from gis.store import pipeline
from tests.integration import small_district as small

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from gis.plans import Actor

__all__ = ["BEGIN", "Clock", "publish_first"]

BEGIN = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


def publish_first(
    connection: psycopg.Connection,
    at: dt.datetime = BEGIN,
    more: Iterable[str] = ("parts", "events"),
    persons: Iterable[Actor] = (),
) -> None:
    """Fill the database, make its cells, publish; `more` are the kinds beside those that cells are made of."""
    clock = stopped_at(at)
    for kind in ("divisions", "buildings", "barriers", *more):
        pipeline.write_batch(connection, small.DISTRICT, getattr(small, kind)(), clock=clock)
    pipeline.tessellate_district(connection, small.DISTRICT, clock=clock)
    pipeline.propose_plan(connection, small.DISTRICT, clock=clock)
    pipeline.publish_plan(connection, small.DISTRICT, clock=clock)
    for actor in persons:
        pipeline.add_person(connection, actor.name, clock=clock)
