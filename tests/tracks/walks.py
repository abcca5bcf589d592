"""Tracks for tests: fixes from metres in a drawn world and clock times of one day."""

import datetime as dt
from collections.abc import Iterable

import numpy as np

from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.grid import GridNetwork
from tests.worlds import PLANE
from tracks.filed_reports import FiledReports
from tracks.fixes import Fixes, collect_fixes
from tracks.own_zones import Edition
from tracks.policy import Policy
from tracks.verify import Verification, verify_tracks

MONDAY = dt.date(2018, 5, 7)
SUNDAY = dt.date(2018, 5, 13)
CHINA = dt.timezone(dt.timedelta(hours=8))


def at_ms(clock: str, day: dt.date = MONDAY) -> int:
    """The instant of a local clock time HH:MM[:SS] on a day, in ms UTC."""
    return int(dt.datetime.combine(day, dt.time.fromisoformat(clock), CHINA).timestamp()) * 1000


def straight(
    start_ms: int, end_ms: int, x0: float, y0: float, x1: float, y1: float, step_s: float = 10.0
) -> list[tuple[int, float, float]]:
    """Fixes every `step_s` along a straight line, both ends included."""
    count = max(1, round((end_ms - start_ms) / (step_s * 1000)))
    shares = np.linspace(0.0, 1.0, count + 1)
    return [(round(start_ms + s * (end_ms - start_ms)), x0 + s * (x1 - x0), y0 + s * (y1 - y0)) for s in shares]


def stroll(
    start_ms: int, end_ms: int, x0: float, y0: float, x1: float, y1: float, speed_ms: float = 1.1
) -> list[tuple[int, float, float]]:
    """Fixes every 10 s, up and down between two places at walking speed."""
    length = float(np.hypot(x1 - x0, y1 - y0))
    points = []
    for now in range(start_ms, end_ms + 1, 10_000):
        walked = speed_ms * (now - start_ms) / 1000.0 % (2 * length)
        share = (walked if walked <= length else 2 * length - walked) / length
        points.append((now, x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    return points


def fixes_of(points: Iterable[tuple[int, float, float]], person: str = "P", accuracy_m: float = float("nan")) -> Fixes:
    """Fixes of one person from (ms, x, y) in metres of the drawn world's plane."""
    rows = np.array(list(points), np.float64).reshape(-1, 3)
    lon, lat = PLANE.to_lonlat(rows[:, 1], rows[:, 2])
    return collect_fixes(
        np.full(len(rows), person, dtype=object), rows[:, 0].astype(np.int64), lon, lat, np.full(len(rows), accuracy_m)
    )


def duty(grid: str, person: str = "P", role: str = "patroller", from_day: int = 0, to_day: int = FOREVER_DAY) -> Duty:
    """A duty for ever unless said otherwise."""
    return Duty(person, grid, role, from_day, to_day)


def judge(
    network: GridNetwork,
    points: Iterable[tuple[int, float, float]],
    *,
    duties: Iterable[Duty] | None = None,
    policy: Policy | None = None,
    first: dt.date = MONDAY,
    last: dt.date = MONDAY,
    reports: FiledReports | None = None,
) -> Verification:
    """Verify one person's points against a drawn network; the duty is for grid A unless given."""
    held = [duty("A")] if duties is None else list(duties)
    return verify_tracks(fixes_of(points), [Edition(network)], held, first, last, policy=policy, reports=reports)
