"""In which cell does each thing of the store lie, by the cells and streets of a moment?

`gis.locate` decides; the database only hands over the cells that may be meant. Everything is compared in the
district's metric CRS, brought there by one transformer, so that single and bulk answers see the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.locate import Locator
from gis.store.copying import copy_frame, fetch_geo_frame
from gis.store.metric import to_metric
from gis.store.queries import query
from gis.streets import Streets

if TYPE_CHECKING:
    import datetime as dt

    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["NETWORK", "Cells", "cells_in_force", "place_frame", "settle_buildings", "stage_found"]

NETWORK = "community"
"""Code of the network that answers when none is named."""

WIDEST_M = 100.0
"""How far from a box of degrees the middle of a street may run that reaches into it."""
DEGREE_M = 110_574.0
"""Metres of one degree of latitude at least."""


@dataclass(frozen=True)
class Cells:
    """Cells that answer for points, with the streets between them.

    Parameters
    ----------
    id, grid_id, community_id : ndarray of int64, shape (n,)
        Of the tables; `grid_id` -1 where no grid is in force.
    code : ndarray of str, shape (n,)
        Grid code, empty where no grid is in force.
    streets : DataFrame, length s
        Rows of the table street at that moment: ``id``, ``code``, ``community_id``, ``cell_id`` (the home),
        ``half_width_m``, ``shape`` (metres).
    locator : Locator
        In the metric CRS.
    """

    id: np.ndarray
    grid_id: np.ndarray
    community_id: np.ndarray
    code: np.ndarray
    streets: pd.DataFrame
    locator: Locator

    @property
    def empty(self) -> bool:
        """True where the district has no cells."""
        return not len(self.id)


def cells_in_force(
    connection: Connection,
    place: District,
    at: dt.datetime,
    network: str = NETWORK,
    level: int = 1,
    *,
    box: tuple[float, float, float, float] | None = None,
) -> Cells:
    """Fetch the cells of a district at a moment, with their grids of a network level and the streets between them.

    Parameters
    ----------
    box : (west, south, east, north), optional
        Degrees: only cells and streets that reach into it.
    """
    values: dict[str, Any] = {"district": place.id, "at": at, "network": network, "level": level}
    near = ""
    if box is not None:
        near = "_near"
        values |= dict(zip(("west", "south", "east", "north"), box, strict=True))
    frame = fetch_geo_frame(connection, query(f"things.cells_in_force{near}"), values)
    if box is not None:
        values |= dict(zip(("west", "south", "east", "north"), wider(box, WIDEST_M), strict=True))
    lines = fetch_geo_frame(connection, query(f"things.streets{near}"), values)
    ids = frame["id"].to_numpy(np.int64)
    community = frame["community_id"].to_numpy(np.int64)
    code = frame["code"].to_numpy(object)
    streets = pd.DataFrame(lines.drop(columns="geometry"))
    streets["shape"] = to_metric(np.asarray(lines.geometry.array, object), place.metric_crs)
    locator = Locator(
        to_metric(np.asarray(frame.geometry.array, object), place.metric_crs),
        code.tolist(),
        streets=_streets(streets, ids),
        community=community,
    )
    grid_id = pd.to_numeric(frame["grid_id"]).fillna(-1).to_numpy(np.int64)
    return Cells(ids, grid_id, community, code, streets, locator)


def wider(box: tuple[float, float, float, float], metres: float) -> tuple[float, float, float, float]:
    """Widen a box of degrees by at least some metres on each side."""
    west, south, east, north = box
    up = metres / DEGREE_M
    across = up / max(np.cos(np.radians(min(max(abs(south), abs(north)) + up, 89.0))), 0.01)
    return west - across, south - up, east + across, north + up


def _streets(streets: pd.DataFrame, cells: np.ndarray) -> Streets:
    """Streets for the engine; `home` is -1 where the home is not among the cells."""
    home = streets["cell_id"].to_numpy(np.int64)
    at = np.searchsorted(cells, home)
    there = at < len(cells)
    there[there] = cells[at[there]] == home[there]
    return Streets(
        geometry=streets["shape"].to_numpy(object),
        half_m=streets["half_width_m"].to_numpy(float),
        community=streets["community_id"].to_numpy(np.int64),
        home=np.where(there, at, -1),
        code=streets["code"].to_numpy(object),
        way=np.arange(len(streets)),
    )


def place_frame(cells: Cells, place: District, points: np.ndarray, *, on_streets: bool = True) -> pd.DataFrame:
    """Locate points of EPSG:4490 (None: without coordinates).

    Parameters
    ----------
    on_streets : bool
        False for parts and buildings, which stay geometric.

    Returns
    -------
    DataFrame
        ``cell_id`` (Int64, null where none answers), ``duty_cell_id`` (Int64; the home cell of the street a point lies
        on, null where that is ``cell_id``), ``how`` (str), ``distance_m`` (metres; null where unlocated), ``street``
        (row of `cells.streets`, -1 for none), in the order of the points.
    """
    found = cells.locator.locate(to_metric(points, place.metric_crs), on_streets=on_streets)
    cell = np.where(found.polygon >= 0, cells.id[found.polygon] if len(cells.id) else 0, -1)
    duty = np.full(len(cell), -1, np.int64)
    on = found.street >= 0
    duty[on] = cells.streets["cell_id"].to_numpy(np.int64)[found.street[on]]
    duty[duty == cell] = -1
    return pd.DataFrame(
        {
            "cell_id": _ids(cell),
            "duty_cell_id": _ids(duty),
            "how": found.how_name,
            "distance_m": found.distance_m,
            "street": found.street,
        }
    )


def _ids(ids: np.ndarray) -> Any:
    """Ids as a column that can be null, where they are below 0."""
    return pd.arrays.IntegerArray(np.maximum(ids, 0).astype(np.int64), ids < 0)


def settle_buildings(connection: Connection, place: District, cells: Cells, report: Report, at: dt.datetime) -> None:
    """Give buildings that came after the cells the cell they stand in (rule 1); name those that stand in none."""
    values = {"district": place.id, "at": at, "cells": cells.id.tolist()}
    frame = fetch_geo_frame(connection, query("things.buildings_without_cell"), values)
    if not len(frame):
        return
    points = shapely.point_on_surface(np.asarray(frame.geometry.array, object))
    found = place_frame(cells, place, points, on_streets=False)
    found["id"] = frame["id"].to_numpy(np.int64)
    inside = found["how"].isin(["inside", "border"])
    stage_found(connection, found[inside])
    connection.execute(query("things.insert_building_cells"))
    report.counts["buildings_settled"] = int(inside.sum())
    for row in np.flatnonzero(~inside.to_numpy()):
        report.add(
            "left_over",
            "building_in_no_cell",
            f"Building {frame['code'].iloc[row]} stands in no cell; its households count in no grid.",
            code=str(frame["code"].iloc[row]),
            lon=float(shapely.get_x(points[row])),
            lat=float(shapely.get_y(points[row])),
            remedy="Correct its position or the community's border.",
        )


def stage_found(connection: Connection, found: pd.DataFrame) -> None:
    """Put what was found, one row a thing with its ``id``, in the temporary table ``found``."""
    with connection.cursor() as cursor:
        cursor.execute(query("things.drop_found"))
        cursor.execute(query("things.create_found"))
        copy_frame(cursor, "found", found)
        cursor.execute(query("things.analyze_found"))
