"""How are cells divided along the lines of grids that were in force before them (`import grids --exact`)?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.cells.cutting import cut_cells
from gis.clock import local_date
from gis.errors import ConflictError
from gis.remarks import Report
from gis.store.cells import insert_making, settings_from
from gis.store.districts import bump_layers
from gis.store.locating import cells_in_force, settle_buildings
from gis.store.queries import query
from gis.store.reading import read_cells
from gis.store.renewing import store_remade
from gis.store.stored_plans import with_cell
from gis.store.streets import rederive

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import Ground, StoredCells

__all__ = ["cut_along"]


def cut_along(
    connection: Connection,
    place: District,
    cells: StoredCells,
    ground: Ground,
    crossed: np.ndarray,
    polygons: np.ndarray,
    report: Report,
    *,
    since: dt.datetime,
    now: dt.datetime,
) -> StoredCells:
    """Divide cells along the borders of polygons where no building is cut, inside the caller's transaction.

    The children begin at `since`, and tile their parents: grids of all networks keep their ground, and the memberships
    go on with the children.

    Parameters
    ----------
    cells : StoredCells
        Of the district.
    crossed : ndarray of int
        Rows of the cells that lie in several polygons.
    polygons : ndarray of Polygon or MultiPolygon
        Valid, metres.
    report : Report
        Gets what was divided and what stayed whole.

    Returns
    -------
    StoredCells
        Of the district, as they are then.

    Raises
    ------
    ConflictError
        A plan that is being made stands on the cells, or things were located to them anew after `since`.
    """
    before, settings = cells.tessellation, settings_from(cells.settings, place.metric_crs)
    cut = cut_cells(before, crossed, polygons, with_cell(ground.buildings, before), settings)
    report.counts.update({"cells_divided": len(cut.divided), "cells_whole": len(cut.whole)})
    for row, why in cut.whole:
        text = f"Cell {cells.ids[row]} stays whole: {why[0].lower()}{why[1:]}"
        report.add("note", "cell_stays_whole", text, code=str(cells.ids[row]))
    if cut.remade is None:
        return cells
    gone = cells.ids[cut.remade.gone]
    values: dict[str, Any] = {"gone": gone.tolist(), "effective": since}
    _require_free(connection, values)
    making = insert_making(connection, place, settings, Report("exact", report.source), now, base=cells.tessellation_id)
    made = store_remade(connection, place, making, cells, ground, cut.remade, settings)
    values |= {"made": made.tolist()}
    for name in ("copy_memberships", "end_memberships", "begin_children", "end_parents"):
        connection.execute(query(f"grids.{name}"), values)
    rederive(connection, place, gone=gone.tolist(), made=made.tolist(), effective=since, clock=lambda: now)
    settle_buildings(connection, place, cells_in_force(connection, place, since), report, since)
    bump_layers(connection, place.id, "base", "grids")
    return read_cells(connection, place, as_of=place.as_of or local_date(now, place.time_zone), at=now)


def _require_free(connection: Connection, values: dict[str, Any]) -> None:
    """See that nobody works on the cells, and that nothing was derived from them later.

    Raises
    ------
    ConflictError
    """
    youngest = connection.execute(query("grids.cells_since"), {"cells": values["gone"]}).fetchone()
    if youngest and youngest[0] and youngest[0] > values["effective"]:
        raise ConflictError(
            f"Cells that these lines divide are what they are only since {youngest[0]:%Y-%m-%d %H:%M %Z}.",
            "Give a later --effective, or import without --exact.",
        )
    plan = connection.execute(query("grids.open_plan"), values).fetchone()
    if plan:
        raise ConflictError(
            f"Plan {plan[0]} ({plan[1]}) of network {plan[2]} stands on cells that these lines divide.",
            "Publish or discard it first, or import without --exact.",
        )
    later = connection.execute(query("grids.derived_later"), values).fetchone()
    if later and later[0]:
        raise ConflictError(
            f"Things were located anew at {later[0]:%Y-%m-%d %H:%M %Z} on cells that these lines divide.",
            "Give a later --effective, or import without --exact.",
        )
