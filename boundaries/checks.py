"""The check of a network: every defect of every kind, and how many grids of which kind there are."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import KIND_LABELS, Defect, DefectKind, Language
from boundaries.gaps import gaps_between
from boundaries.overlaps import overlaps_between
from boundaries.rings import invalid_rings_of
from gisgrid.borders import read_even_odd
from gisgrid.errors import BadOption, UnsupportedCrs
from gisgrid.grid import GridNetwork
from gisgrid.grid_index import bounds_of
from gisgrid.grid_rows import GridKind, GridRows, polygon_problem
from gisgrid.plane import MetricPlane

_PROBLEMS_ZH = {"has no geometry": "没有图形", "has coordinates that are not finite": "的坐标不是有限数"}


@dataclass(frozen=True)
class CheckReport:
    """What a check found: `defects` in the order of `KIND_LABELS`, the largest first; areas in m2.

    `count_by_kind` counts the grids (community, village, exclusive; None for those that state none).
    """

    source: str
    grids: int
    count_by_kind: dict[GridKind | None, int]
    area_m2: float
    defects: tuple[Defect, ...]
    larger_than_m2: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found wanting."""
        return not self.defects

    @property
    def defects_by_kind(self) -> dict[DefectKind, int]:
        """How many defects there are of every kind, also of those of which there are none."""
        found = Counter(defect.kind for defect in self.defects)
        return {kind: found[kind] for kind in KIND_LABELS}

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The report for a JSON document."""
        return {
            "source": self.source,
            "clean": self.is_clean,
            "grids": self.grids,
            "count_by_kind": {kind or "unstated": count for kind, count in self.count_by_kind.items()},
            "area_m2": round(self.area_m2, 1),
            "larger_than_m2": self.larger_than_m2,
            "defects_by_kind": self.defects_by_kind,
            "defects": [defect.as_json(language) for defect in self.defects],
        }


def count_by_kind(grids: GridRows | GridNetwork) -> dict[GridKind | None, int]:
    """How many grids there are of every kind, in the order of its word; None counts those that state none."""
    counts = Counter(grids.kinds)
    return {kind: counts[kind] for kind in sorted(counts, key=lambda kind: (kind is None, kind or ""))}


def check_network(network: GridNetwork, *, larger_than_m2: float = 1.0) -> CheckReport:
    """Check a network that could be built."""
    rows = GridRows("the network", network.codes, network.names, network.kinds, network.geometry, network.is_sample)
    return check_rows(rows, larger_than_m2=larger_than_m2, plane=network.plane)


def check_rows(rows: GridRows, *, larger_than_m2: float = 1.0, plane: MetricPlane | None = None) -> CheckReport:
    """Check the rows of a grid file, also where no network could be built from them.

    Overlaps and gaps count above `larger_than_m2`; invalid polygons are told and then read by the even-odd rule. Raises
    `BadOption`, and `UnsupportedCrs` where the coordinates cannot be degrees.
    """
    if not (np.isfinite(larger_than_m2) and larger_than_m2 >= 0.0):
        raise BadOption(f"the least area is {larger_than_m2} m2; expected at least 0")
    usable = np.array([polygon_problem(shape) is None for shape in rows.geometry], bool)
    labels = _labels(rows.codes)
    geometry = rows.geometry[usable]
    codes = tuple(label for label, good in zip(labels, usable, strict=True) if good)
    defects = [*_row_defects(rows, usable, labels), *invalid_rings_of(codes, geometry)]
    area_m2 = 0.0
    if len(geometry):
        _check_degrees(rows.source, geometry)
        plane = plane or MetricPlane.for_bounds(bounds_of(geometry))
        readable = read_even_odd(geometry)
        area_m2 = float(shapely.area(plane.project(readable)).sum())
        defects += overlaps_between(codes, readable, plane, larger_than_m2=larger_than_m2)
        defects += gaps_between(codes, readable, plane, larger_than_m2=larger_than_m2)
    order = list(KIND_LABELS)
    defects.sort(key=lambda defect: (order.index(defect.kind), -defect.area_m2))
    return CheckReport(rows.source, len(rows), count_by_kind(rows), area_m2, tuple(defects), larger_than_m2)


def _row_defects(rows: GridRows, usable: NDArray[np.bool_], labels: tuple[str, ...]) -> list[Defect]:
    nan = float("nan")
    defects = []
    for row in np.flatnonzero(~usable):
        problem = polygon_problem(rows.geometry[row]) or ""
        chinese = _PROBLEMS_ZH.get(problem, "的图形不是面")
        defects.append(Defect("missing_geometry", (labels[row],), 0.0, nan, nan, None, problem, chinese))
    rows_of: dict[str, list[int]] = {}
    for number, code in enumerate(rows.codes, start=1):
        rows_of.setdefault(code, []).append(number)
    defects += [
        Defect("missing_code", (), 0.0, nan, nan, None, f"row {number}", f"第{number}行")
        for number in rows_of.pop("", [])
    ]
    for code, found in sorted(rows_of.items()):
        if len(found) > 1:
            numbers = [str(number) for number in found]
            english, chinese = f"rows {', '.join(numbers)}", f"第{'、'.join(numbers)}行"
            defects.append(Defect("double_code", (code,), 0.0, nan, nan, None, english, chinese))
    return defects


def _labels(codes: tuple[str, ...]) -> tuple[str, ...]:
    """A name for every row: its code, with a number where the code stands in several rows, else its row."""
    seen: Counter[str] = Counter()
    labels = []
    for row, code in enumerate(codes, start=1):
        seen[code] += 1
        labels.append(f"row {row}" if not code else code if seen[code] == 1 else f"{code} ({seen[code]})")
    return tuple(labels)


def _check_degrees(source: str, geometry: NDArray[np.object_]) -> None:
    west, south, east, north = bounds_of(geometry)
    if west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0:
        return
    if west >= -90.0 and east <= 90.0 and south >= -180.0 and north <= 180.0:
        raise UnsupportedCrs(f"{source}: latitudes reach {north:g}; longitude and latitude look exchanged in this file")
    raise UnsupportedCrs(
        f"{source}: coordinates from ({west:g}, {south:g}) to ({east:g}, {north:g}) are no degrees, though the file says so; "
        "state the right system with --crs EPSG:..."
    )
