"""Who may connect, and is every statement of the store one that the server understands?"""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import sql

from gis.errors import SetupError
from gis.store.cluster import OWNER_ROLE
from gis.store.connect import async_pool, connect
from gis.store.queries import query, query_names


def test_the_serving_role_is_taken_and_works_in_utc(database):
    with connect(database.app_url) as connection:
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_the_owner_is_refused(database):
    with pytest.raises(SetupError, match=r"superuser.*gridkeeper_app"):
        connect(database.owner_url)


@pytest.mark.parametrize("grant", ["BYPASSRLS", "owner"])
def test_a_role_that_may_too_much_is_refused(databases, fresh_database, grant):
    role = "test_too_mighty"
    name = sql.Identifier(role)
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        try:
            if grant == "owner":
                admin.execute(sql.SQL("ALTER TABLE household_count OWNER TO {}").format(name))
            else:
                admin.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(name))
            with pytest.raises(SetupError, match="owns the tables" if grant == "owner" else "row security"):
                connect(databases.cluster.url(role, fresh_database.name))
        finally:
            admin.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(name))
            admin.execute(sql.SQL("DROP ROLE {}").format(name))


def test_a_database_without_tables_and_a_server_that_is_not_there_are_told(databases, tmp_path):
    with pytest.raises(SetupError, match="migrate"):
        connect(databases.cluster.url("gridkeeper_app", "postgres"))
    with pytest.raises(SetupError, match="cannot be reached"):
        connect(f"postgresql://{OWNER_ROLE}@/x?host={tmp_path}")


def test_the_pool_replaces_connections_that_died(database):
    import asyncio

    async def ask():
        async with async_pool(database.app_url, smallest=1, largest=1) as pool:
            async with pool.connection() as connection:
                first = connection.info.backend_pid
            with psycopg.connect(database.owner_url, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
            async with pool.connection() as connection:
                cursor = await connection.execute("SELECT 1")
                return first, connection.info.backend_pid, await cursor.fetchone()

    first, second, answer = asyncio.run(ask())
    assert first != second
    assert answer == (1,)


@pytest.mark.parametrize("noun", ["roles", "imports", "districts", "cells", "plans", "things", "workers"])
def test_every_statement_is_named_and_says_what_it_gives(noun):
    names = query_names(noun)
    assert names
    for name in names:
        body = query(f"{noun}.{name}").decode()
        assert re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ANALYZE|SET)\b", body), name
    with pytest.raises(KeyError):
        query(f"{noun}.no_such_statement")
