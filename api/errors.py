"""Which fault becomes which answer? One table maps the errors of gis to problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from api.models import Problem, ProblemPlace
from api.request_words import field_words
from gis.errors import (
    CancelledError,
    CheckFailedError,
    ConflictError,
    GridkeeperError,
    InputError,
    NotFoundError,
    SetupError,
    StaleError,
)
from gis.fault_words import in_chinese

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request

__all__ = ["PROBLEM_RESPONSES", "STATUS", "add_error_handlers"]

STATUS: dict[type[Exception], tuple[HTTPStatus, str, str]] = {
    NotFoundError: (HTTPStatus.NOT_FOUND, "not-found", "Not found"),
    ConflictError: (HTTPStatus.CONFLICT, "conflict", "The state does not allow it"),
    CancelledError: (HTTPStatus.CONFLICT, "cancelled", "The work was cancelled"),
    CheckFailedError: (HTTPStatus.UNPROCESSABLE_ENTITY, "check-failed", "A hard check failed"),
    InputError: (HTTPStatus.UNPROCESSABLE_ENTITY, "input", "The input cannot be taken"),
    SetupError: (HTTPStatus.SERVICE_UNAVAILABLE, "setup", "The service is not set up as needed"),
    GridkeeperError: (HTTPStatus.INTERNAL_SERVER_ERROR, "fault", "Gridkeeper failed"),
    PoolTimeout: (HTTPStatus.SERVICE_UNAVAILABLE, "database", "The database does not answer"),
    OperationalError: (HTTPStatus.SERVICE_UNAVAILABLE, "database", "The database does not answer"),
}
"""Status, type and title by error; the most special class of an error's ancestry counts."""

MEDIA_TYPE = "application/problem+json"
PLACES = 100

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A fault, told as problem+json (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "model": Problem,
    },
}

_log = logging.getLogger(__name__)


def add_error_handlers(app: FastAPI) -> None:
    """Answer every known fault as problem+json; an unknown one says no more than that it happened."""
    for error in STATUS:
        app.add_exception_handler(error, _known(error))
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)


def _known(error: type[Exception]) -> Callable[[Request, Exception], JSONResponse]:
    status, name, title = STATUS[error]

    def answer(_request: Request, fault: Exception) -> JSONResponse:
        if not isinstance(fault, GridkeeperError):
            _log.error("%s: %s", title, fault)
            return _problem(status, name, title, f"{title}.", "Wait a moment and try again.")
        places = []
        if isinstance(fault, InputError) and fault.report is not None:
            places = [
                ProblemPlace(rule=r.rule, message=r.message, row=r.row, field=r.field, code=r.code, remedy=r.remedy)
                for r in fault.report.errors[:PLACES]
            ]
        revision = fault.revision if isinstance(fault, StaleError) else None
        return _problem(status, name, title, fault.message, fault.remedy, places=places, revision=revision)

    return answer


def _invalid_request(_request: Request, fault: Exception) -> JSONResponse:
    found = fault.errors() if isinstance(fault, RequestValidationError) else []
    # a value that may be of several types is told once
    by_field = {words.field: (str(e["type"]), words) for e in found[:PLACES] for words in [field_words(e)]}
    said = [words for _, words in by_field.values()]
    places = [
        ProblemPlace(
            rule=rule,
            message=words.message,
            field=words.field,
            remedy=words.remedy,
            message_zh=words.message_zh,
            remedy_zh=words.remedy_zh,
        )
        for rule, words in by_field.values()
    ]
    first = said[:3]
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request",
        "The request cannot be read",
        " ".join(words.message for words in first) or "The request cannot be read.",
        " ".join(dict.fromkeys(words.remedy for words in first)),
        places=places,
        chinese=("".join(w.message_zh for w in first), "".join(dict.fromkeys(w.remedy_zh for w in first))),
    )


def _http(_request: Request, fault: Exception) -> JSONResponse:
    status = HTTPStatus(fault.status_code if isinstance(fault, HTTPException) else 500)
    detail = str(getattr(fault, "detail", "")) or status.phrase
    return _problem(status, status.phrase.lower().replace(" ", "-"), status.phrase, detail)


def _unknown(_request: Request, fault: Exception) -> JSONResponse:
    _log.error("Unexpected fault", exc_info=fault)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _problem(status, "fault", "Gridkeeper failed", "Something unexpected happened.", "See the server's log.")


def _problem(
    status: HTTPStatus,
    name: str,
    title: str,
    detail: str,
    remedy: str = "",
    *,
    places: list[ProblemPlace] | None = None,
    revision: int | None = None,
    chinese: tuple[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"/problems/{name}",
        title=title,
        status=status,
        detail=detail,
        remedy=remedy,
        detail_zh=chinese[0] if chinese else in_chinese(detail),
        remedy_zh=chinese[1] if chinese else in_chinese(remedy) if remedy else None,
        places=places or [],
        revision=revision,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, media_type=MEDIA_TYPE)
