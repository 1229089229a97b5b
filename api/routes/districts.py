"""Which districts are there, what do they hold, which grids are in force at a moment, and which versions were there?"""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import App, Connection, DistrictAt
from api.models import DistrictDetail, DistrictItem, GridRow, VersionItem
from layers import districts

__all__ = ["router"]

router = APIRouter(prefix="/districts", tags=["districts"])


@router.get("")
async def list_districts(connection: Connection, app: App) -> list[DistrictItem]:
    """List all districts with their totals."""
    return [DistrictItem(**row) for row in await districts.items(connection, app.answers, app.now())]


@router.get("/{d}")
async def get_district(connection: Connection, app: App, district: DistrictAt) -> DistrictDetail:
    """Tell all that a page about a district needs to begin."""
    return DistrictDetail(**await districts.detail(connection, app.answers, district))


@router.get("/{d}/grids")
async def list_grids(connection: Connection, app: App, district: DistrictAt) -> list[GridRow]:
    """List the grids in force, by code."""
    return [GridRow(**row) for row in await districts.grid_rows(connection, app.answers, district)]


@router.get("/{d}/versions")
async def list_versions(connection: Connection, district: DistrictAt) -> list[VersionItem]:
    """List the publications of a network and level that stand, the newest first, those ahead too."""
    return [VersionItem(**row) for row in await districts.versions(connection, district)]
