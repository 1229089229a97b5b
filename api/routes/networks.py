"""Which networks has a district, how do their levels lie in each other, and how do two correspond?"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models import NetworkItem
from layers import networks

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["networks"])


@router.get("/networks")
async def list_networks(app: App, district: District) -> list[NetworkItem]:
    """List the networks of a district with their levels and what is in force in them."""
    found = await run_in_threadpool(networks.items, app.database_url, district.code, app.now)
    return [NetworkItem(**row) for row in found]
