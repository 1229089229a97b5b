"""How are the steps that make grids started over HTTP?

Each runs in a worker thread and answers with its report; with ``?background=true`` it is queued: 202 with the job.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.deps import App, District, Person
from api.models import CheckRequest, JobItem, ProposeRequest, PublishRequest, StepReport, TessellateRequest
from api.models.common import Model
from api.routes.jobs import queue
from api.state import State
from layers import steps

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["work"])

Background = Annotated[bool, Query(description="Put it into the queue and answer 202 with the job.")]
QUEUED: dict[int | str, dict[str, Any]] = {202: {"model": JobItem, "description": "The job."}}


@router.post("/tessellate", response_model=StepReport, responses=QUEUED)
async def tessellate_district(
    app: App, district: District, person: Person, asked: TessellateRequest, background: Background = False
) -> StepReport | JSONResponse:
    """Divide the district's communities into cells."""
    if background:
        return await _queued(app, district.code, "tessellate", asked, person)
    done = await run_in_threadpool(steps.tessellate, app.database_url, district.code, asked.max_cell_m2)
    return StepReport(**done)


@router.post("/propose", response_model=StepReport, responses=QUEUED)
async def propose_plan(
    app: App, district: District, person: Person, asked: ProposeRequest, background: Background = False
) -> StepReport | JSONResponse:
    """Propose a plan over the newest cells."""
    if background:
        return await _queued(app, district.code, "propose", asked, person)
    done = await run_in_threadpool(partial(steps.propose, **asked.model_dump()), app.database_url, district.code)
    return StepReport(**done)


@router.post("/check")
async def check_plan(app: App, district: District, asked: CheckRequest) -> StepReport:
    """Run all checks over a plan."""
    done = await run_in_threadpool(partial(steps.check, **asked.model_dump()), app.database_url, district.code)
    return StepReport(**done)


@router.post("/publish", response_model=StepReport, responses=QUEUED)
async def publish_plan(
    app: App, district: District, person: Person, asked: PublishRequest, background: Background = False
) -> StepReport | JSONResponse:
    """Check a plan and put its grids in force."""
    if background:
        return await _queued(app, district.code, "publish", asked, person)
    done = await run_in_threadpool(partial(steps.publish, **asked.model_dump()), app.database_url, district.code)
    return StepReport(**done)


async def _queued(app: State, district: str, kind: str, asked: Model, person: str) -> JSONResponse:
    options = asked.model_dump(mode="json", exclude_none=True)
    job = await queue(app, district, kind, options, person)
    return JSONResponse(job.model_dump(mode="json"), 202)
