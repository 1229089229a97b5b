"""How does a test get a real, migrated PostGIS database of its own in milliseconds?

One private cluster for all tests, one template database for each state of the schema, and a clone of it for each
test module. Several pytest processes may run at once; clones of a process that died are dropped by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from gis.store.cluster import APP_ROLE, OWNER_ROLE, TESTS, open_cluster
from gis.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database", "Databases"]

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".gridkeeper"
SCHEMA_SOURCES = ("migrations/**/*.py", "migrations/**/*.sql", "gis/store/migrate.py", "gis/store/tables.py")
TEMPLATES_KEPT = 4


@dataclass(frozen=True)
class Database:
    """A database of one test or module: its name and how each role reaches it."""

    name: str
    owner_url: str
    app_url: str


class Databases:
    """The tests' cluster and its template; gives out clones."""

    def __init__(self) -> None:
        self.cluster = open_cluster(HOME, TESTS)
        self.cluster.up()
        self._numbers = itertools.count(1)
        self.template = f"template_{_schema_key()}"
        with self._administration() as admin:
            self._drop_left_overs(admin)
            self._make_template(admin)

    @contextmanager
    def clone(self, of: str | None = None) -> Iterator[Database]:
        """Give a fresh clone of the migrated template (or of the database `of`) and drop it afterwards."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        with psycopg.connect(self.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
            admin.execute(copy.format(sql.Identifier(name), sql.Identifier(of or self.template)))
        try:
            yield Database(name, self.cluster.url(OWNER_ROLE, name), self.cluster.url(APP_ROLE, name))
        finally:
            with psycopg.connect(self.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
                _drop(admin, name)

    @contextmanager
    def _administration(self) -> Iterator[psycopg.Connection]:
        """Connect as the owner, one pytest process at a time."""
        with (HOME / "test-template.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with psycopg.connect(self.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
                yield admin

    def _make_template(self, admin: psycopg.Connection) -> None:
        if self.template in _names(admin, "template_%"):
            return
        unfinished = f"unfinished_{self.template}"
        _drop(admin, unfinished)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        migrate(self.cluster.url(OWNER_ROLE, unfinished))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        admin.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(self.template)))
        # Nobody can connect any more, so no autovacuum can be in the way of a copy.
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(self.template)))

    def _drop_left_overs(self, admin: psycopg.Connection) -> None:
        for name in _names(admin, "test_%"):
            if not _alive(int(name.split("_")[1])):
                _drop(admin, name)
        for name in _names(admin, "template_%")[:-TEMPLATES_KEPT]:
            if name != self.template:
                _drop(admin, name)


def _schema_key() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for pattern in SCHEMA_SOURCES for p in ROOT.glob(pattern)):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _names(admin: psycopg.Connection, pattern: str) -> list[str]:
    """Names of databases, oldest first."""
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid", [pattern]).fetchall()
    return [str(row[0]) for row in rows if row[0] not in {"template0", "template1"}]


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
