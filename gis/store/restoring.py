"""How do the grids of an earlier version come back, also where they stood on other cells than there are now?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.errors import ConflictError, NotFoundError
from gis.plans import Actor, Operation, same_cells
from gis.store.copying import fetch_frame, fetch_geo_frame, plain
from gis.store.districts import lock
from gis.store.drafts import begin_draft, read_draft, write_edit
from gis.store.lives import take_step
from gis.store.locating import NETWORK
from gis.store.metric import to_metric
from gis.store.networks import read_level
from gis.store.origins import trace
from gis.store.persons import require_person
from gis.store.proposing import assignment_of
from gis.store.queries import query
from gis.store.reading import read_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["roll_back"]


def roll_back(
    connection: Connection,
    district: str,
    version: int,
    actor: Actor,
    *,
    communities: Sequence[str] | None = None,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> int:
    """Submit a plan that has the grids of an earlier version again, in one transaction.

    It is approved by another person and published like any other plan. Where cells were made anew since, the old grids
    are laid over the present cells: each goes to the grid that had its building, else to the one that had most of its
    ground; what lies in another grid than then is told with the submission and in the plan's report (``laid_over``).

    Parameters
    ----------
    version : int
        Grids as they were when it took effect.
    communities : sequence of str, optional
        Where to go back; by default everywhere where the grids are others now.

    Returns
    -------
    int
        Number of the plan, submitted.

    Raises
    ------
    NotFoundError
        There is no such version, or it was withdrawn.
    ConflictError
        The grids are the same now.
    CheckFailedError
        The old grids would not pass the hard checks now.
    """
    with lock(connection, district) as place:
        actor, now = require_person(connection, actor), clock()
        values = {"network": read_level(connection, place, network, level).network_id, "level": level}
        old = fetch_frame(connection, query("drafts.version_cells"), {**values, "version": version})
        if not len(old):
            raise NotFoundError(
                f"District {place.code} has no version {version} to go back to.", "GET its plans to see the versions."
            )
        present = fetch_frame(connection, query("drafts.network_cells"), values)
        present = present.rename(columns={"grid_code": "now_code"}).merge(old[["cell_id", "grid_code"]], how="left")
        present = present[present["community"].isin(communities)] if communities else present
        present, told = _laid_over(connection, place, present, old, now)
        changed = [str(code) for code, rows in present.groupby("community") if _differs(rows)]
        if not changed:
            raise ConflictError(f"The grids are those of version {version} now.", "Nothing needs to be rolled back.")
        title = f"Rollback to version {version}"
        plan_id = begin_draft(connection, place, changed, actor, of=(network, level), title=title, now=now)
        draft, _ = read_draft(connection, plan_id)
        wanted = present[present["community"].isin(changed)].sort_values("cell_id")
        assignment = assignment_of(draft, wanted["cell_id"].to_numpy(np.int64), wanted["grid_code"].to_numpy(object))
        payload = {"communities": changed, "version": version, "assignment": assignment}
        write_edit(connection, plan_id, draft, Operation(1, "restore", payload), actor, now)
        report = Jsonb(plain({"laid_over": told}))
        connection.execute(query("drafts.set_report"), {"plan": plan_id, "report": report})
        reason = None
        if told["cells"]:
            reason = (
                f"{told['cells']} cells are others than in version {version}: {told['households']:.0f} households and "
                f"{told['area_m2']:.0f} m² lie in another grid than then."
            )
        take_step(connection, district, plan_id, actor, "submit", reason=reason, clock=clock)
    return plan_id


def _differs(rows: pd.DataFrame) -> bool:
    """Whether the grids of a community are other sets of cells."""
    old, now = (pd.factorize(rows[name])[0] for name in ("grid_code", "now_code"))
    return bool((same_cells(old, now) < 0).any())


def _laid_over(
    connection: Connection, place: District, present: pd.DataFrame, old: pd.DataFrame, now: dt.datetime
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Give every cell that an old grid did not have the one that had its building, else most of its ground."""
    told = {"cells": 0, "households": 0.0, "area_m2": 0.0}
    fresh = np.sort(present["cell_id"][present["grid_code"].isna()].to_numpy(np.int64))
    if not len(fresh):
        return present, told
    gone = old[~old["cell_id"].isin(present["cell_id"])].sort_values("cell_id")
    as_of = place.as_of or local_date(now, place.time_zone)
    table = read_cells(connection, place, as_of=as_of, at=now, cells=fresh).tessellation.cells
    was = fetch_geo_frame(connection, query("cells.shapes"), {"cells": gone["cell_id"].tolist()})
    pieces = trace(
        connection,
        ids=fresh,
        made=np.arange(len(fresh)),
        households=table["households"].to_numpy(float),
        shapes=np.asarray(table.geometry.array, object),
        replaced=gone["cell_id"].to_numpy(np.int64),
        was=to_metric(np.asarray(was.geometry.array, object), place.metric_crs),
        as_of=as_of,
        at=now,
    )
    had = pieces.take(np.full(len(fresh), None, object), gone["grid_code"].to_numpy(object))
    frame = pd.DataFrame({"cell": pieces.cell, "grid": had, "people": pieces.households, "area": pieces.area})
    frame["building"] = frame["area"] == 0
    known = frame[frame["grid"].notna()]
    share = known.groupby(["cell", "grid"], as_index=False)[["building", "people", "area"]].sum()
    share["building"] = share["building"] > 0
    order = ["cell", "building", "people", "area", "grid"]
    best = share.sort_values(order, ascending=[True, False, False, False, True]).drop_duplicates("cell")
    chosen = dict(zip(fresh[best["cell"]].tolist(), best["grid"], strict=True))
    # ground that no grid had then goes where its neighbours in the grid of now went
    usual = present.dropna(subset="grid_code").groupby("now_code")["grid_code"].agg(lambda codes: codes.mode().iloc[0])
    own = dict(zip(present["cell_id"], present["now_code"], strict=True))
    codes = {cell: chosen.get(cell, usual.get(own[cell], own[cell])) for cell in fresh.tolist()}
    other = known[known["grid"].to_numpy(object) != np.array([codes[fresh[i]] for i in known["cell"]], object)]
    told = {
        "cells": len(fresh),
        "households": float(other["people"].sum()),
        "area_m2": round(float(other["area"].sum()), 1),
    }
    filled = [codes.get(cell, code) for cell, code in zip(present["cell_id"], present["grid_code"], strict=True)]
    return present.assign(grid_code=pd.Series(filled, index=present.index, dtype=object)), told
