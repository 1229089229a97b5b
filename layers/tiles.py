"""What is drawn in a vector tile at each zoom, and when is a kept tile still good?

Two families (ARCHITECTURE): slow layers carry their version in the address; live ones have an ETag over the
district's content, what was asked for and the rules here (`DRAWING`). No tile exceeds `MAX_ZIPPED`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from gis.errors import ConflictError, InputError
from gis.shapes import DRAWING, ZOOMS
from gis.store.connect import connect
from gis.store.serve import tiles
from gis.store.serve.shapes import write_shapes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from psycopg import AsyncConnection

    from gis.store.serve.places import District
    from gis.store.serve.shapes import Family
    from layers.keeping import Keeper

__all__ = [
    "CROWD",
    "MAX_ZIPPED",
    "MIN_ZOOM",
    "LiveTile",
    "TileAddress",
    "base_rules",
    "ensure_shapes",
    "heaps_in",
    "live_tile",
    "period_bounds",
    "slow_tile",
]

TileAddress = tuple[int, int, int]
"""Zoom, column, row of a tile."""

CROWD = 5_000
"""Above so many things in a tile their counts are drawn instead."""

BINS = 24
"""Heaps along each side of a tile at most: 21 to 42 screen pixels apart, so that their circles do not overlap."""

LATTICE_ZOOM = 13
"""Up to this zoom tiles are gathered from one lattice of the whole district: one scan for all of them."""

LATTICE_STEP = 360.0 / 2**LATTICE_ZOOM / BINS / 2
"""Degrees; half a heap's width at the nearest of those zooms."""

MAX_ZIPPED = 500_000

ATTEMPTS = 3
"""How often shapes are made for a tile that others, of other dates, displace."""

MIN_ZOOM = {
    "expressway": 7,
    "primary": 9,
    "rail": 10,
    "water": 10,
    "secondary": 11,
    "tertiary": 12,
    "residential": 13,
    "service": 14,
    "path": 15,
    "wall": 15,
}
"""First zoom at which a street class or another kind of barrier is drawn."""

KINDS = {"rail", "water", "wall"}
COMPOUNDS, BUILDINGS, LOADS, NAMES, GRID_LABELS = 13, 13, 14, 15, 12
STREETS, CARRIAGEWAYS = 13, 15
LEAST_PX = 1.5
"""Land cover narrower than this many screen pixels is left out."""

DEGREES_WIDE = 360.0 / 512
LATITUDE_SHRINKS = 0.5
METRES_WIDE = 40_075_016.7 / 512


def base_rules(zoom: int, thinning: int = 0) -> dict[str, Any]:
    """Say what the base map draws at a zoom.

    Parameters
    ----------
    zoom : int
    thinning : int
        How often the tile was found too heavy: each time what is drawn must be twice as wide.

    Returns
    -------
    dict
        Parameters of the statement ``serve_tiles.base``.
    """
    scale = 2.0**thinning / 2.0**zoom
    shown = {name for name, first in MIN_ZOOM.items() if zoom >= first + (thinning if name not in KINDS else 0)}
    return {
        "tolerance": METRES_WIDE * scale * (0.5 if zoom < 14 else 0.1),
        "least": DEGREES_WIDE * scale * LEAST_PX if zoom < 15 else 0.0,
        "least_box": (DEGREES_WIDE * scale) ** 2 * LATITUDE_SHRINKS * (4.0 if zoom < 14 or thinning else 0.0),
        "kinds": sorted(shown & KINDS),
        "classes": sorted(shown - KINDS),
        "compounds": zoom >= COMPOUNDS,
        "buildings": zoom >= BUILDINGS,
        "loads": zoom >= LOADS,
        "names": zoom >= NAMES and not thinning,
    }


def shape_zoom(zoom: int) -> int:
    """Which of the simplifications is drawn at a zoom."""
    return next(last for last in ZOOMS if zoom <= last)


async def slow_tile(
    connection: AsyncConnection[Any],
    district: District,
    layer: Literal["base", "divisions", "grids"],
    at: TileAddress,
    *,
    database_url: str,
    keeper: Keeper,
    households: Callable[[], Awaitable[dict[int, int]]],
) -> bytes:
    """Give a gzipped tile of the base map, the divisions or the grids; empty bytes where nothing lies in it.

    Parameters
    ----------
    connection : AsyncConnection
    district : District
        Says the version and the moment.
    layer : {"base", "divisions", "grids"}
    at : (z, x, y)
    database_url : str
        Used where the shapes of the version are not there, to write them.
    keeper : Keeper
        Keeps tiles by version.
    households : callable
        Gives the households of the grids in force by id, for their labels.
    """
    _require_in_world(at)

    async def make() -> bytes:
        if layer == "base":
            return await _base_tile(connection, district, at)
        zoom, column, row = at
        loads = await households() if layer == "grids" and zoom >= GRID_LABELS else {}
        asked = {
            "district": district.id,
            "version": district.versions[layer],
            "z": zoom,
            "x": column,
            "y": row,
            "shape_zoom": shape_zoom(zoom),
            "ids": list(loads),
            "households": list(loads.values()),
            "serial": district.serial_digits,
        }
        for _ in range(ATTEMPTS):
            tile = await tiles.drawn(connection, layer, **asked)
            if tile is not None:
                return await _zip(tile)
            await ensure_shapes(district, layer, database_url, keeper)
        raise ConflictError(
            f"The shapes of {layer} were displaced by those of other dates before they were drawn.", "Ask again."
        )

    return await keeper.get((district.id, layer, district.versions[layer], at), make)


async def ensure_shapes(district: District, family: Family, database_url: str, keeper: Keeper) -> None:
    """Have the shapes of this version written where they are not, once, outside of the event loop.

    Raises
    ------
    SetupError
        The database cannot be reached.
    """

    def write() -> bool:
        with connect(database_url) as connection:
            return write_shapes(connection, district, family)

    await keeper.once((district.id, family, district.versions[family], "shapes"), lambda: asyncio.to_thread(write))


async def _base_tile(connection: AsyncConnection[Any], district: District, at: TileAddress) -> bytes:
    """Thin the tile until it is light enough; in the end no building is left, and it is."""
    zoom, column, row = at
    place = {"z": zoom, "x": column, "y": row}
    zipped = b""
    for thinning in range(8):
        tile = await tiles.encoded(connection, "base", **district.scope, **place, **base_rules(zoom, thinning))
        zipped = await _zip(tile)
        if len(zipped) <= MAX_ZIPPED:
            break
    return zipped


@dataclass(frozen=True)
class LiveTile:
    """One tile of parts or events, as asked for.

    Parameters
    ----------
    layer : {"parts", "events", "streets"}
    at : (z, x, y)
    class_ : str or None
        Class code; None for all.
    since, until : datetime or None
        Events ``since <= occurred_at < until``.
    """

    layer: Literal["parts", "events", "streets"]
    at: TileAddress
    class_: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def etag(self, district: District) -> str:
        """Name of this tile's content: the same as long as nothing was written to the district."""
        said = repr((DRAWING, district.id, district.content, self))
        return f'W/"{hashlib.blake2b(said.encode(), digest_size=12).hexdigest()}"'


async def live_tile(
    connection: AsyncConnection[Any], district: District, asked: LiveTile, *, keeper: Keeper, lattices: Keeper
) -> bytes:
    """Give a gzipped tile of parts, events or streets; heaps with counts where more than `CROWD` lie in it.

    Parameters
    ----------
    connection : AsyncConnection
    district : District
    asked : LiveTile
    keeper, lattices : Keeper
        Keep tiles, and what far tiles are gathered from, by content version.

    Returns
    -------
    bytes
        Empty where nothing lies in it.
    """
    _require_in_world(asked.at)
    if asked.layer == "streets":
        return await keeper.get(
            (district.content, district.id, asked), lambda: _street_tile(connection, district, asked.at)
        )
    zoom, column, row = asked.at
    chosen: dict[str, Any] = {"district": district.id, "class": asked.class_}
    if asked.layer == "events":
        chosen |= {"since": asked.since, "until": asked.until, "last_event": district.last_event}
    place = {"z": zoom, "x": column, "y": row}

    async def far() -> bytes | None:
        key = (district.id, district.content, asked.layer, asked.class_, asked.since, asked.until)
        gathered = await lattices.get(key, lambda: tiles.lattice(connection, asked.layer, **chosen, step=LATTICE_STEP))
        heaps = heaps_in(gathered, asked.at)
        if heaps[:, 2].sum() <= CROWD:
            return None
        lons, lats, counts = heaps.T
        name = f"{asked.layer}_binned"
        values = {"counts": counts.astype(int).tolist(), "lons": lons.tolist(), "lats": lats.tolist()}
        return await tiles.encoded(connection, "heaps", **place, **values, source_layer=name)

    async def make() -> bytes:
        tile = None
        if zoom <= LATTICE_ZOOM:
            tile = await far()
        elif await tiles.count_near(connection, asked.layer, **chosen, **place, limit=CROWD + 1) > CROWD:
            tile = await tiles.encoded(connection, f"{asked.layer}_binned", **chosen, **place, bins=BINS)
        if tile is None:
            tile = await tiles.encoded(connection, asked.layer, **chosen, **place)
        return await _zip(tile)

    return await keeper.get((district.content, district.id, asked), make)


async def _street_tile(connection: AsyncConnection[Any], district: District, at: TileAddress) -> bytes:
    """Nothing from afar: who answers for a street is asked near by."""
    zoom, column, row = at
    if zoom < STREETS:
        return b""
    place = {"z": zoom, "x": column, "y": row, "wide": zoom >= CARRIAGEWAYS}
    return await _zip(await tiles.encoded(connection, "streets", **district.scope, **place))


def heaps_in(gathered: np.ndarray, at: TileAddress) -> np.ndarray:
    """Gather the points of a lattice that lie in a tile into its `BINS` x `BINS` heaps.

    Parameters
    ----------
    gathered : ndarray, shape (n, 3)
        lon, lat (degrees), count.
    at : (z, x, y)

    Returns
    -------
    ndarray, shape (m, 3)
        As `gathered`; a heap stands at the mean place of what is in it. Counts of all tiles of a zoom add up.
    """
    zoom, column, row = at
    lon, lat, count = gathered.T
    side = float(2**zoom)
    x = (lon / 360 + 0.5) * side - column
    y = (0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)) * side - row
    inside = (x >= 0) & (x < 1) & (y >= 0) & (y < 1)
    bins = (y[inside] * BINS).astype(int) * BINS + (x[inside] * BINS).astype(int)
    _, heap = np.unique(bins, return_inverse=True)
    weight = np.bincount(heap, count[inside])
    lons = np.bincount(heap, (lon * count)[inside])
    lats = np.bincount(heap, (lat * count)[inside])
    return np.column_stack([lons / weight, lats / weight, weight])


def period_bounds(
    time_zone: str, period: tuple[dt.date | None, dt.date | None]
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Turn local days, both included, into moments: from the first one's midnight to that after the last one.

    Raises
    ------
    InputError
        The last day lies before the first.

    Examples
    --------
    >>> [str(t) for t in period_bounds("Asia/Shanghai", (dt.date(2026, 1, 1), dt.date(2026, 1, 31)))]
    ['2025-12-31 16:00:00+00:00', '2026-01-31 16:00:00+00:00']
    """
    first, last = period
    if first and last and last < first:
        raise InputError(f"The period ends on {last}, before it begins on {first}.", "Swap `from` and `to`.")
    zone = ZoneInfo(time_zone)

    def midnight(day: dt.date | None) -> dt.datetime | None:
        return None if day is None else dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)

    return midnight(first), midnight(last + dt.timedelta(days=1) if last else None)


def _require_in_world(at: TileAddress) -> None:
    zoom, column, row = at
    if not (0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise InputError(
            f"There is no tile {zoom}/{column}/{row}.", f"At zoom {zoom} both run from 0 to {2**zoom - 1}."
        )


async def _zip(tile: bytes) -> bytes:
    if not tile:
        return b""
    return await asyncio.to_thread(gzip.compress, tile, 5, mtime=0)
