"""What does the inspector show of one thing, and how is a thing found by what is typed?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import App, Connection, DistrictAt
from api.models import Card, SearchHit
from layers import cards, search

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["things"])

Id = Annotated[int, Path(ge=1, description="Number of the thing, as in the tiles.")]


@router.get("/grids/{code}")
async def get_grid(connection: Connection, app: App, district: DistrictAt, code: str) -> Card:
    """Show a grid by its code, with its history; also one that is not in force at the moment."""
    return Card(**await cards.grid_card(connection, app.answers, district, code))


@router.get("/buildings/{thing}")
async def get_building(connection: Connection, district: DistrictAt, thing: Id) -> Card:
    """Show a building."""
    return Card(**await cards.building_card(connection, district, thing))


@router.get("/parts/{thing}")
async def get_part(connection: Connection, district: DistrictAt, thing: Id) -> Card:
    """Show a municipal part."""
    return Card(**await cards.part_card(connection, district, thing))


@router.get("/events/{thing}")
async def get_event(connection: Connection, district: DistrictAt, thing: Id) -> Card:
    """Show an event."""
    return Card(**await cards.event_card(connection, district, thing))


@router.get("/search")
async def search_things(
    connection: Connection,
    district: DistrictAt,
    q: Annotated[str, Query(min_length=1, max_length=200, description="A code, an address or a name, as typed.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[SearchHit]:
    """Find grids, addresses, divisions, parts and events; exact codes first."""
    return [SearchHit(**hit) for hit in await search.find(connection, district, q, limit)]
