"""Which buildings change their grid with some cells, whose worker changes, and how is that an edit of a draft?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.errors import InputError
from gis.store.copying import fetch_frame
from gis.store.proposing import Wanted
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from gis.plans import Draft
    from gis.store.connect import Connection

__all__ = ["list_moves", "taken", "workers_of"]


def list_moves(
    connection: Connection, row: Mapping[str, Any], draft: Draft, changes: Mapping[str, Sequence[int]], now: dt.datetime
) -> pd.DataFrame:
    """List what leaves its grid where cells of a draft change theirs.

    Parameters
    ----------
    row : mapping
        The plan, of `gis.store.lives.read_life`.
    changes : mapping
        Key of a grid -> cells that come to it.

    Returns
    -------
    DataFrame
        One row a building, and one a cell without any (``building`` None): ``building``, ``name``, ``address``,
        ``community``, ``households``, ``people``, ``from``, ``to`` (keys), ``worker_from``, ``worker_to`` (names, None
        for nobody), ``worker_changes``, ``cell``, ``lon``, ``lat``; by grids, then address.

    Raises
    ------
    InputError
        A cell is not of this plan, or goes to two grids.
    """
    keys = after(draft, changes)
    at = np.flatnonzero(keys != draft.keys)
    values = {
        "plan": row["id"],
        "at": row["effective"] or now,
        "cells": draft.cells[at].tolist(),
        "old": draft.keys[at].tolist(),
        "new": keys[at].tolist(),
    }
    rows = fetch_frame(connection, query("drafts.moves"), values)
    posted = workers_of(connection, row, sorted({*values["old"], *values["new"]}), now)
    for side in ("from", "to"):
        who = [posted.get(key, {}) for key in rows[side]]
        rows[f"worker_{side}"] = pd.Series([", ".join(one.values()) or None for one in who], rows.index, dtype=object)
        rows[f"_{side}"] = pd.Series([frozenset(one) for one in who], rows.index, dtype=object)
    rows["worker_changes"] = (rows["_from"] != rows["_to"]).astype(bool)
    return rows.drop(columns=["_from", "_to"])


def workers_of(
    connection: Connection, row: Mapping[str, Any], keys: Sequence[str], now: dt.datetime
) -> dict[str, dict[int, str]]:
    """Give who is posted to grids of a plan's level: code of the grid -> number and name of each."""
    values = {"network": row["network_id"], "level": row["level"], "codes": list(keys), "at": row["effective"] or now}
    posted: dict[str, dict[int, str]] = {}
    for code, worker, name in connection.execute(query("drafts.workers"), values):
        posted.setdefault(code, {})[worker] = name
    return posted


def after(draft: Draft, changes: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Give the key of every cell of a draft where some change theirs.

    Raises
    ------
    InputError
        A cell is not of this plan, or goes to two grids.
    """
    keys, seen = draft.keys.copy(), np.zeros(len(draft.cells), bool)
    for key, cells in changes.items():
        at = draft.positions(cells)
        if seen[at].any():
            raise InputError(f"Grid {key} holds cells of another grid or community.", "Name every cell once.")
        seen[at] = True
        keys[at] = key
    return keys


def taken(
    connection: Connection, row: Mapping[str, Any], draft: Draft, given: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """Take an answer of a rebalancing as an edit.

    Parameters
    ----------
    given : mapping
        Of `gis.store.rebalancing.DraftRebalancing.payload`: ``changes`` (key -> cells that come to it), ``rebalance``
        (what was asked), ``target`` and so on.

    Returns
    -------
    dict
        Payload of a ``propose``, see `gis.plans.replay.Operation`; ``rebalance`` says what was asked and what it moves,
        ``keep_whole`` what moved whole or not at all.

    Raises
    ------
    InputError
        A cell is not of this plan or goes to two grids, nothing changes, or limits contradict each other.
    """
    wanted, keys = Wanted.read(row, given), after(draft, given["changes"])
    communities = sorted(set(draft.community[keys != draft.keys].astype(str).tolist()))
    mine = draft.present & np.isin(draft.community.astype(str), communities)
    moved = list_moves(connection, row, draft, given["changes"], now)["households"].sum()
    told = {name: value for name, value in (given.get("rebalance") or {}).items() if value is not None}
    return {
        "communities": communities,
        **{name: getattr(wanted, name) for name in ("target", "minimum", "maximum", "style", "seed")},
        **({"keep_whole": wanted.keep_whole} if wanted.keep_whole else {}),
        "assignment": {key: draft.cells[mine & (keys == key)].tolist() for key in sorted(set(keys[mine].tolist()))},
        "rebalance": told | {"moved": float(moved)},
    }
