"""How is a draft opened from the grids in force, edited, and read by an editor?

Every edit is a line of `plan_operation`; `plan_cell` is the replay of these lines, written in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.errors import ConflictError, InputError, NotFoundError, StaleError
from gis.plans import (
    ABSENT,
    Actor,
    Draft,
    Operation,
    count_parts,
    first_keys,
    new_key,
    replay,
    require_draft,
)
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain
from gis.store.districts import district_of, lock
from gis.store.levels import communities_within, pairs_across
from gis.store.lives import life_of, read_life, record_step
from gis.store.locating import NETWORK
from gis.store.moving import taken
from gis.store.networks import read_level, read_networks
from gis.store.persons import require_person
from gis.store.proposing import proposal_of
from gis.store.queries import query
from gis.store.renewing import renewal_of, split_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel

__all__ = ["Edit", "begin_draft", "edit_draft", "open_draft", "read_draft", "write_edit"]


@dataclass(frozen=True)
class Edit:
    """What an edit did.

    Parameters
    ----------
    revision : int
        Its number.
    grids : list of dict
        ``key``, ``households``, ``cells``, ``parts`` (connected components) of every grid it touched.
    cells : ndarray of int64
        Cells whose grid changed.
    keys : ndarray of str
        The grid each of them belongs to now; `gis.plans.ABSENT` where others took its place.
    remade : bool
        Cells came or went, or something else is balanced.
    can_undo, can_redo : bool
    next_key : str
        A key that no grid has.
    """

    revision: int
    grids: list[dict[str, Any]]
    cells: np.ndarray
    keys: np.ndarray
    remade: bool
    can_undo: bool
    can_redo: bool
    next_key: str


# ------------------------------------------------------------------------------------------------ opening
def open_draft(
    connection: Connection,
    district: str,
    communities: Sequence[str],
    actor: Actor,
    *,
    title: str | None = None,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> int:
    """Open a draft from the grids of some communities, in one transaction.

    It begins with the grids of the last publication there, also where that one takes effect only later.

    Returns
    -------
    int
        Number of the plan.

    Raises
    ------
    NotFoundError
        A community is not known.
    ConflictError
        A community has no grids in force yet.
    InputError
        No community is named, or the person is not on the list.
    """
    with lock(connection, district) as place:
        actor = require_person(connection, actor)
        return begin_draft(connection, place, communities, actor, of=(network, level), title=title, now=clock())


def begin_draft(
    connection: Connection,
    place: District,
    communities: Sequence[str],
    actor: Actor,
    *,
    of: tuple[str, int],
    title: str | None,
    now: dt.datetime,
) -> int:
    """Do the work of `open_draft` inside the caller's transaction, for a network and level."""
    first = f"Put first grids in force: gridkeeper propose {place.code}, then gridkeeper publish {place.code}."
    if of == (NETWORK, 1) and not any(known.code == NETWORK for _, known in read_networks(connection, place)):
        raise ConflictError(f"District {place.code} has no grids yet.", first)
    wanted = read_level(connection, place, *of)
    scope = _scope(connection, place, communities, wanted, now)
    bare = [code for _, code, _, version, has_grids in scope if not has_grids or version is None]
    if bare:
        name = wanted.level.division_level.capitalize()
        raise ConflictError(f"{name} {bare[0]} has no grids in force.", first)
    divisions = [row[0] for row in scope]
    within = communities_within(connection, divisions)
    values = {"network": wanted.network_id, "level": wanted.level.level, "communities": within}
    cells = fetch_frame(connection, query("drafts.base_cells"), values)
    shared = connection.execute(query("drafts.grids_shared"), values).fetchone()
    if shared:
        raise ConflictError(
            f"Grid {shared[0]} stands in community {shared[1]} too, since the border between them changed.",
            "Open the draft for both communities: each gets grids of its own.",
        )
    links = [list(row) for row in connection.execute(query("drafts.base_links"), values)]
    base = max(row[3] for row in scope)
    settings = {name: getattr(wanted.level, name) for name in ("target", "minimum", "maximum")}
    kept = connection.execute(query("drafts.base_kept"), values | {"versions": [row[3] for row in scope]}).fetchall()
    if len(kept) == 1 and kept[0][0]:
        settings["keep_whole"] = kept[0][0]
    report = {"report": {"title": "draft", "source": place.code}, "measures": None, "flags": {}, "links": links}
    row = connection.execute(
        query("drafts.insert_draft"),
        {
            "network": wanted.network_id,
            "level": wanted.level.level,
            "tessellation": int(cells["tessellation_id"].max()),
            "as_of": place.as_of or local_date(now, place.time_zone),
            "base": base,
            "now": now,
            "settings": Jsonb(settings),
            "report": Jsonb(report),
            "title": (title or "").strip() or None,
            "by": actor.name,
        },
    ).fetchone()
    plan_id = int(row[0]) if row else 0
    with connection.cursor() as cursor:
        codes = cells["grid_code"]
        keys = first_keys(codes.to_numpy(object), cells["community"].to_numpy(object))
        rows = {"plan_id": plan_id, "cell_id": cells["cell_id"], "grid_code": keys, "base_code": codes}
        copy_frame(cursor, "plan_cell", pd.DataFrame(rows))
    versions = [row[3] for row in scope]
    connection.execute(query("drafts.insert_scope"), {"plan": plan_id, "divisions": divisions, "versions": versions})
    record_step(connection, plan_id, "open", actor, now)
    return plan_id


def _scope(
    connection: Connection, place: District, communities: Sequence[str], of: StoredLevel, now: dt.datetime
) -> list[tuple[Any, ...]]:
    """Id, code, name, newest version and whether there are grids, of the communities (or larger divisions) named."""
    name = of.level.division_level
    wanted = sorted({code.strip() for code in communities} - {""})
    if not wanted:
        raise InputError(f"No {name} is named.", "Name at least one by its code.")
    values = {"district": place.id, "network": of.network_id, "level": of.level.level, "now": now}
    values |= {"division_level": name, "codes": wanted}
    scope = connection.execute(query("drafts.communities"), values).fetchall()
    missing = sorted(set(wanted) - {row[1] for row in scope})
    if missing:
        raise NotFoundError(
            f"District {place.code} has no {name} {', '.join(missing[:5])}.", "Divisions are named by their codes."
        )
    return scope


# ------------------------------------------------------------------------------------------------ editing
def read_draft(connection: Connection, plan_id: int) -> tuple[Draft, np.ndarray]:
    """Replay a plan.

    Returns
    -------
    draft : Draft
    keys : ndarray of str
        What `plan_cell` holds: the same; `gis.plans.ABSENT` for a cell without a row.
    """
    frame = fetch_frame(connection, query("drafts.assignment"), {"plan": plan_id})
    begun = frame[frame["base_code"].notna()]
    draft = Draft(
        begun["cell_id"].to_numpy(np.int64), begun["community"].to_numpy(object), begun["base_code"].to_numpy(object)
    )
    log = connection.execute(query("drafts.operations"), {"plan": plan_id})
    draft = replay(draft, (Operation(*row) for row in log))
    kept = dict(zip(frame["cell_id"], frame["grid_code"], strict=True))
    return draft, np.array([kept.get(cell, ABSENT) for cell in draft.cells], object)


def edit_draft(
    connection: Connection,
    district: str,
    plan_id: int,
    actor: Actor,
    *,
    revision: int,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Edit:
    """Apply one edit to a draft, in one transaction.

    What computes long (``propose``, ``renew``, ``split``) does so before it locks the plan: others go on editing, and
    the one who comes later is told.

    Parameters
    ----------
    revision : int
        The last one that the editor knows.
    kind : str
        ``move``, ``new_grid``, ``merge``, ``propose``, ``renumber``, ``renew``, ``split``, ``undo`` or ``redo``; see
        `gis.plans.replay.Operation`.
    payload : mapping, optional
        ``undo`` and ``redo`` need none; ``propose`` {communities, seed, style, target ...} gets its assignment here
        where it brings none (`gis.store.comparing`), or takes an answer of a rebalancing ({changes ...}, see
        `gis.store.moving`), ``renew`` {} and ``split`` {cell, line: [[lon, lat] ...]} their cells.
    executor : Executor, optional
        Workers for communities that are divided anew.
    progress : Progress

    Raises
    ------
    StaleError
        Somebody edited the plan since.
    ConflictError
        The plan is no draft; there is nothing to undo or redo.
    InputError
        The edit cannot be.
    NotFoundError
        No such plan.
    """
    with connection.transaction():
        place = district_of(connection, district)
        locking = {"plan": plan_id, "district": place.id}
        if kind not in COMPUTED:
            connection.execute(query("drafts.lock_plan"), locking)
        row = _require_newest(read_life(connection, place, plan_id, clock()), revision)
        actor = require_person(connection, actor)
        draft = read_draft(connection, plan_id)[0]
        given = dict(payload or {})
        if kind in {"undo", "redo"}:
            stack = draft.undoable if kind == "undo" else draft.redoable
            given = {"revision": stack[-1].revision if stack else None}
        if kind in COMPUTED:
            work = (connection, place, row, draft)
            helpers = executor if len(row["scope"]) > FEW else None
            if kind == "propose" and "changes" in given:
                given = taken(connection, row, draft, given, clock())
            elif kind == "propose":
                given = proposal_of(*work, given, clock(), executor=helpers, progress=progress)
            elif kind == "renew":
                given = renewal_of(*work, clock(), executor=helpers, progress=progress)
            else:
                given = split_of(*work, given, clock())
            progress("saving the edit", 0, 0)
            connection.execute(query("drafts.lock_plan"), locking)
            _require_newest(read_life(connection, place, plan_id, clock()), revision)
        return write_edit(connection, plan_id, draft, Operation(revision + 1, kind, given), actor, clock())


COMPUTED = ("propose", "renew", "split")
"""Edits whose outcome is computed here."""
FEW = 3
"""So few divisions are done sooner than other processes are ready."""


def _require_newest(row: Mapping[str, Any], revision: int) -> Mapping[str, Any]:
    """See that a plan is a draft, and that its newest edit is the one that the editor knows."""
    require_draft(life_of(dict(row)))
    if row["base_version"] is None:
        raise ConflictError(f"Plan {row['id']} is a first proposal: it is not edited.", "Publish it, then edit.")
    if revision != row["revision"]:
        raise StaleError(
            f"Plan {row['id']} is at edit {row['revision']}, you know edit {revision}: somebody was first.",
            "Read the plan again and repeat the edit.",
            row["revision"],
        )
    return row


def write_edit(
    connection: Connection, plan_id: int, draft: Draft, operation: Operation, actor: Actor, now: dt.datetime
) -> Edit:
    """Apply an edit and record it, inside the caller's transaction."""
    before = dict(zip(draft.cells.tolist(), draft.keys, strict=True))
    measured = draft.divided
    at = draft.apply(operation)
    was = [before.get(cell, ABSENT) for cell in draft.cells[at].tolist()]
    connection.execute(
        query("drafts.insert_operation"),
        {
            "plan": plan_id,
            "revision": operation.revision,
            "kind": operation.kind,
            "payload": Jsonb(plain(dict(operation.payload))),
            "person": actor.name,
            "verified": actor.verified,
            "now": now,
        },
    )
    if draft.divided != measured:
        rules = {"divided": plain(dict(draft.divided))} if draft.divided else {}
        connection.execute(query("drafts.set_divided"), {"plan": plan_id, "divided": Jsonb(rules)})
    cells, keys, here = draft.cells[at], draft.keys[at], draft.present[at]
    connection.execute(query("drafts.take_cells"), {"plan": plan_id, "cells": cells[~here].tolist()})
    values = {"cells": cells[here].tolist(), "keys": keys[here].tolist(), "bases": draft.base[at][here].tolist()}
    connection.execute(query("drafts.set_cells"), {"plan": plan_id, **values})
    touched = sorted({str(key) for key in (*was, *keys)} - {ABSENT})
    return Edit(
        revision=draft.revision,
        grids=_totals(connection, plan_id, touched, now),
        cells=cells,
        keys=keys,
        remade=bool(not here.all() or ABSENT in was or draft.divided != measured),
        can_undo=bool(draft.undoable),
        can_redo=bool(draft.redoable),
        next_key=new_key(draft.keys),
    )


def _totals(connection: Connection, plan_id: int, keys: list[str], now: dt.datetime) -> list[dict[str, Any]]:
    frame = fetch_frame(connection, query("drafts.loads"), {"plan": plan_id, "keys": keys, "at": now})
    ids = frame["cell_id"].to_numpy(np.int64)
    edges = connection.execute(query("drafts.edges_among"), {"cells": ids.tolist()}).fetchall()
    links = connection.execute(query("drafts.links"), {"plan": plan_id}).fetchone()
    pairs = np.array([*edges, *(links[0] if links and links[0] else [])], np.int64).reshape(-1, 2)
    pairs = np.concatenate([pairs, pairs_across(connection, plan_id, keys)])
    pairs = np.searchsorted(ids, pairs[np.isin(pairs, ids).all(axis=1)])
    grid_of = np.searchsorted(keys, frame["grid_code"].to_numpy(object).astype(str))
    parts = count_parts(grid_of, pairs, len(keys))
    households = np.bincount(grid_of, frame["households"].to_numpy(float), len(keys))
    cells = np.bincount(grid_of, minlength=len(keys))
    return [
        {"key": key, "households": float(households[i]), "cells": int(cells[i]), "parts": int(parts[i])}
        for i, key in enumerate(keys)
    ]
