"""The result of a demonstration, kept as summary.json beside its files and shown by the page."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FILE_NAME: Final = "summary.json"


@dataclass(frozen=True)
class TownshipRow:
    """One township-level unit: days by patrol verdict, and incidents by category."""

    code: str
    name: str
    days: dict[str, int]
    incidents: dict[str, int]

    @property
    def total(self) -> int:
        """All incidents of the unit."""
        return sum(self.incidents.values())


@dataclass(frozen=True)
class MapLink:
    """A map of the demonstration: its file below `maps/` (without language and ending) and its titles; `detail` says whose day it is."""

    name: str
    title_en: str
    title_zh: str
    detail: str = ""


@dataclass(frozen=True)
class Summary:
    """What the demonstration found; counts by name, `area_km2` in the network's plane."""

    now: str
    first_day: str
    last_day: str
    area_km2: float
    grids_by_kind: dict[str, int]
    villages: int
    residents: int
    migrants: int
    fixes: int
    defects: int
    days: dict[str, int]
    days_with_reports: dict[str, int]
    weeks: dict[str, int]
    incidents: int
    incidents_by_how: dict[str, int]
    incidents_by_category: dict[str, int]
    townships: tuple[TownshipRow, ...]
    maps: tuple[MapLink, ...]
    seconds: dict[str, float] = field(default_factory=dict)


def write_summary(folder: Path, summary: Summary) -> None:
    """Write summary.json into `folder`."""
    part = folder / (FILE_NAME + ".part")
    part.write_text(json.dumps(dataclasses.asdict(summary), ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(folder / FILE_NAME)


def read_summary(folder: Path) -> Summary | None:
    """The summary in `folder`, or None when no demonstration was run there yet."""
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["townships"] = tuple(TownshipRow(**row) for row in content["townships"])
    content["maps"] = tuple(MapLink(**link) for link in content["maps"])
    return Summary(**content)
