"""The offices that answer for incidents: villages, townships, the district, departments; how they are written and called."""

from collections.abc import Mapping
from typing import Final

LEVELS: Final[dict[str, tuple[str, str]]] = {
    "village": ("Village or community", "村社"),
    "township": ("Township or street", "镇街"),
    "district": ("District", "区"),
}
"""The three levels, the lowest first."""

DEPARTMENT: Final = "department:"
"""What the office of a department begins with, before its code."""

DEPARTMENTS: Final[dict[str, tuple[str, str]]] = {
    "public_security": ("Public security", "公安"),
    "traffic_police": ("Traffic police", "交警"),
    "ocean_fishery": ("Ocean and fishery", "海洋与渔业"),
    "law_enforcement": ("Law enforcement", "综合行政执法"),
    "fire": ("Fire", "消防"),
    "human_resources": ("Human resources", "人力社保"),
    "housing": ("Housing", "住建"),
    "market_supervision": ("Market supervision", "市场监管"),
    "water": ("Water", "水利"),
}
"""The nine departments of the seed."""

DISTRICT: Final = "district"
"""The office of the district where no code tells it."""


def district_of(code: str) -> str:
    """The office of the district in which a unit with an official code lies; `DISTRICT` for another code or none."""
    return code[:6] + "000000" if len(code) >= 12 and code.isdecimal() else DISTRICT


def level_of(office: str) -> str:
    """The level of an office: one of `LEVELS`, or `department`; empty for no office."""
    if not office:
        return ""
    if office.startswith(DEPARTMENT):
        return "department"
    if office == DISTRICT or office.endswith("000000"):
        return "district"
    return "township" if office.endswith("000") else "village"


def office_label(office: str, names: Mapping[str, str], language: int) -> str:
    """What an office is called in English (0) or Chinese (1); `names` are those of units and departments by code."""
    code = office.removeprefix(DEPARTMENT)
    if code != office:
        return names.get(office) or DEPARTMENTS.get(code, (code, code))[language]
    return names.get(office) or (LEVELS["district"][language] if level_of(office) == "district" else office)
