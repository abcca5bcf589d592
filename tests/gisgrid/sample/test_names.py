"""Names and codes of the sample's units."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from gisgrid.sample.names import chinese_number, townships, villages


def test_townships__eleven_of_four_kinds() -> None:
    kinds = Counter(unit.kind for unit in townships())
    assert kinds == {"street": 8, "town": 1, "farm": 1, "company": 1}


def test_villages__275_and_37_communities_with_free_codes() -> None:
    units = villages()
    assert Counter(unit.kind for unit in units) == {"village": 275, "community": 37}
    codes = [unit.code for unit in units]
    assert codes == sorted(set(codes))
    assert all(unit.code[:9] == unit.township[:9] and len(unit.code) == 12 for unit in units)
    assert {unit.township for unit in units} == {unit.code for unit in townships()}


def test_villages__made_up_ones_look_made_up() -> None:
    assert all(unit.name.startswith("样例") == unit.made_up for unit in villages())


def test_villages__real_ones_stand_in_the_public_list(shared_data: Path) -> None:
    with (shared_data / "jiaojiang" / "codes_2022.csv").open(encoding="utf-8") as stream:
        listed = {row["code"]: row["name"] for row in csv.DictReader(stream)}
    names = {name.replace("村委会", "村") for name in listed.values()}
    for unit in villages():
        if unit.made_up:
            assert unit.code not in listed
        elif unit.code in listed:
            assert listed[unit.code].replace("村委会", "村") in {unit.name, unit.name + "村"}
        else:
            assert unit.name in names, "a village of the ninth street keeps its name"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (10, "十"), (21, "二十一"), (100, "一百"), (105, "一百零五"), (310, "三百一十")]
)
def test_chinese_number__as_people_write_it(number: int, text: str) -> None:
    assert chinese_number(number) == text
