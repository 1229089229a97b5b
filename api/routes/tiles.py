"""Which tile is asked for, may the browser keep it, and has it changed?

Slow layers carry their version in the address: kept for ever, 404 once another version is current. Live layers are
asked for each time and answer 304 while nothing changed.
"""

from __future__ import annotations

import gzip
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import App, Connection, DistrictAt, Period
from gis.errors import NotFoundError
from layers import tiles
from layers.districts import households

__all__ = ["router"]

router = APIRouter(prefix="/tiles/{d}", tags=["tiles"])

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

Zoom = Annotated[int, Path(ge=0, le=22)]
Column = Annotated[int, Path(ge=0)]

TILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A vector tile (MVT).", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    204: {"description": "Nothing lies in this tile."},
}


@router.get("/{layer}/{version}/{z}/{x}/{y}.mvt", responses=TILE_RESPONSES, response_class=Response)
async def slow_tile(
    request: Request,
    connection: Connection,
    app: App,
    district: DistrictAt,
    layer: Literal["base", "divisions", "grids"],
    version: int,
    z: Zoom,
    x: Column,
    y: Column,
) -> Response:
    """Give a tile of the base map, the divisions or the grids in force."""
    current = district.versions[layer]
    if version != current:
        raise NotFoundError(
            f"Version {version} of layer {layer} is not the current one ({current}).",
            "Read the district again and use the version named there.",
        )
    zipped = await tiles.slow_tile(
        connection,
        district,
        layer,
        (z, x, y),
        database_url=app.database_url,
        keeper=app.tiles,
        households=lambda: households(connection, app.answers, district),
    )
    return _answer(request, zipped, {"Cache-Control": FOR_EVER})


@router.get(
    "/{layer}/{z}/{x}/{y}.mvt",
    responses={**TILE_RESPONSES, 304: {"description": "Unchanged."}},
    response_class=Response,
)
async def live_tile(
    request: Request,
    connection: Connection,
    app: App,
    district: DistrictAt,
    layer: Literal["parts", "events", "streets"],
    z: Zoom,
    x: Column,
    y: Column,
    period: Period,
    class_: Annotated[
        str | None,
        Query(alias="class", description="Class, as in the district's part_classes or event_classes; all when absent."),
    ] = None,
) -> Response:
    """Give a tile of municipal parts, events (binned where more than 5,000 lie in it) or streets with their owners."""
    asked = tiles.LiveTile(layer, (z, x, y), class_, *tiles.period_bounds(district.time_zone, period))
    headers = {"Cache-Control": ASK_AGAIN, "ETag": asked.etag(district)}
    if _unchanged(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    tile = await tiles.live_tile(connection, district, asked, keeper=app.tiles, lattices=app.lattices)
    return _answer(request, tile, headers)


def _unchanged(asked: str | None, etag: str) -> bool:
    """Whether the browser holds this version already (weak comparison, RFC 9110)."""
    held = {tag.strip().removeprefix("W/") for tag in (asked or "").split(",")}
    return etag.removeprefix("W/") in held or "*" in held


def _answer(request: Request, zipped: bytes, headers: dict[str, str]) -> Response:
    """Send a tile as it is kept, gzipped; unpacked only for who cannot read that."""
    headers |= {"Vary": "Accept-Encoding"}
    if not zipped:
        return Response(status_code=204, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(zipped, media_type=MEDIA_TYPE, headers=headers | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(zipped), media_type=MEDIA_TYPE, headers=headers)
