"""Which things may be meant by what was typed? The store only finds; `layers.search` ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.store.serve.rows import Row, rows

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gis.store.serve.places import District

__all__ = ["CODED", "candidates"]

CODED = ("parts", "events")
"""What is found by the beginning of its code alone: there may be a million of them."""

LAST = "\U0010ffff"


def like(text: str) -> str:
    """Pattern of everything that holds `text`, whose own signs stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def candidates(
    connection: AsyncConnection[Any], district: District, *, typed: str, key: str, code: str, limit: int
) -> list[Row]:
    """Give things of every type that may be meant.

    Parameters
    ----------
    connection : AsyncConnection
    district : District
    typed : str
        As typed, half width, without blanks at its ends.
    key : str
        Folded as addresses are; empty finds no address.
    code : str
        Folded as codes are; empty finds no code.
    limit : int
        How many of each type.
    """
    scope = district.scope
    text = typed.lower()
    found: list[Row] = []
    if code:
        found += await rows(connection, "serve_search.grids", **scope, code=code, text=text, limit=limit)
        found += await rows(connection, "serve_search.divisions", **scope, code=code, text=text, limit=limit)
    if key:
        found += await rows(
            connection,
            "serve_search.buildings",
            **scope,
            codes=[typed, code],
            text=key,
            pattern=like(key),
            pool=10 * limit,
            limit=limit,
        )
    if any(c.isdigit() for c in typed):
        for kind in CODED:
            found += await rows(
                connection, f"serve_search.{kind}", **scope, typed=typed, typed_end=typed + LAST, limit=limit
            )
    return found
