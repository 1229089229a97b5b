"""How is work put into the background over HTTP, followed as it goes, cancelled and tried again?"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.deps import App, Person
from api.jobs.kinds import KINDS
from api.jobs.uploads import path_of, receive
from api.models import EditRequest, JobItem, JobList, JobRequest, Upload
from api.models.jobs import EditJob, ImportJob, LoadJob
from api.state import State
from gis.errors import InputError, NotFoundError
from gis.fault_words import in_chinese
from gis.store import jobs as store
from gis.store.connect import connect
from gis.store.serve.pool import reading
from gis.store.serve.rows import rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["queue", "router"]

router = APIRouter(tags=["jobs"])

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the job.")]

EDIT: TypeAdapter[EditRequest] = TypeAdapter(EditRequest)
STEPS_BACK = ("undo", "redo")
LOOK_S = 0.3
STREAM = "text/event-stream"
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, each a JobItem as JSON, whenever it changes; the last one has ended.",
        "content": {STREAM: {"schema": {"type": "string"}}},
    }
}


@router.put("/uploads/{name}", status_code=201)
async def put_upload(
    app: App, request: Request, name: Annotated[str, Path(description="Name of the file; its ending tells the format.")]
) -> Upload:
    """Hand over a file as the body of the request; a job then reads it."""
    number, size = await receive(app.uploads, name, request.stream())
    return Upload(id=number, name=name, bytes=size)


@router.post("/districts/{d}/jobs", status_code=202)
async def add_job(
    app: App,
    person: Person,
    asked: JobRequest,
    d: Annotated[str, Path(min_length=1, max_length=100, description="Code of the district; an import may make it.")],
) -> JobItem:
    """Put a job into the queue."""
    if isinstance(asked, EditJob) and asked.edit not in STEPS_BACK:
        _require_edit(asked)
    options = asked.model_dump(mode="json", exclude={"kind", "uploads"}, exclude_none=True)
    title = ""
    if isinstance(asked, ImportJob | LoadJob):
        paths = [path_of(app.uploads, number) for number in asked.uploads]
        options["paths"] = [str(path) for path in paths]
        options["district"] = d
        title = ", ".join(path.name for path in paths)
    elif "plan" in options:
        title = str(options["plan"])
    return await queue(app, d, asked.kind, options, person, title)


def _require_edit(asked: EditJob) -> None:
    """See that an edit is one that would be taken at once too."""
    try:
        EDIT.validate_python({"kind": asked.edit, "revision": asked.revision, "payload": asked.payload})
    except ValidationError as fault:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in fault.errors()]) from None


@router.get("/jobs")
async def list_jobs(
    app: App,
    district: Annotated[str | None, Query(description="Of this district only.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JobList:
    """List jobs, the newest first."""
    async with reading(app.pool) as connection:
        found = await rows(connection, "jobs.jobs", id=None, district=district, limit=limit)
        alive = await rows(connection, "jobs.workers", seconds=store.STALLED_S)
    return JobList(workers=alive[0]["count"], jobs=[_item(_brief(row)) for row in found])


@router.get("/jobs/{number}")
async def get_job(app: App, number: Number) -> JobItem:
    """Tell how far a job is and what came of it."""
    return await _read(app, number)


@router.get("/jobs/{number}/stream", response_class=StreamingResponse, responses=STREAM_RESPONSES)
async def follow_job(app: App, number: Number) -> StreamingResponse:
    """Follow a job until it ends."""
    first = await _read(app, number, brief=True)
    return StreamingResponse(_events(app, first), media_type=STREAM)


@router.post("/jobs/{number}/cancel")
async def cancel_job(app: App, number: Number) -> JobItem:
    """Take a job out of the queue, or stop it at its next step; it leaves nothing half-done."""
    return _item(await _in_thread(app, store.cancel_job, number))


@router.post("/jobs/{number}/retry", status_code=202)
async def retry_job(app: App, person: Person, number: Number) -> JobItem:
    """Ask for the same again, as a new job."""
    return await _read(app, await _in_thread(app, _again, number, person))


def _again(connection: Any, number: int, person: str) -> int:
    from gis.ingest.specs import parse_spec  # noqa: PLC0415  # only where something is tried again

    for text in store.read_job(connection, number)["options"].get("paths", []):
        path = parse_spec(text).path
        if not path.exists():
            raise InputError(f"{path.name} is not kept any more.", "Hand the file over again.")
    return store.retry_job(connection, number, person)


async def queue(app: State, district: str, kind: str, options: dict[str, Any], person: str, title: str = "") -> JobItem:
    """Put a job into the queue and tell it."""
    new = store.NewJob(kind, district, options, person, title, alone=KINDS[kind].alone)
    return await _read(app, await _in_thread(app, store.queue_job, new))


async def _in_thread(app: State, function: Any, *words: Any) -> Any:
    def work() -> Any:
        with connect(app.database_url) as connection:
            return function(connection, *words)

    return await run_in_threadpool(work)


async def _read(app: State, number: int, *, brief: bool = False) -> JobItem:
    async with reading(app.pool) as connection:
        found = await rows(connection, "jobs.jobs", id=number, district=None, limit=1)
    if not found:
        raise NotFoundError(f"There is no job {number}.", "GET /api/jobs lists them.")
    return _item(_brief(found[0]) if brief else found[0])


async def _events(app: State, item: JobItem) -> AsyncIterator[str]:
    told = ""
    while True:
        text = item.model_dump_json()
        if text != told:
            told = text
            yield f"data: {text}\n\n"
        if item.state in store.ENDED:  # who leaves earlier ends this by leaving
            return
        await asyncio.sleep(LOOK_S)
        item = await _read(app, item.id, brief=True)


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """A job without the proposals or answers that it may have made: they are read with the job itself."""
    result = row["result"]
    made = result and ("proposals" in result or "answers" in result)
    return row | {"result": {"revision": result["revision"]}} if made else row


def _item(row: dict[str, Any]) -> JobItem:
    told = {name: value for name, value in row.items() if name not in {"options", "alone"}}
    told["what"] = row["options"].get("what") or row["options"].get("edit")
    fault = told["fault"]
    if fault is not None:
        told["fault"] = {name: fault[name] for name in ("message", "remedy", "remarks") if name in fault}
        told["fault"] |= {f"{name}_zh": in_chinese(fault.get(name, "")) for name in ("message", "remedy")}
    return JobItem.model_validate(json.loads(json.dumps(told, default=str)))
