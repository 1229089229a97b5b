"""How do the grids of two networks, levels, versions or moments correspond?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.clock import Clock, local_date, read_moment, utc_now
from gis.errors import NotFoundError
from gis.plans import Pieces, correspondence, ground_pieces
from gis.store.copying import fetch_geo_frame
from gis.store.districts import district_of
from gis.store.metric import to_metric
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.stored_plans import read_plan

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from gis.networks import Reference
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["Correspondence", "Side", "correspond"]


@dataclass(frozen=True)
class Side:
    """Grids of a network level at a moment, by the cells they hold.

    Parameters
    ----------
    network : str
    level : int
    version, plan : int or None
        Where the grids were named by it.
    at : datetime
        When they are, or were, in force.
    cells : ndarray of int64, shape (n,)
        Numbers, ascending.
    grid : ndarray of str, shape (n,)
    shapes : ndarray of Polygon, shape (n,)
        In the district's metric CRS.
    """

    network: str
    level: int
    version: int | None
    at: dt.datetime
    cells: np.ndarray
    grid: np.ndarray
    shapes: np.ndarray
    plan: int | None = None


@dataclass(frozen=True)
class Correspondence:
    """What became of the grids of one side on the other.

    Parameters
    ----------
    old, new : Side
    as_of : date
        Of the household counts.
    table : DataFrame
        See `gis.plans.correspondence`.
    """

    old: Side
    new: Side
    as_of: dt.date
    table: pd.DataFrame


def correspond(
    connection: Connection,
    district: str,
    old: Reference,
    new: Reference,
    *,
    as_of: dt.date | None = None,
    clock: Clock = utc_now,
) -> Correspondence:
    """Compare the grids of two networks, levels, versions or moments, in one transaction.

    Households are those of one date in the buildings that stand now; a building, and a part, lies in the cell it was
    given, in a generation of cells that it was never in, where its point lies.

    Parameters
    ----------
    old, new : Reference
        See `gis.networks.read_reference`; of a plan, grids that it has nothing in common with are left out.
    as_of : date, optional
        Of the household counts; the newest by default.

    Raises
    ------
    NotFoundError
        There is no such network, level or version, or no grids of it were in force then.
    """
    with connection.transaction():
        place, now = district_of(connection, district), clock()
        as_of = as_of or place.as_of or local_date(now, place.time_zone)
        sides = [_side(connection, place, one, now) for one in (old, new)]
        values = {"district": place.id, "at": now, "as_of": as_of}
        people = fetch_geo_frame(connection, query("corresponding.buildings"), values)
        parts = fetch_geo_frame(connection, query("corresponding.parts"), values)
    ground = ground_pieces(
        sides[0].cells,
        sides[0].grid,
        sides[1].cells,
        sides[1].grid,
        old_shapes=sides[0].shapes,
        new_shapes=sides[1].shapes,
    )
    things = []
    for frame, amount in ((people, people["households"].to_numpy(float)), (parts, np.ones(len(parts)))):
        points = to_metric(np.asarray(frame.geometry.array, object), place.metric_crs)
        was, now_in = (_grid_of(side, frame["cells"], points) for side in sides)
        things.append(Pieces(was, now_in, amount))
    table = correspondence(ground, *things)
    if new.plan is not None:
        table = _in_scope(table, "new", "old")
    if old.plan is not None:
        table = _in_scope(table, "old", "new")
    return Correspondence(sides[0], sides[1], as_of, table)


def _in_scope(table: pd.DataFrame, plan: str, other: str) -> pd.DataFrame:
    """Leave out grids that have nothing in common with a plan: it is for some communities."""
    met = set(table[other][table[plan].notna()])
    return table[table[plan].notna() | table[other].isin(met)].reset_index(drop=True)


def _side(connection: Connection, place: District, asked: Reference, now: dt.datetime) -> Side:
    of = read_level(connection, place, asked.network, asked.level)
    if asked.plan is not None:
        return _side_of_plan(connection, place, asked, asked.plan, now)
    at = now if asked.at is None else read_moment(asked.at, place.time_zone)
    values = {"network": of.network_id, "level": asked.level, "version": asked.version}
    if asked.version is not None:
        row = connection.execute(query("corresponding.effective"), values).fetchone()
        if row is None:
            raise NotFoundError(
                f"Network {asked.network}, level {asked.level}, of district {place.code} has no version "
                f"{asked.version}.",
                f"`gridkeeper network show {place.code} {asked.network}` tells the newest.",
            )
        at = row[0]
    found = fetch_geo_frame(connection, query("corresponding.cells"), {**values, "at": at})
    if not len(found):
        raise NotFoundError(
            f"No grids of network {asked.network}, level {asked.level}, are in force in district {place.code} at "
            f"{at:%Y-%m-%d %H:%M %Z}.",
            "Name another moment or version: NETWORK@2026-08-01, NETWORK@v1.",
        )
    return Side(
        network=asked.network,
        level=asked.level,
        version=asked.version,
        at=at,
        cells=found["id"].to_numpy(np.int64),
        grid=found["grid_code"].to_numpy(object),
        shapes=to_metric(np.asarray(found.geometry.array, object), place.metric_crs),
    )


def _side_of_plan(connection: Connection, place: District, asked: Reference, plan: int, now: dt.datetime) -> Side:
    """Grids of a plan, with the codes that they have or would have."""
    stored = read_plan(connection, place, plan, now=now)
    if (stored.network, stored.level) != (asked.network, asked.level):
        raise NotFoundError(
            f"Plan {plan} is of network {stored.network}, level {stored.level}, not of {asked.network}:{asked.level}.",
            f"Write {stored.network}:{stored.level}#{plan}.",
        )
    return Side(
        network=asked.network,
        level=asked.level,
        version=None,
        at=stored.at,
        cells=stored.cells.ids,
        grid=stored.plan.grids["grid_code"].to_numpy(object)[stored.plan.grid_of],
        shapes=np.asarray(stored.tessellation.cells.geometry.array, object),
        plan=plan,
    )


def _grid_of(side: Side, cells: pd.Series, points: np.ndarray) -> np.ndarray:
    """Grid of each thing: by a cell it was given, else by where it lies; None where in none."""
    known = dict(zip(side.cells.tolist(), side.grid, strict=True))
    grid = np.array([None, *(next((known[c] for c in own if c in known), None) for own in cells)], object)[1:]
    lost = np.array([i for i, code in enumerate(grid) if code is None and points[i] is not None], np.int64)
    if len(lost):
        thing, cell = shapely.STRtree(side.shapes).query(points[lost], predicate="intersects")
        first = np.unique(thing, return_index=True)[1]
        grid[lost[thing[first]]] = side.grid[cell[first]]
    return grid
