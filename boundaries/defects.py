"""What can be wrong with a network: one defect with its place, its size and a sentence in plain words."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import shapely

Language = Literal["en", "zh"]
DefectKind = Literal["invalid_ring", "overlap", "gap", "missing_geometry", "missing_code", "double_code"]

KIND_LABELS: Final[dict[DefectKind, tuple[str, str]]] = {
    "missing_geometry": ("missing geometry", "缺少图形"),
    "missing_code": ("missing code", "缺少编码"),
    "double_code": ("double code", "编码重复"),
    "invalid_ring": ("invalid ring", "边界无效"),
    "overlap": ("overlap", "重叠"),
    "gap": ("gap", "空隙"),
}
"""Kinds of defects in the order they are told, with their labels in English and Chinese."""


@dataclass(frozen=True)
class Defect:
    """One defect: the grids it touches, its area in m2 of the network's plane, a place in EPSG:4490 degrees.

    `lon` and `lat` are NaN where there is no geometry. `geometry` (degrees) is what a map draws.
    """

    kind: DefectKind
    grids: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float
    geometry: shapely.Geometry | None = field(default=None, repr=False, compare=False)
    detail: str = ""

    def sentence(self, language: Language = "en") -> str:
        """The defect in one sentence."""
        zh = language == "zh"
        grids = ("、" if zh else ", ").join(self.grids[:6]) + (("等" if zh else ", ...") if len(self.grids) > 6 else "")
        area = _area(self.area_m2)
        if zh:
            return {
                "missing_geometry": f"网格{grids}没有图形",
                "missing_code": f"{self.detail}没有编码",
                "double_code": f"编码{grids}出现在多行",
                "invalid_ring": f"网格{grids}的边界无效:{self.detail}",
                "overlap": f"网格{grids}重叠{area}",
                "gap": f"网格{grids}{'之间' if len(self.grids) > 1 else '之内'}有{area}无人负责",
            }[self.kind]
        return {
            "missing_geometry": f"grid {grids} {self.detail or 'has no geometry'}",
            "missing_code": f"{self.detail} has no code",
            "double_code": f"code {grids} stands in several rows",
            "invalid_ring": f"the border of grid {grids} is invalid: {self.detail}",
            "overlap": f"grids {grids} overlap by {area}",
            "gap": f"{area} {'between' if len(self.grids) > 1 else 'within'} {grids} belong to no grid",
        }[self.kind]

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """The defect for a JSON document."""
        nowhere = self.lon != self.lon  # noqa: PLR0124  # NaN
        return {
            "kind": self.kind,
            "grids": list(self.grids),
            "area_m2": round(self.area_m2, 3),
            "lon": None if nowhere else round(self.lon, 7),
            "lat": None if nowhere else round(self.lat, 7),
            "sentence": self.sentence(language),
        }


def _area(area_m2: float) -> str:
    return f"{area_m2:,.1f} m²" if area_m2 < 10_000 else f"{area_m2 / 1_000_000:,.4f} km²"
