"""How is the service put together? Read from top to bottom."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from api.errors import PROBLEM_RESPONSES, add_error_handlers
from api.headers import SecurityHeaders
from api.routes import api, map_tiles
from api.settings import Settings, database_urls
from api.state import State
from gis.clock import utc_now
from gis.store.serve.pool import open_pool

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable

    from fastapi.routing import APIRoute

__all__ = ["create_app"]


def create_app(settings: Settings, now: Callable[[], dt.datetime] | None = None) -> FastAPI:
    """Put the service together.

    Parameters
    ----------
    settings : Settings
        Where the database and the built browser app are.
    now : callable, optional
        The clock; the system's by default.

    Returns
    -------
    FastAPI
        The database is opened when the app starts.

    Raises
    ------
    SetupError
        At start: the database cannot be reached, is not migrated, or its role may do more than serve.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = database_urls(settings).require_app()
        async with open_pool(url) as pool:
            app.state.gridkeeper = State(pool, url, settings.paths.uploads, now or utc_now)
            yield

    app = FastAPI(
        title="Gridkeeper",
        version=version("gridkeeper"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=_operation_id,
        responses=PROBLEM_RESPONSES,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    add_error_handlers(app)
    app.include_router(api)
    app.include_router(map_tiles)
    app.add_api_route("/api/{path:path}", _unknown_address, methods=["GET"], include_in_schema=False)
    if (settings.paths.web / "index.html").is_file():
        app.frontend("/", directory=settings.paths.web, fallback="index.html", check_dir=True)
    return app


async def _unknown_address(path: str) -> None:
    raise HTTPException(404, f"There is nothing at /api/{path}.")


def _operation_id(route: APIRoute) -> str:
    """Name of an operation in the generated client: its function's."""
    return route.name
