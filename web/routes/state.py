"""Whether the service lives and is ready, what it measures, and where its parts are."""

import secrets
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Header, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from gisgrid import __version__
from gisgrid.errors import GisgridError, NotAllowed, StoreError
from gisgrid.store.events import last_event
from gisgrid.store.schema import check_version
from gisgrid.store.store import plain_errors
from web.doors import Visit, open_door, token_of

router = APIRouter(tags=["state"])

_LOCAL = ("127.0.0.1", "::1")


class Health(BaseModel):
    """That the process answers, nothing more: it is not asked whether the database does."""

    status: str = Field("ok", examples=["ok"])
    version: str = Field(examples=["1.0.0"])


class Readiness(BaseModel):
    """Whether requests can be answered, and the number of the newest event."""

    status: str = Field(examples=["ready"])
    newest_event: int = Field(examples=[1205])


class Welcome(BaseModel):
    """Where the parts of the service are."""

    service: str = "gisgrid"
    version: str
    links: dict[str, str]


@router.get("/", response_model=Welcome, responses={303: {"description": "A browser is sent to the pages."}})
def welcome(
    _visit: Annotated[Visit, open_door()], accept: Annotated[str, Header(include_in_schema=False)] = ""
) -> Welcome | RedirectResponse:
    """Where the parts of the service are."""
    if "text/html" in accept:
        return RedirectResponse("/start", status_code=303)
    links = {"api": "/api/v1/openapi.json", "sign_in": "/api/v1/sessions", "features": "/ogc", "health": "/health"}
    return Welcome(service="gisgrid", version=__version__, links=links)


@router.get("/health")
async def health(_visit: Annotated[Visit, open_door()]) -> Health:
    """Whether the process answers."""
    return Health(status="ok", version=__version__)


@router.get("/ready")
def ready(visit: Annotated[Visit, open_door()]) -> Readiness:
    """Whether the database is there and of this version; 503 otherwise."""
    store = visit.services.store
    try:
        with plain_errors():
            check_version(store.engine)
        with store.reading() as connection:
            return Readiness(status="ready", newest_event=last_event(connection))
    except (GisgridError, sa.exc.SQLAlchemyError):
        raise StoreError(
            "the database cannot be used now; the log of the service says why", zh="数据库暂时无法使用；原因见服务日志"
        ) from None


@router.get("/metrics", response_class=Response, status_code=200)
def metrics(
    visit: Annotated[Visit, open_door()],
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """What the service measures of itself, for Prometheus: for this machine, or with the token that is set for it."""
    token = visit.services.settings.metrics_token.get_secret_value()
    if token and not secrets.compare_digest(token_of(authorization).encode(), token.encode()):
        raise NotAllowed(
            "metrics need Authorization: Bearer with the token of GISGRID_METRICS_TOKEN",
            zh="查看运行指标须带 Authorization: Bearer，令牌为 GISGRID_METRICS_TOKEN 的值",
        )
    if not token and visit.origin not in _LOCAL:
        raise NotAllowed(
            "metrics are for this machine only; set GISGRID_METRICS_TOKEN for others",
            zh="运行指标只供本机查看；如需供其他机器查看，请设置 GISGRID_METRICS_TOKEN",
        )
    return Response(visit.services.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
