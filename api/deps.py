"""What may a route ask for by name: a connection, a district now or at a moment, who acts, a period?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import unquote

from fastapi import Depends, Header, Path, Query, Request
from psycopg import AsyncConnection

from api.state import State
from gis.plans import Actor, read_name
from gis.store.locating import NETWORK
from gis.store.serve import places
from gis.store.serve.pool import reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Acting", "App", "Connection", "District", "DistrictAt", "Period", "Person", "app_state"]


MOMENT = """\
Moment asked for; now when absent. A date (2026-06-30) means the last moment of that local day, a time with a zone
(2026-06-30T08:00:00Z) itself, one without is local. Of a moment still to come what is published and will be in force is
told."""


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


async def district_at(
    connection: Connection,
    app: App,
    d: Annotated[str, Path(description="Code of the district.")],
    at: Annotated[str | None, Query(description=MOMENT)] = None,
    network: Annotated[str, Query(description="Network of grids.")] = NETWORK,
    level: Annotated[int | None, Query(description="Level of the network; its first when absent.")] = None,
) -> places.District:
    """Read the district named in the address as it stands at a moment, or answer 404."""
    moment = None if at is None else await places.moment(connection, d, at)
    return await places.district(connection, d, app.now(), at=moment, network=network, level=level)


DistrictAt = Annotated[places.District, Depends(district_at)]


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
