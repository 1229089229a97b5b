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
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from gis.store.cluster import APP_ROLE, OWNER_ROLE, TESTS, open_cluster
from gis.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Database", "Databases"]

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".gridkeeper"
SCHEMA_SOURCES = ("migrations/**/*.py", "migrations/**/*.sql", "gis/store/migrate.py", "gis/store/tables.py")
PROGRAM_SOURCES = ("gis/**/*.py", "gis/**/*.sql", "data/**/*", "api/cli/*.py")
TEMPLATES_KEPT = 4


@dataclass(frozen=True)
class Database:
    """A database of one test or module: its name and how each role reaches it."""

    name: str
    owner_url: str
    app_url: str


class Databases:
    """The tests' cluster and its templates; gives out clones."""

    _numbers = itertools.count(1)  # one for the process: each conftest has an instance of its own

    def __init__(self) -> None:
        self.cluster = open_cluster(HOME, TESTS)
        self.cluster.up()
        self._drop_orphans()
        self.migrated = self.template("template", _key(SCHEMA_SOURCES), migrate)

    @contextmanager
    def clone(self, of: str | None = None) -> Iterator[Database]:
        """Give a fresh clone of the migrated template (or of the database `of`) and drop it afterwards."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with self._administration() as admin:
            _copy(admin, of or self.migrated, name)
        try:
            yield self._database(name)
        finally:
            with self._administration() as admin:
                _drop(admin, name)

    def template(self, kind: str, key: str, make: Callable[[str], object], of: str | None = None) -> str:
        """Give the name of a template, made once for all processes by `make(owner_url)` from a clone of `of`.

        Nobody can connect to a template, so no autovacuum is ever in the way of a copy. Older ones of its kind go.
        """
        name = f"{kind}_{key}"
        with (HOME / f"test-{kind}.lock").open("a") as lock, self._administration() as admin:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if name in (made := _names(admin, f"{kind}_%")):
                return name
            for old in made[: -TEMPLATES_KEPT + 1]:
                _drop(admin, old)
            unfinished = f"unfinished_{name}"
            _drop(admin, unfinished)
            _copy(admin, of or "template0", unfinished)
            make(self.cluster.url(OWNER_ROLE, unfinished))
            identifiers = [sql.Identifier(word) for word in (unfinished, name)]
            admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*identifiers))
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(identifiers[1]))
            return name

    def sample(self, load: Callable[[Database], object]) -> str:
        """Give the name of the template with the sample district, loaded once for each state of the program."""
        key = _key((*SCHEMA_SOURCES, *PROGRAM_SOURCES))
        return self.template("sample", key, lambda url: load(self._database(urlsplit(url).path[1:])), self.migrated)

    def _database(self, name: str) -> Database:
        return Database(name, self.cluster.url(OWNER_ROLE, name), self.cluster.url(APP_ROLE, name))

    @contextmanager
    def _administration(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.cluster.url(OWNER_ROLE, "postgres"), autocommit=True) as admin:
            yield admin

    def _drop_orphans(self) -> None:
        with self._administration() as admin:
            for name in _names(admin, "test_%"):
                if not _alive(int(name.split("_")[1])):
                    _drop(admin, name)


def _key(patterns: Sequence[str]) -> str:
    """Hash of all files that these patterns find."""
    digest = hashlib.sha256()
    for path in sorted(p for pattern in patterns for p in ROOT.glob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _names(admin: psycopg.Connection, pattern: str) -> list[str]:
    """Names of databases, oldest first; `_` in a pattern is meant as it stands."""
    found = "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid"
    rows = admin.execute(found, [pattern.replace("_", r"\_")]).fetchall()
    return [str(row[0]) for row in rows]


def _copy(admin: psycopg.Connection, template: str, name: str) -> None:
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    admin.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))


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
