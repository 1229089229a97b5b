"""How do new cells take the place of others when a plan is published, and how is that taken back?"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.cells.remade import ground_shares
from gis.errors import ConflictError
from gis.progress import UNTOLD, Steps
from gis.remarks import Report
from gis.store.carrying import Change, carry_over, require_none_later
from gis.store.copying import fetch_geo_frame
from gis.store.districts import bump_layers
from gis.store.locating import cells_in_force, settle_buildings
from gis.store.metric import to_metric
from gis.store.queries import query
from gis.store.streets import rederive

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["put_back", "replace_cells"]


def replace_cells(
    connection: Connection, place: District, change: Change, tell: Steps = UNTOLD
) -> list[dict[str, Any]]:
    """Let cells begin and end, and everything that stands on them go on, inside the caller's transaction.

    Lineage of cells, grids of other networks, streets, parts, events, and buildings that came since the new cells were
    drawn.

    Returns
    -------
    list of dict
        What was carried over, see `gis.store.carrying.carry_over`.

    Raises
    ------
    ConflictError
        Another network begins a version on the cells later.
    """
    require_none_later(connection, change)
    _trace(connection, place, change)
    for name in ("begin_cells", "end_cells"):
        connection.execute(query(f"carrying.{name}"), change.parameters)
    carried = carry_over(connection, place, change)
    gone, made = change.gone.tolist(), change.made.tolist()
    tell("locating things")
    rederive(connection, place, gone=gone, made=made, effective=change.effective, clock=lambda: change.now)
    cells = cells_in_force(connection, place, change.effective)
    settle_buildings(connection, place, cells, Report("settle", place.code), change.effective)
    bump_layers(connection, place.id, "base")
    return carried


def _trace(connection: Connection, place: District, change: Change) -> None:
    """Tell which cell became which, also where a draft made cells anew more than once."""
    old, new = (
        to_metric(
            fetch_geo_frame(connection, query("cells.shapes"), {"cells": ids.tolist()}).geometry.to_numpy(),
            place.metric_crs,
        )
        for ids in (change.gone, change.made)
    )
    share = ground_shares(old, np.arange(len(old)), new)
    values = {
        "from": change.gone[share["before"].to_numpy(np.int64)].tolist(),
        "to": change.made[share["made"].to_numpy(np.int64)].tolist(),
        "share": share["area_share"].tolist(),
    }
    connection.execute(query("carrying.insert_lineage"), values)


@contextmanager
def put_back(
    connection: Connection, place: District, life: dict[str, Any], now: dt.datetime
) -> Iterator[list[tuple[Any, ...]]]:
    """Take back what `replace_cells` did for a publication, inside the caller's transaction.

    Within, the grids are to be taken back; then things are located to the cells that go on.

    Yields
    ------
    list of tuple
        Publications of other networks that are to be withdrawn too: id, plan, network, network_id, level, version,
        effective.

    Raises
    ------
    ConflictError
        A later version of another network stands on the new cells.
    """
    values: dict[str, Any] = {"plan": life["id"], "publication": life["publication_id"], "effective": life["effective"]}
    made = [row[0] for row in connection.execute(query("carrying.made"), values)]
    gone = [row[0] for row in connection.execute(query("drafts.replaced"), values)]
    if not made and not gone:
        yield []
        return
    carried = connection.execute(query("carrying.carried"), values).fetchall()
    later = [connection.execute(query("carrying.stands_on"), {**values, "made": made}).fetchone()]
    for _, plan, code, network, level, version, _ in carried:
        asked = {"plan": plan, "network": network, "level": level, "version": version}
        found = connection.execute(query("publishing.later_version"), asked).fetchone()
        later.append(found and (code, found[0]))
    for code, version in filter(None, later):
        raise ConflictError(
            f"Version {version} of network {code} was made on the cells of this one.",
            f"Withdraw version {version} of network {code} first.",
        )
    for name in ("empty_memberships", "reopen_memberships", "empty_cells", "reopen_cells"):
        connection.execute(query(f"carrying.{name}"), {**values, "made": made, "gone": gone})
    yield list(carried)
    rederive(connection, place, gone=gone, made=made, effective=life["effective"], withdrawn=True, clock=lambda: now)
    bump_layers(connection, place.id, "base")
