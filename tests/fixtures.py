"""Which database fixtures do the integration and browser tests share?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.databases import Database, Databases

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["database", "databases", "fresh_database"]


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
