"""The policy of assessment: the 5225 standard and every parameter of the rules behind it, from a file or by default."""

import dataclasses
import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from gisgrid.errors import InvalidPolicy, UnreadableFile

RequiredDays = Literal["workdays", "strict"]

_MS_PER_S: Final = 1000
_MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class BasePlace:
    """A village centre or office (degrees, EPSG:4490) near which presence proves little."""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Policy:
    """The standard and the rules of design section 6; units are in the names.

    `duty_window` is local time of day as "HH:MM-HH:MM" and never wraps midnight ("00:00-24:00" is the whole day).
    """

    name: str = "5225"
    valid_from: dt.date | None = None
    days_per_week: int = 5
    visits_per_day: int = 2
    hours_per_day: float = 2.0
    reports_per_day: int = 5
    tolerance_m: float = 20.0
    max_accuracy_m: float = 100.0
    sure_gap_s: float = 300.0
    possible_gap_s: float = 900.0
    jump_kmh: float = 120.0
    driving_kmh: float = 25.0
    visit_break_s: float = 1800.0
    min_visit_s: float = 600.0
    min_visit_m: float = 300.0
    max_stop_s: float = 3600.0
    stop_radius_m: float = 50.0
    base_places: tuple[BasePlace, ...] = ()
    duty_window: str = "06:00-23:00"
    late_upload_h: float = 72.0
    required_days: RequiredDays = "workdays"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def window_ms(self) -> tuple[int, int]:
        """The duty window as milliseconds after local midnight."""
        return _window(self.duty_window)

    @property
    def hash(self) -> str:
        """Twelve hex digits that identify the content of the policy."""
        content = json.dumps(dataclasses.asdict(self), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def ms(self, name: str) -> int:
        """A parameter in seconds, as milliseconds."""
        seconds: float = getattr(self, name)
        return round(seconds * _MS_PER_S)


def read_policy(path: str | Path) -> Policy:
    """Read a policy from a TOML file; what is not named keeps its default. Raises `UnreadableFile`, `InvalidPolicy`."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UnreadableFile(f"{path} does not exist; expected a policy in TOML") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableFile(f"{path} is not readable as TOML: {error}") from error
    known = {field.name: field for field in dataclasses.fields(Policy)}
    for name in content:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise InvalidPolicy(
                f"{path}: unknown parameter {name!r}"
                + (f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}")
            )
    values: dict[str, Any] = dict(content)
    if "base_places" in values:
        values["base_places"] = _base_places(values["base_places"], path)
    if isinstance(values.get("valid_from"), str):
        raise InvalidPolicy(f"{path}: valid_from must be a TOML date without quotes, such as 2018-05-07")
    try:
        return Policy(**values)
    except InvalidPolicy as error:
        raise InvalidPolicy(f"{path}: {error}") from None


def _base_places(entries: object, path: Path) -> tuple[BasePlace, ...]:
    if not isinstance(entries, list):
        raise InvalidPolicy(f"{path}: base_places must be a list of tables with name, lon and lat")
    try:
        return tuple(BasePlace(str(entry["name"]), float(entry["lon"]), float(entry["lat"])) for entry in entries)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidPolicy(f"{path}: every base place needs name, lon and lat ({error})") from None


def _window(text: str) -> tuple[int, int]:
    try:
        start, end = text.split("-")
        bounds = []
        for clock in (start, end):
            hours, minutes = clock.strip().split(":")
            if len(hours) != 2 or len(minutes) != 2 or not 0 <= int(minutes) < 60:
                raise ValueError(clock)
            bounds.append((int(hours) * 60 + int(minutes)) * _MINUTE_MS)
    except ValueError:
        raise InvalidPolicy(f"duty_window is {text!r}; expected HH:MM-HH:MM such as 06:00-23:00") from None
    if not 0 <= bounds[0] < bounds[1] <= DAY_MS:
        raise InvalidPolicy(
            f"duty_window is {text!r}; it must end after it begins, within one day (it never wraps midnight)"
        )
    return bounds[0], bounds[1]


def _check(policy: Policy) -> None:
    for field in dataclasses.fields(Policy):
        value = getattr(policy, field.name)
        if field.type in (int, float):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise InvalidPolicy(f"{field.name} is {value!r}; expected a number, at least 0")
            if field.type is int and value != int(value):
                raise InvalidPolicy(f"{field.name} is {value!r}; expected a whole number")
    if policy.days_per_week > 7:
        raise InvalidPolicy(f"days_per_week is {policy.days_per_week}; a week has 7 days")
    if policy.hours_per_day > 24:
        raise InvalidPolicy(f"hours_per_day is {policy.hours_per_day}; a day has 24 hours")
    if not isinstance(policy.duty_window, str):
        raise InvalidPolicy(f'duty_window is {policy.duty_window!r}; expected text such as "06:00-23:00"')
    start, end = _window(policy.duty_window)
    if policy.hours_per_day * 3_600_000 > end - start:
        raise InvalidPolicy(
            f"hours_per_day is {policy.hours_per_day}, more than the duty window {policy.duty_window} holds"
        )
    if policy.sure_gap_s > policy.possible_gap_s:
        raise InvalidPolicy(
            f"sure_gap_s ({policy.sure_gap_s}) is above possible_gap_s ({policy.possible_gap_s}); sure time must be the shorter"
        )
    if policy.driving_kmh > policy.jump_kmh:
        raise InvalidPolicy(
            f"driving_kmh ({policy.driving_kmh}) is above jump_kmh ({policy.jump_kmh}); a jump must be faster than driving"
        )
    if policy.required_days not in ("workdays", "strict"):
        raise InvalidPolicy(f"required_days is {policy.required_days!r}; expected 'workdays' or 'strict'")
    if policy.valid_from is not None and (
        not isinstance(policy.valid_from, dt.date) or policy.valid_from.weekday() != 0
    ):
        raise InvalidPolicy(f"valid_from is {policy.valid_from}; a policy takes effect on a Monday")
