"""The defects of a network on a map."""

from typing import Any, Final

import folium
import numpy as np
import shapely

from boundaries.checks import CheckReport
from boundaries.defects import KIND_LABELS, Defect, DefectKind, Language
from gisgrid.borders import read_even_odd
from gisgrid.grid_index import bounds_of
from gisgrid.grid_rows import GridRows, polygon_problem
from gisgrid.mapping import LegendEntry, add_legend, new_map
from gisgrid.plane import Bounds

_COLOURS: Final[dict[DefectKind, str]] = {"overlap": "#d55e00", "gap": "#cc79a7", "invalid_ring": "#e69f00"}
_CHINA: Final[Bounds] = (73.0, 18.0, 135.0, 54.0)
_DISPLAY_DEGREES: Final = 3e-5
_MOST_DRAWN: Final = 2_000


def check_map(rows: GridRows, report: CheckReport, *, language: Language = "en") -> folium.Map:
    """A map of the grids with every defect that has a place, the largest 2,000; a ring makes small ones findable."""
    usable = np.array([polygon_problem(shape) is None for shape in rows.geometry], bool)
    geometry = read_even_odd(rows.geometry[usable])
    codes = [code for code, good in zip(rows.codes, usable, strict=True) if good]
    place = 1 if language == "zh" else 0
    title = ("Grid check", "网格检查")[place]
    count = (
        f"{report.grids:,} grids, {len(report.defects):,} defects",
        f"{report.grids:,}个网格,{len(report.defects):,}处缺陷",
    )[place]
    bounds = bounds_of(geometry) if len(geometry) else _CHINA
    page = new_map(bounds, title=title, subtitle=count, is_sample=rows.is_sample, language=language)
    grids = [
        _feature(shape, {"text": code})
        for code, shape in zip(codes, shapely.simplify(geometry, _DISPLAY_DEGREES), strict=True)
        if not shape.is_empty
    ]
    if grids:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": grids},
            style_function=lambda _: {"color": "#52606d", "weight": 0.8, "fillColor": "#9fc5e3", "fillOpacity": 0.25},
            tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False, aliases=[""]),
        ).add_to(page)
    drawn = sorted((defect for defect in report.defects if defect.has_place), key=lambda defect: -defect.area_m2)
    _draw_defects(page, drawn[:_MOST_DRAWN], language)
    shown = [kind for kind in _COLOURS if any(defect.kind == kind for defect in drawn)]
    entries = [
        LegendEntry(_COLOURS[kind], f"{KIND_LABELS[kind][place]} ({report.defects_by_kind[kind]:,})", "dot")
        for kind in shown
    ]
    if entries:
        note = ("Click a ring for the defect.", "点击圆圈查看缺陷。")[place]
        add_legend(page, ("Defects", "缺陷")[place], entries, note)
    return page


def _draw_defects(page: folium.Map, defects: list[Defect], language: Language) -> None:
    areas = [
        _feature(defect.geometry, {"colour": _COLOURS[defect.kind]})
        for defect in defects
        if defect.geometry is not None and shapely.area(defect.geometry) > 0.0
    ]
    rings = [
        _feature(
            shapely.Point(defect.lon, defect.lat), {"colour": _COLOURS[defect.kind], "text": defect.sentence(language)}
        )
        for defect in defects
    ]
    if areas:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": areas},
            style_function=lambda feature: {
                "color": feature["properties"]["colour"], "weight": 2, "fillColor": feature["properties"]["colour"], "fillOpacity": 0.7,
            },
        ).add_to(page)  # fmt: skip
    if rings:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": rings},
            marker=folium.CircleMarker(radius=9, weight=2.5, fill=True, fill_opacity=0.05),
            style_function=lambda feature: {
                "color": feature["properties"]["colour"], "fillColor": feature["properties"]["colour"], "fillOpacity": 0.05,
            },
            tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False, aliases=[""]),
            popup=folium.GeoJsonPopup(fields=["text"], labels=False, aliases=[""]),
        ).add_to(page)  # fmt: skip


def _feature(shape: Any, properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": shape.__geo_interface__}
