"""Pages of incidents for someone who sees some of them: which, by the columns in memory; what they are, by the database."""

from typing import Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gisgrid.incident_filters import IncidentFilter
from gisgrid.sight import Sight
from gisgrid.store.incident_mirror import IncidentMirror
from gisgrid.store.incidents import Incident, IncidentPage, conditions_of, incident_of
from gisgrid.store.store import Store
from gisgrid.store.tables import INCIDENT
from gisgrid.store.visible import visible_to

_FIRST_CHUNK: Final = 500
_LARGEST_CHUNK: Final = 16_000


def seen_page(
    store: Store,
    mirror: IncidentMirror,
    sight: Sight,
    wanted: IncidentFilter,
    *,
    after: tuple[int, int] | None = None,
    most: int = 100,
) -> IncidentPage:
    """As `Incidents.page` for what someone's `sight` shows; quick also where that is little of much.

    The database has no index of who may see what: it is asked for growing numbers of those that may be seen, the newest
    first, and applies filter and rule again to each.
    """
    numbers = _visible_numbers(mirror, sight, after)
    found: list[Incident] = []
    visible = visible_to(sight.holder)
    begin, size = 0, max(_FIRST_CHUNK, most + 1)
    with store.reading() as connection:
        while begin < len(numbers) and len(found) <= most:
            chunk = numbers[begin : begin + size].tolist()
            query = sa.select(INCIDENT).where(INCIDENT.c.id.in_(chunk), *conditions_of(wanted), visible)
            if after is not None:
                key = sa.tuple_(INCIDENT.c.reported_ms, INCIDENT.c.id)
                query = query.where(key < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
            query = query.order_by(INCIDENT.c.reported_ms.desc(), INCIDENT.c.id.desc()).limit(most + 1 - len(found))
            found += (incident_of(row) for row in connection.execute(query))
            begin, size = begin + size, min(size * 4, _LARGEST_CHUNK)
    shown = tuple(found[:most])
    return IncidentPage(shown, (shown[-1].reported_ms, shown[-1].id) if len(found) > most else None)


def _visible_numbers(mirror: IncidentMirror, sight: Sight, after: tuple[int, int] | None) -> NDArray[np.int64]:
    """The numbers of what may be seen, the newest report first, those after a key."""
    parts = mirror.parts()
    found = []
    for columns, is_now in parts.sides():
        chosen = is_now & sight.seen(columns, parts.delta.words)
        if after is not None:
            chosen &= columns.reported_ms <= after[0]
        at = np.flatnonzero(chosen)
        found.append((columns.reported_ms[at], columns.number[at]))
    reported_ms, number = (np.concatenate(column) for column in zip(*found, strict=True))
    return number[np.lexsort((-number, -reported_ms))]
