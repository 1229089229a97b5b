"""How is one named query asked on a connection of the pool?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from gis.store.queries import query

if TYPE_CHECKING:
    from psycopg import AsyncConnection

__all__ = ["Row", "one_row", "rows"]

Row = dict[str, Any]
"""One row by the names of its columns."""


async def rows(connection: AsyncConnection[Any], name: str, **values: Any) -> list[Row]:
    """Give all rows of the statement called ``noun.name``."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query(name), values)
        return await cursor.fetchall()


async def one_row(connection: AsyncConnection[Any], name: str, **values: Any) -> Row | None:
    """Give the first row of the statement called ``noun.name``, or None."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query(name), values)
        return await cursor.fetchone()
