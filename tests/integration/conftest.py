"""Which databases may an integration test ask for?"""

from __future__ import annotations

from tests.fixtures import database, databases, fresh_database

__all__ = ["database", "databases", "fresh_database"]
