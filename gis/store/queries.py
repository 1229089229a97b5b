"""Where is the SQL, and how is one statement of it named?

Statements live in ``gis/store/sql/NOUN.sql``; each begins with ``-- name: NAME`` and a comment that says what it gives.
`query("NOUN.NAME")` is the statement. Values are always parameters; nothing is ever pasted into a statement.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["query", "query_names"]

_HERE = Path(__file__).parent / "sql"
_NAME = re.compile(r"^-- name: *(\S+) *$", re.MULTILINE)


def query(name: str) -> bytes:
    """Give the statement called ``noun.name``.

    Raises
    ------
    KeyError
        When there is no such statement: a mistake in the program.
    """
    noun, _, statement = name.partition(".")
    return _statements(noun)[statement]


def query_names(noun: str) -> list[str]:
    """Names of all statements of one file, in its order."""
    return list(_statements(noun))


@cache
def _statements(noun: str) -> dict[str, bytes]:
    _, *pieces = _NAME.split((_HERE / f"{noun}.sql").read_text(encoding="utf-8"))
    names, bodies = pieces[::2], pieces[1::2]
    if len(set(names)) < len(names):
        raise KeyError(f"{noun}.sql names a statement twice.")
    return {name: body.strip().encode() for name, body in zip(names, bodies, strict=True)}
