"""The check of a network: every defect of every kind, and how many grids of which kind there are."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from boundaries.defects import KIND_LABELS, Defect, Language
from boundaries.gaps import gaps_in_plane
from boundaries.overlaps import overlaps_in_plane
from boundaries.rings import find_invalid_rings, read_even_odd
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.grid_rows import GridKind, GridRows, polygon_problem
from gisgrid.plane import MetricPlane


@dataclass(frozen=True)
class CheckReport:
    """What a check found: `defects` by kind in the order of telling, the largest first; areas in m2."""

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

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The report for a JSON document."""
        return {
            "source": self.source,
            "clean": self.is_clean,
            "grids": self.grids,
            "count_by_kind": {kind or "unstated": count for kind, count in self.count_by_kind.items()},
            "area_m2": round(self.area_m2, 1),
            "larger_than_m2": self.larger_than_m2,
            "defects": [defect.as_json(language) for defect in self.defects],
        }


def check_network(network: GridNetwork, *, larger_than_m2: float = 1.0) -> CheckReport:
    """Check a network that could be built."""
    rows = GridRows("the network", network.codes, network.names, network.kinds, network.geometry, network.is_sample)
    return check_rows(rows, larger_than_m2=larger_than_m2, plane=network.plane)


def check_rows(rows: GridRows, *, larger_than_m2: float = 1.0, plane: MetricPlane | None = None) -> CheckReport:
    """Check the rows of a grid file, also where no network could be built from them.

    Overlaps and gaps count above `larger_than_m2`; invalid polygons are told and then read by the even-odd rule.
    """
    if not larger_than_m2 >= 0.0:
        raise BadOption(f"the least area is {larger_than_m2} m2; expected at least 0")
    usable = np.array([polygon_problem(shape) is None for shape in rows.geometry], bool)
    labels = _labels(rows.codes)
    geometry = rows.geometry[usable]
    codes = tuple(label for label, good in zip(labels, usable, strict=True) if good)
    defects = [*_row_defects(rows, usable, labels), *find_invalid_rings(codes, geometry)]
    area_m2 = 0.0
    if len(geometry):
        plane = plane or MetricPlane.for_bounds(_bounds(geometry))
        metres = plane.project(read_even_odd(geometry))
        # Projection moves vertices by nanometres; that must not make a sound ring unsound.
        metres = read_even_odd(metres)
        area_m2 = float(shapely.area(metres).sum())
        defects += overlaps_in_plane(codes, metres, plane, larger_than_m2=larger_than_m2)
        defects += gaps_in_plane(codes, metres, plane, larger_than_m2=larger_than_m2)
    order = list(KIND_LABELS)
    defects.sort(key=lambda defect: (order.index(defect.kind), -defect.area_m2))
    return CheckReport(rows.source, len(rows), dict(Counter(rows.kinds)), area_m2, tuple(defects), larger_than_m2)


def _row_defects(rows: GridRows, usable: NDArray[np.bool_], labels: tuple[str, ...]) -> list[Defect]:
    nan = float("nan")
    defects = [
        Defect("missing_geometry", (labels[row],), 0.0, nan, nan, detail=polygon_problem(rows.geometry[row]) or "")
        for row in np.flatnonzero(~usable)
    ]
    defects += [
        Defect("missing_code", (), 0.0, nan, nan, detail=f"row {row}")
        for row, code in enumerate(rows.codes, start=1)
        if not code
    ]
    defects += [
        Defect("double_code", (code,), 0.0, nan, nan)
        for code, count in sorted(Counter(rows.codes).items())
        if code and count > 1
    ]
    return defects


def _labels(codes: tuple[str, ...]) -> tuple[str, ...]:
    """A name for every row: its code, with a number where the code stands in several rows, else its row."""
    seen: Counter[str] = Counter()
    labels = []
    for row, code in enumerate(codes, start=1):
        seen[code] += 1
        labels.append(f"row {row}" if not code else code if seen[code] == 1 else f"{code} ({seen[code]})")
    return tuple(labels)


def _bounds(geometry: NDArray[np.object_]) -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in shapely.total_bounds(geometry))
    return west, south, east, north
