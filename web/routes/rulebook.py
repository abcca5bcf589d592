"""What holds here: categories, the rules of the incident loop, the calendar of workdays, the policy of patrols."""

import dataclasses
import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import why_it_counts
from gisgrid.errors import BadOption
from gisgrid.rules import LoopRules
from gisgrid.store.rulebook import Rulebook, rulebook_of
from tracks.policy import Policy
from web.asked import Day, today_of
from web.doors import Visit, door

router = APIRouter(prefix="/api/v1", tags=["rules"])

_MOST_DAYS: Final = 1_100
_DAY: Final = dt.timedelta(days=1)


class SubCategoryShape(BaseModel):
    """A sub-category, for reports of local days from `from_day` to the day before `to_day` (null: no limit)."""

    code: str = Field(examples=["fire_hazard"])
    name_en: str = Field(examples=["Fire hazard"])
    name_zh: str = Field(examples=["消防隐患"])
    from_day: dt.date | None
    to_day: dt.date | None
    is_open: bool = Field(description="whether a report of today may have it")


class CategoryShape(BaseModel):
    """A category with its sub-categories."""

    code: str = Field(examples=["disputes"])
    name_en: str = Field(examples=["Disputes"])
    name_zh: str = Field(examples=["矛盾纠纷"])
    sub_categories: list[SubCategoryShape]


class RuleShape(BaseModel):
    """A rule of the incident loop; its unit is in its name."""

    rule: str = Field(examples=["response_workdays"])
    value: int | float | str = Field(examples=[1])
    default: int | float | str = Field(examples=[1])


class CalendarDayShape(BaseModel):
    """A local day: whether people work, why, and whether that may still change (the calendar is not published yet)."""

    day: dt.date
    is_workday: bool
    is_provisional: bool
    why_en: str = Field(examples=["Saturday, make-up workday"])
    why_zh: str = Field(examples=["星期六，调休上班"])


class PolicyShape(BaseModel):
    """The policy by which patrols are judged when nothing else is said: its parameters with their units in their names, and
    the hash that identifies it in every verdict.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["5225"])
    hash: str = Field(examples=["0123456789ab"])
    parameters: dict[str, Any] = Field(examples=[{"days_per_week": 5, "tolerance_m": 20.0, "sure_gap_s": 300.0}])


@router.get("/categories")
def list_categories(visit: Annotated[Visit, door("read_grids")]) -> list[CategoryShape]:
    """What incidents are about, in both languages, the district's own sub-categories and campaigns among them."""
    known, today = _rulebook(visit).sub_categories, today_of(visit.services)
    return [
        CategoryShape(
            code=category,
            name_en=english,
            name_zh=chinese,
            sub_categories=[
                SubCategoryShape(
                    code=one.code, name_en=one.labels[0], name_zh=one.labels[1], from_day=one.from_day,
                    to_day=one.to_day, is_open=one.is_open(today),
                )
                for one in known.of(category)
            ],
        )
        for category, (english, chinese) in CATEGORIES.items()
    ]  # fmt: skip


@router.get("/rules")
def list_rules(visit: Annotated[Visit, door("read_grids")]) -> list[RuleShape]:
    """The rules of the incident loop as they hold, each beside its default."""
    values, defaults = _by_name(_rulebook(visit).rules), _by_name(LoopRules())
    return [RuleShape(rule=name, value=value, default=defaults[name]) for name, value in values.items()]


@router.get("/calendar")
def show_calendar(
    visit: Annotated[Visit, door("read_grids")],
    first: Annotated[Day, Query(alias="from")],
    last: Annotated[Day, Query(alias="to", description="local day, inclusive")],
) -> list[CalendarDayShape]:
    """The days of a span and why each of them is a workday or not; at most three years."""
    count = (last - first).days + 1
    if not 0 < count <= _MOST_DAYS:
        raise BadOption(
            f"from {first} to {last} are {count} days; expected 1 to {_MOST_DAYS}",
            zh=f"从 {first} 到 {last} 有 {count} 天；应为 1 至 {_MOST_DAYS} 天",
        )
    rulebook = _rulebook(visit)
    calendar = rulebook.calendar
    found = []
    for day in (first + past * _DAY for past in range(count)):
        works = calendar.is_workday(day)
        english, chinese = why_it_counts(day, works, calendar, rulebook.calendar_notes)
        found.append(
            CalendarDayShape(
                day=day, is_workday=works, is_provisional=calendar.is_provisional(day), why_en=english, why_zh=chinese
            )
        )
    return found


@router.get("/policy")
def show_policy(_visit: Annotated[Visit, door("read_grids")]) -> PolicyShape:
    """The default policy of patrols, the 5225 standard."""
    policy = Policy()
    parameters = dataclasses.asdict(policy)
    return PolicyShape(name=parameters.pop("name"), hash=policy.hash, parameters=parameters)


def _rulebook(visit: Visit) -> Rulebook:
    with visit.services.store.reading() as connection:
        return rulebook_of(connection)


def _by_name(rules: LoopRules) -> dict[str, Any]:
    return {name: value for part in dataclasses.asdict(rules).values() for name, value in part.items()}
