"""Errors as answers: one table from error classes to HTTP status, one JSON shape (application/problem+json, RFC 9457)."""

import json
import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from gisgrid.errors import (
    BadQuery,
    Conflict,
    DatabaseLost,
    ForbiddenMove,
    GisgridError,
    InputError,
    InstallationError,
    NotAllowed,
    NotThere,
    Overtaken,
    Refused,
    StoreError,
    TooLarge,
    TooMany,
    Uncertain,
    UnknownGrid,
    UnknownIncident,
)

LOG: Final = logging.getLogger("gisgrid.service")

PROBLEM_TYPE: Final = "application/problem+json"
_RETRY_S: Final = 5
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

STATUS: Final[dict[type[GisgridError], int]] = {
    Refused: 401,
    NotAllowed: 403,
    UnknownGrid: 404,
    UnknownIncident: 404,
    NotThere: 404,
    ForbiddenMove: 409,
    Conflict: 409,
    Overtaken: 412,
    TooLarge: 413,
    BadQuery: 400,
    InputError: 422,
    TooMany: 429,
    StoreError: 503,
    DatabaseLost: 503,
    Uncertain: 503,
    InstallationError: 503,
    GisgridError: 500,
}
"""The nearest class in an error's ancestry decides."""

TITLES: Final = {
    400: "cannot be read",
    401: "not let in",
    403: "not allowed",
    404: "not found",
    405: "method not allowed",
    406: "no such form",
    408: "too slow",
    409: "conflict",
    412: "changed meanwhile",
    413: "too large",
    415: "wrong type of content",
    422: "input cannot be used",
    429: "too many requests",
    500: "internal error",
    503: "not ready",
}


class Problem(BaseModel):
    """Why a request was not answered: `status` is that of HTTP, `detail` a sentence with what was expected."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "input cannot be used",
                "status": 422,
                "detail": "grade is 'grave'; expected one of simple, ordinary, prominent, major",
                "request_id": "5f0c7b2e9a41",
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str = Field("", description="by which the log of the service knows the request")


_PLAINER: Final = {
    "Not Found": "there is nothing at this address; /api/v1/openapi.json says what there is",
    "Method Not Allowed": "this address does not take that method; the header Allow names those it takes",
}


def status_of(error: type[GisgridError]) -> int:
    """The HTTP status of an error class."""
    return next(STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS)


def problem(status: int, detail: str, request_id: str = "", headers: dict[str, str] | None = None) -> Response:
    """One problem in the one shape."""
    content = {"type": "about:blank", "title": TITLES.get(status, "error"), "status": status, "detail": detail}
    if request_id:
        content["request_id"] = request_id
    body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
    return Response(body, status_code=status, media_type=PROBLEM_TYPE, headers=headers)


def problem_of(error: GisgridError, path: str = "", request_id: str = "") -> Response:
    """An error of ours as a problem, with what its status asks for beside."""
    status = status_of(type(error))
    headers: dict[str, str] = {}
    if status == 401:
        # Only clients of maps are asked for a name and password; a browser would open a box of its own.
        headers["WWW-Authenticate"] = 'Basic realm="gisgrid"' if path.startswith("/ogc") else "Bearer"
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    elif status == 503:
        headers["Retry-After"] = str(_RETRY_S)
    detail = str(error)
    if isinstance(error, DatabaseLost) and not isinstance(error, Uncertain):
        # Where it is and why it is gone is for the log; a reader has lost nothing, a writer may send again.
        LOG.warning("request %s: %s", request_id, error, extra={"request_id": request_id})
        detail = "the database cannot be reached now; nothing of this request was kept, send it again in a few seconds"
    return problem(status, detail, request_id, headers)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application as a problem; unexpected ones tell nothing of the inside."""

    @app.exception_handler(GisgridError)
    async def told(request: Request, error: GisgridError) -> Response:
        return problem_of(error, request.url.path, _id_of(request))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods_at(request))
        detail = _PLAINER.get(str(error.detail), str(error.detail))
        return problem(error.status_code, detail, _id_of(request), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return problem(400, f"the body is not JSON: {first.get('ctx', {}).get('error', '')}", _id_of(request))
        where = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{where}: {first['msg']}", _id_of(request))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _error: Exception) -> Response:
        return problem(500, "something went wrong here; the log of the service says what", _id_of(request))


def describe_problems(document: dict[str, Any]) -> None:
    """Say in a description (OpenAPI) that every error is a problem and nothing else."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, told in operation["responses"].items():
                if status >= "400":
                    told["content"] = {PROBLEM_TYPE: shape}


def _methods_at(request: Request) -> list[str]:
    """The methods that an address takes, of all routes to it: the router tells those of the first only."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    found = [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]
    return found if "GET" not in found or "HEAD" in found else [*found, "HEAD"]


def _id_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
