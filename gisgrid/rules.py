"""The rules of the incident loop that a district may set otherwise: clocks, duplicates, repeats, accountability."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from gisgrid.clocks import ClockRules
from gisgrid.errors import BadOption


@dataclass(frozen=True)
class NearnessRules:
    """When two reports of one sub-category are probably one thing told twice, and when the same trouble has come back.

    Metres and minutes or days between them, both inclusive.
    """

    duplicate_m: float = 100.0
    duplicate_minutes: int = 1_440
    repeat_m: float = 50.0
    repeat_days: int = 30


@dataclass(frozen=True)
class AccountabilityRules:
    """From when on a case of the accountability rules is shown, and the words in which people then decide.

    Workdays that an incident lay at one office beyond its completion clock (urgent ones at once); how often it was returned or urged. The `ways` and
    `degrees` are only offered for choice: no sanction is computed.
    """

    lay_workdays: int = 1
    returned_times: int = 2
    urged_times: int = 2
    ways: str = "约谈提醒;通报批评;责任追究"
    degrees: str = "一般;严重"


@dataclass(frozen=True)
class LoopRules:
    """All rules of the loop."""

    clocks: ClockRules = field(default_factory=ClockRules)
    nearness: NearnessRules = field(default_factory=NearnessRules)
    accountability: AccountabilityRules = field(default_factory=AccountabilityRules)


_PARTS: Final[dict[str, type[Any]]] = {
    "clocks": ClockRules, "nearness": NearnessRules, "accountability": AccountabilityRules,
}  # fmt: skip
RULE_NAMES: Final = tuple(rule.name for part in _PARTS.values() for rule in fields(part))
"""What may be set, by name."""


def make_rules(values: Mapping[str, str]) -> LoopRules:
    """The rules with those values (by name, as text) that differ from the defaults.

    Raises `BadOption` for an unknown name, a value that is no number above zero, and rules that contradict each other.
    """
    for name in values:
        if name not in RULE_NAMES:
            near = get_close_matches(name, RULE_NAMES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(RULE_NAMES)}"
            raise BadOption(
                f"there is no rule {name!r}; {hint}",
                zh=f"没有规则 {name!r}；{f'是否想写 {near[0]!r}？' if near else '应为以下之一：' + '、'.join(RULE_NAMES)}",
            )
    parts: dict[str, Any] = {}
    for part_name, part in _PARTS.items():
        found = {
            rule.name: _value(rule.name, rule.default, values[rule.name])
            for rule in fields(part)
            if rule.name in values
        }
        parts[part_name] = part(**found)
    return LoopRules(**parts)


def _value(name: str, default: Any, text: str) -> Any:
    if isinstance(default, str):
        words = ";".join(word.strip() for word in text.replace("；", ";").split(";") if word.strip())
        if not words:
            raise BadOption(
                f"rule {name} is empty; expected words separated by ;", zh=f"规则 {name} 为空；应为用 ; 分隔的词"
            )
        return words
    try:
        value = type(default)(text)
    except ValueError:
        value = 0
    if not 0 < value < 1_000_000:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise BadOption(
            f"rule {name} is {text!r}; expected {kind} above 0 and below 1,000,000",
            zh=f"规则 {name} 为 {text!r}；应为大于 0、小于 1,000,000 的{'整数' if isinstance(default, int) else '数字'}",
        )
    return value
