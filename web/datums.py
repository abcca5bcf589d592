"""The datum of every phone weighed by its fixes of the last days, from inbox and archive, with the grids of those days."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.datum import check_datum
from gisgrid.duty import Duty, own_grids
from gisgrid.errors import BadOption
from gisgrid.local_days import day_number, local_day
from gisgrid.store.device_book import DeviceBook, KnownDevices
from gisgrid.store.devices import Device
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.staffing import Staffing
from gisgrid.store.store import Store
from tracks.archive import TrackArchive, read_tracks_of
from tracks.policy import Policy
from tracks.shift import DatumEvidence, weigh_datum

MOST_DAYS: Final = 31
_PREFIX: Final = "phone/"
_MOST_A_DAY: Final = 1_000
_NO_TIME_MS: Final = -(2**62)


@dataclass
class _Heard:
    """Fixes of one phone, by parts."""

    device: Device
    time_ms: list[NDArray[np.int64]] = field(default_factory=list)
    lon: list[NDArray[np.float64]] = field(default_factory=list)
    lat: list[NDArray[np.float64]] = field(default_factory=list)


def weigh_datums(
    store: Store, editions: Editions, archive: TrackArchive, *, days: int = 7, policy: Policy | None = None
) -> dict[int, DatumEvidence]:
    """What speaks for or against the datum of each phone, by its number, from the fixes of the last local days.

    Of a phone at most a thousand fixes a day are looked at, spread evenly; those received before its datum was said do not
    count. Raises `BadOption` without a network in force, or for less than one day or more than 31.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadOption(
            f"{days} days are to be looked at; expected 1 to {MOST_DAYS}",
            zh=f"要查看 {days} 天；应为 1 至 {MOST_DAYS} 天",
        )
    today = local_day(store.now_ms())
    network = editions.network_at(today)
    if network is None:
        raise BadOption(
            "no network is in force; publish one first, with `gisgrid grids publish`",
            zh="没有生效的网格网；请先发布（`gisgrid grids publish`）",
        )
    known = DeviceBook(store).refresh()
    duties = Staffing(store).duties()
    of_person: dict[str, list[Duty]] = {}
    for duty in duties:
        of_person.setdefault(duty.person, []).append(duty)
    heard: dict[int, _Heard] = {}
    for back in reversed(range(days)):
        day = today - dt.timedelta(days=back)
        batch = read_tracks_of(FixInbox(store), archive, day, day)
        for device, rows in _rows_of_phones(batch, known, day):
            part = heard.setdefault(device.id, _Heard(device))
            part.time_ms.append(batch.time_ms[rows])
            part.lon.append(batch.lon[rows])
            part.lat.append(batch.lat[rows])
    return {
        number: weigh_datum(
            np.concatenate(one.time_ms), np.concatenate(one.lon), np.concatenate(one.lat),
            check_datum(one.device.datum), _OwnGrids(one.device.person, of_person), network, policy or Policy(),
        )
        for number, one in sorted(heard.items())
    }  # fmt: skip


@dataclass(frozen=True)
class _OwnGrids:
    """The codes of a person's own grids on a local day."""

    person: str
    of_person: dict[str, list[Duty]]

    def __call__(self, day: int) -> tuple[str, ...]:
        return own_grids(self.of_person.get(self.person, ()), self.person, day)


def _rows_of_phones(batch: FixBatch, known: KnownDevices, day: dt.date) -> Iterator[tuple[Device, NDArray[np.int64]]]:
    """The phones of which a day has fixes, each with the places of some of them."""
    names: dict[str, list[int]] = {}
    for place, name in enumerate(batch.device.tolist()):
        if name.startswith(_PREFIX):
            names.setdefault(name, []).append(place)
    for name, places in names.items():
        number = name.removeprefix(_PREFIX)
        holder = known.holder_on(int(number), day_number(day)) if number.isdecimal() else None
        if holder is None:
            continue
        rows = np.array(places, np.int64)
        since_ms = holder.suspicion.get("since_ms", _NO_TIME_MS)
        rows = rows[(batch.patroller[rows] == holder.person) & (batch.received_ms[rows] >= since_ms)]
        step = max(1, -(-len(rows) // _MOST_A_DAY))
        if len(rows):
            yield holder, rows[::step]
