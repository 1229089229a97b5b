"""How does a checked plan become grids in force, and how is that taken back before it takes effect?

Only grids whose set of cells changes get a new version; the others keep their rows. What ends gets the end of its
period set, nothing else of the past is touched; what is withdrawn stays, valid at no time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.types.json import Jsonb

from gis.clock import next_local_midnight
from gis.errors import ConflictError, InputError
from gis.progress import UNTOLD, Steps
from gis.store.carrying import Change as Replaced
from gis.store.copying import plain, reserve_ids
from gis.store.districts import bump_layers
from gis.store.judging import shortened, whole_network
from gis.store.postings import begin_postings, end_postings
from gis.store.prepared import forget
from gis.store.queries import query
from gis.store.replacing import put_back, replace_cells

if TYPE_CHECKING:
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.prepared import Prepared
    from gis.store.stored_plans import PlanHead

__all__ = ["Written", "choose_effective", "default_effective", "withdraw", "write_publication"]

JUST_NOW = dt.timedelta(minutes=5)
"""How far in the past a moment asked for is still taken as now."""


@dataclass(frozen=True)
class Written:
    """A publication as it was written: its number, and what `publication.report` tells."""

    version: int
    report: dict[str, Any]


def default_effective(
    connection: Connection, place: District, plan_id: int, network: int, now: dt.datetime, level: int = 1
) -> tuple[dt.datetime, tuple[int, dt.datetime] | None]:
    """Give the next local midnight, and the last publication of the plan's communities as (version, effective).

    Where a community, or a grid of the next level up or down, begins only later, that moment takes the place of the
    next midnight.
    """
    midnight, last, *_ = _earliest(connection, place, plan_id, network, now, level)
    return midnight, last


def _earliest(
    connection: Connection, place: District, plan_id: int, network: int, now: dt.datetime, level: int
) -> tuple[dt.datetime, tuple[int, dt.datetime] | None, dt.datetime | None, dt.datetime | None]:
    """Give what `default_effective` gives, and since when the plan's ground, and the next levels, are so."""
    values = {"plan": plan_id, "network": network, "level": level}
    last = connection.execute(query("publishing.scope_last"), values).fetchone()
    since = connection.execute(query("publishing.scope_since"), {"plan": plan_id}).fetchone()
    begun = since[0] if since else None
    row = connection.execute(query("publishing.next_levels_since"), values).fetchone()
    nested = row[0] if row else None
    midnight = max(next_local_midnight(now, place.time_zone), begun or now, nested or now)
    return midnight, None if last is None else (int(last[0]), last[1]), begun, nested


def choose_effective(
    connection: Connection, place: District, head: PlanHead, effective: dt.datetime | None, now: dt.datetime
) -> dt.datetime:
    """Say when a later publication takes effect: as asked, by default at the next local midnight.

    A moment just gone by is now: the clock of a browser, and the way from it, are not those of the server.

    Raises
    ------
    InputError
        It lies in the past, has no time zone, does not come after the last publication of the plan's communities, or
        comes before these, their cells or the grids of the next level.
    """
    midnight, last, since, nested = _earliest(connection, place, head.id, head.network_id, now, head.level)
    chosen: dt.datetime = effective or midnight
    if chosen.tzinfo is not None and now - JUST_NOW <= chosen < now:
        chosen = now
    if chosen.tzinfo is None or chosen < now:
        raise InputError(
            f"A publication cannot take effect at {chosen}: only the first one of a place may begin in the past.",
            "Give a moment from now on with its time zone, or leave it out: the next midnight.",
        )
    if last is not None and chosen <= last[1]:
        raise InputError(
            f"Version {last[0]} takes effect in these communities at {last[1]:%Y-%m-%d %H:%M %Z}; "
            f"{chosen:%Y-%m-%d %H:%M %Z} does not come after it.",
            "Give a later moment, or withdraw that version first.",
        )
    if since is not None and chosen < since:
        raise InputError(
            f"The communities and cells that plan {head.id} stands on are so from {since:%Y-%m-%d %H:%M %Z} only.",
            "Give that moment or a later one.",
        )
    if nested is not None and chosen < nested:
        raise InputError(
            f"Plan {head.id} was checked against grids of the next level that are in force from "
            f"{nested:%Y-%m-%d %H:%M %Z} only.",
            "Give that moment or a later one, so that the levels nest at every moment.",
        )
    return chosen


def write_publication(
    connection: Connection,
    place: District,
    head: PlanHead,
    ready: Prepared,
    *,
    effective: dt.datetime,
    now: dt.datetime,
    by: str,
    origin: str = "plan",
    tell: Steps = UNTOLD,
) -> Written:
    """Write publication, grids, memberships, lineage and postings inside the caller's transaction.

    The exclusion constraints see to one grid a cell and moment, and one grid a code and moment. What was kept of the
    plan goes: it is in force or will be.
    """
    moment = {"effective": effective, "network": head.network_id, "level": head.level, "plan": head.id}
    for name in ("close_grids", "close_memberships"):
        connection.execute(query(f"publishing.{name}"), {**moment, "grids": ready.closed})
    with connection.cursor() as cursor:
        ids = reserve_ids(cursor, query("plans.reserve_grid_ids"), len(ready.keys)).tolist()
    moved, ended = end_postings(connection, ready.closed, dict(zip(ready.codes, ids, strict=True)), moment)
    report = {**ready.outcome, "postings_ended": ended}
    values = {"now": now, "by": by, "checks": Jsonb(shortened(ready.checks)), "report": Jsonb(report)}
    row = connection.execute(query("plans.insert_publication"), {**moment, **values}).fetchone()
    publication, version = (int(row[0]), int(row[1])) if row else (0, 0)
    opened = {**moment, "publication": publication, "origin": origin, "grids": ids}
    opened |= {"keys": ready.keys, "codes": ready.codes}
    connection.execute(query("imports.look_up_at_once"))
    for name in ("publishing.insert_grids", "plans.insert_memberships", "publishing.insert_lineage"):
        connection.execute(query(name), opened)
    connection.execute(query("imports.look_up_as_usual"))
    begin_postings(connection, moved, moment)
    carried: list[dict[str, Any]] = []
    gone, made = _replaced(connection, head)
    if len(gone) or len(made):
        replaced = Replaced(
            publication, version, head.network_id, head.level, gone, made, effective=effective, now=now, by=by
        )
        tell("replacing cells")
        carried = replace_cells(connection, place, replaced, tell)
    bump_layers(connection, place.id, "grids")
    if not head.is_first:
        measures = _network_measures(connection, place, head, ready, effective)
        connection.execute(
            query("drafts.set_report"),
            {"plan": head.id, "report": Jsonb(plain({"network_measures": measures, "carried": carried}))},
        )
    forget(connection, head.id)
    return Written(version, report)


def _replaced(connection: Connection, head: PlanHead) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a plan takes away, and cells that it brings."""
    if head.is_first:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    gone, made = (
        np.array([row[0] for row in connection.execute(query(name), {"plan": head.id})], np.int64)
        for name in ("publishing.replaced_cells", "carrying.made")
    )
    return gone, made


def _network_measures(
    connection: Connection, place: District, head: PlanHead, ready: Prepared, effective: dt.datetime
) -> dict[str, Any]:
    """Measure all grids of the network as they are from a publication on."""
    values = {"plan": head.id, "network": head.network_id, "level": head.level, "district": place.id}
    row = connection.execute(query("publishing.same_network"), {**values, "at": ready.at, "effective": effective})
    if (row.fetchone() or (False,))[0]:
        return ready.measures
    return whole_network(connection, place, head, effective) or ready.measures


def withdraw(connection: Connection, place: District, life: dict[str, Any], now: dt.datetime) -> None:
    """Take back a publication that has not taken effect, inside the caller's transaction.

    Its grids, memberships and postings are valid at no time; what they were to replace goes on.

    Raises
    ------
    ConflictError
        A later version, or one of the next level, stands on it.
    """
    values = {
        "plan": life["id"],
        "network": life["network_id"],
        "level": life["level"],
        "version": life["version"],
        "publication": life["publication_id"],
        "effective": life["effective"],
        "now": now,
    }
    later = connection.execute(query("publishing.later_version"), values).fetchone()
    if later:
        raise ConflictError(
            f"Version {later[0]} was made on version {life['version']} of these communities.",
            f"Withdraw version {later[0]} first.",
        )
    nested = connection.execute(query("publishing.nested_later"), values).fetchone()
    if nested:
        raise ConflictError(
            f"Version {nested[1]} of level {nested[0]} was checked against these grids of level {life['level']}.",
            f"Withdraw version {nested[1]} of level {nested[0]} first.",
        )
    with put_back(connection, place, life, now) as carried:
        _take_back(connection, values)
        for publication, plan, _, network, level, version, effective in carried:
            more = {"publication": publication, "network": network, "level": level, "version": version}
            _take_back(connection, {**more, "plan": plan, "effective": effective, "now": now})
            connection.execute(query("plans.set_status"), {"plan": plan, "status": "discarded"})
    bump_layers(connection, place.id, "grids")


def _take_back(connection: Connection, values: dict[str, Any]) -> None:
    """Make a publication valid at no time; what it was to replace goes on."""
    replaced = [row[0] for row in connection.execute(query("publishing.replaced_grids"), values)]
    for name in ("empty_memberships", "empty_postings", "empty_grids"):
        connection.execute(query(f"publishing.{name}"), values)
    for name in ("reopen_grids", "reopen_memberships", "reopen_postings"):
        connection.execute(query(f"publishing.{name}"), {**values, "grids": replaced})
    connection.execute(query("publishing.withdraw_publication"), values)
