"""A Folium map as the parts of a page: what belongs into its head, its body, and its script."""

from dataclasses import dataclass
from typing import Final

import folium
from branca.element import MacroElement
from jinja2 import Template
from markupsafe import Markup

from gisgrid.mapping.page import OfflineFigure
from gisgrid.plane import Bounds


@dataclass(frozen=True)
class MapParts:
    """HTML for the head, for the place of the map, and for the end of the body; scripts and styles carry the nonce."""

    head: Markup
    body: Markup
    script: Markup


class _Handed(MacroElement):
    """Hands the map to the modules of the page, as `window.gisgridMap`."""

    _template = Template(
        "{% macro script(this, kwargs) %}window.gisgridMap = {{ this._parent.get_name() }};{% endmacro %}"
    )


_MOST_ZOOM: Final = 20


def page_map(bounds: Bounds, *, language: str) -> folium.Map:
    """A map fitted to (west, south, east, north) in degrees, without a basemap; layers are drawn by the page's modules."""
    west, south, east, north = bounds
    made = folium.Map(
        location=((south + north) / 2, (west + east) / 2), tiles=None, maxZoom=_MOST_ZOOM, prefer_canvas=True,
        control_scale=True, attribution_control=False, zoom_control="bottomright", zoomSnap=1,
    )  # fmt: skip
    made.fit_bounds(((south, west), (north, east)))
    figure = OfflineFigure("", language)
    figure.add_child(made)
    return made


def map_parts(made: folium.Map, *, asset_base: str, nonce: str) -> MapParts:
    """The parts of a map of `page_map`, its links rewritten to `asset_base`. Raises `AssetsMissing` for a link to elsewhere."""
    made.add_child(_Handed())  # type: ignore[no-untyped-call]  # of branca
    figure = made.get_root()
    if not isinstance(figure, OfflineFigure):
        raise TypeError("expected a map of page_map")
    figure.asset_base, figure.nonce = asset_base, nonce
    # Written by Folium from numbers and templates; nothing that anyone has typed is in it.
    return MapParts(*(Markup(part) for part in figure.parts()))  # noqa: S704
