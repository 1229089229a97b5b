"""Who answers for a street, and how does a planner say otherwise?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool

from api.deps import Acting, App, DistrictAt
from api.models.streets import HomeRequest, StreetCard
from layers import streets

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}/streets", tags=["streets"])

StreetId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the street, as in the tiles.")]


@router.get("/{street}")
async def get_street(app: App, district: DistrictAt, street: StreetId) -> StreetCard:
    """Show a street segment or crossing with its home cell, as one community has it."""
    return StreetCard(**await run_in_threadpool(streets.card, app.database_url, district, street))


@router.put("/{street}/home")
async def put_home(app: App, district: DistrictAt, street: StreetId, person: Acting, asked: HomeRequest) -> StreetCard:
    """Give a street another home cell from now on; the events along it follow."""
    told = await run_in_threadpool(
        streets.change_home,
        app.database_url,
        district,
        street,
        person,
        cell=asked.cell,
        grid_code=asked.grid_code,
        reason=asked.reason,
        clock=app.now,
    )
    return StreetCard(**told)
