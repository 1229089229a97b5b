"""How does a database get the schema of this release, and who may then do what in it?"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gis.errors import SetupError
from gis.store.cluster import APP_ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["EXTENSIONS", "comparable", "current_revision", "downgrade", "engine", "head_revision", "migrate"]

EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
LOCK = 0x6772_6964
"""Key of the advisory lock that lets one migration run at a time."""


def engine(owner_url: str) -> Engine:
    """Give SQLAlchemy's view of any libpq address; nothing is kept open."""
    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url), poolclass=NullPool)


def comparable(
    _object: object,
    name: str | None,
    type_: str,
    reflected: bool,
    compare_to: object,
) -> bool:
    """Leave out of a comparison what extensions brought: reflected tables that no model names."""
    return not (type_ == "table" and reflected and compare_to is None and name == "spatial_ref_sys")


def migrate(owner_url: str, *, app_password: str | None = None, revision: str = "head") -> str:
    """Bring a database to this release's schema; an up-to-date one is left as it is.

    Parameters
    ----------
    owner_url : str
        libpq address of the role that is to own the tables. It need not be superuser where the extensions (and the
        role ``gridkeeper_app``) exist already.
    app_password : str, optional
        Password that ``gridkeeper_app`` gets when it is made here (none is needed over the private socket).
    revision : str
        Where to stop.

    Returns
    -------
    str
        The revision the database now has.

    Raises
    ------
    SetupError
        The server cannot be reached, lacks PostGIS, or the owner lacks a right; the message has the command.
    """
    with _session(owner_url) as (connection, config):
        config.attributes["app_password"] = app_password
        command.upgrade(config, revision)
        return _revision(connection)


def downgrade(owner_url: str, revision: str) -> str:
    """Take a database back to an earlier revision (``base``: no tables; extensions and the role stay)."""
    with _session(owner_url) as (connection, config):
        command.downgrade(config, revision)
        return _revision(connection)


def head_revision() -> str:
    """Name the newest revision of this release."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if head is None:
        raise SetupError(f"No migrations in {MIGRATIONS}.", "Install Gridkeeper again: files are missing.")
    return head


def current_revision(connection: psycopg.Connection[Any]) -> str | None:
    """Name the revision of a database as any role may see it; None where it was never migrated."""
    known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if known is None or known[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def prepare(driver: psycopg.Connection[Any], app_password: str | None = None) -> None:
    """Make the extensions and the role that serves where they are missing (first migration).

    Raises
    ------
    SetupError
        One is missing and this owner may not make it.
    """
    for extension in EXTENSIONS:
        _extension(driver, extension)
    _role(driver, app_password)


def _extension(driver: psycopg.Connection[Any], name: str) -> None:
    if driver.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name]).fetchone():
        return
    there = driver.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", [name]).fetchone()
    if not there:
        package = "PostGIS" if name == "postgis" else "PostgreSQL's contrib modules"
        raise SetupError(
            f"The database server does not have the extension {name}.",
            f"Install {package} on the server (Debian: apt-get install postgresql-15-postgis-3), then run this again.",
        )
    try:
        driver.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as fault:
        raise SetupError(
            f"The database has no extension {name}, and its owner {driver.info.user} may not create it.",
            f'Let a superuser run: psql -d {driver.info.dbname} -c "CREATE EXTENSION {name}"',
        ) from fault


def _role(driver: psycopg.Connection[Any], password: str | None) -> None:
    role = sql.Identifier(APP_ROLE)
    found = driver.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
    if found is None:
        statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE").format(role)
        if password:
            statement = sql.SQL("{} PASSWORD {}").format(statement, sql.Literal(password))
        try:
            driver.execute(statement)
        except psycopg.errors.InsufficientPrivilege as fault:
            raise SetupError(
                f"The role {APP_ROLE} does not exist, and {driver.info.user} may not create it.",
                f'Let a superuser run: psql -c "CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS"',
            ) from fault
        except psycopg.errors.DuplicateObject:  # another database of this server was faster
            return
    elif found[0] or found[1]:
        raise SetupError(
            f"The role {APP_ROLE} is superuser or may bypass row security.",
            f'Let a superuser run: psql -c "ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS"',
        )


@contextmanager
def _session(owner_url: str) -> Iterator[tuple[Connection, Config]]:
    """One transaction on one connection, alone among migrations; faults are told as what to do."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine(owner_url).begin() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            config.attributes["connection"] = connection
            yield connection, config
    except psycopg.OperationalError as fault:
        raise _unreachable(fault) from fault
    except DBAPIError as fault:
        if isinstance(fault.orig, psycopg.errors.InsufficientPrivilege):
            raise SetupError(
                f"The owner of the database lacks a right: {fault.orig}",
                "Use the role that owns the database in GRIDKEEPER_OWNER_URL.",
            ) from fault
        if isinstance(fault.orig, psycopg.OperationalError):
            raise _unreachable(fault.orig) from fault
        raise
    except psycopg.errors.InsufficientPrivilege as fault:
        raise SetupError(
            f"The owner of the database lacks a right: {fault}",
            "Use the role that owns the database in GRIDKEEPER_OWNER_URL.",
        ) from fault


def _unreachable(fault: psycopg.Error) -> SetupError:
    return SetupError(
        f"The database cannot be reached: {str(fault).strip()}",
        "Check that the server runs and that GRIDKEEPER_OWNER_URL names it.",
    )


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "base"
