"""Which doors does the service have? One module a family; this is their table of contents."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import (
    cards,
    districts,
    figures,
    health,
    jobs,
    locating,
    moves,
    networks,
    plans,
    rebalancing,
    streets,
    tiles,
    work,
)

__all__ = ["api", "map_tiles"]

api = APIRouter(prefix="/api")
for _family in (
    health, districts, figures, cards, locating, moves, networks, plans, rebalancing, streets, work, jobs,
):  # fmt: skip
    api.include_router(_family.router)
api.include_router(plans.persons)

map_tiles = tiles.router
