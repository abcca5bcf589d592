"""The application of the demonstration: its page, its maps, and the assets they need; nothing from another origin."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, Literal

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from gisgrid import __version__
from gisgrid.categories import CATEGORIES
from gisgrid.mapping.assets import VENDOR, check_assets
from gisgrid.mapping.page import ASSET_FOLDER
from web.problems import install_problem_handlers
from web.summary import read_summary
from web.words import WORDS

Language = Literal["en", "zh"]

_HERE: Final = Path(__file__).parent
_MAP_NAME: Final = re.compile(r"[a-z0-9_]+\.(en|zh)\.html")
_VERDICTS: Final = ("pass", "undetermined", "fail", "not_due")
# Folium writes its scripts into the page; the pages of the application itself have none.
_PAGE_POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
_MAP_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'self'"
)


def create_demo_app(data: Path) -> FastAPI:
    """The application over a folder that `gisgrid demo` filled. Raises `AssetsMissing`."""
    check_assets()
    app = FastAPI(title="gisgrid", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    install_problem_handlers(app)
    templates = Jinja2Templates(directory=_HERE / "templates")
    templates.env.filters["thousands"] = lambda number: f"{number:,}"
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    app.mount(f"/maps/{ASSET_FOLDER}", StaticFiles(directory=VENDOR), name="assets")

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = (
            _MAP_POLICY if request.url.path.startswith("/maps/") else _PAGE_POLICY
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @app.get("/", response_class=HTMLResponse)
    def home(request: Request, lang: Annotated[Language | None, Query()] = None) -> Response:
        language = lang or _preferred(request.headers.get("accept-language", ""))
        summary = read_summary(data)
        context = {
            "summary": summary, "words": WORDS[language], "lang": language, "verdicts": _VERDICTS,
            "categories": {name: labels[1 if language == "zh" else 0] for name, labels in CATEGORIES.items()},
        }  # fmt: skip
        return templates.TemplateResponse(request, "home.html", context)

    @app.get("/maps/{name}")
    def a_map(name: str) -> Response:
        path = data / "maps" / name
        if not _MAP_NAME.fullmatch(name) or not path.is_file():
            raise HTTPException(404, f"there is no map {name!r}; the home page lists them")
        return HTMLResponse(path.read_bytes())

    @app.get("/favicon.ico")
    def icon() -> Response:
        return RedirectResponse("/static/icon.svg")

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    return app


def _preferred(accepted: str) -> Language:
    """The language a browser asks for; English unless Chinese comes first."""
    return "zh" if accepted.strip().lower().startswith("zh") else "en"
