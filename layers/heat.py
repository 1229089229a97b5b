"""Where do events heap up? Gathered so that a browser never gets more than `MOST` points, however many there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gis.store.serve import things
from layers.tiles import period_bounds

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import AsyncConnection

    from gis.store.serve.places import District
    from layers.keeping import Keeper

__all__ = ["MOST", "heat_map", "lattice"]

MOST = 20_000
FIRST_CELL_M = 10.0
METRES_A_DEGREE = 111_320.0


def lattice(cell_m: float, latitude: float) -> tuple[float, float]:
    """Degrees east and north of a cell of so many metres at a latitude.

    Examples
    --------
    >>> east, north = lattice(111_320.0, 60.0)
    >>> round(east, 6), north
    (2.0, 1.0)
    """
    north = cell_m / METRES_A_DEGREE
    return north / max(math.cos(math.radians(latitude)), 0.01), north


async def heat_map(
    connection: AsyncConnection[Any],
    keeper: Keeper,
    district: District,
    class_: str | None,
    period: tuple[dt.date | None, dt.date | None],
) -> dict[str, Any]:
    """Gather the events of a class and of local days, both included.

    Parameters
    ----------
    connection : AsyncConnection
    keeper : Keeper
    district : District
        Its time zone says when a day begins.
    class_ : str or None
        None for all.
    period : (date or None, date or None)

    Returns
    -------
    dict
        As `api.models.HeatMap`; the lattice is as fine as `MOST` allows (single places, then 10 m, 20 m, ...).
    """
    bounds = period_bounds(district.time_zone, period)

    async def make() -> dict[str, Any]:
        events, unlocated = await things.event_count(connection, district, class_, bounds)
        cell_m, latitude = 0.0, 0.0
        while True:
            step = lattice(cell_m, latitude)
            heaps = await things.event_heaps(connection, district, class_, bounds, lattice=step, limit=MOST + 1)
            if len(heaps) <= MOST:
                break
            latitude = heaps[0]["lat"]
            cell_m = cell_m * 2 or FIRST_CELL_M
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": (round(h["lon"], 6), round(h["lat"], 6))},
                    "properties": {"weight": h["weight"]},
                }
                for h in heaps
            ],
            "events": events,
            "unlocated": unlocated,
            "cell_m": cell_m,
            "period": (bounds[0], bounds[1]) if bounds[0] and bounds[1] else None,
        }

    return await keeper.get((district.id, district.content, "heat", class_, bounds), make)
