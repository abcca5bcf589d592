"""Offices: their levels by their codes, the district of a code, what they are called."""

import pytest

from gisgrid.offices import DEPARTMENT, DEPARTMENTS, DISTRICT, LEVELS, district_of, level_of, office_label


@pytest.mark.parametrize(
    ("office", "level"),
    [
        ("331002001001", "village"),
        ("331002001100", "village"),
        ("331002001000", "township"),
        ("331002000000", "district"),
        (DISTRICT, "district"),
        ("department:fire", "department"),
        ("department:000", "department"),
        ("", ""),
    ],
)
def test_level_of__by_code(office, level):
    assert level_of(office) == level


@pytest.mark.parametrize(
    ("code", "district"),
    [
        ("331002001001001", "331002000000"),
        ("331002001001", "331002000000"),
        ("331002000000", "331002000000"),
        ("33100200100", DISTRICT),
        ("A", DISTRICT),
        ("department:fire", DISTRICT),
        ("", DISTRICT),
    ],
)
def test_district_of__official_codes_only(code, district):
    assert district_of(code) == district
    assert level_of(district) == "district"


@pytest.mark.parametrize(
    ("office", "labels"),
    [
        ("331002001000", ("海门街道", "海门街道")),
        ("331002001009", ("331002001009", "331002001009")),
        ("331002000000", ("District", "区")),
        (DISTRICT, ("District", "区")),
        ("department:fire", ("Fire", "消防")),
        ("department:water", ("水务局 88880000", "水务局 88880000")),
        ("department:flood", ("flood", "flood")),
        ("", ("", "")),
    ],
)
def test_office_label__a_name_else_a_label_else_the_code(office, labels):
    names = {"331002001000": "海门街道", "department:water": "水务局 88880000"}
    assert tuple(office_label(office, names, language) for language in (0, 1)) == labels


def test_office_label__the_district_may_have_a_name():
    assert office_label("331002000000", {"331002000000": "椒江区"}, 0) == "椒江区"


def test_departments__are_the_seeds_nine_and_labelled():
    assert len(DEPARTMENTS) == 9
    labels = [label for pair in (*DEPARTMENTS.values(), *LEVELS.values()) for label in pair]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    assert all(level_of(DEPARTMENT + code) == "department" for code in DEPARTMENTS)
