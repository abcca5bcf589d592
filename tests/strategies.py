"""Hypothesis strategies that features share: drawn networks, points in and near them, tracks."""

from hypothesis import strategies as st

LETTERS = "ABCD."


@st.composite
def drawings(draw: st.DrawFn, *, width: int = 4, height: int = 4) -> str:
    """A drawing of a network (see `tests.worlds`) with at least one grid."""
    rows = draw(
        st.lists(st.text(LETTERS, min_size=width, max_size=width), min_size=height, max_size=height).filter(
            lambda lines: any(letter != "." for line in lines for letter in line)
        )
    )
    return "\n".join(rows)
