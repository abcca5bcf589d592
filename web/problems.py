"""Errors as answers: one table from error classes to HTTP status, one JSON shape (application/problem+json, RFC 9457)."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gisgrid.errors import (
    Conflict,
    DatabaseLost,
    ForbiddenMove,
    GisgridError,
    InputError,
    InstallationError,
    Refused,
    UnknownGrid,
    UnknownIncident,
)

STATUS: Final[dict[type[GisgridError], int]] = {
    UnknownGrid: 404,
    UnknownIncident: 404,
    ForbiddenMove: 409,
    Conflict: 409,
    Refused: 401,
    InputError: 422,
    DatabaseLost: 503,
    InstallationError: 503,
    GisgridError: 500,
}
"""The nearest class in an error's ancestry decides."""

_TITLES: Final = {
    401: "not let in",
    404: "not found",
    405: "method not allowed",
    409: "conflict",
    422: "input cannot be used",
    500: "internal error",
    503: "not ready",
}


def status_of(error: type[GisgridError]) -> int:
    """The HTTP status of an error class."""
    return next(STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS)


def problem(status: int, detail: str) -> JSONResponse:
    """One problem in the one shape."""
    content = {"type": "about:blank", "title": _TITLES.get(status, "error"), "status": status, "detail": detail}
    return JSONResponse(content, status_code=status, media_type="application/problem+json")


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application as a problem; unexpected ones tell nothing of the inside."""

    @app.exception_handler(GisgridError)
    async def told(_request: Request, error: GisgridError) -> JSONResponse:
        return problem(status_of(type(error)), str(error))

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return problem(422, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, "something went wrong here; the log of the service says what")
