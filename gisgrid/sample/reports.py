"""What the sample's patrollers reported during the week: incidents at fixes of their tracks, five or more on a diligent day."""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from gisgrid.sample.district import SampleDistrict
from gisgrid.sample.outline import PLANE
from gisgrid.sample.roster import WEEK
from gisgrid.sample.seeds import stream
from gisgrid.sample.tracks import SampleTracks

_VALID: Final = {
    # kind: fewest and most valid reports of a day
    "diligent": (5, 8),
    "border_walker": (5, 7),
    "copied_track": (5, 6),
    "substitute": (5, 8),
    "late_upload": (5, 7),
    "too_short": (1, 4),
    "one_visit": (3, 7),
    "phone_off_hour": (4, 7),
    "phone_at_home": (0, 2),
    "driving_through": (0, 2),
    "gcj02_phone": (2, 5),
}
_CANDIDATES: Final = 48
_BORDER_M: Final = 14.0
_INVALID_SHARE: Final = 0.03
_DAY_MS: Final = 86_400_000
_LOCAL_MS: Final = 8 * 3_600_000


def build_reports(district: SampleDistrict, tracks: SampleTracks, *, seed: int = 2018) -> pd.DataFrame:
    """Reports of the week: `incident`, `patroller`, `time` (Asia/Shanghai), `lon`, `lat`, `valid`, in order of time.

    Each lies at a fix of that day, in the patroller's own grids where the track touches them; a few more than the valid
    ones ended as invalid. A phone with shifted positions reports shifted places.
    """
    random = stream(seed, "reports")
    fixes = tracks.fixes
    grid = fixes["patroller"].combine_chunks().indices.to_numpy().astype(np.int64)
    time = pc.cast(fixes["time"], "int64").to_numpy()
    lon, lat = fixes["lon"].to_numpy(), fixes["lat"].to_numpy()
    first_day = np.datetime64(WEEK[0].isoformat(), "ms").astype(np.int64)
    day = (time + _LOCAL_MS - first_day) // _DAY_MS
    begin = np.flatnonzero(np.diff(grid * 8 + day, prepend=-1))
    count = np.diff(np.append(begin, len(grid)))
    kinds = district.roster.kinds[grid[begin], day[begin]]
    shapes = _own_ground(district, grid[begin], kinds)
    chosen = _draw_fixes(shapes, begin, count, kinds, (lon, lat), random)
    rows = np.concatenate([pick for pick, _ in chosen])
    valid = np.concatenate([good for _, good in chosen])
    order = np.lexsort((rows, time[rows]))
    rows, valid = rows[order], valid[order]
    stamp = pd.to_datetime(time[rows], unit="ms", utc=True).tz_convert("Asia/Shanghai")
    return pd.DataFrame(
        {
            "incident": [f"R{number:06d}" for number in range(1, len(rows) + 1)],
            "patroller": [f"P{own + 1:04d}" for own in grid[rows].tolist()],
            "time": stamp,
            "lon": lon[rows],
            "lat": lat[rows],
            "valid": valid,
        }
    )


def _draw_fixes(
    shapes: NDArray[np.object_],
    first: NDArray[np.int64],
    count: NDArray[np.int64],
    kinds: NDArray[np.str_],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    random: np.random.Generator,
) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """For every day, given its polygon, its first fix and number of fixes: the fixes of its reports, and which are valid."""
    drawn = first[:, None] + (random.random((len(first), _CANDIDATES)) * count[:, None]).astype(np.int64)
    inside = np.asarray(shapely.contains_xy(shapes[:, None], places[0][drawn], places[1][drawn]))
    found = []
    for row, kind in enumerate(kinds.tolist()):
        fewest, most = _VALID[kind]
        wanted = int(random.integers(fewest, most + 1))
        extra = int(random.random() < _INVALID_SHARE * wanted)
        usable = np.unique(drawn[row][inside[row]])
        if len(usable) < wanted:
            usable = np.unique(drawn[row])
        pick = np.sort(random.permutation(usable)[: wanted + extra])
        good = np.ones(len(pick), np.bool_)
        good[: max(0, len(pick) - wanted)] = False
        found.append((pick, good))
    return found


def _own_ground(district: SampleDistrict, grids: NDArray[np.int64], kinds: NDArray[np.str_]) -> NDArray[np.object_]:
    """The polygon of every day's own grid; for walks along the outside of the border with a margin of 14 m."""
    shapes = district.network.geometry[grids].copy()
    along = np.flatnonzero(kinds == "border_walker")
    if len(along):
        shapes[along] = PLANE.unproject(shapely.buffer(PLANE.project(shapes[along]), _BORDER_M))
    shapely.prepare(shapes)
    return shapes
