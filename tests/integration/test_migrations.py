"""Do the migrations make exactly the tables of gis/store, and may the serving role do only what it needs?"""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql

from gis.errors import SetupError
from gis.store.cluster import APP_ROLE, OWNER_ROLE
from gis.store.migrate import comparable, current_revision, downgrade, engine, head_revision, migrate
from gis.store.tables import metadata

CATALOGUE = """
SELECT 'column', c.relname, a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                 pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'comment', c.relname, '', obj_description(c.oid, 'pg_class') FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""


@contextmanager
def empty_database(databases, owner=OWNER_ROLE, name="test_{pid}_migrations"):
    import os

    name = name.format(pid=os.getpid())
    with psycopg.connect(databases.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
        try:
            yield databases.cluster.url(owner, name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def modest_owner(databases):
    """A role that may own a database and nothing more."""
    role = sql.Identifier("test_modest_owner")
    with psycopg.connect(databases.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER").format(role))
        yield "test_modest_owner"
        admin.execute(sql.SQL("DROP ROLE {}").format(role))


def catalogue(connection):
    rows = connection.execute(CATALOGUE).fetchall()
    return {row for row in rows if row[1] not in {"alembic_version", "spatial_ref_sys"}}


def test_migrations_of_an_empty_database_make_the_tables(database, databases):
    with engine(database.owner_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": comparable})
        differences = [d for d in compare_metadata(context, metadata) if d[1].name != "alembic_version"]
    assert differences == []

    # Alembic does not look at exclusion constraints, checks and comments: the catalogue does.
    with empty_database(databases) as url:
        with engine(url).begin() as connection:
            for extension in ("postgis", "btree_gist", "pg_trgm"):
                connection.exec_driver_sql(f"CREATE EXTENSION {extension}")
            metadata.create_all(connection)
        with psycopg.connect(url) as made, psycopg.connect(database.owner_url) as migrated:
            assert catalogue(migrated) ^ catalogue(made) == set()


def test_upgrade_twice_downgrade_and_up_again(fresh_database):
    assert migrate(fresh_database.owner_url) == head_revision()
    with psycopg.connect(fresh_database.owner_url) as connection:
        before = catalogue(connection)
        connection.execute(
            "INSERT INTO district (code, name, time_zone, metric_crs) VALUES ('x', 'x', 'UTC', 'EPSG:32650')"
        )
    assert downgrade(fresh_database.owner_url, "base") == "base"
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert catalogue(connection) == set()
    assert migrate(fresh_database.owner_url) == head_revision()
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert catalogue(connection) == before
        assert current_revision(connection) == head_revision()


def test_one_revision_down_and_up_keeps_what_is_in_force(fresh_database):
    from gis.store import pipeline
    from gis.store.connect import connect
    from tests.integration import served_district as serve

    serve.put_in_force(fresh_database.app_url)
    with psycopg.connect(fresh_database.owner_url) as connection:
        before, rows = catalogue(connection), connection.execute("SELECT * FROM grid ORDER BY id").fetchall()
    assert downgrade(fresh_database.owner_url, "0001") == "0001"
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert connection.execute("SELECT to_regclass('plan_operation')").fetchone() == (None,)
    assert migrate(fresh_database.owner_url) == head_revision()
    with psycopg.connect(fresh_database.owner_url) as connection:
        assert catalogue(connection) == before
        assert connection.execute("SELECT * FROM grid ORDER BY id").fetchall() == rows
        assert connection.execute("SELECT created_by, title FROM plan").fetchall() == [("gridkeeper", None)]
    with connect(fresh_database.app_url) as connection:  # a plan of before can be built on
        pipeline.add_person(connection, "Li")
        pipeline.open_draft(connection, serve.DISTRICT, [serve.small.COMMUNITIES[0]], pipeline.Actor("Li"))


def test_the_serving_role_is_nobody_and_owns_nothing(database):
    with psycopg.connect(database.app_url) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole::oid"
        ).fetchone()
    assert role == (False, False, False, False, True)
    assert owned == (0,)


def test_the_serving_role_may_do_exactly_this(database):
    every = {table.name for table in metadata.sorted_tables}
    with psycopg.connect(database.app_url) as connection:
        rights = connection.execute(
            "SELECT t, p, has_table_privilege(t, p) FROM unnest(%s::text[]) t,"
            " unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p",
            [sorted(every)],
        ).fetchall()
        columns = connection.execute(
            "SELECT table_name, column_name FROM information_schema.column_privileges"
            " WHERE grantee = current_user AND privilege_type = 'UPDATE'"
            " AND table_name IN ('grid', 'grid_cell', 'posting', 'cell', 'household_count', 'import_run',"
            " 'publication', 'street', 'cell_community', 'part_cell', 'event_cell', 'event_move')"
        ).fetchall()
    may = {p: {t for t, q, allowed in rights if q == p and allowed} for p in {row[1] for row in rights}}
    assert may["SELECT"] == may["INSERT"] == every
    assert may["TRUNCATE"] == may["REFERENCES"] == may["TRIGGER"] == set()
    history = {"household_count", "import_run", "cell", "cell_edge", "cell_lineage", "building_cell", "grid_lineage"}
    history |= {"tessellation", "plan_scope", "publication", "grid", "grid_cell", "posting"}
    history |= {"person", "plan_operation", "plan_step", "plan_waiver", "division_lineage", "event_move"}
    history |= {"cell_community", "part_cell", "event_cell", "street", "job"}
    history |= {"plan_check", "plan_grid", "ground_change"}
    assert may["UPDATE"] == every - history
    assert may["DELETE"] == {
        "district", "part", "event", "tessellation", "plan", "plan_scope", "plan_cell", "display_shape",
        "display_version", "street", "part_cell", "event_cell", "plan_check", "plan_grid",
    }  # fmt: skip
    assert set(columns) == {
        ("grid", "valid"), ("grid", "name"), ("grid", "flags"), ("grid", "colour"),
        ("grid_cell", "valid"), ("posting", "valid"), ("publication", "withdrawn_at"),
        ("publication", "rehomed_at"), ("cell", "valid"), ("cell", "community_id"),
        ("street", "valid"),
    }  # fmt: skip


def test_counts_cannot_be_rewritten_by_the_serving_role(database):
    for statement in ("UPDATE household_count SET households = 1", "DELETE FROM household_count",
                      "TRUNCATE household_count", "UPDATE grid SET code = 'x'", "DROP TABLE event"):  # fmt: skip
        with psycopg.connect(database.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_foreign_database_needs_its_extensions_from_a_superuser(databases, modest_owner):
    with empty_database(databases, owner=modest_owner) as url:
        with pytest.raises(SetupError) as refused:
            migrate(url)
        assert 'CREATE EXTENSION postgis"' in refused.value.remedy
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('district')").fetchone() == (None,)
        name = url.split("/")[3].split("?")[0]
        with psycopg.connect(databases.cluster.url(OWNER_ROLE, name)) as superuser:
            superuser.execute("CREATE EXTENSION postgis")
        assert migrate(url) == head_revision()
        app = databases.cluster.url(APP_ROLE, name)
        with psycopg.connect(app) as connection:
            assert connection.execute("SELECT count(*) FROM district").fetchone() == (0,)


def test_a_server_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SetupError, match="cannot be reached"):
        migrate(f"postgresql://nobody@/nothing?host={tmp_path}")
