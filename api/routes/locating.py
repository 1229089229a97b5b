"""Where is this point, which grid is responsible, and who goes?"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from api.deps import App, DistrictAt
from api.models import Answer, Answers, PointsToLocate
from api.models.locating import Crs
from gis.clock import read_moment
from layers import locating

__all__ = ["router"]

router = APIRouter(prefix="/districts/{d}/locate", tags=["locate"])


@router.get("")
async def locate(
    app: App,
    district: DistrictAt,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
    crs: Annotated[Crs, Query(description="Reference system of lon and lat.")] = "EPSG:4490",
) -> Answer:
    """Answer for one point: grid, community, subdistrict, district, workers, version and validity."""
    found = await run_in_threadpool(locating.answers, app.database_url, district, [(lon, lat)], crs)
    return Answer(**found[0])


@router.post("")
async def locate_many(app: App, district: DistrictAt, asked: PointsToLocate) -> Answers:
    """Answer for many points at once; the same answers as one by one, in the order of the points."""
    if asked.at is not None:
        district = replace(district, at=read_moment(asked.at, district.time_zone))
    found = await run_in_threadpool(locating.answers, app.database_url, district, asked.points, asked.crs)
    return Answers(answers=[Answer(**answer) for answer in found])
