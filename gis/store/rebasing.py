"""How does a draft go on when other grids came into force in its communities meanwhile?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.clock import Clock, utc_now
from gis.errors import ConflictError
from gis.plans import Actor, Draft, new_key, require_draft
from gis.store.districts import lock
from gis.store.drafts import edit_draft, open_draft, read_draft
from gis.store.judging import base_stands
from gis.store.lives import life_of, read_life, take_step
from gis.store.persons import require_person
from gis.store.queries import query
from gis.store.weighing import rules_of

if TYPE_CHECKING:
    from gis.store.connect import Connection

__all__ = ["Rebased", "rebase_draft"]


@dataclass(frozen=True)
class Rebased:
    """A draft on the version in force, with the edits of an older one.

    Parameters
    ----------
    plan_id : int
        The new draft; the old one is discarded.
    taken : int
        Cells that moved as they had in the old draft.
    left : list of dict
        ``cell``, ``wanted`` (grid in the old draft), ``stays`` (grid in force): cells that others moved too, or whose
        grid is gone.
    gone : int
        Cells of the old draft that are not there any more.
    """

    plan_id: int
    taken: int
    left: list[dict[str, Any]]
    gone: int


def rebase_draft(
    connection: Connection, district: str, plan_id: int, actor: Actor, *, clock: Clock = utc_now
) -> Rebased:
    """Begin a stale draft anew on the version in force and take its edits along, in one transaction.

    What the draft moved is moved again; where the version in force gave a cell to another grid than the draft was begun
    on, the version in force stands and the cell is named.

    Raises
    ------
    ConflictError
        The plan is no draft, or its base is in force still.
    NotFoundError
        No such plan, or a community of it is not there any more.
    """
    with lock(connection, district) as place:
        now = clock()
        connection.execute(query("drafts.lock_plan"), {"plan": plan_id, "district": place.id})
        row = read_life(connection, place, plan_id, now)
        actor = require_person(connection, actor)
        require_draft(life_of(row))
        if row["base_version"] is None or base_stands(connection, plan_id, row["network_id"], row["level"]):
            raise ConflictError(
                f"What plan {plan_id} was begun on is in force still.", "Go on editing: nothing needs to be done."
            )
        old, _ = read_draft(connection, plan_id)
        communities = [code for code, _ in row["scope"]]
        fresh_id = open_draft(
            connection,
            district,
            communities,
            actor,
            network=row["network"],
            level=row["level"],
            title=row["title"],
            clock=clock,
        )
        fresh, _ = read_draft(connection, fresh_id)
        keys, left = carried_over(old, fresh)
        moved = np.flatnonzero(keys != fresh.keys)
        if len(moved):
            payload = {
                "communities": sorted(set(fresh.community[moved].tolist())),
                "version": row["base_version"],
                "assignment": _assignment(fresh, keys, moved),
            }
            rules = rules_of(row["settings"])
            payload |= {"divided": rules} if rules else {}
            edit_draft(connection, district, fresh_id, actor, revision=0, kind="restore", payload=payload, clock=clock)
        reason = f"rebased: plan {fresh_id}"
        take_step(connection, district, plan_id, actor, "discard", reason=reason, clock=clock)
    return Rebased(fresh_id, len(moved), left, int((~np.isin(old.cells, fresh.cells)).sum()))


def carried_over(old: Draft, fresh: Draft) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Say which grid each cell of a fresh draft gets when the edits of an old one are done again.

    Returns
    -------
    keys : ndarray of str, shape (cells of the fresh draft,)
    left : list of dict
        See `Rebased`.
    """
    keys, names, left = fresh.keys.copy(), dict(_names(old, fresh)), []
    for i in np.flatnonzero((old.keys != old.base) & old.present):
        j = int(np.searchsorted(fresh.cells, old.cells[i]))
        if j == len(fresh.cells) or fresh.cells[j] != old.cells[i]:
            continue
        name = names.get((old.community[i], old.keys[i]))
        if fresh.base[j] == old.base[i] and fresh.community[j] == old.community[i] and name is not None:
            keys[j] = name
        elif name != fresh.base[j]:
            left.append({"cell": int(old.cells[i]), "wanted": str(old.keys[i]), "stays": str(fresh.base[j])})
    return keys, left


def _names(old: Draft, fresh: Draft) -> Any:
    """Name every grid of the old draft in the fresh one: codes that are there, and new keys; others have none."""
    known = set(zip(fresh.community, fresh.base, strict=True))
    taken = set(fresh.keys)
    for community, key in sorted(set(zip(old.community, old.keys, strict=True))):
        if (community, key) in known:
            yield (community, key), key
        elif key.startswith("new-"):
            name = new_key(taken)
            taken.add(name)
            yield (community, key), name


def _assignment(fresh: Draft, keys: np.ndarray, moved: np.ndarray) -> dict[str, list[int]]:
    """Cells by grid, of all communities in which one moved."""
    wanted = np.isin(fresh.community, fresh.community[moved])
    return {str(key): fresh.cells[wanted & (keys == key)].tolist() for key in np.unique(keys[wanted].astype(str))}
