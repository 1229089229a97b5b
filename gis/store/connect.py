"""How does the program reach its database, and as whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from gis.errors import SetupError
from gis.store.cluster import APP_ROLE
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Connection", "async_pool", "connect", "require_app_role", "require_app_role_async", "role_fault"]

Connection = psycopg.Connection[Any]
"""A synchronous connection; rows are tuples unless a cursor says otherwise."""

SESSION = "-c timezone=UTC"


def connect(url: str, *, check_role: bool = True) -> Connection:
    """Open a connection for a command or a job; transactions are begun and ended by `with conn.transaction()`.

    Parameters
    ----------
    url : str
        libpq address.
    check_role : bool
        Refuse roles that must not serve (`require_app_role`).

    Raises
    ------
    SetupError
        The server cannot be reached, was never migrated, or the role may do too much.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, options=SESSION)
    except psycopg.OperationalError as fault:
        raise SetupError(
            f"The database cannot be reached: {str(fault).strip()}",
            "Check that the server runs and that GRIDKEEPER_DATABASE_URL names it.",
        ) from fault
    try:
        if check_role:
            require_app_role(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def async_pool(url: str, *, smallest: int = 1, largest: int = 8) -> AsyncConnectionPool:
    """Make the server's pool, not yet open; a connection that died with a restarted server is noticed on checkout.

    Every connection is refused when its role is superuser, owner or may bypass row security.
    """
    return AsyncConnectionPool(
        url,
        min_size=smallest,
        max_size=largest,
        open=False,
        kwargs={"autocommit": True, "options": SESSION},
        check=AsyncConnectionPool.check_connection,
        configure=require_app_role_async,
        name="gridkeeper",
    )


def require_app_role(connection: Connection) -> None:
    """Refuse to work as somebody who could rewrite history.

    Raises
    ------
    SetupError
        The role is superuser, has BYPASSRLS, or owns (or may act as the owner of) a table; or there are no tables.
    """
    row = connection.execute(query("roles.who_am_i")).fetchone()
    _judge(row)


async def require_app_role_async(connection: psycopg.AsyncConnection[Any]) -> None:
    """Like `require_app_role`, for a connection of the pool."""
    cursor = await connection.execute(query("roles.who_am_i"))
    _judge(await cursor.fetchone())


def _judge(row: tuple[Any, ...] | None) -> None:
    names = ("role", "superuser", "bypass", "owns", "tables")
    fault = role_fault(dict(zip(names, row or ("?", False, False, False, 0), strict=True)))
    if fault:
        raise SetupError(fault, f"Name the role {APP_ROLE} in GRIDKEEPER_DATABASE_URL; the owner only migrates.")


def role_fault(facts: Mapping[str, Any]) -> str | None:
    """Say what forbids a role to serve, or None."""
    role = facts["role"]
    if facts["superuser"]:
        return f"The role {role} is superuser: it must not serve."
    if facts["bypass"]:
        return f"The role {role} may bypass row security: it must not serve."
    if facts["owns"]:
        return f"The role {role} owns the tables: it must not serve."
    if not facts["tables"]:
        return f"The role {role} finds no tables in this database (`gridkeeper db migrate` as the owner makes them)."
    return None
