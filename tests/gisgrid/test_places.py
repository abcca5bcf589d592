"""Finding places by what is typed, against every reading written out."""

import itertools
import math
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.pinyin_dict import pinyin_dict

from gisgrid.errors import BadOption
from gisgrid.places import Found, Place, PlaceFinder
from gisgrid.sample import build_district

TONES = "\u0300\u0301\u0304\u030c"


def place(name: str, code: str = "", village: str = "") -> Place:
    return Place(code, "village", name, village, math.nan, math.nan)


def finder(*names: str) -> PlaceFinder:
    return PlaceFinder([place(name, f"PL{number:03d}") for number, name in enumerate(names)])


def found_names(found: tuple[Found, ...]) -> list[str]:
    return [one.place.name for one in found]


def readings_of(character: str) -> set[str]:
    """Straight from the dictionary of characters, with tones taken off by Unicode."""
    found = set()
    for reading in pinyin_dict.get(ord(character), "").split(","):
        plain = unicodedata.normalize(
            "NFC", "".join(c for c in unicodedata.normalize("NFD", reading) if c not in TONES)
        )
        found |= {plain.replace("ü", "ü"), plain.replace("ü", "v"), plain.replace("ü", "u")}
    found.discard("")
    if character == "乐":
        found.add("lao")
    return found or {character.lower()}


def every_spelling(name: str) -> set[str]:
    options = [{c.lower()} | readings_of(c) | {reading[0] for reading in readings_of(c)} for c in name]
    return {"".join(choice) for choice in itertools.product(*options)}


def slow_rank(name: str, code: str, typed: str) -> int | None:
    """The rank by its definition."""
    whole = {"".join(choice) for choice in itertools.product(*(readings_of(c) for c in name))}
    whole |= {"".join(choice) for choice in itertools.product(*({r[0] for r in readings_of(c)} for c in name))}
    ends = [name[start:] for start in range(len(name))]
    rules = (
        code.lower() == typed,
        name.lower() == typed,
        typed in whole,
        name.lower().startswith(typed),
        any(spelling.startswith(typed) for spelling in every_spelling(name)),
        typed in name.lower(),
        any(spelling.startswith(typed) for end in ends for spelling in every_spelling(end)),
        code.lower().startswith(typed),
    )
    return rules.index(True) if any(rules) else None


@pytest.mark.parametrize(
    "typed",
    [
        "海门街道",
        "海门",
        "门街",
        "haimenjiedao",
        "hai men jie dao",
        "hai'men’jie dao",
        "HaiMen",
        "haimenj",
        "haimenjd",
        "hmjd",
        "HM",
        "haim",
        "hm街道",
        "海men",
        "h门jie",
        "menjiedao",
        "mjd",
        "ha",
        "jied",
        "PL000",
        "pl0",
    ],
)
def test_find__every_way_of_typing(typed: str) -> None:
    assert found_names(finder("海门街道", "白云街道").find(typed))[0] == "海门街道"


def test_find__initials_of_a_long_name() -> None:
    assert found_names(finder("一里新路服务中心", "海门街道").find("ylxlfwzx")) == ["一里新路服务中心"]


@pytest.mark.parametrize(
    "typed", ["aimen", "imen", "hamen", "haien", "en", "海云", "海hai", "hmjdx", "zzz", "PL0000", "L0"]
)
def test_find__what_does_not_fit(typed: str) -> None:
    assert finder("海门街道").find(typed) == ()


@pytest.mark.parametrize("typed", ["", "  ", "　", "'", " ’ "])
def test_find__nothing_typed(typed: str) -> None:
    assert finder("海门街道").find(typed) == ()


def test_find__no_places() -> None:
    assert PlaceFinder([]).find("hai") == ()
    assert finder("").find("hai") == ()
    assert found_names(finder("").find("pl")) == [""]


def test_find__far_too_long_is_not_read() -> None:
    assert finder("海门街道").find("hai" * 1_000_000) == ()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("重庆路", "chongqinglu"),
        ("重庆路", "zhongqinglu"),
        ("重庆路", "cql"),
        ("银行", "yinhang"),
        ("银行", "yinxing"),
        ("银行", "yh"),
        ("银行", "yx"),
        ("乐清", "yueqing"),
        ("乐清", "leqing"),
        ("乐清", "yq"),
        ("乐清", "lq"),
        ("乐陵", "laoling"),
        ("大厦", "dasha"),
        ("六安", "luan"),
        ("绿岛", "lüdao"),
        ("绿岛", "lvdao"),
        ("绿岛", "LUDAO"),
        ("女儿", "nver"),
        ("欸", "e"),
    ],
)
def test_find__each_reading(name: str, typed: str) -> None:
    assert finder(name, "海门街道").find(typed) == (Found(place(name, "PL000"), 2),)


def test_find__a_separator_is_where_a_character_ends() -> None:
    places = finder("西安", "先")
    assert found_names(places.find("xian")) == ["先", "西安"]
    assert found_names(places.find("xi'an")) == ["西安"]
    assert found_names(places.find("xi an")) == ["西安"]
    assert found_names(places.find("xi a")) == ["西安"]
    assert places.find("x ian") == ()


def test_find__long_name_of_many_readings() -> None:
    name = "重行乐" * 20
    assert found_names(finder(name).find("zhonghangyue" * 20)) == [name]
    assert finder(name).find("zhonghangyue" * 20 + "x") == ()


def test_find__other_characters_match_themselves() -> None:
    places = finder("A1幢", "一号楼", "1号楼", "Müller 路")
    assert found_names(places.find("a1zhuang")) == ["A1幢"]
    assert found_names(places.find("1h")) == ["1号楼"]
    assert found_names(places.find("yihao")) == found_names(places.find("一")) == ["一号楼"]
    assert found_names(places.find("müllerlu")) == ["Müller 路"]


@pytest.mark.parametrize("typed", ["　１２号ｌｏｕ ", "１２Ｈ", "ｐｌ０００", "12 号 楼"])
def test_find__full_width(typed: str) -> None:
    assert found_names(finder("12号楼").find(typed)) == ["12号楼"]
    assert found_names(finder("１２号楼").find(typed)) == ["１２号楼"]


def test_find__order_of_ranks() -> None:
    places = PlaceFinder(
        [
            place("甲", "hm"),
            place("HM", "1"),
            place("海门", "2"),
            place("hm路", "3"),
            place("海门路", "4"),
            place("东hm", "5"),
            place("东海门", "6"),
            place("乙", "hm7"),
            place("东门", "8"),
        ]
    )
    found = places.find("hm")
    assert [one.rank for one in found] == list(range(8))
    assert [one.place.code for one in found] == ["hm", "1", "2", "3", "4", "5", "6", "hm7"]
    assert places.find("hm", most=3) == found[:3]


def test_find__ties_go_to_the_shorter_name_then_name_then_code() -> None:
    places = [
        place("海门大路", "1"),
        place("海乙路", "2"),
        place("海甲路", "4"),
        place("海甲路", "10"),
        place("海路", "9"),
    ]
    expected = [places[4], places[1], places[3], places[2], places[0]]
    assert "乙" < "甲"
    assert [one.place for one in PlaceFinder(places).find("海")] == expected


def test_find__beginning_of_a_code_in_order_of_ties() -> None:
    places = PlaceFinder(
        [place("海门街道", "331002001000"), place("路北村", "331002001007"), place("白云街道", "331002002000")]
    )
    assert found_names(places.find("331002001")) == ["路北村", "海门街道"]
    assert places.find("331002001000")[0] == Found(place("海门街道", "331002001000"), 0)


def test_find__village() -> None:
    places = PlaceFinder([place(f"海{k}路", str(k), f"33100200{k % 3}001") for k in range(9)])
    assert [one.place.code for one in places.find("hai", village="331002002")] == ["2", "5", "8"]
    assert [one.place.code for one in places.find("hai", village="331002002", most=2)] == ["2", "5"]
    assert places.find("hai", village="9") == ()


def test_find__most_below_one() -> None:
    with pytest.raises(BadOption, match="most is 0; expected"):
        finder("海门").find("hai", most=0)


names = st.text("重行乐绿女六西安先啊门一A1e", min_size=1, max_size=4)


@st.composite
def names_and_typed(draw: st.DrawFn) -> tuple[list[str], str]:
    """Names, and something that fits one of them or nearly does."""
    drawn = draw(st.lists(names, min_size=1, max_size=6))
    if draw(st.booleans()):
        return drawn, draw(st.text("xianlevgzhuqyo1安西重", min_size=1, max_size=4))
    spelling = draw(st.sampled_from(sorted(every_spelling(draw(st.sampled_from(drawn))))))
    start = draw(st.integers(0, len(spelling) - 1))
    return drawn, spelling[start : draw(st.integers(start + 1, len(spelling)))]


@given(names_and_typed())
def test_find__exactly_what_the_written_out_spellings_say(case: tuple[list[str], str]) -> None:
    drawn, typed = case
    places = [place(name, f"E{number}A1") for number, name in enumerate(drawn)]
    expected = [(slow_rank(one.name, one.code, typed), len(one.name), one.name, one.code) for one in places]
    found = [(one.rank, len(one.place.name), one.place.name, one.place.code) for one in PlaceFinder(places).find(typed)]
    assert found == sorted(row for row in expected if row[0] is not None)


@given(names, st.data())
def test_find__every_prefix_of_full_pinyin(name: str, data: st.DataObject) -> None:
    syllables = [data.draw(st.sampled_from(sorted(readings_of(character)))) for character in name]
    full = "".join(syllables)
    places = finder(name, "塘")
    for length in range(1, len(full) + 1):
        assert name in found_names(places.find(full[:length]))
    for mark in (" ", "'"):
        assert places.find(mark.join(syllables))[0].rank <= 2


@given(st.lists(st.builds(place, names, st.sampled_from(["1", "2", "a"])), max_size=8), st.randoms(), st.data())
def test_find__the_order_given_does_not_matter(
    places: list[Place], shuffler: random.Random, data: st.DataObject
) -> None:
    typed = data.draw(st.text("xalzy1安", min_size=1, max_size=2))
    shuffled = list(places)
    shuffler.shuffle(shuffled)
    assert repr(PlaceFinder(places).find(typed)) == repr(PlaceFinder(shuffled).find(typed))


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5), st.text(max_size=6))
def test_find__any_text_is_taken(drawn: list[str], typed: str) -> None:
    places = finder(*drawn)
    assert all(one.place.name in drawn for one in places.find(typed))
    for name in drawn:
        if found := places.find(name):
            assert found[0].rank <= 1
        else:
            assert not "".join(name.split()).strip("'`‘’ʼ＇｀") or name.isspace()


def test_find__initials_in_the_sample_district() -> None:
    table = build_district().places
    columns = ("place", "kind", "name", "village", "lon", "lat")
    places = [Place(*row) for row in table[list(columns)].itertuples(index=False, name=None)]
    everywhere = PlaceFinder(places)
    for one in places:
        initials = "".join(lazy_pinyin(one.name, style=Style.FIRST_LETTER))
        assert Found(one, 2) in everywhere.find(initials, most=len(places))
        assert Found(one, 1) in everywhere.find(one.name, most=len(places), village=one.village)
