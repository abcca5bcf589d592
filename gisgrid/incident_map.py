"""Incidents on a map: grids shaded by count, a layer of dots for each category, cells for what has no grid."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final, Literal

import folium
import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.borders import read_even_odd
from gisgrid.categories import CATEGORIES
from gisgrid.grid import GridNetwork
from gisgrid.mapping import CATEGORY_COLOURS, LegendEntry, add_legend, count_colour, new_map, nice_breaks
from gisgrid.mapping.colours import SEQUENCE

Language = Literal["en", "zh"]

_DISPLAY_M: Final = 5.0
_MOST_POINTS: Final = 60_000
_LARGEST_DOT_PX: Final = 10.0
_CROWDED: Final = 200
_MOST_CATEGORIES: Final = 8
_CELL_DEGREES: Final = 0.002
_FAR_DEGREES: Final = 0.02
_UNASSIGNED_COLOUR: Final = "#b00020"
_SPARE_COLOURS: Final = ("#d55e00", "#0072b2", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#8c564b", "#7a7a7a")
_WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "noun": "incidents", "legend": "Incidents per grid", "none": "none", "lost": "without a grid",
        "other": "all others", "blank": "(no category)", "note": "Click a grid for its categories; tick a category to see where it gathers.",
        "far": "without a grid, outside this map",
    },
    "zh": {
        "noun": "件事件", "legend": "每网格事件数", "none": "无", "lost": "件未归属",
        "other": "其余", "blank": "（无类别）", "note": "点击网格查看各类事件;勾选类别查看其分布。", "far": "件未归属且在图外",
    },
}  # fmt: skip


def incident_map(
    network: GridNetwork,
    position: NDArray[np.int32],
    categories: Sequence[str] | NDArray[np.object_] | None = None,
    *,
    lon: NDArray[np.float64] | None = None,
    lat: NDArray[np.float64] | None = None,
    title: str,
    language: Language = "en",
) -> folium.Map:
    """A map of n incidents: `position` (n,) of their grids with -1 for none, `categories` (n,) as keys or free text.

    Grids are shaded by count; a click tells the categories of a grid, a tick shows one category everywhere. With `lon`
    and `lat` (n,) the incidents without a grid are shown too, by cells. The page grows with the grids, not the incidents.
    """
    words = _WORDS[language]
    counts = np.bincount(position[position >= 0], minlength=len(network))
    breaks = nice_breaks([float(count) for count in counts])
    lost = position < 0
    subtitle = f"{int((~lost).sum()):,} {words['noun']}"
    if lost.any():
        subtitle += f" · {int(lost.sum()):,} {words['lost']}"
    page = new_map(network.bounds, title=title, subtitle=subtitle, is_sample=network.is_sample, language=language)
    names, table = _by_category(position, categories, len(network), words)
    colours = _colours(names, words)
    _draw_grids(page, network, counts, _popups(network, counts, names, table, colours, language), breaks)
    if names:
        _draw_dots(page, network, table, names, colours, language)
    entries = _scale(breaks, words["none"])
    entries += [LegendEntry(colours[name], _label(name, language), "dot") for name in names]
    note = words["note"] if names else ""
    if lost.any() and lon is not None and lat is not None:
        far = _draw_lost(page, network, lon[lost], lat[lost], words)
        entries.append(LegendEntry(_UNASSIGNED_COLOUR, f"{int(lost.sum()):,} {words['lost']}", "dot"))
        note = f"{note} {far:,} {words['far']}." if far else note
    if names:
        folium.LayerControl(position="topleft", collapsed=False).add_to(page)
    add_legend(page, words["legend"], entries, note.strip())
    return page


def _by_category(
    position: NDArray[np.int32],
    categories: Sequence[str] | NDArray[np.object_] | None,
    grids: int,
    words: dict[str, str],
) -> tuple[list[str], NDArray[np.int64]]:
    """The categories in order of size, the small ones joined, and the counts (grids, categories)."""
    if categories is None:
        return [], np.zeros((grids, 0), np.int64)
    found, which, sizes = np.unique(np.asarray(categories, dtype=str), return_inverse=True, return_counts=True)
    order = sorted(range(len(found)), key=lambda place: (-int(sizes[place]), str(found[place])))
    names = [str(found[place]) or words["blank"] for place in order]
    shown = names if len(names) <= _MOST_CATEGORIES else [*names[: _MOST_CATEGORIES - 1], words["other"]]
    rank = np.empty(len(found), np.int64)
    rank[order] = np.minimum(np.arange(len(order)), len(shown) - 1)
    table = np.zeros((grids, len(shown)), np.int64)
    assigned = position >= 0
    np.add.at(table, (position[assigned], rank[which[assigned]]), 1)
    return shown, table


def _colours(names: list[str], words: dict[str, str]) -> dict[str, str]:
    """A colour for every category; unknown ones get those that the known ones leave."""
    taken = {CATEGORY_COLOURS[name] for name in names if name in CATEGORY_COLOURS}
    spare = iter([colour for colour in _SPARE_COLOURS if colour not in taken] * 2)
    grey = {words["other"]: "#7a7a7a", words["blank"]: "#b8c0c8"}
    return {name: CATEGORY_COLOURS.get(name) or grey.get(name) or next(spare) for name in names}


def _popups(
    network: GridNetwork, counts: NDArray[np.int64], names: list[str], table: NDArray[np.int64], colours: dict[str, str], language: Language,
) -> list[str]:  # fmt: skip
    texts = []
    for grid, count in enumerate(counts):
        lines = [
            f"<b>{escape(network.codes[grid])}</b> {escape(network.names[grid])}",
            f"{count:,} {_WORDS[language]['noun']}",
        ]
        order = np.argsort(-table[grid], kind="stable")
        lines += [
            f"<span style='color:{colours[names[place]]}'>●</span> {escape(_label(names[place], language))}: {table[grid, place]:,}"
            for place in order
            if table[grid, place]
        ]
        texts.append("<br>".join(lines))
    return texts


def _draw_grids(
    page: folium.Map, network: GridNetwork, counts: NDArray[np.int64], popups: list[str], breaks: list[int]
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {
                "colour": count_colour(float(count), breaks),
                "name": f"{escape(network.codes[grid])} · {count:,}",
                "text": popups[grid],
            },
            "geometry": shape.__geo_interface__,
        }
        for grid, (shape, count) in enumerate(zip(display_geometry(network), counts, strict=True))
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: {
            "color": "#52606d", "weight": 0.7, "fillColor": feature["properties"]["colour"], "fillOpacity": 0.85,
        },
        highlight_function=lambda _: {"weight": 2.5, "color": "#1d2733"},
        tooltip=folium.GeoJsonTooltip(fields=["name"], labels=False, aliases=[""]),
        popup=folium.GeoJsonPopup(fields=["text"], labels=False, aliases=[""]),
        control=False,
    ).add_to(page)  # fmt: skip


def display_geometry(network: GridNetwork) -> NDArray[np.object_]:
    """Polygons (n,) in degrees, light enough for a page: simplified together, so that neighbours stay neighbours."""
    plane = read_even_odd(network.index.plane_geometry())
    tolerance_m = _DISPLAY_M
    light = shapely.coverage_simplify(plane, tolerance_m)
    while len(shapely.get_coordinates(light)) > _MOST_POINTS and tolerance_m < 1000.0:
        tolerance_m *= 2.0
        light = shapely.coverage_simplify(plane, tolerance_m)
    return np.asarray(
        shapely.transform(network.plane.unproject(np.asarray(light, dtype=object)), lambda pairs: np.round(pairs, 6)),
        dtype=object,
    )


def _draw_dots(
    page: folium.Map, network: GridNetwork, table: NDArray[np.int64], names: list[str], colours: dict[str, str], language: Language,
) -> None:  # fmt: skip
    """A layer for every category, chosen by the reader: one dot in each grid, its area by the number."""
    inner = shapely.point_on_surface(read_even_odd(network.geometry))
    largest_px = _LARGEST_DOT_PX if len(network) <= _CROWDED else 0.6 * _LARGEST_DOT_PX
    for place, name in enumerate(names):
        counts = table[:, place]
        scale = largest_px / float(np.sqrt(max(int(counts.max()), 1)))
        features = [
            _dot(inner[grid], colours[name], 1.0 + scale * float(np.sqrt(counts[grid])))
            for grid in np.flatnonzero(counts)
        ]
        layer = folium.FeatureGroup(name=f"{escape(_label(name, language))} ({int(counts.sum()):,})", show=False)
        _add_dots(layer, features, interactive=False)
        layer.add_to(page)


def _draw_lost(
    page: folium.Map, network: GridNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64], words: dict[str, str]
) -> int:
    """Cells of incidents without a grid that lie near the network; returns how many lie farther away."""
    west, south, east, north = network.bounds
    near = (
        (lon > west - _FAR_DEGREES)
        & (lon < east + _FAR_DEGREES)
        & (lat > south - _FAR_DEGREES)
        & (lat < north + _FAR_DEGREES)
    )
    cells = np.column_stack((np.floor(lon[near] / _CELL_DEGREES), np.floor(lat[near] / _CELL_DEGREES))).astype(np.int64)
    _, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    middle_lon = np.bincount(cell_of.reshape(-1), lon[near]) / counts
    middle_lat = np.bincount(cell_of.reshape(-1), lat[near]) / counts
    features = [
        _dot(shapely.Point(x, y), _UNASSIGNED_COLOUR, 3.0 + float(np.sqrt(count)), f"{count:,} {words['lost']}")
        for x, y, count in zip(middle_lon, middle_lat, counts, strict=True)
    ]
    _add_dots(page, features, interactive=True)
    return int((~near).sum())


def _dot(point: shapely.Geometry, colour: str, radius_px: float, text: str = "") -> dict[str, Any]:
    place = [round(float(shapely.get_x(point)), 6), round(float(shapely.get_y(point)), 6)]
    properties = {"colour": colour, "radius": round(min(radius_px, 2.0 * _LARGEST_DOT_PX), 1), "text": text}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": place}}


def _add_dots(page: folium.Map | folium.FeatureGroup, features: list[dict[str, Any]], *, interactive: bool) -> None:
    if not features:
        return
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        marker=folium.CircleMarker(fill=True, interactive=interactive),
        style_function=lambda feature: {
            "radius": feature["properties"]["radius"], "color": "#ffffff", "weight": 1, "fillColor": feature["properties"]["colour"],
            "fillOpacity": 0.9,
        },
        popup=folium.GeoJsonPopup(fields=["text"], labels=False, aliases=[""]) if interactive else None,
        control=False,
    ).add_to(page)  # fmt: skip


def _scale(breaks: list[int], none: str) -> list[LegendEntry]:
    bounds = [0, *breaks]
    return [
        LegendEntry(
            SEQUENCE[min(step, len(SEQUENCE) - 1)],
            none if bounds[step + 1 : step + 2] == [1] else _range(low, bounds, step),
        )
        for step, low in enumerate(bounds)
    ]


def _range(low: int, bounds: list[int], step: int) -> str:
    if step + 1 == len(bounds):
        return f"{low:,}+"
    high = bounds[step + 1] - 1
    return f"{low:,}" if high == low else f"{low:,}–{high:,}"


def _label(name: str, language: Language) -> str:
    return CATEGORIES[name][1 if language == "zh" else 0] if name in CATEGORIES else name
