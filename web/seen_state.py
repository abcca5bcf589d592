"""Answers from the incidents in memory: what decides them is their tag, so that what a reader has is not computed again."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Header, Response
from pydantic import BaseModel

from gisgrid import __version__
from gisgrid.sight import Sight
from gisgrid.store.map_mirror import MapState
from web.answers import answer
from web.conditional import is_known, tag_of
from web.doors import Visit

Known = Annotated[str, Header(alias="If-None-Match", max_length=400, description="the ETag of what is there already")]
SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "It is as it was: what `If-None-Match` names."}}
"""What a route that answers so says of it."""

_PRIVATE: Final = {"Cache-Control": "private, no-cache"}


def seen_answer(visit: Visit, known: str, asked: object, make: Callable[[MapState, Sight], BaseModel]) -> Response:
    """The answer that `make` gives of the incidents as of now and of what may be seen of them, or 304 where the reader has it.

    `asked` is everything that the answer depends on besides them.
    """
    maps, holder = visit.services.maps, visit.holder
    state = maps.state()
    headers = {"ETag": tag_of(__version__, state.version, asked, holder.role, holder.unit), **_PRIVATE}
    if is_known(headers["ETag"], known):
        return Response(status_code=304, headers=headers)
    return answer(make(state, maps.sight(holder)), headers=headers)
