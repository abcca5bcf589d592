"""The table of docs/performance.md and the figures that have to be reached."""

import datetime as dt
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table: what was done, by whom, what it took, and the ratio, already in words."""

    work: str
    who: str
    measured: str
    ratio: str


@dataclass(frozen=True)
class Target:
    """A figure to reach: `measured` against `wanted`, at least or at most."""

    name: str
    measured: float
    wanted: float
    at_least: bool

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted


@dataclass
class Report:
    """Rows, targets and notes as they come."""

    rows: list[Row] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, work: str, who: str, measured: str, ratio: str = "") -> None:
        """Add a row and say it."""
        self.rows.append(Row(work, who, measured, ratio))
        print(f"  {who:32} {measured:34} {ratio}", flush=True)

    def note(self, text: str) -> None:
        """Add a note and say it."""
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def want(self, name: str, measured: float, wanted: float, *, at_least: bool) -> None:
        """Add a target."""
        self.targets.append(Target(name, measured, wanted, at_least))

    def write(self, path: Path, head: str, versions: dict[str, str]) -> None:
        """Write the page."""
        lines = [head.rstrip(), "", "| Work | Who | Measured | gisgrid is |", "|---|---|---:|---:|"]
        last = ""
        for row in self.rows:
            lines.append(f"| {row.work if row.work != last else ''} | {row.who} | {row.measured} | {row.ratio} |")
            last = row.work
        lines += ["", "| To reach | Wanted | Measured | |", "|---|---:|---:|---|"]
        for target in self.targets:
            sign = "at least" if target.at_least else "at most"
            state = "reached" if target.reached else "**not reached**"
            lines.append(f"| {target.name} | {sign} {target.wanted:g} | {target.measured:.3g} | {state} |")
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        day = dt.datetime.now(dt.UTC).date().isoformat()
        used = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines += [
            "",
            f"Measured {day} with Python {platform.python_version()}, {used}; {os.cpu_count()} cores of {_processor()}.",
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "an unknown processor"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else "an unknown processor"
