"""Which vector tiles does the store make?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.store.serve.rows import one_row, rows

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = ["count_near", "drawn", "encoded", "lattice"]


async def encoded(connection: AsyncConnection[Any], name: str, **values: Any) -> bytes:
    """Give the tile of one of the statements in ``serve_tiles.sql``; empty where nothing lies in it."""
    return await drawn(connection, name, **values) or b""


async def drawn(connection: AsyncConnection[Any], name: str, **values: Any) -> bytes | None:
    """Give a tile of shapes that are made for a version; None where they are not there."""
    row = await one_row(connection, f"serve_tiles.{name}", **values)
    return None if row is None else bytes(row["tile"] or b"")


async def count_near(connection: AsyncConnection[Any], layer: str, **values: Any) -> int:
    """How many parts or events lie in a tile, counted up to ``limit``."""
    row = await one_row(connection, f"serve_tiles.{layer}_count", **values)
    return int(row["count"]) if row else 0


async def lattice(connection: AsyncConnection[Any], layer: str, **values: Any) -> np.ndarray:
    """All parts or events gathered on a lattice of ``step`` degrees: lon, lat and count, shape (n, 3)."""
    found = await rows(connection, f"serve_tiles.{layer}_lattice", **values)
    return np.array([(row["lon"], row["lat"], row["count"]) for row in found], float).reshape(-1, 3)
