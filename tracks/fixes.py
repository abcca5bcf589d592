"""Fixes as columns: who was where at which millisecond, in one order, each content once."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNSTATED: Final = np.iinfo(np.int64).min
"""`received_ms` of a fix that does not say when it arrived."""


@dataclass(frozen=True)
class Fixes:
    """Fixes sorted by patroller, time, longitude, latitude and accuracy; all columns have length n.

    `patrollers` are the names in code point order, `patroller` int32 places in it; `time_ms` and `received_ms` count
    milliseconds since 1970 UTC (`UNSTATED` when unknown); `lon`, `lat` are EPSG:4490 degrees rounded to 1e-7;
    `accuracy_m` is NaN where unknown (unstated, zero or negative).
    """

    patrollers: tuple[str, ...]
    patroller: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    received_ms: NDArray[np.int64]
    copies: int = 0

    def __len__(self) -> int:
        return len(self.patroller)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where the fixes of every patroller begin, with the end of the last: length patrollers + 1."""
        return np.searchsorted(self.patroller, np.arange(len(self.patrollers) + 1)).astype(np.int64)


def collect_fixes(
    patroller: NDArray[np.object_],
    time_ms: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy_m: NDArray[np.float64] | None = None,
    received_ms: NDArray[np.int64] | None = None,
) -> Fixes:
    """Fixes in the one order, whatever order and batches they came in; equal ones are one, received at the earliest.

    `patroller` holds names (n,). Equal means patroller, millisecond, position and accuracy; `copies` counts the others.
    """
    names, who = _numbered(patroller)
    accuracy = np.full(len(who), np.nan) if accuracy_m is None else np.asarray(accuracy_m, np.float64)
    received = np.full(len(who), UNSTATED) if received_ms is None else np.asarray(received_ms, np.int64)
    return order_fixes(names, who, time_ms, lon, lat, accuracy, received)


def order_fixes(
    names: tuple[str, ...],
    who: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy_m: NDArray[np.float64],
    received_ms: NDArray[np.int64],
) -> Fixes:
    """The same for patrollers already numbered by `names` in code point order."""
    lon, lat = _rounded(lon), _rounded(lat)
    # Zero and negative accuracies say nothing; as infinity they rank last and compare equal.
    rank = np.where(np.isfinite(accuracy_m) & (accuracy_m > 0.0), accuracy_m, np.inf)
    if _is_ordered(who, time_ms):
        order = None
        columns = (who, time_ms, lon, lat, rank, received_ms)
    else:
        order = np.lexsort((received_ms, rank, lat, lon, time_ms, who))
        columns = tuple(column[order] for column in (who, time_ms, lon, lat, rank, received_ms))  # type: ignore[assignment]
    who, time_ms, lon, lat, rank, received_ms = columns
    same = np.zeros(len(who), bool)
    if order is not None and len(who):
        same[1:] = (
            (who[1:] == who[:-1])
            & (time_ms[1:] == time_ms[:-1])
            & (lon[1:] == lon[:-1])
            & (lat[1:] == lat[:-1])
            & (rank[1:] == rank[:-1])
        )
    keep = ~same
    accuracy = np.where(np.isinf(rank), np.nan, rank)
    return Fixes(
        names,
        who[keep].astype(np.int32),
        time_ms[keep],
        lon[keep],
        lat[keep],
        accuracy[keep],
        received_ms[keep],
        int(same.sum()),
    )


def _is_ordered(who: NDArray[np.int32], time_ms: NDArray[np.int64]) -> bool:
    """Whether the rows strictly rise by patroller and time, so that nothing is to be sorted and nothing is twice."""
    later = (who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (time_ms[1:] > time_ms[:-1]))
    return bool(later.all())


def _numbered(patroller: NDArray[np.object_]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    if len(patroller) == 0:
        return (), np.empty(0, np.int32)
    names, who = np.unique(patroller.astype(str), return_inverse=True)
    return tuple(str(name) for name in names), who.astype(np.int32)


def _rounded(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.round(np.asarray(degrees, np.float64), 7), np.float64)
