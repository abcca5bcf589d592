"""Figures of incidents: how many, how soon, how well; of a period and unit, beside last year's, with what each means."""

import dataclasses
import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.categories import sub_category_names
from gisgrid.figure_tables import label_of
from gisgrid.figures import DEFINITIONS, Figures, FiguresQuery, count_figures, roles_of_reporters, year_before
from gisgrid.local_days import start_of
from gisgrid.store.answering import office_names
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from web.asked import Code, Day, span_ms, unit_within
from web.doors import Visit, door
from web.incident_shapes import Category
from web.instants import instant

router = APIRouter(prefix="/api/v1/figures", tags=["figures"])

By = Literal[
    "category", "sub_category", "state", "grade", "level", "township", "village", "grid", "department", "how", "role",
    "day", "week", "month",
]  # fmt: skip
Share = Annotated[float | None, Field(description="0 to 1; null where there is nothing to divide", examples=[0.93])]
Hours = Annotated[float | None, Field(description="median; null where there is none", examples=[3.25])]


class FiguresShape(BaseModel):
    """The figures of some incidents; `/api/v1/figures/definitions` says what each means."""

    model_config = ConfigDict(extra="forbid")

    reported: int
    valid: int
    open: int
    closed: int
    responded: int
    responded_on_time: int
    done: int
    done_on_time: int
    overdue: int
    yellow: int
    red: int
    supervised: int
    evaluated: int
    satisfied: int
    self_handled: int
    reopened: int
    repeats: int
    response_hours: Hours
    handling_hours: Hours
    closing_rate: Share
    response_rate: Share
    on_time_rate: Share
    satisfaction: Share
    self_handled_share: Share


class GroupShape(BaseModel):
    """A group, what it is called in the language asked for, and its figures."""

    key: str = Field(examples=["331002001000"])
    label: str = Field(examples=["海门街道"])
    figures: FiguresShape


class FiguresTable(BaseModel):
    """The figures of what was reported on the local days from `first_day` to `last_day`, as they stood at `as_of`."""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(description="empty: the whole district", examples=["331002001000"])
    category: Category | None
    first_day: dt.date | None
    last_day: dt.date | None
    as_of: dt.datetime
    by: By | None
    total: FiguresShape
    groups: list[GroupShape]
    last_year: FiguresShape | None = Field(description="of the same period a year before, where it was asked for")


class DefinitionShape(BaseModel):
    """What a figure is called and means."""

    name: str = Field(examples=["closing_rate"])
    label_en: str = Field(examples=["Closing rate"])
    label_zh: str = Field(examples=["办结率"])
    meaning_en: str = Field(examples=["closed of valid"])
    meaning_zh: str = Field(examples=["办结数／有效数"])


@router.get("")
def show_figures(
    visit: Annotated[Visit, door("read_figures")],
    by: By | None = None,
    unit: Annotated[Code, Query(description="code of a unit or grid, or area:CODE; else one's own unit")] = "",
    category: Category | None = None,
    first: Annotated[Day | None, Query(alias="from", description="first local day of the report")] = None,
    last: Annotated[Day | None, Query(alias="to", description="last local day, inclusive")] = None,
    as_of: Annotated[
        Day | None, Query(description="as things stood at the end of this local day; now otherwise")
    ] = None,
    last_year: Annotated[bool, Query(description="also the same period of last year")] = False,
    language: Annotated[Literal["en", "zh"], Query(description="language of the labels")] = "en",
) -> FiguresTable:
    """Figures of the unit of whoever asks, or of one within it; 403 for another. Counted where incidents were reported."""
    services = visit.services
    within = unit_within(visit, "read_figures", unit)
    from_ms, to_ms = span_ms(first, last)
    until_ms = services.store.now_ms() if as_of is None else start_of(as_of + dt.timedelta(days=1))
    query = FiguresQuery(until_ms, from_ms, to_ms, within, category, by)
    columns, repeats = services.mirror.with_repeats()
    roles = roles_of_reporters(columns, Staffing(services.store).duties()) if by == "role" else None
    found = count_figures(columns, query, repeats, roles)
    before = count_figures(columns, _a_year_before(query), repeats).total if last_year else None
    spoken = int(language == "zh")
    with services.store.reading() as connection:
        names = office_names(connection)
        if by == "sub_category":
            names = sub_category_names(rulebook_of(connection).sub_categories, spoken)
    return FiguresTable(
        unit=within.code, category=category, first_day=first, last_day=last, as_of=instant(until_ms), by=by,
        total=_shape(found.total),
        groups=[
            GroupShape(key=key, label=label_of(by, key, spoken, names), figures=_shape(figures))
            for key, figures in found.groups.items()
        ],
        last_year=None if before is None else _shape(before),
    )  # fmt: skip


@router.get("/definitions")
def list_definitions(_visit: Annotated[Visit, door("read_figures")]) -> list[DefinitionShape]:
    """What each figure is called and means, in both languages."""
    return [
        DefinitionShape(name=name, label_en=labels[0], label_zh=labels[1], meaning_en=meaning[0], meaning_zh=meaning[1])
        for name, (labels, meaning) in DEFINITIONS.items()
    ]


def _a_year_before(query: FiguresQuery) -> FiguresQuery:
    from_ms, to_ms = (None if at is None else year_before(at) for at in (query.from_ms, query.to_ms))
    return dataclasses.replace(query, as_of_ms=year_before(query.as_of_ms), from_ms=from_ms, to_ms=to_ms, by=None)


def _shape(figures: Figures) -> FiguresShape:
    return FiguresShape.model_validate({name: getattr(figures, name) for name in FiguresShape.model_fields})
