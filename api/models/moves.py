"""What is told of the open events that went to another grid?"""

from __future__ import annotations

import datetime as dt

from api.models.common import Model

__all__ = ["MovedEvent", "MovedEvents"]


class MovedEvent(Model):
    """An open event that went from one grid to another; no grid: nobody answered, or answers."""

    id: int
    code: str
    class_name: str
    occurred_at: dt.datetime
    address: str | None
    state: str
    at: dt.datetime
    from_grid: str | None
    from_name: str | None
    from_workers: str | None
    to_grid: str | None
    to_name: str | None
    to_workers: str | None


class MovedEvents(Model):
    """What a plan moved when it took effect."""

    rehomed_at: dt.datetime | None
    """Null: it has not taken effect."""
    events: list[MovedEvent]
