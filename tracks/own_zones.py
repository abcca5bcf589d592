"""Whose grids are whose on which day: editions and duties turned into zones for the compiled functions."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gisgrid.duty import PATROLLING_ROLES, Duty
from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.leg_parts import Zones, make_zones
from gisgrid.plane import MetricPlane
from tracks.presence import NO_ZONE

EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Edition:
    """A network and the local day (since 1970) from which it is in force; None for ever."""

    network: GridNetwork
    from_day: int | None = None


@dataclass(frozen=True)
class OwnZones:
    """Zones of grids in the plane of the first edition, and who has which zone on which day."""

    plane: MetricPlane
    zones: Zones
    duties_of: dict[str, tuple[Duty, ...]]
    _editions: tuple[Edition, ...]
    _offsets: tuple[int, ...]
    _zone_of_set: dict[tuple[int, ...], int]

    def holds_duty(self, patroller: str, day: int) -> bool:
        """Whether the person holds a `patroller` or `substitute` duty on a local day."""
        return any(duty.from_day <= day < duty.to_day for duty in self.duties_of.get(patroller, ()))

    def codes_on(self, patroller: str, day: int) -> tuple[str, ...]:
        """The codes of the own grids on a local day, in code order, also those the edition does not have."""
        return tuple(
            sorted({duty.grid for duty in self.duties_of.get(patroller, ()) if duty.from_day <= day < duty.to_day})
        )

    def edition_on(self, day: int) -> Edition:
        """The edition in force on a local day; `BadOption` when there is none yet."""
        return self._editions[_edition_index(self._editions, day)]

    def zone_on(self, patroller: str, day: int) -> int:
        """The zone of the own grids on a local day, `NO_ZONE` for none."""
        return self._zone_of_set.get(
            _members(self._editions, self._offsets, self.codes_on(patroller, day), day), NO_ZONE
        )

    def zones_on(self, patroller: str, first_day: int, last_day: int) -> NDArray[np.int64]:
        """The zone on every local day from `first_day` to `last_day`, both included."""
        zones = np.full(last_day - first_day + 1, NO_ZONE, np.int64)
        changes = {first_day}
        for duty in self.duties_of.get(patroller, ()):
            changes |= {day for day in (duty.from_day, duty.to_day) if first_day < day <= last_day}
        changes |= {
            edition.from_day
            for edition in self._editions
            if edition.from_day is not None and first_day < edition.from_day <= last_day
        }
        starts = sorted(changes)
        for start, end in zip(starts, [*starts[1:], last_day + 1], strict=True):
            zones[start - first_day : end - first_day] = self.zone_on(patroller, start)
        return zones


def make_own_zones(editions: Sequence[Edition], duties: Iterable[Duty]) -> OwnZones:
    """The zones of all duties in all editions. Raises `BadOption` for two editions of one day."""
    ordered = tuple(sorted(editions, key=lambda edition: -(2**62) if edition.from_day is None else edition.from_day))
    if not ordered:
        raise BadOption("no network was given; expected at least one edition")
    if len({edition.from_day for edition in ordered}) != len(ordered):
        raise BadOption("two editions take effect on the same day; give each --grids PATH@FROM a day of its own")
    plane = ordered[0].network.plane
    offsets = tuple(int(offset) for offset in np.cumsum([0, *(len(edition.network) for edition in ordered)]))
    geometry = np.concatenate([plane.project(edition.network.geometry) for edition in ordered])
    of_person: dict[str, list[Duty]] = defaultdict(list)
    for duty in duties:
        if duty.role in PATROLLING_ROLES:
            of_person[duty.person].append(duty)
    duties_of = {
        person: tuple(sorted(held, key=lambda duty: (duty.from_day, duty.grid, duty.to_day)))
        for person, held in of_person.items()
    }
    sets: dict[tuple[int, ...], int] = {}
    for held in duties_of.values():
        for day in _changing_days(ordered, held):
            codes = tuple(sorted({duty.grid for duty in held if duty.from_day <= day < duty.to_day}))
            members = _members(ordered, offsets, codes, day)
            if members:
                sets.setdefault(members, len(sets))
    return OwnZones(plane, make_zones(geometry, list(sets)), duties_of, ordered, offsets, sets)


def unknown_grids(editions: Sequence[Edition], duties: Iterable[Duty]) -> tuple[Duty, ...]:
    """The patrolling duties whose grid is in none of the editions."""
    return tuple(
        duty
        for duty in duties
        if duty.role in PATROLLING_ROLES and not any(duty.grid in edition.network for edition in editions)
    )


def _changing_days(editions: tuple[Edition, ...], held: Sequence[Duty]) -> set[int]:
    days = {duty.from_day for duty in held} | {duty.to_day for duty in held}
    first = min(duty.from_day for duty in held)
    return days | {
        edition.from_day for edition in editions if edition.from_day is not None and edition.from_day >= first
    }


def _edition_index(editions: tuple[Edition, ...], day: int) -> int:
    found = -1
    for index, edition in enumerate(editions):
        if edition.from_day is None or edition.from_day <= day:
            found = index
    if found < 0:
        wanted = dt.date.fromordinal(EPOCH_ORDINAL + day) if -700_000 < day < 2_900_000 else day
        raise BadOption(f"no edition is in force on {wanted}; give one that takes effect on or before it")
    return found


def _members(
    editions: tuple[Edition, ...], offsets: tuple[int, ...], codes: tuple[str, ...], day: int
) -> tuple[int, ...]:
    """Places of codes in the polygons of all editions, by the edition in force; () where nothing is in force yet."""
    first = editions[0].from_day
    if first is not None and day < first:
        return ()
    index = _edition_index(editions, day)
    network = editions[index].network
    return tuple(offsets[index] + network.position_of(code) for code in codes if code in network)
