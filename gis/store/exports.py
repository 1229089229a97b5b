"""Which frames does an export of a district draw?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.errors import ConflictError
from gis.store.copying import fetch_geo_frame
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["grids_in_force"]


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
        In EPSG:4490: ``grid_code``, ``community_id``, ``community_name``, ``households``, ``estimated_households``,
        ``buildings``, ``area_m2``, ``flags``, ``target``.

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
