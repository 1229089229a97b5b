"""What may a route ask for by name: a connection, a district, the clock?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Path, Query, Request
from psycopg import AsyncConnection

from api.state import State
from gis.store.serve import places
from gis.store.serve.pool import reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["App", "Connection", "District", "Period", "app_state"]


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


def period(
    since: Annotated[dt.date | None, Query(alias="from", description="First local day.")] = None,
    until: Annotated[dt.date | None, Query(alias="to", description="Last local day, included.")] = None,
) -> tuple[dt.date | None, dt.date | None]:
    """Read a period of whole days in the district's time zone."""
    return since, until


Period = Annotated[tuple[dt.date | None, dt.date | None], Depends(period)]
