"""How are cells divided along the lines of grids that were in force before them (`import grids --exact`)?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.cells.cutting import cut_cells
from gis.clock import first_moment, local_date
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
    effective: dt.date,
    now: dt.datetime,
) -> StoredCells:
    """Divide cells along the borders of polygons where no building is cut, inside the caller's transaction.

    The children begin on the day `effective`, as soon as their parents are there, and tile them: grids of all networks
    keep their ground, and the memberships go on with the children.

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
        A plan that is being made stands on the cells; they, or what was located to them, are younger than that day.
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
    since = _begin(connection, place, gone.tolist(), effective)
    values: dict[str, Any] = {"gone": gone.tolist(), "effective": since}
    making = insert_making(connection, place, settings, Report("exact", report.source), now, base=cells.tessellation_id)
    made = store_remade(connection, place, making, cells, ground, cut.remade, settings)
    values |= {"made": made.tolist()}
    for name in ("copy_memberships", "end_memberships", "begin_children", "end_parents"):
        connection.execute(query(f"grids.{name}"), values)
    rederive(connection, place, gone=gone.tolist(), made=made.tolist(), effective=since, clock=lambda: now)
    settle_buildings(connection, place, cells_in_force(connection, place, since), report, since)
    bump_layers(connection, place.id, "base", "grids")
    return read_cells(connection, place, as_of=place.as_of or local_date(now, place.time_zone), at=now)


def _begin(connection: Connection, place: District, gone: list[int], effective: dt.date) -> dt.datetime:
    """Say when on a day cells can give way: nobody works on them, and nothing was derived from them later.

    Raises
    ------
    ConflictError
    """
    plan = connection.execute(query("grids.open_plan"), {"gone": gone}).fetchone()
    if plan:
        raise ConflictError(
            f"Plan {plan[0]} ({plan[1]}) of network {plan[2]} stands on cells that these lines divide.",
            "Publish or discard it first, or import without --exact.",
        )
    row = connection.execute(query("grids.derived_since"), {"gone": gone}).fetchone()
    since = first_moment(effective, row[0] if row else None, place.time_zone)
    day = local_date(since, place.time_zone)
    if day > effective:
        raise ConflictError(
            f"Cells that these lines divide, or what was located to them, are what they are only since "
            f"{since:%Y-%m-%d %H:%M %Z}.",
            f"Give --effective {day} or later, or import without --exact.",
        )
    return since
