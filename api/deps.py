"""What may a route ask for by name: a connection, a district, who acts, a period?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import unquote

from fastapi import Depends, Header, Path, Query, Request
from psycopg import AsyncConnection

from api.state import State
from gis.plans import Actor, read_name
from gis.store.serve import places
from gis.store.serve.pool import reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Acting", "App", "Connection", "District", "Period", "Person", "app_state"]


def app_state(request: Request) -> State:
    """What the running service holds."""
    return cast("State", request.app.state.gridkeeper)


App = Annotated[State, Depends(app_state)]


async def connection(app: App) -> AsyncIterator[AsyncConnection[Any]]:
    """Lend one connection of the pool for one read-only transaction."""
    async with reading(app.pool) as lent:
        yield lent


Connection = Annotated[AsyncConnection[Any], Depends(connection)]


async def district(
    connection: Connection,
    app: App,
    d: Annotated[str, Path(description="Code of the district.")],
) -> places.District:
    """Read the district named in the address, or answer 404."""
    return await places.district(connection, d, app.now())


District = Annotated[places.District, Depends(district)]


def acting(
    name: Annotated[
        str | None,
        Header(alias="X-Gridkeeper-Person", description="Name of who acts, of the list of persons, percent-encoded."),
    ] = None,
) -> Actor:
    """Read who acts; whether the list knows the name is seen to in the transaction of the act."""
    return Actor(read_name(None if name is None else unquote(name)))


Acting = Annotated[Actor, Depends(acting)]

ANYBODY = "gridkeeper"
"""Who is recorded where nobody need be named."""


def person(
    name: Annotated[
        str | None,
        Header(alias="X-Gridkeeper-Person", description="Name of who acts, percent-encoded; nobody need be named."),
    ] = None,
) -> str:
    """Read who asks for work that needs no person of the list."""
    return ANYBODY if name is None else read_name(unquote(name))


Person = Annotated[str, Depends(person)]


def period(
    since: Annotated[dt.date | None, Query(alias="from", description="First local day.")] = None,
    until: Annotated[dt.date | None, Query(alias="to", description="Last local day, included.")] = None,
) -> tuple[dt.date | None, dt.date | None]:
    """Read a period of whole days in the district's time zone."""
    return since, until


Period = Annotated[tuple[dt.date | None, dt.date | None], Depends(period)]
