"""Pairing: links come apart again into what went in, whatever signs it holds."""

import base64
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.errors import BadOption
from tracks.pairing import overland_link, owntracks_link, traccar_link

ADDRESS = "https://grid.example.cn:8443/phones/traccar"
WORDS = st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable() and text == text.strip())


def fields(link):
    """The query of a link as an app reads it that takes "+" for a plus."""
    pairs = [pair.partition("=") for pair in urlsplit(link).query.split("&")]
    return {unquote(name): unquote(value) for name, _, value in pairs}


def test_traccar_link__letter_by_letter():
    assert traccar_link(ADDRESS, "3102 陈&a=b+c", interval_s=30) == (
        "https://grid.example.cn:8443/phones/traccar"
        "?id=3102%20%E9%99%88%26a%3Db%2Bc&interval=30&distance=20&stop_detection=false"
    )


def test_overland_link__letter_by_letter():
    assert overland_link("https://grid.example.cn/o?x=1&y=a+b", "t/+=&", "chen 1") == (
        "overland://setup?url=https%3A%2F%2Fgrid.example.cn%2Fo%3Fx%3D1%26y%3Da%2Bb&token=t%2F%2B%3D%26&device_id=chen%201"
    )


def test_owntracks_link__letter_by_letter():
    link = owntracks_link("https://grid.example.cn/own", "chen", "s~?>1", "mi")
    start = "owntracks:///config?inline="
    assert link.startswith(start)
    assert json.loads(base64.b64decode(link.removeprefix(start), validate=True)) == {
        "_type": "configuration",
        "mode": 3,
        "url": "https://grid.example.cn/own",
        "auth": True,
        "username": "chen",
        "password": "s~?>1",
        "deviceId": "mi",
    }


@given(WORDS, st.integers(1, 86_400), st.integers(1, 10_000))
def test_traccar_link__round_trip(device, interval_s, distance_m):
    link = traccar_link(ADDRESS, device, interval_s=interval_s, distance_m=distance_m)
    expected = {"id": device, "interval": str(interval_s), "distance": str(distance_m), "stop_detection": "false"}
    assert link.isascii()
    assert link.split("?")[0] == ADDRESS
    assert fields(link) == expected
    assert {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()} == expected


@given(WORDS, WORDS)
def test_overland_link__round_trip(token, device):
    link = overland_link(ADDRESS, token, device)
    assert link.isascii()
    assert fields(link) == {"url": ADDRESS, "token": token, "device_id": device}
    assert {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()} == fields(link)


@given(WORDS, WORDS, WORDS)
def test_owntracks_link__round_trip_in_letters_and_digits(user, password, device):
    link = owntracks_link(ADDRESS + "?a=b&c=~", user, password, device)
    inline = link.removeprefix("owntracks:///config?inline=")
    assert re.fullmatch("[A-Za-z0-9]+", inline)
    found = json.loads(base64.b64decode(inline, validate=True))
    assert (found["username"], found["password"], found["deviceId"], found["url"]) == (
        user,
        password,
        device,
        ADDRESS + "?a=b&c=~",
    )


@pytest.mark.parametrize(
    "address",
    ["", "grid.example.cn", "ftp://a/b", "https://", "https:///x", "https://a/b c", "https://a/\n", "https://网格.cn/", "https://[::1",
     "https://a:99999/", "https://a:0/", "https://a:b/", "https://a/#x", "https://a/" + "x" * 2_000, "javascript:alert(1)"],
)  # fmt: skip
def test_links__addresses_that_no_phone_can_post_to(address):
    for make in (
        lambda: traccar_link(address, "d"),
        lambda: overland_link(address, "t", "d"),
        lambda: owntracks_link(address, "u", "p", "d"),
    ):
        with pytest.raises(BadOption, match="address"):
            make()


@pytest.mark.parametrize("address", ["https://a/b?c=d", "https://a/b?", "https://u:p@a/b"])
def test_traccar_link__address_that_the_app_would_cut(address):
    with pytest.raises(BadOption, match="cuts off"):
        traccar_link(address, "d")


def test_traccar_link__address_without_a_path():
    assert traccar_link("http://10.0.0.5:5055", "7").startswith("http://10.0.0.5:5055/?id=7&")


@pytest.mark.parametrize("word", ["", " zq", "zq\n", "zq\x00", "\ud800", "q" * 201])
def test_links__words_that_cannot_stand_there_are_not_repeated(word):
    for make in (
        lambda: traccar_link(ADDRESS, word),
        lambda: overland_link(ADDRESS, word, "d"),
        lambda: owntracks_link(ADDRESS, "u", word, "d"),
    ):
        with pytest.raises(BadOption) as told:
            make()
        assert not word or word not in str(told.value)


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_traccar_link__interval_out_of_range(seconds):
    with pytest.raises(BadOption, match="interval_s"):
        traccar_link(ADDRESS, "d", interval_s=seconds)
