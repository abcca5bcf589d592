"""Keys and cursors: what was written is read, and anything else is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gisgrid.errors import BadOption
from web.keys import cursor_of, key_of, read_cursor


class Body(BaseModel):
    text: str = ""


@given(st.integers(-(2**62) + 1, 2**62 - 1), st.text(max_size=20))
def test_cursor__read_as_written(number, text):
    written = cursor_of(number, text)
    if len(written) <= 200:
        assert read_cursor(written, int, str) == (number, text)
        with pytest.raises(BadOption, match="not one of this list"):
            read_cursor(written, int, int)


@given(
    st.one_of(
        st.text(min_size=1, max_size=300), st.binary(min_size=1, max_size=100).map(lambda raw: raw.decode("latin-1"))
    )
)
def test_cursor__anything_else_is_refused(text):
    try:
        found = read_cursor(text, int, int)
    except BadOption:
        return
    assert all(type(part) is int for part in found)


def test_cursor__none_is_the_first_page():
    assert read_cursor(None, int) is None
    assert read_cursor("", int) is None


def test_key_of__by_account_and_content():
    one = key_of("a", "k", "report", Body(text="x"))
    assert one == key_of("a", "k", "report", Body(text="x"))
    assert one.digest != key_of("a", "k", "report", Body(text="y")).digest
    assert one.digest != key_of("a", "k", "step", Body(text="x")).digest
    assert key_of("a", None, "report") is None


@pytest.mark.parametrize("sent", ["", " ", "a b", "ü", "x" * 101, "a\x00"])
def test_key_of__unusable(sent):
    with pytest.raises(BadOption, match="1 to 100 visible ASCII"):
        key_of("a", sent)
