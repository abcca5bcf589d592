"""Whether a phone sends in another datum than was said: evidence from where its fixes lie, never a silent change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from gisgrid.datum import Datum, gcj02_to_bd09, to_wgs84, wgs84_to_gcj02
from gisgrid.grid import GridNetwork
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, local_days
from tracks.policy import Policy

Degrees = NDArray[np.float64]

LEAST_FIXES: Final = 200
LEAST_DAYS: Final = 2
LEAST_SPOTS: Final = 10
"""Less than this says nothing: fixes, days on which the other datum fits better, squares of 100 m in which they lie."""

LEAST_SHARE: Final = 0.3
LEAST_MARGIN: Final = 0.2
LEAST_AGREEMENT: Final = 0.8
"""What a suspicion needs: of all fixes so many lie in the own grids by the other datum, so many more than as said, and of
those that lie there by one of the two only, so many by the other."""

_ALIKE: Final[dict[Datum, Datum]] = {"cgcs2000": "wgs84"}
_KNOWN: Final[tuple[Datum, ...]] = ("wgs84", "gcj02", "bd09")
_LABELS: Final = {"wgs84": "WGS 84", "gcj02": "GCJ-02", "bd09": "BD-09"}
_SPOTS_PER_DEGREE: Final = 1_000.0  # 100 m


@dataclass(frozen=True)
class DatumEvidence:
    """Where the fixes of a phone lie by each datum in which they may have been sent.

    `own` and `land` count by datum those in the person's own grids of the day and in any grid, of `fixes` on `days` days.
    `suspects` is the datum that fits clearly better than `said`, empty where none does or where there is too little.
    """

    said: str
    fixes: int
    days: int
    own: Mapping[str, int]
    land: Mapping[str, int]
    suspects: str = ""

    def sentence(self, language: Literal["en", "zh"] = "en") -> str:
        """What speaks for another datum, or that nothing does."""
        if not self.suspects:
            if language == "zh":
                return f"{self.days} 天 {self.fixes} 个定位点，未见坐标系不符"
            return f"{self.fixes} fixes on {self.days} days give no reason to doubt {_LABELS[self.said]}"
        other, said = (f"{100.0 * self.own[datum] / self.fixes:.0f} %" for datum in (self.suspects, self.said))
        if language == "zh":
            return (
                f"{self.days} 天 {self.fixes} 个定位点：按 {_LABELS[self.suspects]} 解读有 {other} 落在本人网格内，"
                f"按 {_LABELS[self.said]} 只有 {said}；请核对后设置该手机的坐标系"
            )
        return (
            f"of {self.fixes} fixes on {self.days} days {other} lie in the own grids when read as {_LABELS[self.suspects]}, "
            f"as {_LABELS[self.said]} {said}: look at the phone, then set its datum"
        )

    def as_json(self) -> dict[str, Any]:
        """The numbers and both sentences, as they are kept with the phone."""
        return {
            "said": self.said, "suspects": self.suspects, "fixes": self.fixes, "days": self.days, "own": dict(self.own),
            "land": dict(self.land), "en": self.sentence("en"), "zh": self.sentence("zh"),
        }  # fmt: skip


def weigh_datum(
    time_ms: NDArray[np.int64],
    lon: Degrees,
    lat: Degrees,
    said: Datum,
    own_on: Callable[[int], tuple[str, ...]],
    network: GridNetwork,
    policy: Policy,
) -> DatumEvidence:
    """Weigh the datum of one phone by its fixes (n,) as they are kept: ms UTC, degrees EPSG:4490, converted from `said`.

    `own_on` gives the codes of the person's own grids on a local day (since 1970), () for none. Only fixes of days with own
    grids and within the duty window count: where people are at home says nothing about their grids.
    """
    said = _ALIKE.get(said, said)
    begin, end = policy.window_ms
    since_midnight = (time_ms + EAST_OF_UTC_MS) % DAY_MS
    own_of_day = {day: _places(own_on(day), network) for day in np.unique(local_days(time_ms)).tolist()}
    has_own = np.isin(local_days(time_ms), [day for day, places in own_of_day.items() if len(places)])
    counts = has_own & (since_midnight >= begin) & (since_midnight < end)
    day, lon, lat = local_days(time_ms)[counts], lon[counts], lat[counts]
    sent = _as_sent(lon, lat, said)
    place = {datum: network.index.locate(*to_wgs84(*sent, datum)) for datum in _KNOWN}
    own = {datum: _is_own(found, day, own_of_day) for datum, found in place.items()}
    others = [datum for datum in _KNOWN if datum != said]
    best = max(others, key=lambda datum: int(own[datum].sum()))
    return DatumEvidence(
        said,
        len(day),
        len(np.unique(day)),
        {datum: int(mask.sum()) for datum, mask in own.items()},
        {datum: int((found >= 0).sum()) for datum, found in place.items()},
        best if _is_clear(own[best], own[said], day, _spots(lon, lat)) else "",
    )


def _is_clear(other: NDArray[np.bool_], said: NDArray[np.bool_], day: NDArray[np.int64], spots: int) -> bool:
    """Whether the fixes lie in the own grids so much oftener by the other datum that chance is out of the question."""
    if len(day) < LEAST_FIXES or spots < LEAST_SPOTS:
        return False
    only_other, only_said = int((other & ~said).sum()), int((said & ~other).sum())
    gained = np.array([int(other[day == date].sum()) - int(said[day == date].sum()) for date in np.unique(day)])
    return bool(
        other.mean() >= LEAST_SHARE
        and other.mean() - said.mean() >= LEAST_MARGIN
        and only_other >= LEAST_AGREEMENT * (only_other + only_said)
        and (gained > 0).sum() >= max(LEAST_DAYS, 3 * (gained < 0).sum())
    )


def _as_sent(lon: Degrees, lat: Degrees, said: Datum) -> tuple[Degrees, Degrees]:
    """What the phone sent, from what was kept of it."""
    if said == "gcj02":
        return wgs84_to_gcj02(lon, lat)
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)) if said == "bd09" else (lon, lat)


def _places(codes: tuple[str, ...], network: GridNetwork) -> NDArray[np.int32]:
    return np.array([network.position_of(code) for code in codes if code in network], np.int32)


def _is_own(
    place: NDArray[np.int32], day: NDArray[np.int64], own_of_day: Mapping[int, NDArray[np.int32]]
) -> NDArray[np.bool_]:
    found = np.zeros(len(place), bool)
    for date in np.unique(day).tolist():
        found |= (day == date) & np.isin(place, own_of_day[date])
    return found


def _spots(lon: Degrees, lat: Degrees) -> int:
    """In how many squares of some 100 m fixes lie: a phone on a table proves nothing."""
    cells = np.floor(np.column_stack((lon, lat)) * _SPOTS_PER_DEGREE)
    return len(np.unique(cells, axis=0))
