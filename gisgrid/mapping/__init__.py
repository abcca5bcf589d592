"""The offline Folium shell: maps whose scripts and styles come from the application itself; each package draws its own layers."""

from gisgrid.mapping.colours import BACKGROUND, CATEGORY_COLOURS, PRESENCE_COLOURS, count_colour, nice_breaks
from gisgrid.mapping.legend import LegendEntry, add_legend
from gisgrid.mapping.page import new_map, served_html, write_map

__all__ = [
    "BACKGROUND",
    "CATEGORY_COLOURS",
    "PRESENCE_COLOURS",
    "LegendEntry",
    "add_legend",
    "count_colour",
    "new_map",
    "nice_breaks",
    "served_html",
    "write_map",
]
