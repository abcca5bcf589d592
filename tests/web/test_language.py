"""The language in which whoever asks is answered."""

import pytest

from web.language import language_of, preferred


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", 0),
        ("zh-CN,zh;q=0.9,en;q=0.8", 1),
        ("en-GB,zh;q=0.9", 0),
        ("en;q=0.3, zh-Hans;q=0.7", 1),
        ("fr,de;q=0.9", 0),
        ("fr,zh;q=0.1", 1),
        ("zh;q=0", 0),
        ("zh;q=nan", 0),
        ("zh;q=rubbish,en;q=0.1", 0),
        ("ZH", 1),
        ("zhuang", 0),
        ("x" * 100_000, 0),
    ],
)
def test_preferred__the_best_of_two(accepted, language):
    assert preferred(accepted) == language


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("gg_lang=zh", "en", 1),
        ("gisgrid=abc; gg_lang=en", "zh", 0),
        ("gg_lang=klingon", "zh", 1),
        ("gg_lang", "zh", 1),
        ("other=gg_lang", "en", 0),
    ],
)
def test_language_of__the_cookie_comes_first(cookie, accepted, language):
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepted.encode())]
    assert language_of({"type": "http", "headers": headers}) == language


def test_language_of__english_without_a_word():
    assert language_of({"type": "http", "headers": []}) == 0
