"""On which side of a directed line a point lies, exactly: a floating-point filter, and exact arithmetic for the doubtful.

The filter and the expansion arithmetic follow J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast
Robust Geometric Predicates" (1997). Nothing here may be compiled with fast-math: contraction would break the exactness.
"""

from typing import Final

import numpy as np

from gisgrid.compiling import compiled

FILTER: Final = 3.3306690738754716e-16
"""(3 + 16 e) e with e = 2^-53: the error of the two products and their difference."""

_SPLITTER: Final = 134217729.0
_TERMS: Final = 24


@compiled(inline="always")
def side(ax, ay, bx, by, px, py):  # type: ignore[no-untyped-def]  # compiled
    """Positive when p lies left of a -> b, negative right, zero exactly on the line."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    if abs(det) > FILTER * (abs(left) + abs(right)):
        return det
    return exact_side(ax, ay, bx, by, px, py)


@compiled()
def _two_difference(a, b):  # type: ignore[no-untyped-def]  # compiled
    """a - b as a rounded value and its exact error."""
    value = a - b
    around = a - value
    return value, (a - (value + around)) + (around - b)


@compiled()
def _two_product(a, b):  # type: ignore[no-untyped-def]  # compiled
    """a * b as a rounded value and its exact error (Dekker)."""
    value = a * b
    c = _SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = _SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return value, a_low * b_low - (((value - a_high * b_high) - a_low * b_high) - a_high * b_low)


@compiled()
def _grow(terms, count, value):  # type: ignore[no-untyped-def]  # compiled
    """Add a value to a nonoverlapping expansion (smallest term first); returns its new length."""
    kept = 0
    total = value
    for term in range(count):
        high = total + terms[term]
        around = high - total
        low = (total - (high - around)) + (terms[term] - around)
        total = high
        if low != 0.0:
            terms[kept] = low
            kept += 1
    if total != 0.0:
        terms[kept] = total
        kept += 1
    return kept


@compiled()
def _magnifier(largest):  # type: ignore[no-untyped-def]  # compiled
    """A power of two that brings a magnitude to about 2^400, never below 1."""
    factor = 1.0
    if largest == 0.0:
        return factor
    while largest * factor < 2.0**300 and factor < 2.0**900:
        factor *= 2.0**100
    return factor


@compiled()
def exact_side(ax, ay, bx, by, px, py):  # type: ignore[no-untyped-def]  # compiled
    """The sign of the determinant by expansions: -1.0, 0.0 or 1.0, never wrong.

    The differences are exact pairs; those in x and those in y are magnified by a power of two each, which changes no
    sign, so that products of tiny differences do not underflow.
    """
    u, u_low = _two_difference(ax, px)
    v, v_low = _two_difference(by, py)
    s, s_low = _two_difference(ay, py)
    t, t_low = _two_difference(bx, px)
    across, up = _magnifier(max(abs(u), abs(t))), _magnifier(max(abs(v), abs(s)))
    u, u_low, t, t_low = u * across, u_low * across, t * across, t_low * across
    v, v_low, s, s_low = v * up, v_low * up, s * up, s_low * up
    terms = np.empty(_TERMS)
    count = 0
    for first, second, sign in (
        (u_low, v_low, 1.0), (s_low, t_low, -1.0), (u_low, v, 1.0), (u, v_low, 1.0), (s_low, t, -1.0), (s, t_low, -1.0), (u, v, 1.0), (s, t, -1.0),
    ):  # fmt: skip
        value, low = _two_product(first, second)
        count = _grow(terms, count, sign * low)
        count = _grow(terms, count, sign * value)
    if count == 0:
        return 0.0
    return 1.0 if terms[count - 1] > 0.0 else -1.0
