"""The words of the field in both languages, from the tables that define them: states, categories, roles, clocks."""

from collections.abc import Mapping
from typing import Final

from gisgrid.access import ROLES
from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CARDS, CLOCK_STATES
from gisgrid.duty import ROLE_LABELS, SHIFTS
from gisgrid.flow import GRADES, STATES
from gisgrid.incident_rows import SOURCES
from gisgrid.offices import DEPARTMENTS, LEVELS
from gisgrid.store.steps import MOVE_LABELS
from web.incident_card import HOWS
from web.pages.languages import Language

_TABLES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "account_role": ROLES,
    "category": CATEGORIES,
    "card": CARDS,
    "clock": CLOCK_STATES,
    "role": ROLE_LABELS,
    "shift": SHIFTS,
    "grade": GRADES,
    "state": STATES,
    "source": SOURCES,
    "department": DEPARTMENTS,
    "level": LEVELS,
    "how": HOWS,
    "move": MOVE_LABELS | {"report": ("Reported", "上报"), "photo": ("Photo added", "添加照片")},
}


def terms(language: Language) -> dict[str, str]:
    """Every term by `table.code`, such as `state.reported`."""
    place = 1 if language == "zh" else 0
    return {f"{table}.{code}": labels[place] for table, of in _TABLES.items() for code, labels in of.items()}
