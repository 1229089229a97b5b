"""How is a plan checked, and how does a first plan become the grids in force?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.clock import Clock, utc_now
from gis.errors import ConflictError, InputError
from gis.progress import Progress, Steps, quiet
from gis.store.derivation import relocate
from gis.store.districts import district_of, lock
from gis.store.locating import NETWORK
from gis.store.queries import query
from gis.store.rehoming import rehome
from gis.store.step import Step
from gis.store.stored_plans import checked, read_plan, require_base, require_passed
from gis.store.versions import write_publication
from gis.store.workers import post

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection

__all__ = ["check_plan", "publish_plan"]

STEPS = ("checking the plan", "writing grids", "locating things", "posting workers")


def check_plan(
    connection: Connection,
    district: str,
    plan_id: int | None = None,
    *,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> Step:
    """Run every check that has its input over a plan, the newest draft of a level by default; nothing is written."""
    with connection.transaction():
        place = district_of(connection, district)
        stored = read_plan(connection, place, plan_id, network=network, level=level, now=clock())
        checks = checked(connection, place, stored).checks
    return Step(
        stored.plan.report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        measures=stored.measures,
        checks=checks,
    )


def publish_plan(
    connection: Connection,
    district: str,
    plan_id: int | None = None,
    *,
    effective: dt.datetime | None = None,
    by: str = "gridkeeper",
    network: str = NETWORK,
    level: int = 1,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Check a plan and put its grids in force, in one transaction.

    Version 1 of the network: grids, memberships, things located to them, workers posted.

    Parameters
    ----------
    plan_id : int, optional
        The newest draft of the network level by default.
    effective : datetime, optional
        When the grids begin; a first publication may begin at any past time, by default at once.
    by : str
        Who publishes.

    Raises
    ------
    CheckFailedError
        A hard check failed; nothing is written.
    ConflictError
        The plan is no draft, or another version was published in its scope since it was begun.
    InputError
        `effective` has no time zone or lies ahead.
    """
    now = clock()
    effective = effective or now
    if effective.tzinfo is None or effective > now:
        raise InputError(
            f"A first publication cannot take effect at {effective}.",
            "Give a past moment with its time zone, or leave it out: the grids begin at once.",
        )
    with lock(connection, district) as place:
        stored = read_plan(connection, place, plan_id, network=network, level=level, now=now)
        if not stored.is_first:
            raise ConflictError(
                f"Plan {stored.id} of {place.code} was begun on version {stored.base_version}: it is not a first plan.",
                f"It is submitted, approved by another person and published: gridkeeper plan publish {place.code} ...",
            )
        if stored.status != "draft":
            raise ConflictError(
                f"Plan {stored.id} of {place.code} is {stored.status}, not a draft.", "Propose a new one."
            )
        require_base(connection, place, stored)
        since = connection.execute(query("grids.cells_since"), {"cells": stored.cells.ids.tolist()}).fetchone()
        if since and since[0] and since[0] > effective:
            raise InputError(
                f"The cells of plan {stored.id} are what they are from {since[0]:%Y-%m-%d %H:%M %Z} only.",
                "Let its grids begin then or later.",
            )
        tell = Steps(progress, *STEPS)
        tell("checking the plan")
        found = checked(connection, place, stored)
        remedy = "See all with `gridkeeper check {district}`, mend the input and propose again."
        require_passed(place, found.checks, "published", remedy, stored.id)
        tell("writing grids")
        done = write_publication(connection, place, stored, found, effective=effective, now=now, by=by)
        connection.execute(query("plans.set_status"), {"plan": stored.id, "status": "published"})
        step = {"plan": stored.id, "name": "publish", "person": by, "verified": False, "now": now, "reason": None}
        connection.execute(query("drafts.insert_step"), step)
        tell("locating things")
        report = relocate(connection, place, progress=quiet, clock=clock)
        tell("posting workers")
        if (stored.network, stored.level) == (NETWORK, 1):  # workers name communities and grids of that network
            post(connection, place, report, since=effective, clock=clock)
        rehome(connection, place, now)
        tell.end()
    report.title = "publish"
    report.counts["grids"] = len(found.grids)
    return Step(
        report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        version=done.version,
        effective=effective,
        measures=stored.measures,
        checks=found.checks,
    )
