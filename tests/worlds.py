"""Worlds drawn in text: one letter is one square of 10 m, equal letters are one grid, a dot is a gap."""

import textwrap

import numpy as np
import shapely

from gisgrid.grid import GridNetwork
from gisgrid.plane import MetricPlane

SQUARE_M = 10.0
PLANE = MetricPlane(121.40, 28.60)


def drawn_squares(text: str) -> dict[str, list[tuple[int, int]]]:
    """Letters with their squares as (column, row from the bottom)."""
    lines = [line for line in textwrap.dedent(text).splitlines() if line.strip()]
    squares: dict[str, list[tuple[int, int]]] = {}
    for row, line in enumerate(reversed(lines)):
        for column, letter in enumerate(line):
            if letter not in ". ":
                squares.setdefault(letter, []).append((column, row))
    return squares


def draw_network(
    text: str, *, square_m: float = SQUARE_M, plane: MetricPlane = PLANE, is_sample: bool = False
) -> GridNetwork:
    """The network of a drawing; its lower left corner is the centre of the plane. Neighbours share every corner."""
    squares = drawn_squares(text)
    codes = sorted(squares)
    shapes = []
    for code in codes:
        cells = [shapely.box(c, r, c + 1, r + 1) for c, r in squares[code]]
        whole = shapely.coverage_union_all(np.array(cells, dtype=object))
        shapes.append(shapely.transform(shapely.segmentize(whole, 1.0), lambda pairs: pairs * square_m))
    return GridNetwork.from_arrays(
        codes, plane.unproject(np.array(shapes, dtype=object)), plane=plane, is_sample=is_sample
    )


def at(x_m: float, y_m: float, plane: MetricPlane = PLANE) -> tuple[float, float]:
    """Longitude and latitude of a place in metres from the lower left corner of a drawing."""
    lon, lat = plane.to_lonlat(np.array([x_m]), np.array([y_m]))
    return float(lon[0]), float(lat[0])
