"""What stands at each door, in the words of OpenAPI: how to show who one is, and the action that is needed."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from web.doors import COOKIE, CSRF_HEADER, SECURE_COOKIE, DoorCheck
from web.phone_door import PhoneCheck

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_IN_ADDRESS: Final = "{token}"
_BY_TOKEN: Final[tuple[dict[str, list[str]], ...]] = ({"token": []}, {"basic": []})

Requirement = dict[str, list[str]]
"""Schemes that belong together, by name; one of several requirements is enough."""


def describe_doors(document: dict[str, Any], routes: Iterable[object], *, is_secure: bool) -> None:
    """Write into a description (OpenAPI) how callers show who they are, and what each operation asks for."""
    document.setdefault("components", {})["securitySchemes"] = _schemes(is_secure=is_secure)
    for route in routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        check = next(checks_of(route.dependant), None)
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is None or check is None:
                continue
            operation["security"] = requirements(check, method, route.path_format)
            if check.action:
                operation["x-action"] = check.action


def checks_of(dependant: Dependant) -> Iterator[DoorCheck]:
    """The doors of a route: every route has exactly one."""
    if isinstance(dependant.call, DoorCheck):
        yield dependant.call
    for needed in dependant.dependencies:
        yield from checks_of(needed)


def requirements(check: DoorCheck, method: str, path: str) -> list[Requirement]:
    """What lets in at a door, one of the list; an empty list lets in everybody."""
    if isinstance(check, PhoneCheck):
        # Where the token stands in the address, or in what Traccar Client sends, nothing more is needed.
        stands_within = _IN_ADDRESS in path or path.endswith("/traccar")
        return [{}] if stands_within else [{"phone": []}, {"phone_basic": []}]
    if not check.action:
        return []
    session: Requirement = {"session": []} if method in _SAFE else {"session": [], "csrf": []}
    return [session, *(dict(one) for one in _BY_TOKEN)]


def _schemes(*, is_secure: bool) -> dict[str, dict[str, str]]:
    def told(text: str, **scheme: str) -> dict[str, str]:
        return {**scheme, "description": text}

    return {
        "session": told(
            "The cookie that `POST /api/v1/sessions` sets; a request that changes something needs `csrf` beside it.",
            **{"type": "apiKey", "in": "cookie", "name": SECURE_COOKIE if is_secure else COOKIE},
        ),
        "csrf": told(
            "What the sign-in gave as `csrf`: a page of another site cannot send it.",
            **{"type": "apiKey", "in": "header", "name": CSRF_HEADER},
        ),
        "token": told("A token (`gg_…`), made for some actions.", type="http", scheme="bearer"),
        "basic": told("The same token as the password, with any name: for map programs.", type="http", scheme="basic"),
        "phone": told("The token of a paired phone (`gp_…`).", type="http", scheme="bearer"),
        "phone_basic": told("The same token as the password: for OwnTracks.", type="http", scheme="basic"),
    }
