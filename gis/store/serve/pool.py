"""How does the service hold its connections?"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gis.store.connect import async_pool, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

__all__ = ["open_pool", "reading"]


@asynccontextmanager
async def open_pool(url: str) -> AsyncIterator[AsyncConnectionPool]:
    """Open the one pool of the service, and close it at the end.

    Raises
    ------
    SetupError
        The database cannot be reached, has no tables, or the role may do more than serve: told before the first
        request instead of at it.
    """
    connect(url).close()
    async with async_pool(url) as pool:
        await pool.wait()
        yield pool


@asynccontextmanager
async def reading(pool: AsyncConnectionPool) -> AsyncIterator[AsyncConnection[Any]]:
    """Lend a connection inside one transaction that cannot write."""
    async with pool.connection() as connection:
        await connection.set_read_only(True)
        # A prepared statement soon gets one plan for all tiles, near and far alike: up to 100 times slower.
        connection.prepare_threshold = None
        async with connection.transaction():
            yield connection
