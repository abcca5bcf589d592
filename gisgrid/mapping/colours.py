"""Colours that mean something, chosen to be told apart with colour-blind eyes (Okabe and Ito; a blue sequential scale)."""

from collections.abc import Sequence
from typing import Final

BACKGROUND: Final = "#f4f6f8"
INK: Final = "#1d2733"

PRESENCE_COLOURS: Final = {"certain": "#0072b2", "possible": "#e69f00", "elsewhere": "#7a7a7a", "unknown": "#c44e8f"}
"""State of a stretch of time -> colour."""

CATEGORY_COLOURS: Final = {
    "public_security_hazards": "#d55e00",
    "livelihood_services": "#0072b2",
    "disputes": "#cc79a7",
    "central_tasks": "#009e73",
    "other": "#7a7a7a",
}
"""Category of an incident -> colour."""

SEQUENCE: Final = ("#f1f5f9", "#cfe1f2", "#9fc5e3", "#6aa3d0", "#3a7db8", "#1d5796", "#0b3263")


def nice_breaks(values: Sequence[float], classes: int = len(SEQUENCE)) -> list[int]:
    """Lower bounds of up to `classes` - 1 classes above zero, by quantile and rounded to two digits, rising."""
    positive = sorted(value for value in values if value > 0)
    if not positive:
        return [1]
    breaks: list[int] = []
    for step in range(classes - 1):
        value = round(positive[len(positive) * step // (classes - 1)])
        digits = max(len(str(value)) - 2, 0)
        rounded = max(1, value // 10**digits * 10**digits)
        if not breaks or rounded > breaks[-1]:
            breaks.append(rounded)
    return breaks


def count_colour(value: float, breaks: Sequence[int]) -> str:
    """The colour of a count: palest for none, then one step per break."""
    steps = sum(value >= bound for bound in breaks)
    return SEQUENCE[min(steps, len(SEQUENCE) - 1)]
