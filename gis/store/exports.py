"""Which frames leave a district in files?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.errors import ConflictError
from gis.plans import grid_name
from gis.store.copying import fetch_geo_frame
from gis.store.queries import query
from gis.store.stored_plans import read_plan

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["as_imported", "grids_in_force", "grids_of_plan"]


def grids_in_force(
    connection: Connection,
    place: District,
    *,
    at: dt.datetime,
    as_of: dt.date,
    network: str = "community",
    level: int = 1,
) -> gpd.GeoDataFrame:
    """Read the grids in force at a moment.

    Returns
    -------
    GeoDataFrame
        In EPSG:4490: ``grid_code``, ``name``, ``kind``, ``community_id``, ``community_name``, ``households``,
        ``estimated_households``, ``buildings``, ``area_m2``, ``flags``, ``target``.

    Raises
    ------
    ConflictError
        No grids are in force then.
    """
    values = {"district": place.id, "network": network, "level": level, "at": at, "as_of": as_of}
    frame = fetch_geo_frame(connection, query("exports.grids"), values)
    if not len(frame):
        raise ConflictError(
            f"District {place.code} has no grids in force at {at:%Y-%m-%d %H:%M}.",
            "Propose and publish a plan, or name another moment.",
        )
    return frame


def grids_of_plan(connection: Connection, place: District, plan_id: int, *, now: dt.datetime) -> gpd.GeoDataFrame:
    """Read the grids of a plan as it is, with the codes they have or would be published with.

    Returns
    -------
    GeoDataFrame
        In EPSG:4490: ``grid_code``, ``name``, ``kind``, ``community_id``, ``households``, ``buildings``, ``area_m2``.

    Raises
    ------
    NotFoundError
        The district has no such plan.
    """
    stored = read_plan(connection, place, plan_id, now=now)
    grids, grid_of = stored.plan.grids, stored.plan.grid_of
    cells = fetch_geo_frame(connection, query("exports.plan_shapes"), {"plan": plan_id})
    shapes = np.asarray(cells.geometry.array, object)
    names = [
        grid_name(n, place.time_zone) if n else code
        for n, code in zip(grids["serial"], grids["grid_code"], strict=True)
    ]
    frame = grids[["grid_code", "community_id", "households", "buildings"]].assign(name=names, kind=stored.kind)
    frame["area_m2"] = np.bincount(grid_of, stored.tessellation.cells.geometry.area.to_numpy(), len(grids))
    unions = [shapely.coverage_union_all(shapes[grid_of == grid]) for grid in range(len(grids))]
    return gpd.GeoDataFrame(frame, geometry=unions, crs=cells.crs)


def as_imported(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a frame of grids the columns that `gridkeeper import grids` knows, and what people want to read."""
    named = frame.rename(columns={"grid_code": "code", "community_id": "community_code"})
    named["households"] = named["households"].astype("int64")
    return named[["code", "name", "kind", "community_code", "households", "buildings", "area_m2", "geometry"]]
