"""Reports of figures: a span of days beside the one before it, with all that the figures page shows; and as files."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.categories import sub_category_names
from gisgrid.errors import BadOption
from gisgrid.figure_reports import Compared, FigureReport, ReportQuery, UnitLevel, count_report
from gisgrid.figure_tables import figure_table, headings, label_of, with_units
from gisgrid.figures import Figures, FiguresQuery, count_figures, roles_of_reporters
from gisgrid.local_days import local_day
from gisgrid.spans import Grain, Span
from gisgrid.store.answering import office_names
from gisgrid.store.rulebook import rulebook_of
from gisgrid.store.staffing import Staffing
from gisgrid.table_files import write_table
from web.asked import Code, Day, span_ms, unit_within
from web.doors import Visit, door
from web.instants import instant
from web.made_files import MEDIA_TYPES, MadeFile, made_file
from web.routes.figures import By, Hours, Share
from web.services import Services

router = APIRouter(prefix="/api/v1", tags=["figures"])

Reader = Annotated[Visit, door("read_figures")]
UnitAsked = Annotated[Code, Query(description="code of a unit or grid, or area:CODE; else one's own unit")]
First = Annotated[Day, Query(alias="from", description="first local day of the report", examples=["2018-05-01"])]
Last = Annotated[Day, Query(alias="to", description="last local day, inclusive", examples=["2018-05-31"])]
LanguageAsked = Annotated[Literal["en", "zh"], Query(description="language of the labels")]

_MOST_DAYS: Final = 1_100


class ReportedShape(BaseModel):
    """The figures of some incidents; `/api/v1/figures/definitions` says what each means. Repeats are not counted here."""

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
    evaluated: int
    satisfied: int
    self_handled: int
    reopened: int
    response_hours: Hours
    handling_hours: Hours
    closing_rate: Share
    response_rate: Share
    on_time_rate: Share
    satisfaction: Share
    self_handled_share: Share


class ComparedShape(BaseModel):
    """A group, and the same in the span before: of a trend the part in the same place (`key_before`, null for none)."""

    key: str = Field(examples=["disputes"])
    label: str = Field(examples=["矛盾纠纷"])
    figures: ReportedShape
    before: ReportedShape
    key_before: str | None = Field(examples=["disputes"])


class UnitFiguresShape(BaseModel):
    """A unit, what of it is overdue now whenever it was reported, and how many patrol there full time."""

    key: str = Field(examples=["331002001000"])
    label: str = Field(examples=["海门街道"])
    figures: ReportedShape
    before: ReportedShape
    overdue_now: int
    patrollers: int


class ReportShape(BaseModel):
    """What was reported in a unit from `first_day` to `last_day`, as it stands at `as_of`.

    The days before are counted as they stood when they were as old as these are now.
    """

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(description="empty: the whole district", examples=["331002001000"])
    unit_name: str = Field(description="empty where it has none", examples=["海门街道"])
    first_day: dt.date
    last_day: dt.date
    before_first: dt.date
    before_last: dt.date
    as_of: dt.datetime
    grain: Grain = Field(description="in what the trend is counted")
    by_unit: UnitLevel | None = Field(description="what the units are; null for a grid, which has none")
    total: ReportedShape
    before: ReportedShape
    overdue_now: int = Field(description="open, not done and past the completion clock, whenever it was reported")
    patrollers: int = Field(description="who patrol full time on the last day, or today")
    trend: list[ComparedShape]
    categories: list[ComparedShape]
    departments: list[ComparedShape]
    units: list[UnitFiguresShape]


@router.get("/figures/report")
def show_figure_report(
    visit: Reader, first: First, last: Last, unit: UnitAsked = "", language: LanguageAsked = "en"
) -> ReportShape:
    """Figures of a span of at most three years by time, category, department and unit, beside those of the span before."""
    services = visit.services
    asked = _asked(visit, unit, first, last)
    report = _report(services, asked)
    names = _names(services)
    spoken = int(language == "zh")
    return ReportShape(
        unit=asked.unit.code, unit_name=names.get(asked.unit.code.removeprefix("area:"), ""),
        first_day=first, last_day=last, before_first=asked.before.first, before_last=asked.before.last,
        as_of=instant(asked.as_of_ms), grain=report.grain, by_unit=asked.by_unit,
        total=_shape(report.total), before=_shape(report.before),
        overdue_now=report.overdue_now, patrollers=report.patrollers,
        trend=_compared(report.trend, report.grain, spoken, names),
        categories=_compared(report.categories, "category", spoken, names),
        departments=_compared(report.departments, "department", spoken, names),
        units=[
            UnitFiguresShape(
                key=one.key, label=label_of(asked.by_unit, one.key, spoken, names), figures=_shape(one.figures),
                before=_shape(one.before), overdue_now=one.overdue_now, patrollers=one.patrollers,
            )
            for one in report.units
        ],
    )  # fmt: skip


@router.get(
    "/exports/figures.{ending}",
    response_class=FileResponse,
    responses={200: {"content": {MEDIA_TYPES[ending]: {} for ending in ("csv", "xlsx")}, "description": "The file."}},
)
def export_figures(
    ending: Literal["csv", "xlsx"],
    visit: Reader,
    first: First,
    last: Last,
    by: By | None = None,
    unit: UnitAsked = "",
    language: LanguageAsked = "en",
) -> MadeFile:
    """All figures of a span by group as a file, with rows for all and for the span before; by unit also what is overdue now."""
    services = visit.services
    asked = _asked(visit, unit, first, last)
    spoken = int(language == "zh")
    columns, repeats = services.mirror.with_repeats()
    roles = roles_of_reporters(columns, Staffing(services.store).duties()) if by == "role" else None
    from_ms, to_ms = span_ms(first, last)
    found = count_figures(columns, FiguresQuery(asked.as_of_ms, from_ms, to_ms, asked.unit, None, by), repeats, roles)
    before = count_figures(columns, asked.query_before(), repeats)
    with services.store.reading() as connection:
        subs = sub_category_names(rulebook_of(connection).sub_categories, spoken)
    names = subs if by == "sub_category" else _names(services)
    rows = figure_table(found, by, spoken, before=before.total, names=names)
    heads = headings(by, spoken)
    if by is not None and by == asked.by_unit:
        rows, more = with_units(rows, _report(services, asked), spoken)
        heads |= more
    return made_file(
        f"figures-{by or 'all'}-{first}-{last}.{ending}", lambda path: write_table(path, rows, headings=heads)
    )


def _asked(visit: Visit, unit: str, first: dt.date, last: dt.date) -> ReportQuery:
    within = unit_within(visit, "read_figures", unit)
    span_ms(first, last)  # refuses a last day before the first
    span = Span(first, last)
    if span.days > _MOST_DAYS:
        raise BadOption(
            f"from {first} to {last} are {span.days} days; expected at most {_MOST_DAYS}, three years",
            zh=f"{first} 至 {last} 共 {span.days} 天；一次最多 {_MOST_DAYS} 天（三年）",
        )
    return ReportQuery(span, visit.services.store.now_ms(), within)


def _report(services: Services, asked: ReportQuery) -> FigureReport:
    day = min(asked.span.last, local_day(asked.as_of_ms))
    return count_report(services.mirror.refresh(), asked, Staffing(services.store).patrollers(day))


def _names(services: Services) -> Mapping[str, str]:
    with services.store.reading() as connection:
        return {**services.naming.names().by_code, **office_names(connection)}


def _compared(groups: Iterable[Compared], by: str, language: int, names: Mapping[str, str]) -> list[ComparedShape]:
    return [
        ComparedShape(
            key=one.key, label=label_of(by, one.key, language, names), figures=_shape(one.figures),
            before=_shape(one.before), key_before=one.key_before,
        )
        for one in groups
    ]  # fmt: skip


def _shape(figures: Figures) -> ReportedShape:
    return ReportedShape.model_validate({name: getattr(figures, name) for name in ReportedShape.model_fields})
