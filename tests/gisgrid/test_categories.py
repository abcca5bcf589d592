"""Categories and sub-categories: found by code or label while they are open, a district's own beside the built-in ones."""

import datetime as dt

import pytest

from gisgrid.categories import CATEGORIES, SubCategories, SubCategory
from gisgrid.errors import BadOption

JULY = dt.date(2018, 7, 1)
TYPHOON = SubCategory(
    "central_tasks", "typhoon_2018", ("Typhoon 2018", "2018防台"), dt.date(2018, 6, 1), dt.date(2018, 10, 1)
)


def test_sub_categories__codes_and_labels_are_distinct_in_their_category():
    known = SubCategories()
    for category in CATEGORIES:
        found = known.of(category)
        assert found
        for words in zip(*((one.code, *one.labels) for one in found), strict=True):
            assert all(words)
            assert len(set(words)) == len(words)
        for one in found:
            assert one.category == category
            assert one.is_open(JULY)


def test_find_open__by_code_and_label_in_both_languages():
    known = SubCategories([TYPHOON])
    for category in CATEGORIES:
        for one in known.of(category):
            for word in (one.code, *one.labels):
                assert known.find_open(category, word, JULY) == one.code
    assert known.find_open("disputes", "", JULY) == ""


@pytest.mark.parametrize(
    ("day", "is_open"), [("2018-05-31", False), ("2018-06-01", True), ("2018-09-30", True), ("2018-10-01", False)]
)
def test_is_open__from_the_first_day_to_the_day_before_the_end(day, is_open):
    assert TYPHOON.is_open(dt.date.fromisoformat(day)) == is_open


@pytest.mark.parametrize(
    ("category", "word", "day", "sentence"),
    [
        ("quarrel", "", JULY, "there is no category 'quarrel'; expected one of public_security_hazards, "),
        ("矛盾纠纷", "", JULY, "there is no category '矛盾纠纷'"),
        ("other", "fire_hazard", JULY, "other has no sub-category 'fire_hazard'; expected one of other, or nothing"),
        ("central_tasks", "2018防台", dt.date(2018, 5, 31), "sub-category typhoon_2018 begins on 2018-06-01; expected one of five_water_treatment, "),
        ("central_tasks", "typhoon_2018", dt.date(2018, 10, 1), "sub-category typhoon_2018 ended on 2018-10-01"),
    ],
)  # fmt: skip
def test_find_open__what_cannot_be_reported_is_refused(category, word, day, sentence):
    with pytest.raises(BadOption) as told:
        SubCategories([TYPHOON]).find_open(category, word, day)
    assert sentence in str(told.value)
    assert "typhoon_2018, or nothing" not in str(told.value)


def test_sub_categories__own_ones_win_over_the_built_in():
    ended = SubCategory("disputes", "family", ("Family", "家事"), None, JULY)
    known = SubCategories([ended, TYPHOON])
    assert len(known.of("disputes")) == len(SubCategories().of("disputes"))
    assert known.labels("disputes", "family") == ("Family", "家事")
    with pytest.raises(BadOption, match="family ended on 2018-07-01"):
        known.find_open("disputes", "家事", JULY)
    assert SubCategories().find_open("disputes", "family", JULY) == "family"


def test_labels__of_what_another_platform_calls_something_else():
    assert SubCategories().labels("disputes", "宠物扰民") == ("宠物扰民", "宠物扰民")
    assert SubCategories().labels("disputes", "neighbours") == ("Neighbours", "邻里")


def test_find_open__a_campaign_that_comes_back_every_year():
    years = [
        SubCategory("central_tasks", f"typhoon_{year}", ("Typhoon", "防台"), dt.date(year, 6, 1), dt.date(year, 10, 1))
        for year in (2017, 2018)
    ]
    assert SubCategories(years).find_open("central_tasks", "防台", JULY) == "typhoon_2018"
