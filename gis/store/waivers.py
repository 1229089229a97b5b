"""Who answers for an island that fails a hard check, and why?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.rows import dict_row

from gis.checks import CHECKS
from gis.clock import Clock, utc_now
from gis.errors import ConflictError, InputError, NotFoundError
from gis.plans import Actor, holds_island, require_draft
from gis.store.districts import lock
from gis.store.lives import life_of, read_life, record_step
from gis.store.persons import require_person
from gis.store.queries import query
from gis.store.stored_plans import read_plan

if TYPE_CHECKING:
    from gis.store.connect import Connection

__all__ = ["read_waivers", "waive"]


def read_waivers(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    """List the waivers of a plan: ``check_name``, ``grid_key``, ``person``, ``verified``, ``at``, ``reason``."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("drafts.waivers"), {"plan": plan_id}).fetchall()


def waive(
    connection: Connection,
    district: str,
    plan_id: int,
    actor: Actor,
    check: str,
    grid: str,
    reason: str,
    *,
    clock: Clock = utc_now,
) -> None:
    """Let a hard check not block a draft for one grid that holds an island, by name and with a reason.

    Parameters
    ----------
    check : str
        Name of a hard check of `gis.checks.CHECKS`.
    grid : str
        Key of the grid in the draft.
    reason : str

    Raises
    ------
    InputError
        No such check, no reason, or the grid holds no ground that lies apart.
    NotFoundError
        The draft has no such grid.
    ConflictError
        The plan is no draft, or it is waived already.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise InputError("A waiver needs a reason.", "Say in a sentence why this island may fail the check.")
    if check not in CHECKS or not CHECKS[check].hard:
        hard = ", ".join(name for name, known in CHECKS.items() if known.hard)
        raise InputError(f"{check!r} is no hard check.", f"Hard checks are {hard}.")
    with lock(connection, district) as place:
        now = clock()
        connection.execute(query("drafts.lock_plan"), {"plan": plan_id, "district": place.id})
        row = read_life(connection, place, plan_id, now)
        actor = require_person(connection, actor)
        require_draft(life_of(row))
        stored = read_plan(connection, place, plan_id, now=now)
        at = np.flatnonzero(stored.keys == grid)
        if not len(at):
            raise NotFoundError(f"Plan {plan_id} has no grid {grid}.", "`gridkeeper plan show` lists its grids.")
        near, cells = stored.tessellation.adjacency, stored.tessellation.cells
        apart = holds_island(
            cells["community_id"].to_numpy(object).astype(str),
            stored.plan.grid_of,
            near.pairs[~near.link],
            cells.geometry.area.to_numpy(),
        )
        if not apart[at[0]]:
            raise InputError(
                f"Grid {grid} holds no island: all its ground is joined to the rest of its community.",
                "Mend the grid: only ground that lies apart may be exempted.",
            )
        values = {"plan": plan_id, "check": check, "key": grid, "now": now, "reason": reason}
        who = {"person": actor.name, "verified": actor.verified}
        if connection.execute(query("drafts.insert_waiver"), values | who).fetchone() is None:
            raise ConflictError(f"{check} is waived for grid {grid} already.", "Nothing needs to be done.")
        record_step(connection, plan_id, "waive", actor, now, f"{check}, {grid}: {reason}")
