"""Which networks has a district, how do their levels lie in each other, and how do two correspond?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models import CorrespondenceTable, NetworkItem, TreeGrid
from layers import networks

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}", tags=["networks"])

SIDE = "NETWORK[:LEVEL][@vVERSION | @DATE | #PLAN], e.g. community@v1, police:2@2026-08-01; a network alone: now."
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/networks")
async def list_networks(app: App, district: District) -> list[NetworkItem]:
    """List the networks of a district with their levels and what is in force in them."""
    found = await run_in_threadpool(networks.items, app.database_url, district.code, app.now)
    return [NetworkItem(**row) for row in found]


@router.get("/networks/{n}/tree")
async def get_network_tree(
    app: App,
    district: District,
    n: Annotated[str, Path(description="Code of the network.")],
    at: Annotated[str | None, Query(description="Date or moment; now when absent.")] = None,
) -> list[TreeGrid]:
    """Tell how the grids of a network lie in each other, from coarse to fine."""
    found = await run_in_threadpool(networks.tree, app.database_url, district.code, n, at, app.now)
    return [TreeGrid(**row) for row in found]


@router.get("/correspondence", response_model=CorrespondenceTable, responses=CSV)
async def get_correspondence(
    app: App,
    district: District,
    old: Annotated[str, Query(alias="from", description=SIDE)],
    new: Annotated[str, Query(alias="to", description=SIDE)],
    form: Annotated[Literal["json", "csv"] | None, Query(alias="format", description="Instead of Accept.")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Any:
    """Tell what became of the grids of one network, level, version or moment among those of another."""
    found = await run_in_threadpool(networks.corresponding, app.database_url, district.code, old, new, app.now)
    if form == "csv" or (form is None and accept.startswith("text/csv")):
        text = networks.readable(found.table).to_csv(index=False)
        head = {"Content-Disposition": f'attachment; filename="correspondence-{district.code}.csv"'}
        return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=head)
    return CorrespondenceTable(**networks.told_correspondence(found))
