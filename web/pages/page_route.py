"""Routes that answer with pages: strangers are shown to the sign-in, and errors are pages too."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from gisgrid.errors import GisgridError, Refused
from web.language import LANGUAGE_COOKIE
from web.pages.languages import LANGUAGES, language_of
from web.pages.shell import Shell
from web.problems import status_of

_YEAR_S: Final = 365 * 86_400
_KNOWN: Final = frozenset({400, 401, 403, 404, 422, 429, 503})


class PageRoute(APIRoute):
    """A page. `?lang=zh` chooses its language from then on; who is not signed in is sent to `/sign-in` and comes back.

    What a page shows (filters, sections) stands in its address too, and is its scripts' concern.
    """

    keeps_state_in_address = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with what surrounds a page."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            chosen = request.query_params.get("lang")
            if chosen in LANGUAGES:
                return _with_language(request, chosen)
            request.state.language = language_of(request)
            try:
                return await handler(request)
            except Refused:
                where = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
                return RedirectResponse(f"/sign-in?next={where}", status_code=303)
            except GisgridError as error:
                shell: Shell = request.app.state.shell
                status = status_of(type(error))
                kind = str(status) if status in _KNOWN else "500"
                return shell.page(
                    request,
                    "error.html",
                    status=status,
                    kind=kind,
                    detail=error.told(int(request.state.language == "zh")),
                )

        return handle


def _with_language(request: Request, language: str) -> Response:
    """The same page again, in a language."""
    rest = request.url.remove_query_params("lang")
    answer = RedirectResponse(rest.path + (f"?{rest.query}" if rest.query else ""), status_code=303)
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_S, path="/", samesite="lax")
    return answer
