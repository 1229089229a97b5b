"""Does the service answer, and can it read its database?"""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter

from api.deps import Connection
from api.models import Health
from gis.store.serve import places

__all__ = ["router"]

router = APIRouter(tags=["service"])


@router.get("/health")
async def health(connection: Connection) -> Health:
    """Say that the service and its database answer."""
    return Health(
        status="ok",
        name="gridkeeper",
        version=version("gridkeeper"),
        database=await places.postgis_version(connection),
    )
