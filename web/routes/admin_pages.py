"""The workbenches of those who set the system up, and of those who look at what was done."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from gisgrid.access import ACTION_LABELS, ACTIONS, ROLES, Subject
from gisgrid.store.devices import APPS
from web.asked import Words, today_of
from web.doors import Visit, door
from web.pages.languages import words
from web.pages.page_route import PageRoute
from web.pages.shell import Shell
from web.pairing import base_address

router = APIRouter(route_class=PageRoute, include_in_schema=False)

GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("access", ("accounts", "wall")),
    ("people", ("people", "duties", "substitutes", "vacancies", "leave", "roster")),
    ("phones", ("devices",)),
    ("incidents", ("sub_categories", "departments", "rules", "calendar", "translations")),
    ("ground", ("units", "areas", "places", "dwellings")),
    ("patrols", ("policy",)),
)
"""The sections of the administration; whoever has a part of the district keeps the accounts of that part only."""

Section = Annotated[Words, Query(description="what is shown first, such as people")]


@router.get("/admin")
def admin_page(
    request: Request,
    visit: Annotated[Visit, door("keep_accounts")],
    section: Section = "",
    q: Annotated[Words, Query(description="what is looked for in it")] = "",
) -> Response:
    """Administration: accounts; for administrators of the whole district the phones and the registers too."""
    shell: Shell = request.app.state.shell
    services = visit.services
    is_whole = visit.may("keep_registers", Subject())
    groups = GROUPS if is_whole else GROUPS[:1]
    data = {
        "section": section, "q": q, "today": today_of(services).isoformat(), "now_ms": services.store.now_ms(), "whole": is_whole,
        "roles": {role: [action for action, of in ACTIONS.items() if role in of] for role in ROLES},
        "actions": {
            action: (action.replace("_", " "), ACTION_LABELS[action])[request.state.language == "zh"]
            for action in ACTIONS
        },
        "apps": list(APPS), "address": base_address(services.settings), "own_unit": visit.holder.unit,
    }  # fmt: skip
    return shell.page(request, "admin.html", visit, rooms=("admin",), data=data, groups=groups, is_whole=is_whole)


@router.get("/audit")
def audit_page(request: Request, visit: Annotated[Visit, door("read_audit")]) -> Response:
    """The search of the audit, for auditors of the whole district."""
    visit.require("read_audit", Subject())
    shell: Shell = request.app.state.shell
    known = sorted(key.rpartition(".")[2] for key in words("en", ("admin",)) if key.startswith("admin.audit_action."))
    return shell.page(request, "audit.html", visit, rooms=("admin",), actions=known)
