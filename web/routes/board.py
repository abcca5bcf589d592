"""The side panel of the command map: the board by unit, the list of what is worked through, the queue without a grid."""

from typing import Annotated, Final

import numpy as np
import sqlalchemy as sa
from fastapi import APIRouter, Query, Response

from gisgrid.access import acts_for, covers
from gisgrid.board import BoardRow, Level, count_board, without_grid
from gisgrid.codes import VILLAGE_DIGITS, is_grid_code, township_of, village_of
from gisgrid.grid import GridNetwork
from gisgrid.incident_filters import IncidentFilter
from gisgrid.local_days import local_day
from gisgrid.offices import level_of
from gisgrid.ranking import Ranked, rank
from gisgrid.sight import Sight
from gisgrid.store.map_mirror import MapState
from gisgrid.store.standing import own_district
from gisgrid.store.tables import INCIDENT
from gisgrid.units import AREA, Unit
from web.asked import Cursor
from web.board_shapes import (
    BoardShape,
    NearestGrid,
    QueuedShape,
    QueuePage,
    RankedPage,
    RankedShape,
    UnitName,
    counts_shape,
    ranked_shapes,
    row_shapes,
)
from web.doors import Visit, door
from web.incident_filters import FilterAsked
from web.keys import cursor_of, read_cursor
from web.naming import Names
from web.seen_state import SAME, Known, seen_answer

router = APIRouter(prefix="/api/v1", tags=["board"])

Reader = Annotated[Visit, door("read_incidents")]
Limit = Annotated[int, Query(ge=1, le=500)]

_OPEN: Final = IncidentFilter(is_open=True)
_OF_THE_ROW: Final = ("id", "version", "stated", "description", "accuracy_m", "handed")


@router.get("/board", response_model=BoardShape, responses=SAME)
def show_board(
    visit: Reader,
    asked: FilterAsked,
    by: Annotated[Level | None, Query(description="which units; those one level below `unit` otherwise")] = None,
    known: Known = "",
) -> Response:
    """How many incidents are open, due and late in each unit, the worst first: as many in all as map and list have under the
    same filter. Clocks are those at the beginning of the minute.
    """
    wanted = asked.filter(visit)
    names = visit.services.naming.names()
    level = by or _below(wanted.unit.code or visit.holder.unit, wanted.unit)

    def made(state: MapState, sight: Sight) -> BoardShape:
        choice = state.choice(wanted, sight)
        rows = count_board(choice.parts, choice.words, level)
        total = sum(rows.values(), BoardRow())
        empty = {code: BoardRow() for code in names.by_code if _may_have_rows(visit, wanted.unit, level, code)}
        waiting = without_grid(state.choice(_OPEN, sight).parts, state.words)
        return BoardShape.model_construct(
            by=level, path=_path(visit, wanted.unit, names), rows=row_shapes(empty | rows, names),
            total=counts_shape(total), queue=sum(int(one.chosen.sum()) for one in waiting),
        )  # fmt: skip

    return seen_answer(visit, known, (wanted, level, names.version), made)


@router.get("/board/incidents", response_model=RankedPage, responses=SAME)
def list_ranked(
    visit: Reader, asked: FilterAsked, limit: Limit = 50, cursor: Cursor = None, known: Known = ""
) -> Response:
    """The incidents behind the board, in the order in which they are worked through: the worst clocks and then the oldest
    first; what is settled comes last, the newest first.
    """
    wanted, after = asked.filter(visit), read_cursor(cursor, int, int, int)
    names = visit.services.naming.names()

    def made(state: MapState, sight: Sight) -> RankedPage:
        choice = state.choice(wanted, sight)
        found, following = rank(choice.parts, after=after and (after[0], after[1], after[2]), most=limit)
        return RankedPage.model_construct(
            incidents=ranked_shapes(found, choice.words, names),
            total=choice.with_place.count + choice.without_place.count,
            next=None if following is None else cursor_of(*following),
        )

    return seen_answer(visit, known, (wanted, limit, cursor, names.version), made)


@router.get("/board/queue", response_model=QueuePage, responses=SAME)
def list_queue(visit: Reader, limit: Limit = 50, cursor: Cursor = None, known: Known = "") -> Response:
    """The open incidents that have no grid, under no filter: somebody must give each of them one (the move `reassign`)."""
    after = read_cursor(cursor, int, int, int)
    services = visit.services
    names = services.naming.names()
    label = services.editions.at(local_day(services.store.now_ms()))

    def made(state: MapState, sight: Sight) -> QueuePage:
        parts = without_grid(state.choice(_OPEN, sight).parts, state.words)
        found, following = rank(parts, after=after and (after[0], after[1], after[2]), most=limit)
        network = None if label is None else services.editions.network(label.id)
        return QueuePage.model_construct(
            incidents=_queued(visit, network, found, ranked_shapes(found, state.words, names), names),
            total=sum(int(one.chosen.sum()) for one in parts),
            next=None if following is None else cursor_of(*following),
        )

    told = (limit, cursor, names.version, label and label.id, visit.may("read_names"), visit.may("move_incident"))
    return seen_answer(visit, known, told, made)


def _below(code: str, unit: Unit) -> Level:
    """The level below a unit; empty is the whole."""
    if unit.column == "grid" or is_grid_code(code):
        return "grid"
    level = level_of(code)
    return "grid" if level == "village" else "village" if level == "township" else "township"


def _may_have_rows(visit: Visit, unit: Unit, level: Level, code: str) -> bool:
    """Whether a unit that has nothing is shown with nothing: one of this level, within what is asked for and seen."""
    if is_grid_code(code):
        is_of_level = level == "grid"
    else:
        is_of_level = len(code) == VILLAGE_DIGITS and code.isdecimal() and level_of(code) == level
    if not is_of_level or not covers(visit.holder.unit, code):
        return False
    return code in unit.grids if unit.is_area else covers(unit.code, code)


def _path(visit: Visit, unit: Unit, names: Names) -> list[UnitName]:
    """The units from below what someone sees down to the one that is asked for."""
    code = unit.code
    official = is_grid_code(code) or (len(code) == VILLAGE_DIGITS and code.isdecimal())
    above = (township_of(code), village_of(code), code) if official else (code,)
    return [
        UnitName.model_construct(unit=one, name=names.of(one.removeprefix(AREA)))
        for one in dict.fromkeys(above)
        if one and level_of(one) != "district" and not covers(one, visit.holder.unit)
    ]


def _queued(
    visit: Visit, network: GridNetwork | None, found: tuple[Ranked, ...], shapes: list[RankedShape], names: Names
) -> list[QueuedShape]:
    with visit.services.store.reading() as connection:
        query = sa.select(*(INCIDENT.c[name] for name in _OF_THE_ROW))
        rows = {
            row.id: row for row in connection.execute(query.where(INCIDENT.c.id.in_([one.number for one in found])))
        }
    nearest, named = _nearest(network, shapes, names), visit.may("read_names")
    queued = []
    for shape, near in zip(shapes, nearest, strict=True):
        # One that is gone (a restored backup between two looks) is left out.
        if (row := rows.get(shape.number)) is not None:
            queued.append(
                QueuedShape.model_construct(
                    incident=shape, version=row.version, stated=row.stated if named else "",
                    description=row.description if named else "", accuracy_m=row.accuracy_m, nearest=near,
                    office=_office_for(visit, shape, row.handed),
                )
            )  # fmt: skip
    return queued


def _nearest(network: GridNetwork | None, shapes: list[RankedShape], names: Names) -> list[NearestGrid | None]:
    placed = [at for at, one in enumerate(shapes) if one.lon is not None]
    found: list[NearestGrid | None] = [None] * len(shapes)
    if network is None or not placed:
        return found
    lon, lat = (np.array([getattr(shapes[at], name) for at in placed], float) for name in ("lon", "lat"))
    positions, distances_m = network.index.nearest(lon, lat)
    for at, position, distance_m in zip(placed, positions.tolist(), distances_m.tolist(), strict=True):
        code = network.codes[position]
        found[at] = NearestGrid.model_construct(grid=code, name=names.of(code), distance_m=round(distance_m, 1))
    return found


def _office_for(visit: Visit, one: RankedShape, handed: str) -> str:
    """The office of an incident's path for which whoever asks may re-assign it; empty for none."""
    if not visit.may("move_incident"):
        return ""
    path = (one.village, one.township, own_district(one.township, one.holder, handed))
    return next((office for office in path if office and acts_for(visit.holder, office)), "")
