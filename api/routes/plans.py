"""How does a plan go from a draft to grids in force, edit by edit and step by step, and who did it?

Each route runs in a worker thread: plans are read and written in one transaction of their own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.deps import Acting, App, District
from api.models import (
    EditRequest,
    EditResult,
    NewPerson,
    OpenRequest,
    PersonItem,
    PlanCells,
    PlanChecks,
    PlanDetail,
    PlanExplanation,
    PlanItem,
    PlanProposals,
    PlanPublishRequest,
    ProposalsRequest,
    RebaseResult,
    ReturnRequest,
    RevisionRequest,
    RollbackRequest,
    WaiverRequest,
)
from api.streaming import pieces
from layers import planning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gis.progress import Progress

__all__ = ["persons", "router"]

persons = APIRouter(prefix="/persons", tags=["persons"])
router = APIRouter(prefix="/districts/{d}", tags=["plans"])

PlanId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the plan.")]

GEOJSON = "application/geo+json"
GEOJSON_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "FeatureCollection of polygons.", "content": {GEOJSON: {"schema": {"type": "object"}}}}
}

LINES = "application/x-ndjson"
LINES_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Lines of JSON, each a PlanProposals: what there is so far; the last one is whole.",
        "content": {LINES: {"schema": {"type": "string"}}},
    }
}


@persons.get("")
async def list_persons(app: App) -> list[PersonItem]:
    """List the persons to choose from."""
    return [PersonItem(**row) for row in await run_in_threadpool(planning.persons, app.database_url)]


@persons.post("", status_code=201)
async def add_person(app: App, asked: NewPerson) -> PersonItem:
    """Add a name to the list; one that is there already is given back."""
    return PersonItem(**await run_in_threadpool(planning.add_person, app.database_url, asked.name, app.now))


@router.get("/plans")
async def list_plans(
    app: App,
    district: District,
    network: Annotated[str, Query(description="Of this network.")] = "community",
    level: Annotated[int, Query(ge=1, description="Of this level of it; 1 is the coarsest.")] = 1,
) -> list[PlanItem]:
    """List the plans of a district, the newest first."""
    act = partial(planning.items, network=network, level=level)
    found = await run_in_threadpool(act, app.database_url, district.code, app.now)
    return [PlanItem(**row) for row in found]


@router.post("/plans", status_code=201)
async def open_plan(app: App, district: District, person: Acting, asked: OpenRequest) -> PlanDetail:
    """Open a draft from the grids in force in some communities."""
    act = partial(
        planning.open_plan,
        communities=asked.communities,
        title=asked.title,
        network=asked.network,
        level=asked.level,
    )
    return PlanDetail(**await run_in_threadpool(act, app.database_url, district.code, person, app.now))


@router.get("/plans/{plan}")
async def get_plan(app: App, district: District, plan: PlanId) -> PlanDetail:
    """Tell all of a plan but its cells."""
    return PlanDetail(**await run_in_threadpool(planning.detail, app.database_url, district.code, plan, app.now))


@router.get("/plans/{plan}/cells")
async def get_plan_cells(app: App, district: District, plan: PlanId) -> PlanCells:
    """Give the cells of a plan in columns, with the grid of each and who touches whom."""
    return PlanCells(**await run_in_threadpool(planning.cells, app.database_url, district.code, plan, app.now))


@router.get("/plans/{plan}/cells.geojson", response_class=Response, responses=GEOJSON_RESPONSES)
async def get_plan_shapes(app: App, district: District, plan: PlanId) -> Response:
    """Give the polygons of a plan's cells; the id of a feature is its index in the columns of /cells."""
    text = await run_in_threadpool(planning.shapes, app.database_url, district.code, plan, app.now)
    return Response(text, media_type=GEOJSON)


@router.post("/plans/{plan}/operations")
async def edit_plan(app: App, district: District, person: Acting, plan: PlanId, asked: EditRequest) -> EditResult:
    """Apply one edit to a draft; 409 with the present revision when the client's is stale."""
    payload = asked.payload.model_dump(by_alias=True, exclude_none=True)
    act = partial(planning.edit, revision=asked.revision, kind=asked.kind, payload=payload)
    return EditResult(**await run_in_threadpool(act, app.database_url, district.code, plan, person, app.now))


@router.post("/plans/{plan}/undo")
async def undo_plan(app: App, district: District, person: Acting, plan: PlanId, asked: RevisionRequest) -> EditResult:
    """Take back the last edit of a draft: an edit too."""
    act = partial(planning.edit, revision=asked.revision, kind="undo")
    return EditResult(**await run_in_threadpool(act, app.database_url, district.code, plan, person, app.now))


@router.post("/plans/{plan}/redo")
async def redo_plan(app: App, district: District, person: Acting, plan: PlanId, asked: RevisionRequest) -> EditResult:
    """Do again what was undone last: an edit too."""
    act = partial(planning.edit, revision=asked.revision, kind="redo")
    return EditResult(**await run_in_threadpool(act, app.database_url, district.code, plan, person, app.now))


@router.post("/plans/{plan}/proposals")
async def propose_plan_divisions(app: App, district: District, plan: PlanId, asked: ProposalsRequest) -> PlanProposals:
    """Divide communities of a draft in three ways that really differ; an edit `propose` takes one of them."""
    act = partial(planning.proposals, asked=asked.model_dump(exclude_none=True))
    return PlanProposals(**await run_in_threadpool(act, app.database_url, district.code, plan, app.now))


@router.post("/plans/{plan}/proposals/stream", response_class=StreamingResponse, responses=LINES_RESPONSES)
async def stream_plan_divisions(
    app: App, district: District, plan: PlanId, asked: ProposalsRequest
) -> StreamingResponse:
    """Tell the same whenever a proposal is ready; who stops listening ends the search."""

    def work(each: Callable[[dict[str, Any]], None], progress: Progress) -> dict[str, Any]:
        wanted = asked.model_dump(exclude_none=True)
        return planning.proposals(
            app.database_url, district.code, plan, app.now, asked=wanted, each=each, progress=progress
        )

    ready = pieces(work)
    first = await anext(ready)  # a fault before it is answered as any other

    async def lines() -> AsyncIterator[str]:
        yield f"{PlanProposals(**first).model_dump_json()}\n"
        async for made in ready:
            yield f"{PlanProposals(**made).model_dump_json()}\n"

    return StreamingResponse(lines(), media_type=LINES)


@router.get("/plans/{plan}/checks")
async def get_plan_checks(app: App, district: District, plan: PlanId) -> PlanChecks:
    """Run all checks over a plan as it is now."""
    return PlanChecks(**await run_in_threadpool(planning.checks, app.database_url, district.code, plan, app.now))


@router.get("/plans/{plan}/explanation")
async def get_plan_explanation(app: App, district: District, plan: PlanId) -> PlanExplanation:
    """Say why grids of a plan as it is now are off target, with a proof where there is one."""
    return PlanExplanation(
        **await run_in_threadpool(planning.explanation, app.database_url, district.code, plan, app.now)
    )


@router.post("/plans/{plan}/waivers", status_code=201)
async def waive_check(app: App, district: District, person: Acting, plan: PlanId, asked: WaiverRequest) -> PlanDetail:
    """Let a hard check not block a draft for one grid that holds an island."""
    act = partial(planning.waive, check=asked.check, grid=asked.grid, reason=asked.reason)
    return PlanDetail(**await run_in_threadpool(act, app.database_url, district.code, plan, person, app.now))


@router.post("/plans/{plan}/rebase", status_code=201)
async def rebase_plan(app: App, district: District, person: Acting, plan: PlanId) -> RebaseResult:
    """Begin a stale draft anew on the version in force, with its edits; the old one is discarded."""
    found = await run_in_threadpool(planning.rebase, app.database_url, district.code, plan, person, app.now)
    return RebaseResult(**found)


@router.post("/plans/{plan}/submit")
async def submit_plan(app: App, district: District, person: Acting, plan: PlanId) -> PlanDetail:
    """Hand a draft in for approval; hard checks must pass."""
    return await _step(app, district, person, plan, "submit")


@router.post("/plans/{plan}/approve")
async def approve_plan(app: App, district: District, person: Acting, plan: PlanId) -> PlanDetail:
    """Approve a submitted plan; another person than who submitted it."""
    return await _step(app, district, person, plan, "approve")


@router.post("/plans/{plan}/return")
async def return_plan(app: App, district: District, person: Acting, plan: PlanId, asked: ReturnRequest) -> PlanDetail:
    """Give a plan back to be mended, with a reason."""
    return await _step(app, district, person, plan, "return", reason=asked.reason)


@router.post("/plans/{plan}/discard")
async def discard_plan(app: App, district: District, person: Acting, plan: PlanId) -> PlanDetail:
    """Put a plan aside for good."""
    return await _step(app, district, person, plan, "discard")


@router.post("/plans/{plan}/publish")
async def publish_draft(
    app: App, district: District, person: Acting, plan: PlanId, asked: PlanPublishRequest
) -> PlanDetail:
    """Publish an approved plan: its grids are in force from the effective time on."""
    return await _step(app, district, person, plan, "publish", effective=asked.effective)


@router.post("/plans/{plan}/withdraw")
async def withdraw_plan(app: App, district: District, person: Acting, plan: PlanId) -> PlanDetail:
    """Take back a publication that is not in force yet; the plan is approved again."""
    return await _step(app, district, person, plan, "withdraw")


@router.post("/rollback", status_code=201)
async def roll_back(app: App, district: District, person: Acting, asked: RollbackRequest) -> PlanDetail:
    """Submit a plan with the grids of an earlier version; another person approves it, then it is published."""
    act = partial(planning.roll_back, version=asked.version, communities=asked.communities)
    return PlanDetail(**await run_in_threadpool(act, app.database_url, district.code, person, app.now))


async def _step(
    app: App, district: District, person: Acting, plan: int, name: planning.StepName, **more: Any
) -> PlanDetail:
    act = partial(planning.step, name=name, **more)
    return PlanDetail(**await run_in_threadpool(act, app.database_url, district.code, plan, person, app.now))
