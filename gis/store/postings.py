"""Who answers for a grid that begins: how do postings go on with its code?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gis.store.connect import Connection

__all__ = ["begin_postings", "end_postings"]


def end_postings(
    connection: Connection, closed: Sequence[int], number: Mapping[str, int], moment: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str]]:
    """End the postings to grids that end.

    Parameters
    ----------
    closed : sequence of int
        Grids that end.
    number : mapping
        Code -> grid that begins.
    moment : mapping
        ``effective``.

    Returns
    -------
    moved : list of dict
        Postings that go on, for `begin_postings`: their code goes on.
    ended : list of str
        The others, as ``code name: grid code``.
    """
    values = {**moment, "grids": list(closed)}
    moved, ended = [], []
    for _, worker, _, role, code, name, grid_code in connection.execute(query("publishing.postings"), values):
        if grid_code in number:
            moved.append({"worker": worker, "role": role, "grid": number[grid_code]})
        else:
            ended.append(f"{code} {name}: {grid_code}")
    connection.execute(query("publishing.close_postings"), values)
    return moved, ended


def begin_postings(connection: Connection, moved: Sequence[Mapping[str, Any]], moment: Mapping[str, Any]) -> None:
    """Begin the postings that go on, once their grids are there."""
    for posting in moved:
        connection.execute(query("publishing.insert_posting"), {**posting, **moment})
