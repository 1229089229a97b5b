"""How are the grids of a draft made even again with few moves, and what would move?"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models.rebalancing import MovesRequest, PlanMoves, PlanRebalancings, RebalancingsRequest
from api.routes.plans import PlanId
from layers import moves

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["plans"])

FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in moves.MEDIA_TYPES.values()}}
}


@router.post("/plans/{plan}/rebalancings")
async def rebalance_plan(app: App, district: District, plan: PlanId, asked: RebalancingsRequest) -> PlanRebalancings:
    """Make the grids of a draft even again in three ways; an edit `propose` takes one of them."""
    act = partial(moves.rebalancings, asked=asked.model_dump(exclude_none=True))
    return PlanRebalancings(**await run_in_threadpool(act, app.database_url, district.code, plan, app.now))


@router.post("/plans/{plan}/moves", response_model=PlanMoves, responses=FILES)
async def list_plan_moves(
    app: App,
    district: District,
    plan: PlanId,
    asked: MovesRequest,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
    form: Annotated[
        Literal["json", "csv", "xlsx"], Query(alias="format", description="A file holds all rows.")
    ] = "json",
    lang: Annotated[Literal["zh-CN", "en"], Query(description="Of the headings of a file.")] = "zh-CN",
) -> Any:
    """List the buildings that would change their grid with cells of a draft, and whose worker changes."""
    act = partial(moves.listed, revision=asked.revision, changes=asked.changes)
    found = await run_in_threadpool(act, app.database_url, district.code, plan, app.now)
    if form == "json":
        return PlanMoves(**moves.page(found, limit, offset))
    made = await run_in_threadpool(moves.as_file, found, form, lang)
    head = {"Content-Disposition": f'attachment; filename="moves-{plan}.{form}"'}
    return Response(made, media_type=moves.MEDIA_TYPES[form], headers=head)
