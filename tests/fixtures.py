"""Which databases and servers do the integration and browser tests share?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.databases import Database, Databases

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Served", "database", "databases", "fresh_database", "sample_database", "serve", "served"]

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("gridkeeper")
WAIT_S = 60


@dataclass(frozen=True)
class Served:
    """A running server and the database behind it."""

    address: str
    database: Database


@pytest.fixture(scope="session")
def databases() -> Databases:
    """The tests' cluster, running, with its migrated template; `databases.clone()` gives more databases."""
    return Databases()


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[Database]:
    """Give a migrated, empty database to one test module."""
    with databases.clone() as clone:
        yield clone


@pytest.fixture
def fresh_database(databases: Databases) -> Iterator[Database]:
    """Give a migrated, empty database to one test."""
    with databases.clone() as clone:
        yield clone


@pytest.fixture(scope="session")
def sample_database(databases: Databases, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Give a database with the small sample district loaded: read it only, or clone it (`databases.clone(of=name)`)."""

    def load(database: Database) -> None:
        command = [PROGRAM, "load", request.getfixturevalue("sample_dir")]
        done = subprocess.run(command, env=environment(database), check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    with databases.clone(of=databases.sample(load)) as clone:
        yield clone


@pytest.fixture(scope="module")
def served(databases: Databases, sample_database: Database) -> Iterator[Served]:
    """Give a real server with the sample district, on a database that the module may change."""
    with databases.clone(of=sample_database.name) as clone, serve(clone) as server:
        yield server


@contextmanager
def serve(database: Database, *options: str) -> Iterator[Served]:
    """Run a server in its own process on a free port of the loopback interface until the block ends."""
    log = ROOT / "artifacts" / "server.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as faults:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", "0", *options],
            env=environment(database),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=faults,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, f"the server said {line!r}: see {log}"
        address = line.split()[-1]
        _wait_until_it_answers(f"{address}api/health", process)
        yield Served(address, database)
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


def environment(database: Database) -> dict[str, str]:
    """Environment in which a command uses `database` and no other setting of this machine."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GRIDKEEPER_") or k == "GRIDKEEPER_CITIES"}
    return inherited | {"GRIDKEEPER_OWNER_URL": database.owner_url, "GRIDKEEPER_DATABASE_URL": database.app_url}


def _wait_until_it_answers(address: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.1)
