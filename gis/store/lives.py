"""Where does every plan stand, who took it there, and how does it take its next step?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from gis.clock import Clock, utc_now
from gis.errors import ConflictError, NotFoundError
from gis.plans import Actor, Life, take
from gis.progress import Progress, Steps, quiet
from gis.store.districts import lock
from gis.store.judging import require_base
from gis.store.locating import NETWORK
from gis.store.persons import require_person
from gis.store.prepared import forget, holding, prepare
from gis.store.queries import query
from gis.store.rehoming import rehome
from gis.store.stored_plans import read_head
from gis.store.versions import choose_effective, withdraw, write_publication

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["life_of", "read_life", "read_lives", "read_steps", "record_step", "take_step"]

Row = dict[str, Any]

REMEDY = (
    "See all with `gridkeeper plan checks {district} {plan}`; mend the draft, or let it be divided anew with "
    "`gridkeeper plan propose {district} {plan}`, and try again."
)

RETURNED = "Give it back first: `gridkeeper plan return {district} {plan}`. " + REMEDY


def read_lives(
    connection: Connection,
    place: District,
    now: dt.datetime,
    plan_id: int | None = None,
    *,
    network: str = NETWORK,
    level: int = 1,
) -> list[Row]:
    """Read the plans of a network level, the newest first, or one plan of the district.

    Returns
    -------
    list of dict
        Columns of ``drafts.lives``, and ``scope``: (code, name) of every community.
    """
    values = {"district": place.id, "network": network, "level": level, "now": now, "plan": plan_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("drafts.lives"), values).fetchall()
    scopes: dict[int, list[tuple[str, str]]] = {}
    for plan, code, name in connection.execute(query("drafts.scopes"), {"plans": [row["id"] for row in rows]}):
        scopes.setdefault(plan, []).append((code, name))
    return [{**row, "scope": scopes.get(row["id"], [])} for row in rows]


def read_life(connection: Connection, place: District, plan_id: int, now: dt.datetime) -> Row:
    """Read one plan.

    Raises
    ------
    NotFoundError
        The district has no such plan.
    """
    rows = read_lives(connection, place, now, plan_id)
    if not rows:
        raise NotFoundError(
            f"District {place.code} has no plan {plan_id}.", f"`gridkeeper plan list {place.code}` lists its plans."
        )
    return rows[0]


def life_of(row: Row) -> Life:
    """Say what the rules need to know of a plan."""
    submitted = row["submitted_by"]
    return Life(
        id=row["id"],
        status=row["status"],
        submitted_by=None if submitted is None else Actor(submitted, row["submitted_verified"]),
        effective=row["effective"],
        replaced=row["replaced"],
    )


def read_steps(connection: Connection, plan_id: int) -> list[Row]:
    """Read the steps of a plan's life, in their order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("drafts.steps"), {"plan": plan_id}).fetchall()


def record_step(
    connection: Connection, plan_id: int, name: str, actor: Actor, now: dt.datetime, reason: str | None = None
) -> None:
    """Add a line to the log of a plan's life."""
    values = {"plan": plan_id, "name": name, "now": now, "reason": reason}
    connection.execute(query("drafts.insert_step"), {**values, "person": actor.name, "verified": actor.verified})


def take_step(
    connection: Connection,
    district: str,
    plan_id: int,
    actor: Actor,
    name: str,
    *,
    reason: str | None = None,
    effective: dt.datetime | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> None:
    """Let a plan take a step of its life, in one transaction.

    Parameters
    ----------
    name : str
        Of `gis.plans.TRANSITIONS`.
    reason : str, optional
        Needed to return a plan.
    effective : datetime, optional
        When a publication takes effect; the next local midnight by default.
    progress : Progress
        Of a publication.

    Raises
    ------
    ConflictError
        The plan is not in a state for it, the person may not, or the base is not in force any more.
    CheckFailedError
        A hard check failed.
    InputError
        The person is not on the list, a reason is missing, or the effective time cannot be.
    NotFoundError
        No such plan.
    """
    with lock(connection, district) as place:
        now = clock()
        connection.execute(query("drafts.lock_plan"), {"plan": plan_id, "district": place.id})
        row = read_life(connection, place, plan_id, now)
        actor = require_person(connection, actor)
        step = take(name, life_of(row), actor, now, reason)
        if name in _GATED and row["base_version"] is None:
            raise ConflictError(
                f"Plan {plan_id} is a first proposal.", f"It is published at once: gridkeeper publish {place.code}"
            )
        if name == "submit":
            _submit(connection, place, plan_id, clock)
        elif name == "publish":
            _publish(connection, place, plan_id, actor, effective, clock, Steps(progress, *PUBLISHING))
        elif name == "withdraw":
            withdraw(connection, place, row, now)
        elif name == "discard":
            forget(connection, plan_id)
        connection.execute(query("plans.set_status"), {"plan": plan_id, "status": step.target})
        record_step(connection, plan_id, name, actor, now, (reason or "").strip() or None)


_GATED = ("submit", "publish")
PUBLISHING = (
    "reading the plan",
    "checking the plan",
    "writing grids",
    "replacing cells",
    "locating things",
    "moving events",
)


def _submit(connection: Connection, place: District, plan_id: int, clock: Clock) -> None:
    require_base(connection, place, read_head(connection, place, plan_id))
    prepare(connection, place, plan_id, act="submitted", remedy=REMEDY, now=clock(), changed=True)


def _publish(
    connection: Connection,
    place: District,
    plan_id: int,
    actor: Actor,
    effective: dt.datetime | None,
    clock: Clock,
    tell: Steps,
) -> None:
    now, head = clock(), read_head(connection, place, plan_id)
    require_base(connection, place, head)
    moment = choose_effective(connection, place, head, effective, now)
    tell("checking the plan")
    ready = holding(connection, place, plan_id, now)
    if ready is None:  # what it stands on is not what it was when it was checked
        ready = prepare(connection, place, plan_id, act="published", remedy=RETURNED, now=now)
    tell("writing grids")
    write_publication(connection, place, head, ready, effective=moment, now=now, by=actor.name, tell=tell)
    tell("moving events")
    rehome(connection, place, clock())
    tell.end()
