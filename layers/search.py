"""Which of the things found is most likely meant? Exact codes first, then what begins like it, then what is like it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from gis.addresses import fold_address, fold_code
from gis.store.serve import search as store

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gis.store.serve.places import District
    from gis.store.serve.rows import Row

__all__ = ["find", "rank"]

TYPES = ("grid", "division", "building", "part", "event")
EXACT, PREFIX, WHOLE_NUMBER, WITHIN, ALIKE = range(5)


def rank(row: Row, *, typed: str, key: str, code: str) -> tuple[Any, ...]:
    """Give the place of a hit in the list; the lowest is first.

    Parameters
    ----------
    row : dict
        ``type``, ``code``, ``title`` and, of a building, its folded address ``key``.
    typed, key, code : str
        What was typed: as it is, folded as an address, folded as a code.

    Returns
    -------
    tuple
        How well it fits, then by type, shorter before longer, and code.
    """
    title, own = str(row["title"]), fold_code(row["code"])
    address = str(row.get("key") or "") if row["type"] == "building" else fold_address(title)
    if (code and own == code) or (key and address == key):
        fit = EXACT
    elif code and own.startswith(code):
        fit = PREFIX
    elif key and key in address:
        fit = PREFIX if address.startswith(key) else WITHIN
        if _cuts_number(address, key):
            fit = ALIKE
        elif address.endswith(key):
            fit = min(fit, WHOLE_NUMBER)
    elif code and code in own:
        fit = WITHIN
    else:
        fit = WITHIN if typed.lower() in title.lower() else ALIKE
    return fit, TYPES.index(row["type"]), len(address or own), own


def _cuts_number(address: str, key: str) -> bool:
    """Whether `key` occurs only inside longer numbers: 3幢 in 13幢, 58 in 586号."""
    at = address.find(key)
    while at >= 0:
        end = at + len(key)
        before = at > 0 and address[at - 1].isdigit() and key[0].isdigit()
        after = end < len(address) and address[end].isdigit() and key[-1].isdigit()
        if not before and not after:
            return False
        at = address.find(key, at + 1)
    return True


async def find(connection: AsyncConnection[Any], district: District, q: str, limit: int) -> list[dict[str, Any]]:
    """Find what is most likely meant by what was typed.

    Parameters
    ----------
    connection : AsyncConnection
    district : District
    q : str
        A code (or its end), an address in any of the usual ways of writing, a name.
    limit : int

    Returns
    -------
    list of dict
        As `api.models.SearchHit`, the best first.
    """
    typed = unicodedata.normalize("NFKC", q).strip()
    key, code = fold_address(q), fold_code(q)
    found = await store.candidates(connection, district, typed=typed, key=key, code=code, limit=limit)
    found.sort(key=lambda row: rank(row, typed=typed, key=key, code=code))
    return [_hit(row) for row in found[:limit]]


def _hit(row: Row) -> dict[str, Any]:
    lon, lat = row["spot"] if row["spot"] and row["spot"][0] is not None else (None, None)
    bbox = row["bbox"]
    return {
        "type": row["type"],
        "id": row["id"],
        "code": row["code"],
        "title": row["title"],
        "subtitle": row["subtitle"] if row["subtitle"] != row["title"] else "",
        "lon": lon,
        "lat": lat,
        "bbox": tuple(bbox) if bbox else None,
        "grid_code": row["grid_code"],
    }
