"""Who answers for the sample's grids: five roles for each, substitutes and leave; numbers stand for people."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisgrid.sample.names import VillageName
from gisgrid.sample.roster import WEEK, Roster

IN_OFFICE_FROM: Final = "2018-01-01"

_LABEL: Final = {
    "patroller": "样例网格员",
    "leader": "样例网格长",
    "instructor": "样例指导员",
    "business_instructor": "样例业务指导员",
    "area_leader": "样例片领导",
}
_PREFIX: Final = {"P": "101", "L": "102", "I": "103", "B": "104", "A": "105"}
"""Of telephone numbers, made up: no mobile number in China begins with 10."""

_VILLAGES_PER_AREA: Final = 6
_GRIDS_PER_BUSINESS_INSTRUCTOR: Final = 12
_LEAVE_REASONS: Final = ("annual leave", "sick leave", "training")


def patroller_ids(grids: int) -> tuple[str, ...]:
    """`P0001` and so on, one for each grid in code order."""
    return tuple(f"P{number:04d}" for number in range(1, grids + 1))


def assign_duties(
    units: tuple[VillageName, ...], codes: tuple[str, ...], village_of_grid: NDArray[np.int64], roster: Roster
) -> pd.DataFrame:
    """Duties: `patroller` (the holder's number, whatever the role), `grid`, `role`, `from`, `to`, `person`, `telephone`.

    Dates are local ISO days, `to` exclusive and empty while in office. Villages have one leader and one instructor, a
    dozen grids of a township one business instructor, half a dozen villages of a township one area leader.
    """
    rows: list[tuple[str, ...]] = []
    township = [units[village].township for village in village_of_grid]
    area = _groups([unit.township for unit in units], _VILLAGES_PER_AREA)
    business = _groups(township, _GRIDS_PER_BUSINESS_INSTRUCTOR)
    for grid, (code, patroller) in enumerate(zip(codes, patroller_ids(len(codes)), strict=True)):
        village = int(village_of_grid[grid])
        holders = {
            "patroller": patroller,
            "leader": f"L{village + 1:04d}",
            "instructor": f"I{village + 1:04d}",
            "business_instructor": f"B{business[grid] + 1:04d}",
            "area_leader": f"A{area[village] + 1:04d}",
        }
        rows.extend(
            (holder, code, role, IN_OFFICE_FROM, "", _LABEL[role] + holder[1:], telephone_of(holder))
            for role, holder in holders.items()
        )
    ids = patroller_ids(len(codes))
    for leaver, substitute in zip(roster.leavers, roster.substitutes, strict=True):
        first, last = roster.leave_days
        person = _LABEL["patroller"] + ids[substitute][1:]
        days = (WEEK[first].isoformat(), WEEK[last].isoformat())
        rows.append((ids[substitute], codes[leaver], "substitute", *days, person, telephone_of(ids[substitute])))
    return pd.DataFrame(rows, columns=["patroller", "grid", "role", "from", "to", "person", "telephone"])


def telephone_of(holder: str) -> str:
    """The made-up number of a person such as `P0001`: 11 digits that no telephone has."""
    return f"{_PREFIX[holder[0]]}{int(holder[1:]):08d}"


def grant_leave(codes: tuple[str, ...], roster: Roster) -> pd.DataFrame:
    """Leave: `patroller`, `from`, `to` (exclusive), `reason`."""
    ids = patroller_ids(len(codes))
    first, last = roster.leave_days
    rows = [
        (ids[leaver], WEEK[first].isoformat(), WEEK[last].isoformat(), _LEAVE_REASONS[number % len(_LEAVE_REASONS)])
        for number, leaver in enumerate(roster.leavers)
    ]
    return pd.DataFrame(rows, columns=["patroller", "from", "to", "reason"])


def _groups(parents: list[str], size: int) -> list[int]:
    """The number of everyone's group when every run of one parent is cut into groups of about `size`."""
    found: list[int] = []
    group = -1
    for position, parent in enumerate(parents):
        if position == 0 or parent != parents[position - 1]:
            run, begin = parents.count(parent), position
            groups = max(1, round(run / size))
            base = group + 1
        group = base + (position - begin) * groups // run
        found.append(group)
    return found
