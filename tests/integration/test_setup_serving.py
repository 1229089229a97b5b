"""Is only the role that serves let in, and is everything else refused with one clear message?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

PROGRAM = Path(sys.executable).with_name("gridkeeper")


def gridkeeper(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GRIDKEEPER_")}
    return subprocess.run(
        [PROGRAM, *words], env=inherited | environment, check=False, capture_output=True, text=True, timeout=60
    )


def refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 2, done
    assert said in done.stderr
    assert done.stderr.startswith("gridkeeper: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2, "one message (the database's own may have two lines)"


def test_the_serving_role_may_do_little(database):
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole").fetchone()
    assert row == ("gridkeeper_app", False, False, False, False)
    assert owned == (0,)


def test_the_owner_is_refused(database):
    done = gridkeeper("serve", "--port", "0", GRIDKEEPER_DATABASE_URL=database.owner_url)
    refused(done, "gridkeeper_owner is superuser: it must not serve")


@pytest.mark.parametrize(
    ("rights", "said"),
    [("BYPASSRLS", "may bypass row security"), ("IN ROLE {tables}", "owns the tables")],
)
def test_roles_that_may_too_much_are_refused(fresh_database, rights, said):
    odd, tables = f"odd_{os.getpid()}", f"tables_{os.getpid()}"  # roles are shared by all databases of a cluster
    url = fresh_database.app_url.replace("gridkeeper_app@", f"{odd}@")
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as owner:
        try:
            owner.execute(f"CREATE ROLE {tables} NOLOGIN")
            owner.execute(f"CREATE ROLE {odd} LOGIN {rights.format(tables=tables)}")
            owner.execute(f"ALTER TABLE district OWNER TO {tables}")
            refused(gridkeeper("serve", "--port", "0", GRIDKEEPER_DATABASE_URL=url), said)
        finally:
            owner.execute("ALTER TABLE district OWNER TO gridkeeper_owner")
            owner.execute(f"DROP ROLE IF EXISTS {odd}, {tables}")


def test_a_database_that_was_never_migrated_is_refused(databases):
    name = f"test_{os.getpid()}_empty"
    databases.cluster.query("postgres", f"CREATE DATABASE {name}")
    try:
        done = gridkeeper("serve", "--port", "0", GRIDKEEPER_DATABASE_URL=databases.cluster.url("gridkeeper_app", name))
        refused(done, "gridkeeper db migrate")
    finally:
        databases.cluster.query("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def test_an_unreachable_database_is_one_message():
    done = gridkeeper("serve", "--port", "0", GRIDKEEPER_DATABASE_URL="postgresql://gridkeeper_app@127.0.0.1:1/grid")
    refused(done, "GRIDKEEPER_DATABASE_URL")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_only_loopback_is_served(database, host):
    refused(gridkeeper("serve", "--host", host, GRIDKEEPER_DATABASE_URL=database.app_url), "no sign-in yet")


def test_migrating_needs_the_owner(database):
    refused(gridkeeper("db", "migrate", GRIDKEEPER_DATABASE_URL=database.app_url), "GRIDKEEPER_OWNER_URL is not set")


def test_migrating_again_changes_nothing_and_the_status_says_so(database):
    environment = {"GRIDKEEPER_OWNER_URL": database.owner_url, "GRIDKEEPER_DATABASE_URL": database.app_url}
    migrated = gridkeeper("db", "migrate", **environment)
    assert migrated.returncode == 0, migrated
    revision = migrated.stdout.split()[-1].rstrip(".")
    assert f"schema: {revision} (this release: {revision})" in gridkeeper("db", "status", **environment).stdout
