"""The shell around every page: who is signed in, the workbenches of their role, the language, the mark of the sample."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gisgrid import __version__
from web.doors import Visit
from web.pages.assets import Assets
from web.pages.languages import TAGS, Language, language_of, words
from web.pages.terms import terms

_TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Scripts only of our own, or with the nonce of this answer. Leaflet writes positions into style attributes."""


@dataclass(frozen=True)
class Workbench:
    """A workbench: its address, the room of its words, and the action that lets in."""

    path: str
    room: str
    action: str


WORKBENCHES: Final[tuple[Workbench, ...]] = (
    Workbench("/command", "command", "read_incidents"),
    Workbench("/figures", "figures", "read_figures"),
    Workbench("/admin", "admin", "keep_accounts"),
    Workbench("/audit", "audit", "read_audit"),
    Workbench("/wall", "wall", "read_incidents"),
)
"""In the order of the navigation; the first that someone may enter is where they begin."""


class Shell:
    """Renders pages; one for each application."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self,
        request: Request,
        template: str,
        visit: Visit | None = None,
        *,
        rooms: tuple[str, ...] = (),
        data: Mapping[str, Any] | None = None,
        status: int = 200,
        nonce: str | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A page as an answer.

        Its template finds `t(key, **values)`, `asset(name)`, `nonce`, `language`, `account`; its scripts find the words of
        `rooms`, the terms of the field and `data` in the element `page-data` (`js/page.js`). `nonce` is given where the
        page holds a map that was made with it.
        """
        language = language_of(request)
        nonce = nonce or new_nonce()
        told = words(language, ("shell", *rooms))
        account = _account(visit)
        page_data = {
            "language": language, "tag": TAGS[language], "words": told | terms(language), "assets": self.assets.url(),
            "account": account, "csrf": visit.known.csrf if visit is not None and visit.session else "", "version": __version__,
            "now_ms": None if visit is None else visit.services.store.now_ms(), **(data or {}),
        }  # fmt: skip
        html = self._templates.get_template(template).render(
            t=Translator(language, told | terms(language)), asset=self.assets.url, nonce=nonce, language=language, tag=TAGS[language],
            account=account, path=request.url.path, benches=benches_of(visit), page_data=_as_script(page_data),
            is_sample=visit is not None and is_sample(visit), other=_other(language), version=__version__, **context,
        )  # fmt: skip
        headers = {"content-security-policy": _POLICY.format(nonce=nonce), "content-language": TAGS[language]}
        return HTMLResponse(html, status_code=status, headers=headers)


class Translator:
    """`t("command.title")`, `t("command.open_count", count=3)`: the words of a page; an unknown key is an error."""

    def __init__(self, language: Language, told: Mapping[str, str]) -> None:
        self._language = language
        self._told = told

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key with its values put in."""
        text = self._told[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def new_nonce() -> str:
    """A word by which the scripts of one answer are known."""
    return secrets.token_urlsafe(16)


def benches_of(visit: Visit | None) -> tuple[Workbench, ...]:
    """The workbenches that a visit may enter."""
    if visit is None or not visit.holder.role:
        return ()
    return tuple(bench for bench in WORKBENCHES if visit.may(bench.action))


def basemap_of(visit: Visit) -> dict[str, Any] | None:
    """What a page's scripts need to know of the basemap; None where none is configured."""
    source = visit.services.basemap.source
    if source is None:
        return None
    return {"layers": list(source.layers), "most_zoom": source.most_zoom, "credit": source.credit}


def is_sample(visit: Visit) -> bool:
    """Whether the newest network is the made-up sample district."""
    editions = visit.services.editions
    newest = editions.latest()
    return newest is not None and editions.network(newest.id).is_sample


def _account(visit: Visit | None) -> dict[str, Any] | None:
    if visit is None or not visit.holder.role:
        return None
    holder = visit.holder
    return {
        "name": holder.name, "role": holder.role, "unit": holder.unit, "person": holder.person,
        "actions": [action for action in _SHOWN_ACTIONS if visit.may(action)],
    }  # fmt: skip


_SHOWN_ACTIONS: Final = (
    "read_incidents", "report_incident", "move_incident", "read_figures", "export_incidents", "read_names", "read_positions",
    "keep_registers", "keep_accounts", "read_audit",
)  # fmt: skip


def _other(language: Language) -> Language:
    return "en" if language == "zh" else "zh"


def _as_script(data: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # No "<" is left in it, so nothing in it can end the element or begin another.
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704
