"""Which databases and servers may an integration test ask for?"""

from __future__ import annotations

from tests.fixtures import database, databases, fresh_database, sample_database, served

__all__ = ["database", "databases", "fresh_database", "sample_database", "served"]
