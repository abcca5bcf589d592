"""The evidence of one patroller-day as a map: own grids, the track by state, visits, and the fixes that were not used."""

from collections.abc import Iterable, Sequence
from typing import Final

import folium
import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.duty import Duty
from gisgrid.errors import BadOption
from gisgrid.local_days import DAY_MS, EAST_OF_UTC_MS, date_of
from gisgrid.mapping import PRESENCE_COLOURS, LegendEntry, add_legend, new_map
from tracks.fixes import Fixes
from tracks.marks import MARK_NAMES, USED, find_marks
from tracks.own_zones import Edition, OwnZones, make_own_zones
from tracks.policy import Policy
from tracks.presence import STATE_NAMES, UNKNOWN, Stretches, Walk
from tracks.results import local_time
from tracks.sentences import MARK_WORDS_ZH, Language, duration, explain_day
from tracks.verdicts import DayVerdict
from tracks.verify import PatrollerTrace, Verification, trace_patroller
from tracks.visits import Visit

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "certain": "in the own grid, certain", "possible": "in the own grid, possible", "elsewhere": "elsewhere",
        "unknown": "unknown (silent)", "own": "own grid", "band": "tolerance", "legend": "Where the day went",
        "visit": "visit", "marked": "fix not used", "pass": "pass", "fail": "fail", "undetermined": "undetermined",
        "not_due": "not due", "off_duty": "off duty", "other": "other grids", "yes": "counts", "maybe": "counts possibly", "no": "does not count",
    },
    "zh": {
        "certain": "在格（确定）", "possible": "在格（待核）", "elsewhere": "在他处", "unknown": "不明（静默）",
        "own": "本人网格", "band": "容差范围", "legend": "一天的去向", "visit": "走访", "marked": "未采用定位",
        "pass": "达标", "fail": "未达标", "undetermined": "待核", "not_due": "不考核", "off_duty": "非值勤时段", "other": "其他网格",
        "yes": "计入", "maybe": "待核", "no": "不计入",
    },
}  # fmt: skip
_MARK_COLOUR: Final = "#d55e00"
_MARGIN_DEGREES: Final = 0.002
_FAR_DEGREES: Final = 0.05


def day_map(
    patroller: str,
    day: int,
    fixes: Fixes,
    editions: Sequence[Edition],
    duties: Iterable[Duty],
    policy: Policy,
    verification: Verification,
    language: Language = "en",
) -> folium.Map:
    """The map of a local day (since 1970) of one patroller whose verdict is in `verification`; `BadOption` if it is not."""
    verdict = next((found for found in verification.days if found.patroller == patroller and found.day == day), None)
    if verdict is None:
        raise BadOption(
            f"there is no verdict for {patroller!r} on {date_of(day)}; a map needs a patroller with a duty on a day of the period"
        )
    own = make_own_zones(editions, [duty for duty in duties if duty.person == patroller])
    mine = _fixes_of(fixes, patroller)
    x_m, y_m = own.plane.to_xy(mine.lon, mine.lat)
    marks = find_marks(mine, x_m, y_m, policy)
    trace = trace_patroller(patroller, mine, x_m, y_m, marks, own, day, day, policy)
    network = own.edition_on(day).network
    grids = [network.position_of(code) for code in own.codes_on(patroller, day) if code in network]
    words = _WORDS[language]
    midnight = day * DAY_MS - EAST_OF_UTC_MS
    pieces = _track_pieces(trace.walk, trace.presence, midnight)
    shown = _degrees(own, np.concatenate([piece for _, piece in pieces])) if pieces else np.empty((0, 2))
    page = new_map(
        _bounds(network.geometry[grids], shown, network.bounds),
        title=f"{patroller} · {date_of(day)} · {words[verdict.patrol_verdict]}",
        subtitle=f"{explain_day(verdict, policy, language)}\n{_ledger(verdict, words, language)}",
        is_sample=network.is_sample,
        language=language,
    )
    _draw_grids(page, own, network.codes, network.geometry, grids, policy, words)
    for state, piece in pieces:
        _draw_piece(page, STATE_NAMES[state], _degrees(own, piece), dashed=state == UNKNOWN)
    for number, visit in enumerate((visit for visit in trace.visits if visit.day == day), start=1):
        _draw_visit(page, own, trace, visit, number, words, language)
    _draw_marked(page, mine, marks, midnight, language)
    _draw_legend(page, words, policy)
    return page


def _fixes_of(fixes: Fixes, patroller: str) -> Fixes:
    if patroller not in fixes.patrollers:
        return _slice(fixes, (), slice(0, 0))
    place = fixes.patrollers.index(patroller)
    first, last = np.searchsorted(fixes.patroller, (place, place + 1))
    return _slice(fixes, (patroller,), slice(int(first), int(last)))


def _slice(fixes: Fixes, patrollers: tuple[str, ...], rows: slice) -> Fixes:
    return Fixes(
        patrollers, np.zeros_like(fixes.patroller[rows]), fixes.time_ms[rows], fixes.lon[rows], fixes.lat[rows],
        fixes.accuracy_m[rows], fixes.received_ms[rows],
    )  # fmt: skip


def _track_pieces(walk: Walk, presence: Stretches, midnight: int) -> list[tuple[int, NDArray[np.float64]]]:
    """The track of a day as (state, (k, 2) places in metres), cut where the state changes."""
    first, last = np.searchsorted(presence.start_ms, (midnight, midnight + DAY_MS))
    pieces = []
    for place in range(int(first), int(last)):
        start, end = presence.start_ms[place], presence.end_ms[place]
        inner = walk.time_ms[(walk.time_ms > start) & (walk.time_ms < end)]
        moments = np.concatenate(([start], inner, [end]))
        pieces.append(
            (
                int(presence.state[place]),
                np.column_stack(
                    (np.interp(moments, walk.time_ms, walk.x_m), np.interp(moments, walk.time_ms, walk.y_m))
                ),
            )
        )
    return pieces


def _degrees(own: OwnZones, xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(own.plane.to_lonlat(xy_m[:, 0], xy_m[:, 1]))


def _bounds(
    grids: NDArray[np.object_], shown: NDArray[np.float64], fallback: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    if len(grids) == 0 and len(shown) == 0:
        return fallback
    west, south, east, north = shapely.total_bounds(grids) if len(grids) else (*shown.min(axis=0), *shown.max(axis=0))
    if len(shown):
        # A track far away must not shrink the grid to a dot.
        near = shown[
            (np.abs(shown[:, 0] - (west + east) / 2) < _FAR_DEGREES)
            & (np.abs(shown[:, 1] - (south + north) / 2) < _FAR_DEGREES)
        ]
        if len(near):
            west, south = min(west, near[:, 0].min()), min(south, near[:, 1].min())
            east, north = max(east, near[:, 0].max()), max(north, near[:, 1].max())
    return float(west), float(south), float(east), float(north)


def _draw_grids(
    page: folium.Map,
    own: OwnZones,
    codes: tuple[str, ...],
    geometry: NDArray[np.object_],
    grids: list[int],
    policy: Policy,
    words: dict[str, str],
) -> None:
    if not grids:
        return
    west, south, east, north = shapely.total_bounds(geometry[grids])
    window = shapely.box(
        west - _MARGIN_DEGREES, south - _MARGIN_DEGREES, east + _MARGIN_DEGREES, north + _MARGIN_DEGREES
    )
    for position in np.flatnonzero(shapely.intersects(geometry, window)):
        if position not in grids:
            _polygon(page, geometry[position], colour="#9aa6b2", weight=1, fill=0.0, tooltip=codes[position])
    metres = own.plane.project(geometry[grids])
    band = own.plane.unproject(
        np.array([shapely.buffer(shapely.union_all(metres), policy.tolerance_m, quad_segs=16)], dtype=object)
    )[0]
    _polygon(
        page,
        band,
        colour="#1d2733",
        weight=1,
        fill=0.0,
        tooltip=f"{words['band']} {policy.tolerance_m:g} m",
        dash="4 5",
    )
    for place in grids:
        _polygon(
            page,
            geometry[place],
            colour="#1d2733",
            weight=2.5,
            fill=0.06,
            tooltip=f"{words['own']} {codes[place]}",
        )


def _polygon(
    page: folium.Map,
    shape: shapely.Geometry,
    *,
    colour: str,
    weight: float,
    fill: float,
    tooltip: str,
    dash: str | None = None,
) -> None:
    style = {"color": colour, "weight": weight, "fillColor": colour, "fillOpacity": fill, "dashArray": dash}
    data = {
        "type": "Feature",
        "properties": {},
        "geometry": shapely.geometry.mapping(shapely.set_precision(shape, 1e-6)),  # type: ignore[arg-type]  # stubs know no protocol
    }
    folium.GeoJson(data, style_function=lambda _: style, tooltip=tooltip).add_to(page)


def _draw_piece(page: folium.Map, state: str, lonlat: NDArray[np.float64], *, dashed: bool) -> None:
    places = [(round(float(lat), 6), round(float(lon), 6)) for lon, lat in lonlat]
    folium.PolyLine(  # type: ignore[no-untyped-call]  # folium's
        places,
        color=PRESENCE_COLOURS[state],
        weight=2 if dashed else 4,
        opacity=0.85,
        dash_array="3 7" if dashed else None,
    ).add_to(page)


def _draw_visit(
    page: folium.Map,
    own: OwnZones,
    trace: PatrollerTrace,
    visit: Visit,
    number: int,
    words: dict[str, str],
    language: Language,
) -> None:
    text = (
        f"{words['visit']} {number}: {local_time(visit.start_ms)[11:19]}-{local_time(visit.end_ms)[11:19]}, "
        f"{duration(visit.certain_ms, language)} + {duration(visit.possible_ms, language)}, {visit.walked_m:.0f} m, "
        f"{words[{'certain': 'yes', 'possible': 'maybe', 'no': 'no'}[visit.counts]]}"
    )
    for moment, filled in ((visit.start_ms, True), (visit.end_ms, False)):
        xy = np.array(
            [
                [
                    np.interp(moment, trace.walk.time_ms, trace.walk.x_m),
                    np.interp(moment, trace.walk.time_ms, trace.walk.y_m),
                ]
            ]
        )
        ((lon, lat),) = _degrees(own, xy)
        folium.CircleMarker(
            (float(lat), float(lon)), radius=7, color="#1d2733", weight=2, fill=True, fill_color="#1d2733" if filled else "#ffffff",
            fill_opacity=1.0, tooltip=f"{'▶' if filled else '■'} {text}",
        ).add_to(page)  # fmt: skip


def _draw_marked(page: folium.Map, fixes: Fixes, marks: NDArray[np.int8], midnight: int, language: Language) -> None:
    of_day = (fixes.time_ms >= midnight) & (fixes.time_ms < midnight + DAY_MS)
    for row in np.flatnonzero((marks != USED) & of_day):
        reason = MARK_WORDS_ZH[marks[row]] if language == "zh" else MARK_NAMES[marks[row]]
        accuracy = "" if np.isnan(fixes.accuracy_m[row]) else f", ±{fixes.accuracy_m[row]:.0f} m"
        folium.CircleMarker(
            (float(fixes.lat[row]), float(fixes.lon[row])), radius=4, color=_MARK_COLOUR, weight=1.5, fill=True, fill_color="#ffffff",
            fill_opacity=0.9, tooltip=f"{local_time(int(fixes.time_ms[row]))[11:19]} {reason}{accuracy}",
        ).add_to(page)  # fmt: skip


def _draw_legend(page: folium.Map, words: dict[str, str], policy: Policy) -> None:
    add_legend(
        page,
        words["legend"],
        [
            *(
                LegendEntry(PRESENCE_COLOURS[name], words[name], "dashed" if name == "unknown" else "line")
                for name in STATE_NAMES
            ),
            LegendEntry("#1d2733", words["visit"], "dot"),
            LegendEntry(_MARK_COLOUR, words["marked"], "dot"),
            LegendEntry("#1d2733", f"{words['band']} {policy.tolerance_m:g} m", "dashed"),
        ],
    )


def _ledger(day: DayVerdict, words: dict[str, str], language: Language) -> str:
    spent = day.ledger
    parts = (
        ("certain", spent.own_certain_ms), ("possible", spent.own_possible_ms), ("elsewhere", spent.elsewhere_ms),
        ("unknown", spent.unknown_ms), ("off_duty", spent.off_duty_ms),
    )  # fmt: skip
    return ", ".join(f"{words[name]} {duration(ms, language)}" for name, ms in parts)
