"""Where incidents stand, as the database keeps it and as the flow knows it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gisgrid.clocks import Deadlines
from gisgrid.codes import is_grid_code, township_of, village_of
from gisgrid.flow import FIRST_LEVEL, Standing
from gisgrid.offices import DEPARTMENT, LEVELS, district_of, level_of

_LEVELS: Final = tuple(LEVELS)


def standing_of(row: Any, due: Deadlines) -> Standing:
    """The standing of a row of the table of incidents, whose deadlines are `due` (columns of one row).

    Its units are those of the grid that answers now.
    """
    village, township = units_of(row.answering_grid) or (row.village, row.township)
    return Standing(
        row.state, row.grade, row.holder, village, township, own_district(township, row.holder, row.handed),
        tuple(row.handed.split()), tuple(row.assistants.split()), row.responded_ms, row.done_ms, row.closed_ms,
        row.is_satisfied, int(due.done_ms[0]), int(due.most_ms[0]), row.asked_due_ms, row.extended_due_ms, row.reopened,
    )  # fmt: skip


def units_of(grid: str | None) -> tuple[str, str] | None:
    """The village and township that an official grid code lies in; None for no such code."""
    return (village_of(grid), township_of(grid)) if grid and is_grid_code(grid) else None


def columns_of(standing: Standing) -> dict[str, Any]:
    """What the database keeps of a standing, by column."""
    return {
        "state": standing.state,
        "holder": standing.holder,
        "handed": " ".join(standing.handed),
        "assistants": " ".join(standing.assistants),
        "responded_ms": standing.responded_ms,
        "done_ms": standing.done_ms,
        "closed_ms": standing.closed_ms,
        "is_satisfied": standing.is_satisfied,
        "asked_due_ms": standing.asked_due_ms,
        "extended_due_ms": standing.extended_due_ms,
        "reopened": standing.reopened,
    }


def own_district(township: str, holder: str, handed: str) -> str:
    """The office of the district for an incident: by its township, else that one of its offices which is a district."""
    if township:
        return district_of(township)
    return next((office for office in (holder, *handed.split()) if level_of(office) == "district"), district_of(""))


def first_offices(
    grade: NDArray[np.object_],
    level: NDArray[np.object_],
    village: NDArray[np.object_],
    township: NDArray[np.object_],
    district: str,
) -> tuple[list[str], list[str]]:
    """For reports (n,) the office that holds each and, joined by spaces, those through which it came.

    `level` is what a source says of the level (`village`, `township`, `district`, `department:CODE`), empty: the first
    level of the grade. `district` is the office of the district where a report has no township. An office that is not
    known is passed over upwards.
    """
    if len(grade) == 1:
        holder, through = _offices(grade[0], level[0], village[0], township[0], district)
        return [holder], [through]
    told = pd.DataFrame({"grade": grade, "level": level, "village": village, "township": township})
    which, first = np.unique(
        told.groupby(list(told.columns), sort=False).ngroup().to_numpy(), return_index=True, return_inverse=True
    )[1:][::-1]
    pairs = [_offices(grade[at], level[at], village[at], township[at], district) for at in first.tolist()]
    holders, handed = ([pair[part] for pair in pairs] for part in (0, 1))
    places = which.reshape(-1).tolist()
    return [holders[place] for place in places], [handed[place] for place in places]


def _offices(grade: str, level: str, village: str, township: str, district: str) -> tuple[str, str]:
    path = (village, township, district_of(township) if township else district)
    first = _LEVELS.index(FIRST_LEVEL[grade])
    if level.startswith(DEPARTMENT):
        # A department is handed an incident by a township, or by the district.
        return level, " ".join(_known((*path[first:1], path[1] or path[2])))
    at = max(_LEVELS.index(level) if level else first, 0)
    holder = next(office for office in path[at:] if office)
    return holder, " ".join(_known(path[first:at]))


def _known(offices: Sequence[str]) -> list[str]:
    return [office for office in offices if office]
