"""Which databases may a measurement ask for?"""

from __future__ import annotations

from tests.fixtures import databases

__all__ = ["databases"]
