"""Rules of the loop: those that a district has otherwise, and what cannot be a rule."""

import dataclasses

import pytest

from gisgrid.errors import BadOption
from gisgrid.rules import RULE_NAMES, LoopRules, make_rules


def flat(rules):
    """All rules by name."""
    return {name: value for part in vars(rules).values() for name, value in vars(part).items()}


def test_make_rules__nothing_said_is_the_seeds_1515():
    rules = make_rules({})
    assert rules == LoopRules()
    assert (rules.clocks.response_workdays, rules.clocks.done_workdays, rules.clocks.most_workdays) == (1, 5, 15)


@pytest.mark.parametrize("name", RULE_NAMES)
def test_make_rules__changes_one_and_leaves_the_others(name):
    before = flat(LoopRules())
    # A value that fits every number, between the clocks around it, and is nobody's default.
    value = {"response_workdays": 2, "done_workdays": 6, "most_workdays": 16, "urgent_done_minutes": 30}.get(name, 3)
    after = flat(make_rules({name: f" {value} "}))
    expected = str(value) if isinstance(before[name], str) else value
    assert after == before | {name: expected}
    assert type(after[name]) is type(before[name])
    assert after != before


def test_rule_names__name_every_field_once():
    fields = [field.name for part in vars(LoopRules()).values() for field in dataclasses.fields(part)]
    assert list(RULE_NAMES) == fields
    assert len(set(fields)) == len(fields)


@pytest.mark.parametrize("text", ["约谈;通报", " 约谈 ；通报； ", "约谈；；通报"])
def test_make_rules__words_are_parted_by_either_semicolon(text):
    assert make_rules({"ways": text}).accountability.ways == "约谈;通报"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"done_workday": "7"}, "there is no rule 'done_workday'; did you mean 'done_workdays'?"),
        ({"colour": "red"}, "there is no rule 'colour'; expected one of response_workdays, "),
        ({"done_workdays": "soon"}, "rule done_workdays is 'soon'; expected a whole number above 0"),
        ({"done_workdays": "5.5"}, "rule done_workdays is '5.5'; expected a whole number above 0"),
        ({"done_workdays": "0"}, "rule done_workdays is '0'; expected a whole number above 0"),
        ({"repeat_m": "-1"}, "rule repeat_m is '-1'; expected a number above 0"),
        ({"repeat_m": "nan"}, "rule repeat_m is 'nan'; expected a number above 0"),
        ({"repeat_m": "inf"}, "rule repeat_m is 'inf'; expected a number above 0"),
        ({"repeat_m": ""}, "rule repeat_m is ''; expected a number above 0"),
        ({"degrees": " ; ；"}, "rule degrees is empty; expected words separated by ;"),
        ({"response_workdays": "6"}, "contradict each other; expected response <= done <= most <= 250 workdays"),
        ({"done_workdays": "16"}, "contradict each other"),
        ({"most_workdays": "251"}, "contradict each other"),
        ({"urgent_done_minutes": "14"}, "urgent incidents contradict each other; expected response <= done"),
    ],
)
def test_make_rules__what_cannot_be_is_refused(values, sentence):
    with pytest.raises(BadOption) as told:
        make_rules(values)
    assert sentence in str(told.value)
