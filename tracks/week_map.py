"""The verdicts of a period at a glance: every grid coloured by how its patroller's week was judged."""

from collections import defaultdict
from html import escape
from typing import Final

import folium
import numpy as np
import shapely

from gisgrid.local_days import date_of
from gisgrid.mapping import LegendEntry, add_legend, new_map
from tracks.own_zones import OwnZones
from tracks.results import week_name
from tracks.sentences import Language, explain_week
from tracks.verdicts import VerdictName, WeekVerdict

VERDICT_COLOURS: Final[dict[VerdictName, str]] = {
    "pass": "#56b4e9",
    "undetermined": "#e69f00",
    "fail": "#d55e00",
    "not_due": "#c9d1d9",
}
VERDICT_WORDS: Final[dict[VerdictName, tuple[str, str]]] = {
    "pass": ("pass", "达标"),
    "undetermined": ("undetermined", "待核"),
    "fail": ("fail", "未达标"),
    "not_due": ("not due", "不考核"),
}

_DISPLAY_M: Final = 4.0
_WORST_FIRST: Final[tuple[VerdictName, ...]] = ("fail", "undetermined", "pass", "not_due")


def week_map(own: OwnZones, weeks: tuple[WeekVerdict, ...], monday: int, language: Language = "en") -> folium.Map:
    """The patrol verdicts of the week that begins on `monday` (days since 1970), at the grids of that day's edition.

    A grid with several people shows the worst verdict; its tooltip has the sentence of each.
    """
    place = 1 if language == "zh" else 0
    network = own.edition_on(monday).network
    of_grid: dict[str, list[WeekVerdict]] = defaultdict(list)
    judged = [week for week in weeks if week.monday == monday]
    for week in judged:
        for code in {code for day in range(monday, monday + 7) for code in own.codes_on(week.patroller, day)}:
            of_grid[code].append(week)
    counts = {name: sum(week.patrol_verdict == name for week in judged) for name in VERDICT_WORDS}
    shown = [name for name in VERDICT_WORDS if counts[name]]
    page = new_map(
        network.bounds,
        title=(f"Patrols in week {week_name(monday)}", f"{week_name(monday)} 巡查考核")[place],
        subtitle=f"{date_of(monday)} – {date_of(monday + 6)} · "
        + ", ".join(f"{counts[name]} {VERDICT_WORDS[name][place]}" for name in shown),
        is_sample=network.is_sample,
        language=language,
    )
    light = shapely.coverage_simplify(network.index.plane_geometry(), _DISPLAY_M)
    shapes = shapely.set_precision(network.plane.unproject(np.asarray(light, dtype=object)), 1e-5, mode="pointwise")
    features = []
    for code, name, shape in zip(network.codes, network.names, shapes, strict=True):
        found = of_grid.get(code, [])
        worst = next(
            (verdict for verdict in _WORST_FIRST if any(week.patrol_verdict == verdict for week in found)), None
        )
        lines = [f"<b>{escape(code)}</b> {escape(name)}"]
        lines += [
            f"{escape(week.patroller)}: {VERDICT_WORDS[week.patrol_verdict][place]}. {escape(explain_week(week, language))}"
            for week in found
        ]
        colour = VERDICT_COLOURS[worst] if worst else "#ffffff"
        properties = {"colour": colour, "text": "<br>".join(lines)}
        features.append({"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)})
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: {
            "color": "#52606d",
            "weight": 0.7,
            "fillColor": feature["properties"]["colour"],
            "fillOpacity": 0.8,
        },
        highlight_function=lambda _: {"weight": 2.5, "color": "#1d2733"},
        tooltip=folium.GeoJsonTooltip(fields=["text"], aliases=[""], labels=False, style="white-space:nowrap"),
    ).add_to(page)
    add_legend(
        page,
        ("Week's verdict", "本周判定")[place],
        [LegendEntry(VERDICT_COLOURS[name], VERDICT_WORDS[name][place]) for name in shown],
    )
    return page
