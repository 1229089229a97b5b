"""Which open events did a plan move when it took effect?"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models.moves import MovedEvents
from api.routes.plans import PlanId
from api.state import State
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.rehoming import read_moved

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["plans"])


@router.get("/plans/{plan}/moved")
async def get_plan_moved(app: App, district: District, plan: PlanId) -> MovedEvents:
    """List the open events that went to another grid when the plan took effect, from whom to whom."""
    return MovedEvents(**await run_in_threadpool(_read, app, district.code, plan))


def _read(app: State, district: str, plan: int) -> dict[str, Any]:
    with connect(app.database_url) as connection, connection.transaction():
        pipeline.read_life(connection, pipeline.district_of(connection, district), plan, app.now())
        at, rows = read_moved(connection, plan)
    return {"rehomed_at": at, "events": rows}
