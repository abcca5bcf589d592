"""What can be wrong with a network: one defect with its place, its size and a sentence in plain words."""

import math
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import shapely

Language = Literal["en", "zh"]
DefectKind = Literal["missing_geometry", "missing_code", "double_code", "invalid_ring", "overlap", "gap"]

KIND_LABELS: Final[dict[DefectKind, tuple[str, str]]] = {
    "missing_geometry": ("missing geometry", "缺少图形"),
    "missing_code": ("missing code", "缺少编码"),
    "double_code": ("double code", "编码重复"),
    "invalid_ring": ("invalid ring", "边界无效"),
    "overlap": ("overlap", "重叠"),
    "gap": ("gap", "空隙"),
}
"""Kinds of defects in the order they are told, with their labels in English and Chinese."""

_MOST_GRIDS: Final = 6
_SMALL_M2: Final = 10_000.0


@dataclass(frozen=True)
class Defect:
    """One defect: the grids it touches, its area in m2 of the network's plane, a place in EPSG:4490 degrees.

    `lon` and `lat` are NaN where there is no geometry. `geometry` (degrees) is what a map draws. `detail` and
    `detail_zh` say what cannot be said for the whole kind.
    """

    kind: DefectKind
    grids: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float
    geometry: shapely.Geometry | None = field(default=None, repr=False, compare=False)
    detail: str = ""
    detail_zh: str = ""

    @property
    def has_place(self) -> bool:
        """Whether it can be shown on a map."""
        return math.isfinite(self.lon) and math.isfinite(self.lat)

    def sentence(self, language: Language = "en") -> str:
        """The defect in one sentence."""
        return self._chinese() if language == "zh" else self._english()

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The defect for a JSON document."""
        return {
            "kind": self.kind,
            "grids": list(self.grids),
            "area_m2": round(self.area_m2, 3),
            "lon": round(self.lon, 7) if self.has_place else None,
            "lat": round(self.lat, 7) if self.has_place else None,
            "sentence": self.sentence(language),
        }

    def _english(self) -> str:
        grids = _listed(self.grids, ", ", " and ", " and {} more")
        match self.kind:
            case "missing_geometry":
                return f"Grid {grids} {self.detail}."
            case "missing_code":
                return f"{self.detail.capitalize()} has no code."
            case "double_code":
                return f"Code {grids} stands in {self.detail}."
            case "invalid_ring":
                return f"The border of grid {grids} is invalid: {self.detail}."
            case "overlap":
                return f"Grids {grids} both claim {_area(self.area_m2)}."
        if len(self.grids) == 1:
            return f"A hole of {_area(self.area_m2)} in grid {grids} belongs to no grid."
        return f"{_area(self.area_m2)} between grids {grids} belong to no grid."

    def _chinese(self) -> str:
        grids = _listed(self.grids, "、", "和", "等{}个网格", whole=True)
        match self.kind:
            case "missing_geometry":
                return f"网格{grids}{self.detail_zh}。"
            case "missing_code":
                return f"{self.detail_zh}没有编码。"
            case "double_code":
                return f"编码{grids}出现在{self.detail_zh}。"
            case "invalid_ring":
                return f"网格{grids}的边界无效:{self.detail_zh}。"
            case "overlap":
                return f"网格{grids}重叠{_area(self.area_m2)}。"
        if len(self.grids) == 1:
            return f"网格{grids}内有{_area(self.area_m2)}的空洞不属于任何网格。"
        return f"网格{grids}之间有{_area(self.area_m2)}不属于任何网格。"


def place_of(shape: shapely.Geometry) -> tuple[float, float]:
    """Longitude and latitude of a place inside a shape in degrees."""
    point = shapely.point_on_surface(shape)
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _listed(grids: tuple[str, ...], comma: str, last: str, more: str, *, whole: bool = False) -> str:
    """Codes in a row; beyond six the number of the others, or of all (`whole`)."""
    if len(grids) > _MOST_GRIDS:
        return comma.join(grids[:_MOST_GRIDS]) + more.format(len(grids) if whole else len(grids) - _MOST_GRIDS)
    return last.join((comma.join(grids[:-1]), grids[-1])) if len(grids) > 1 else "".join(grids)


def _area(area_m2: float) -> str:
    return f"{area_m2:,.1f} m²" if area_m2 < _SMALL_M2 else f"{area_m2 / 1_000_000:,.4f} km²"
