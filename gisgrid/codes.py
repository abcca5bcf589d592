"""Unit codes: 12 digits down to the village, 15 down to the grid; always text, ordered by code point."""

from typing import Final, Literal

CodeScheme = Literal["official", "opaque"]

VILLAGE_DIGITS: Final = 12
GRID_DIGITS: Final = 15
FIRST_EXCLUSIVE: Final = 901


def is_grid_code(code: str) -> bool:
    """Whether `code` is a 15-digit grid code (12-digit village code + 3-digit sequence 001-999)."""
    return len(code) == GRID_DIGITS and code.isascii() and code.isdecimal() and code[-3:] != "000"


def scheme_of(codes: tuple[str, ...]) -> CodeScheme:
    """The scheme of a whole network: official when every code is a 15-digit grid code, else opaque."""
    return "official" if codes and all(is_grid_code(code) for code in codes) else "opaque"


def village_of(code: str) -> str:
    """The 12-digit code of the village or community that an official grid code lies in."""
    return code[:VILLAGE_DIGITS]


def township_of(code: str) -> str:
    """The 12-digit code of the township-level unit above an official grid or village code."""
    return code[:9] + "000"


def is_exclusive(code: str) -> bool:
    """Whether an official grid code lies in the range of exclusive grids (901-999)."""
    return int(code[-3:]) >= FIRST_EXCLUSIVE
