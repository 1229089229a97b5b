"""Where is this point, which grid is responsible, and who goes?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from api.deps import App, District
from api.models import Answer, Answers, PointsToLocate
from api.models.locating import Crs
from layers import locating

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}/locate", tags=["locate"])


@router.get("")
async def locate(
    app: App,
    district: District,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    crs: Annotated[Crs, Query(description="Reference system of lon and lat.")] = "EPSG:4490",
    at: Annotated[dt.datetime | None, Query(description="Moment asked for; now when absent.")] = None,
) -> Answer:
    """Answer for one point: grid, community, subdistrict, district, workers, version and validity."""
    found = await run_in_threadpool(locating.answers, app.database_url, district, [(lon, lat)], crs, at)
    return Answer(**found[0])


@router.post("")
async def locate_many(app: App, district: District, asked: PointsToLocate) -> Answers:
    """Answer for many points at once; the same answers as one by one, in the order of the points."""
    found = await run_in_threadpool(locating.answers, app.database_url, district, asked.points, asked.crs, asked.at)
    return Answers(answers=[Answer(**answer) for answer in found])
