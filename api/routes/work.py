"""How are the steps that make grids started over HTTP? Each runs in a worker thread and answers with its report."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models import CheckRequest, ProposeRequest, PublishRequest, StepReport, TessellateRequest
from layers import steps

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["work"])


@router.post("/tessellate")
async def tessellate_district(app: App, district: District, asked: TessellateRequest) -> StepReport:
    """Divide the district's communities into cells."""
    done = await run_in_threadpool(steps.tessellate, app.database_url, district.code, asked.max_cell_m2)
    return StepReport(**done)


@router.post("/propose")
async def propose_plan(app: App, district: District, asked: ProposeRequest) -> StepReport:
    """Propose a plan over the newest cells."""
    done = await run_in_threadpool(
        partial(steps.propose, target=asked.target, minimum=asked.minimum, maximum=asked.maximum, seed=asked.seed),
        app.database_url,
        district.code,
    )
    return StepReport(**done)


@router.post("/check")
async def check_plan(app: App, district: District, asked: CheckRequest) -> StepReport:
    """Run all checks over a plan."""
    return StepReport(**await run_in_threadpool(steps.check, app.database_url, district.code, asked.plan_id))


@router.post("/publish")
async def publish_plan(app: App, district: District, asked: PublishRequest) -> StepReport:
    """Check a plan and put its grids in force."""
    done = await run_in_threadpool(steps.publish, app.database_url, district.code, asked.plan_id, asked.effective)
    return StepReport(**done)
