"""The least that placing points can cost: reading the coordinates once and writing an answer."""

import numba


@numba.njit
def read_and_write(lon, lat, found):  # type: ignore[no-untyped-def]  # compiled
    """Write into `found` (n,) something that depends on every coordinate."""
    for point in range(len(found)):
        found[point] = lon[point] > lat[point]
