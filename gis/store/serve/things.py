"""What is stored of one building, part or event, and where do events heap up?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from gis.store.serve.rows import Row, one_row, rows

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import AsyncConnection

    from gis.store.serve.places import District

__all__ = ["Kind", "event_count", "event_heaps", "grid_ended", "grid_versions", "posted", "thing"]

Kind = Literal["building", "part", "event"]


async def thing(connection: AsyncConnection[Any], district: District, kind: Kind, number: int) -> Row | None:
    """One thing by its id, with the grid in force that it lies in; None where the district has none of it then."""
    return await one_row(connection, f"serve_things.{kind}", **district.scope, id=number)


async def posted(connection: AsyncConnection[Any], grid: int, at: dt.datetime) -> list[Row]:
    """Who is posted to a grid at a moment."""
    return await rows(connection, "serve_things.posted", grid=grid, at=at)


async def grid_ended(connection: AsyncConnection[Any], district: District, code: str) -> Row | None:
    """Give the version of a grid code that is nearest to the moment; None where the code was never in force."""
    return await one_row(connection, "serve_things.grid_ended", **district.scope, code=code)


async def grid_versions(connection: AsyncConnection[Any], district: District, code: str) -> list[Row]:
    """All versions of a grid code, the newest first, with what each came from and went to."""
    return await rows(connection, "serve_things.grid_versions", **district.scope, code=code)


async def event_heaps(
    connection: AsyncConnection[Any],
    district: District,
    class_: str | None,
    period: tuple[dt.datetime | None, dt.datetime | None],
    *,
    lattice: tuple[float, float],
    limit: int,
) -> list[Row]:
    """Events gathered on a lattice of degrees east and north; (0, 0) gathers only those at one place."""
    return await rows(
        connection,
        "serve_things.event_heaps",
        **_filter(district, class_, period),
        dx=float(lattice[0]),
        dy=float(lattice[1]),
        limit=limit,
    )


async def event_count(
    connection: AsyncConnection[Any],
    district: District,
    class_: str | None,
    period: tuple[dt.datetime | None, dt.datetime | None],
) -> tuple[int, int]:
    """How many events of a class and period there are, and how many of them have no place."""
    row = await one_row(connection, "serve_things.event_count", **_filter(district, class_, period))
    return (row["events"], row["unlocated"]) if row else (0, 0)


def _filter(
    district: District, class_: str | None, period: tuple[dt.datetime | None, dt.datetime | None]
) -> dict[str, Any]:
    return {
        "district": district.id,
        "last_event": district.last_event,
        "class": class_,
        "since": period[0],
        "until": period[1],
    }
