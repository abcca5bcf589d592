"""Incidents on a map: grids shaded by count, categories as one dot per grid; never one marker per incident."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, Literal

import folium
import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.grid import GridNetwork
from gisgrid.incidents import CATEGORIES
from gisgrid.mapping import CATEGORY_COLOURS, LegendEntry, add_legend, count_colour, new_map, nice_breaks
from gisgrid.mapping.colours import SEQUENCE

Language = Literal["en", "zh"]

_DISPLAY_M: Final = 4.0
_LARGEST_DOT_PX: Final = 13.0
_MOST_CATEGORIES: Final = 8
_SPARE_COLOURS: Final = ("#d55e00", "#0072b2", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#7a7a7a", "#1d2733")
_WORDS: Final = {
    "en": ("incidents", "Incidents per grid", "Largest category", "none", "unassigned", "other", "dots: size by count"),
    "zh": ("件事件", "每网格事件数", "最多的类别", "无", "未归属", "其他", "圆点大小表示数量"),
}


def incident_map(
    network: GridNetwork,
    position: NDArray[np.int32],
    categories: Sequence[str] | NDArray[np.object_] | None = None,
    *,
    title: str,
    language: Language = "en",
) -> folium.Map:
    """A map of incidents at their grids: `position` (n,) with -1 for none, `categories` (n,) as keys or free text.

    Grids are shaded by count; one dot in each shows its largest category, and its tooltip all of them. The page grows
    with the grids, not with the incidents.
    """
    noun, legend_title, dots_title, none, unassigned, rest, note = _WORDS[language]
    assigned = position >= 0
    counts = np.bincount(position[assigned], minlength=len(network))
    breaks = nice_breaks([float(count) for count in counts])
    lost = int((~assigned).sum())
    subtitle = f"{int(assigned.sum()):,} {noun}" + (f", {lost:,} {unassigned}" if lost else "")
    page = new_map(network.bounds, title=title, subtitle=subtitle, is_sample=network.is_sample, language=language)
    names, table = _by_category(position, categories, len(network), rest)
    shapes = _display_geometry(network)
    features = [
        _feature(network, grid, shapes[grid], int(counts[grid]), names, table, breaks, noun, language)
        for grid in range(len(network))
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: {
            "color": "#52606d",
            "weight": 0.7,
            "fillColor": feature["properties"]["colour"],
            "fillOpacity": 0.85,
        },
        highlight_function=lambda _: {"weight": 2.5, "color": "#1d2733"},
        tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False, aliases=[""], style="white-space:nowrap"),
    ).add_to(page)
    colours = {
        name: CATEGORY_COLOURS.get(name, _SPARE_COLOURS[place % len(_SPARE_COLOURS)])
        for place, name in enumerate(names)
    }
    if names:
        _draw_dots(page, network, table, names, colours)
    bounds = [0, *breaks]
    entries = [
        LegendEntry(
            SEQUENCE[min(step, len(SEQUENCE) - 1)], none if low == 0 and breaks[0] == 1 else _range(low, bounds, step)
        )
        for step, low in enumerate(bounds)
    ]
    if names:
        entries += [LegendEntry(colours[name], _label(name, language), "dot") for name in names]
    add_legend(page, f"{legend_title}" + (f" · {dots_title}" if names else ""), entries, note if names else "")
    return page


def _by_category(
    position: NDArray[np.int32], categories: Sequence[str] | NDArray[np.object_] | None, grids: int, rest: str
) -> tuple[list[str], NDArray[np.int64]]:
    """The categories in order of size, the small ones joined, and the counts (grids, categories)."""
    if categories is None:
        return [], np.zeros((grids, 0), np.int64)
    found, which, sizes = np.unique(
        np.asarray(categories, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    order = sorted(range(len(found)), key=lambda place: (-int(sizes[place]), str(found[place])))
    names = [str(found[place]) for place in order]
    shown = names if len(names) <= _MOST_CATEGORIES else [*names[: _MOST_CATEGORIES - 1], rest]
    rank = np.empty(len(found), np.int64)
    rank[order] = np.minimum(np.arange(len(order)), len(shown) - 1)
    table = np.zeros((grids, len(shown)), np.int64)
    assigned = position >= 0
    np.add.at(table, (position[assigned], rank[which[assigned]]), 1)
    return shown, table


def _display_geometry(network: GridNetwork) -> NDArray[np.object_]:
    """Polygons light enough for a page: simplified together, so that neighbours stay neighbours."""
    plane = network.index.plane_geometry()
    light = shapely.coverage_simplify(plane, _DISPLAY_M) if bool(shapely.is_valid(plane).all()) else plane
    return np.asarray(
        shapely.set_precision(network.plane.unproject(np.asarray(light, dtype=object)), 1e-5, mode="pointwise"),
        dtype=object,
    )


def _feature(
    network: GridNetwork, grid: int, shape: shapely.Geometry, count: int, names: list[str], table: NDArray[np.int64],
    breaks: list[int], noun: str, language: Language,
) -> Mapping[str, object]:  # fmt: skip
    lines = [f"<b>{escape(network.codes[grid])}</b> {escape(network.names[grid])}", f"{count:,} {noun}"]
    lines += [
        f"{escape(_label(name, language))}: {amount:,}"
        for name, amount in zip(names, table[grid], strict=True)
        if amount
    ]
    return {
        "type": "Feature",
        "properties": {"colour": count_colour(count, breaks), "text": "<br>".join(lines)},
        "geometry": shapely.geometry.mapping(shape),
    }


def _draw_dots(
    page: folium.Map, network: GridNetwork, table: NDArray[np.int64], names: list[str], colours: Mapping[str, str]
) -> None:
    most = max(int(table.sum(axis=1).max()), 1)
    inner = shapely.point_on_surface(network.geometry)
    for grid, point in enumerate(inner):
        total = int(table[grid].sum())
        if total == 0:
            continue
        name = names[int(table[grid].argmax())]
        folium.CircleMarker(
            (float(shapely.get_y(point)), float(shapely.get_x(point))), radius=2.0 + _LARGEST_DOT_PX * float(np.sqrt(total / most)) * 0.6,
            color="#ffffff", weight=1, fill=True, fill_color=colours[name], fill_opacity=0.9, interactive=False,
        ).add_to(page)  # fmt: skip


def _range(low: int, bounds: list[int], step: int) -> str:
    if step + 1 == len(bounds):
        return f"{low:,}+"
    high = bounds[step + 1] - 1
    return f"{low:,}" if high == low else f"{low:,}–{high:,}"


def _label(name: str, language: Language) -> str:
    if name in CATEGORIES:
        return CATEGORIES[name][1 if language == "zh" else 0]
    return name
