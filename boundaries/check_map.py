"""The defects of a network on a map."""

from typing import Final

import folium
import numpy as np
import shapely

from boundaries.checks import CheckReport
from boundaries.defects import KIND_LABELS, DefectKind, Language
from gisgrid.grid_rows import GridRows, polygon_problem
from gisgrid.mapping import LegendEntry, add_legend, new_map

_COLOURS: Final[dict[DefectKind, str]] = {"overlap": "#d55e00", "gap": "#cc79a7", "invalid_ring": "#e69f00"}


def check_map(rows: GridRows, report: CheckReport, *, language: Language = "en") -> folium.Map:
    """A map of the grids with every defect that has a place; a ring makes small ones findable."""
    usable = np.array([polygon_problem(shape) is None for shape in rows.geometry], bool)
    geometry = rows.geometry[usable]
    bounds = (
        tuple(float(value) for value in shapely.total_bounds(geometry)) if len(geometry) else (73.0, 18.0, 135.0, 54.0)
    )
    place = 1 if language == "zh" else 0
    title = ("Grid check", "网格检查")[place]
    count = (
        f"{report.grids:,} grids, {len(report.defects):,} defects",
        f"{report.grids:,}个网格,{len(report.defects):,}处缺陷",
    )[place]
    page = new_map(bounds, title=title, subtitle=count, is_sample=rows.is_sample, language=language)  # type: ignore[arg-type]  # four
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code}, "geometry": shapely.geometry.mapping(shape)}
            for code, shape in zip(
                (code for code, good in zip(rows.codes, usable, strict=True) if good),
                shapely.simplify(geometry, 3e-5),
                strict=True,
            )
        ],
    }
    folium.GeoJson(
        collection,
        style_function=lambda _: {"color": "#52606d", "weight": 0.8, "fillColor": "#9fc5e3", "fillOpacity": 0.25},
        tooltip=folium.GeoJsonTooltip(fields=["code"], labels=False),
    ).add_to(page)
    for defect in report.defects:
        if defect.geometry is None or np.isnan(defect.lon):
            continue
        colour = _COLOURS[defect.kind]
        folium.GeoJson(
            {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(defect.geometry)},
            style_function=lambda _, colour=colour: {
                "color": colour,
                "weight": 2,
                "fillColor": colour,
                "fillOpacity": 0.7,
            },
            marker=folium.CircleMarker(radius=3, color=colour),
        ).add_to(page)
        folium.CircleMarker(
            (defect.lat, defect.lon), radius=9, color=colour, weight=2.5, fill=False, tooltip=defect.sentence(language)
        ).add_to(page)
    shown = [kind for kind in _COLOURS if any(defect.kind == kind for defect in report.defects)]
    if shown:
        add_legend(
            page,
            ("Defects", "缺陷")[place],
            [LegendEntry(_COLOURS[kind], KIND_LABELS[kind][place], "dot") for kind in shown],
        )
    return page
