"""How is a plan checked, and how does a first plan become the grids in force?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.clock import Clock, utc_now
from gis.errors import ConflictError, InputError
from gis.progress import Progress, Steps, quiet
from gis.remarks import Report
from gis.store.districts import district_of, lock
from gis.store.judging import checked, require_base
from gis.store.locating import NETWORK
from gis.store.prepared import changes_of, fingerprint, holding, keep, prepare
from gis.store.queries import query
from gis.store.rehoming import rehome
from gis.store.step import Step
from gis.store.stored_plans import read_head, read_plan
from gis.store.versions import write_publication
from gis.store.workers import post

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection

__all__ = ["check_plan", "publish_plan"]

OPEN = ("draft", "submitted", "approved")
"""States of a plan that may be published yet."""

REMEDY = "See all with `gridkeeper check {district}`, mend the input and propose again."

STEPS = ("checking the plan", "writing grids", "posting workers")


def check_plan(
    connection: Connection,
    district: str,
    plan_id: int | None = None,
    *,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> Step:
    """Run every check that has its input over a plan, the newest draft of a level by default.

    What was found of a plan that passes is kept: it is published without being checked again, if nothing changed.
    """
    now = clock()
    with connection.transaction():
        place = district_of(connection, district)
        head = read_head(connection, place, plan_id, network=network, level=level)
        if head.status in OPEN:
            connection.execute(query("drafts.lock_plan"), {"plan": head.id, "district": place.id})
        mark = fingerprint(connection, place, head.id, now)
        stored = read_plan(connection, place, head.id, now=now)
        found = checked(connection, place, stored)
        if stored.status in OPEN and not any(check.blocks for check in found.checks):
            keep(connection, place, stored, found, changes_of(connection, stored), mark)
    return Step(
        stored.plan.report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        measures=stored.measures,
        explanation=found.explanation.as_dict(stored.tessellation, stored.plan, stored.cells.ids),
        checks=found.checks,
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

    Version 1 of the network: grids, memberships, workers posted. Cells stay as they are, and things where they lie.

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
        head = read_head(connection, place, plan_id, network=network, level=level)
        if not head.is_first:
            raise ConflictError(
                f"Plan {head.id} of {place.code} was begun on version {head.base_version}: it is not a first plan.",
                f"It is submitted, approved by another person and published: gridkeeper plan publish {place.code} ...",
            )
        if head.status != "draft":
            raise ConflictError(f"Plan {head.id} of {place.code} is {head.status}, not a draft.", "Propose a new one.")
        require_base(connection, place, head)
        since = connection.execute(query("grids.cells_of_plan_since"), {"plan": head.id}).fetchone()
        if since and since[0] and since[0] > effective:
            raise InputError(
                f"The cells of plan {head.id} are what they are from {since[0]:%Y-%m-%d %H:%M %Z} only.",
                "Let its grids begin then or later.",
            )
        tell = Steps(progress, *STEPS)
        tell("checking the plan")
        ready = holding(connection, place, head.id, now)
        if ready is None:
            ready = prepare(connection, place, head.id, act="published", remedy=REMEDY, now=now)
        tell("writing grids")
        done = write_publication(connection, place, head, ready, effective=effective, now=now, by=by)
        connection.execute(query("plans.set_status"), {"plan": head.id, "status": "published"})
        step = {"plan": head.id, "name": "publish", "person": by, "verified": False, "now": now, "reason": None}
        connection.execute(query("drafts.insert_step"), step)
        tell("posting workers")
        report = Report("publish", place.code)
        if (head.network, head.level) == (NETWORK, 1):  # workers name communities and grids of that network
            post(connection, place, report, since=effective, clock=clock)
        rehome(connection, place, now)
        tell.end()
    report.counts["grids"] = len(ready.keys)
    return Step(
        report,
        tessellation_id=head.tessellation_id,
        plan_id=head.id,
        version=done.version,
        effective=effective,
        measures=ready.measures,
        checks=ready.results(),
    )
