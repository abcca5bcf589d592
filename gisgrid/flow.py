"""The states of an incident on its way from the report to the evaluation."""

from typing import Final

STATES: Final[dict[str, tuple[str, str]]] = {
    "reported": ("Reported", "已上报"),
    "accepted": ("Accepted", "已受理"),
    "handling": ("In hand", "办理中"),
    "fed_back": ("Fed back", "已反馈"),
    "closed": ("Closed", "已办结"),
    "evaluated": ("Evaluated", "已评价"),
    "invalid": ("Invalid", "无效"),
}
"""States with their labels in English and Chinese."""

ENDED: Final = ("closed", "evaluated", "invalid")
"""States in which nobody has to do anything any more."""
