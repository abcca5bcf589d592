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
    BadMove,
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
from gisgrid.told import Told, told_in
from web.language import TAGS, language_of
from web.validation import first_told

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
    BadMove: 422,
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

TITLES: Final[dict[int, tuple[str, str, str]]] = {
    400: ("unreadable", "cannot be read", "请求无法读取"),
    401: ("refused", "not let in", "未通过身份验证"),
    403: ("not_allowed", "not allowed", "没有权限"),
    404: ("not_there", "not found", "找不到"),
    405: ("method", "method not allowed", "不支持这种请求方法"),
    406: ("form", "no such form", "没有这种格式"),
    408: ("too_slow", "too slow", "传输过慢"),
    409: ("conflict", "conflict", "发生冲突"),
    412: ("overtaken", "changed meanwhile", "内容已被他人修改"),
    413: ("too_large", "too large", "内容过大"),
    415: ("content_type", "wrong type of content", "内容类型不对"),
    422: ("input", "input cannot be used", "输入无法使用"),
    429: ("too_many", "too many requests", "请求过于频繁"),
    500: ("internal", "internal error", "内部错误"),
    503: ("not_ready", "not ready", "服务暂不可用"),
}
"""Of what is no error class of ours: its code, and its title in English and Chinese."""


class Problem(BaseModel):
    """Why a request was not answered: `status` is that of HTTP, `detail` a sentence with what was expected, `code` a word
    for programs that is the same in every language. Title and detail are in the language of the request.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "a value is out of its range",
                "status": 422,
                "detail": "grade is 'grave'; expected one of simple, ordinary, prominent, major",
                "code": "bad_option",
                "request_id": "5f0c7b2e9a41",
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = ""
    request_id: str = Field("", description="by which the log of the service knows the request")


_PLAINER: Final[dict[str, Told]] = {
    "Not Found": Told(
        "there is nothing at this address; /api/v1/openapi.json says what there is",
        "这个地址下没有内容；可用的地址见 /api/v1/openapi.json",
    ),
    "Method Not Allowed": Told(
        "this address does not take that method; the header Allow names those it takes",
        "这个地址不支持该请求方法；可用的方法见响应头 Allow",
    ),
}
_NO_FORM: Final = Told(
    "the body cannot be read as what its Content-Type says; send it anew",
    "请求体与 Content-Type 不符，无法读取；请重新发送",
)
WENT_WRONG: Final = Told(
    "something went wrong here; the log of the service says what",
    "服务内部出错；原因已写入服务日志，请把请求编号告诉管理员",
)
_NO_DATABASE: Final = Told(
    "the database cannot be reached now; nothing of this request was kept, send it again in a few seconds",
    "暂时连不上数据库；本次请求的内容没有保存，请过几秒再发送",
)


def status_of(error: type[GisgridError]) -> int:
    """The HTTP status of an error class."""
    return next(STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS)


def problem(
    status: int,
    detail: str,
    request_id: str = "",
    headers: dict[str, str] | None = None,
    *,
    language: int = 0,
    code: str = "",
    titles: tuple[str, str] | None = None,
) -> Response:
    """One problem in the one shape, in the language (0 English, 1 Chinese) if its detail is `Told`, else in English."""
    language = language if isinstance(detail, Told) else 0
    plain, *known = TITLES.get(status, ("error", "error", "出错"))
    content = {
        "type": "about:blank", "title": (titles or known)[language], "status": status,
        "detail": told_in(detail, language), "code": code or plain,
    }  # fmt: skip
    if request_id:
        content["request_id"] = request_id
    body = json.dumps(content, ensure_ascii=False).encode(errors="replace")
    told = {"Content-Language": TAGS[language], **(headers or {})}
    return Response(body, status_code=status, media_type=PROBLEM_TYPE, headers=told)


def problem_of(error: GisgridError, path: str = "", request_id: str = "", *, language: int = 0) -> Response:
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
    detail: str = Told(str(error), error.zh) if error.zh else str(error)
    if isinstance(error, DatabaseLost) and not isinstance(error, Uncertain):
        # Where it is and why it is gone is for the log; a reader has lost nothing, a writer may send again.
        LOG.warning("request %s: %s", request_id, error, extra={"request_id": request_id})
        detail = _NO_DATABASE
    return problem(status, detail, request_id, headers, language=language, code=error.code, titles=error.titles)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application as a problem; unexpected ones tell nothing of the inside."""

    @app.exception_handler(GisgridError)
    async def told(request: Request, error: GisgridError) -> Response:
        return problem_of(error, request.url.path, _id_of(request), language=language_of(request.scope))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods_at(request))
        said = str(error.detail)
        detail = error.detail if isinstance(error.detail, Told) else _PLAINER.get(said, said)
        if error.status_code == 400 and not isinstance(detail, Told):
            # Whatever the reader of forms has to say of a broken one.
            detail = _NO_FORM
        return problem(error.status_code, detail, _id_of(request), headers, language=language_of(request.scope))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        refusals, language = error.errors(), language_of(request.scope)
        first = refusals[0]
        if first["type"] == "json_invalid":
            where = first["loc"][-1] if isinstance(first["loc"][-1], int) else 0
            detail = Told(
                f"the body is not JSON: it cannot be read from character {where} on",
                f"请求体不是有效的 JSON：从第 {where} 个字符起无法读取",
            )
            return problem(400, detail, _id_of(request), language=language)
        return problem(422, first_told(refusals), _id_of(request), language=language, code="invalid_request")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _error: Exception) -> Response:
        return problem(500, WENT_WRONG, _id_of(request), language=language_of(request.scope))


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
