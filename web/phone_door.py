"""The door of phones: which phone sends, by its token, and whether it may send so much now."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from gisgrid.access import Holder
from gisgrid.errors import InputError, NotAllowed, Refused, TooMany
from gisgrid.store.accounts import Known
from gisgrid.store.devices import Device
from gisgrid.told import Told
from tracks.phones import PhoneRequest, read_traccar
from web.doors import DoorCheck, Visit, token_of
from web.services import Services

SEND_FIXES: Final = "send_fixes"
"""What phones may do, and nobody else: no role has it."""

TRACCAR: Final = "/phones/traccar"
_LONGEST_STRANGE_BODY: Final = 65_536
_UNKNOWN: Final = Told(
    "the token is unknown; pair the phone again with the link or code that an administrator makes",
    "令牌不存在；请用管理员生成的链接或二维码重新配对手机",
)


@dataclass(frozen=True, kw_only=True)
class PhoneVisit(Visit):
    """A request of a phone: a visit that may do nothing but send fixes."""

    device: Device


class PhoneCheck(DoorCheck):
    """The check at the door of phones: lets in whatever has the token of a phone that was not revoked.

    A phone whose days are over is let in: what it has not sent yet of its days is still wanted, the rest only counted.
    """

    def __init__(self) -> None:
        super().__init__("")
        self.action = SEND_FIXES

    async def __call__(self, request: Request) -> PhoneVisit:
        """Which phone it is; raises `Refused` (Traccar Client gets 400), `NotAllowed`, `TooMany`: nothing was taken in."""
        services: Services = request.app.state.services
        origin = request.client.host if request.client else "unknown"
        book = services.phones.book
        if not book.is_fresh:
            await run_in_threadpool(book.refresh)
        token = await _token(request)
        device = book.find(token) if token else None
        if device is None:
            wait_s = services.misses.take(origin)
            if wait_s:
                raise TooMany(
                    f"too many requests in a minute; try again in {wait_s} s",
                    wait_s,
                    zh=f"一分钟内请求过多；请过 {wait_s} 秒再试",
                )
            if request.url.path.startswith(TRACCAR):
                # As its own server answers a phone that it does not know: the app keeps what it has.
                raise HTTPException(400, _UNKNOWN)
            raise Refused(_UNKNOWN, zh=_UNKNOWN.zh)
        if device.revoked_ms is not None:
            raise NotAllowed(
                "the token was revoked; an administrator can pair the phone again",
                zh="令牌已吊销；管理员可以重新配对这部手机",
            )
        request.state.account = f"device/{device.id}"
        wait_s = services.phones.wait_s(device, _announced(request))
        if wait_s:
            raise TooMany(
                f"too much in a minute; keep it and send it again in {wait_s} s",
                wait_s,
                zh=f"一分钟内发送过多；请保留数据，过 {wait_s} 秒再发送",
            )
        return PhoneVisit(services, Known(Holder(f"device/{device.id}", "")), origin, device=device)


def phone_door() -> Any:
    """The door of a route for phones: `visit: Annotated[PhoneVisit, phone_door()]`."""
    return Depends(PhoneCheck())


def phone_request(request: Request, body: bytes, received_ms: int) -> PhoneRequest:
    """A request as the readers of the apps' formats take it."""
    query = request.scope["query_string"].decode("utf-8", "replace")
    return PhoneRequest(request.method, TRACCAR, query, dict(request.headers), body, received_ms)


async def _token(request: Request) -> str:
    """The token of a request: in the path, in its authorization, or as the device identifier of Traccar Client."""
    in_path = str(request.path_params.get("token", ""))
    if in_path:
        return in_path
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return token_of(authorization)
    if not request.url.path.startswith(TRACCAR) or _announced(request) > _LONGEST_STRANGE_BODY:
        return ""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_STRANGE_BODY:
            return ""
    request.state.body = body
    try:
        return read_traccar(phone_request(request, body, 0)).device
    except InputError:
        return ""


def _announced(request: Request) -> int:
    """How many bytes the body has, as the request says."""
    length = request.headers.get("content-length", "0")
    return int(length[:15]) if length.isdecimal() else 0
