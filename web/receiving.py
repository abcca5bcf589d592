"""Fixes of many phones taken in at once: whose they are, which are kept, one transaction, each request its own count."""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gisgrid.datum import check_datum, to_wgs84
from gisgrid.errors import TooLarge, UnreadableFile
from gisgrid.local_days import local_days
from gisgrid.store.device_book import DeviceBook, KnownDevices
from gisgrid.store.devices import Device, Sighting, note_sightings
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.news import Position, has_come, newest_event
from gisgrid.store.staffing import Staffing
from gisgrid.store.store import Store
from tracks.phones import PhoneBatch
from tracks.policy import Policy
from tracks.privacy import OnDuty, find_private, make_on_duty
from web.pace import Pace
from web.together import Together

AUTHOR: Final = "phones"
"""Whom event log and audit name: what many phones sent at once is no single person's."""

NO_HOLDER: Final = "no holder"
"""Why a fix is not kept of a day on which the phone was nobody's."""

PER_MINUTE: Final = 1_200
"""Requests of one phone in a minute; every 64 kB of a body count as one more."""

_BYTES_PER_REQUEST: Final = 65_536
_MOST_FIXES: Final = 50_000
_LOOK_AGAIN_S: Final = 1.0
_SEEN_EVERY_MS: Final = 60_000
_AHEAD_MS: Final = 300_000
_GZIP: Final = 31


@dataclass(frozen=True)
class Sent:
    """What one request brought, by which phone, and when (ms since 1970 UTC)."""

    device: Device
    batch: PhoneBatch
    received_ms: int


@dataclass(frozen=True)
class Taken:
    """What became of one request's fixes: kept (or there already), counted only, by reason, and in no place on earth."""

    kept: int
    not_kept: Mapping[str, int]
    impossible: int = 0


class Receiving:
    """The phones of a service: who may send, how much, and taking in what they send, together.

    `keep_off_duty` keeps also what they send outside duty hours, on days without a duty and on leave.
    """

    def __init__(
        self,
        store: Store,
        inbox: FixInbox,
        *,
        keep_off_duty: bool = False,
        policy: Policy | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.book = DeviceBook(store, now_s)
        self._pace = Pace(PER_MINUTE, now_s)
        self._store = store
        self._inbox = inbox
        self._keep_off_duty = keep_off_duty
        self._policy = policy or Policy()
        self._now_s = now_s
        self._on_duty: OnDuty | None = None
        self._position: Position | None = None
        self._looked_s: float | None = None
        self._seen_ms: dict[int, int] = {}
        self._together: Together[Sent, Taken] = Together(self.take_in)

    async def take(self, sent: Sent) -> Taken:
        """Take in what one request brought; when this returns it can no longer be lost. Raises `DatabaseLost`."""
        return await self._together.do(sent)

    def wait_s(self, device: Device, size_bytes: int) -> int:
        """0 where a phone may send so much now, else the seconds after which it may."""
        return self._pace.take(device.name, 1.0 + size_bytes // _BYTES_PER_REQUEST)

    def forget(self) -> None:
        """Look at phones, duties and leave anew at the next request: something has changed here."""
        self.book.forget()
        self._looked_s = None

    async def close(self) -> None:
        """Finish what was sent."""
        await self._together.close()

    def take_in(self, sent: Sequence[Sent]) -> list[Taken | Exception]:
        """Take in the fixes of many requests, in as few transactions as hold 50,000 fixes each; for one thread at a time."""
        taken: list[Taken | Exception] = []
        for part in _parts(sent):
            try:
                taken += self._take_part(part)
            except Exception as error:  # noqa: BLE001  # of this part only: those before are kept
                taken += [error] * len(part)
        return taken

    def _take_part(self, sent: Sequence[Sent]) -> list[Taken]:
        merged = _merge(sent, self.book.refresh())
        batch = merged.batch
        refused = {NO_HOLDER: merged.has_no_holder}
        if not self._keep_off_duty:
            refused |= find_private(batch.patroller, batch.time_ms, self._who_is_on_duty(), self._policy)
        sightings = self._due(sent)
        if len(batch) or sightings:
            self._inbox.add(
                batch, author=AUTHOR, refused=refused, beside=lambda change: note_sightings(change, sightings)
            )
        self._seen_ms |= {number: seen.seen_ms for number, seen in sightings.items()}
        return _counts(merged, refused)

    def _who_is_on_duty(self) -> OnDuty:
        """Duties and leave as they were at most a second ago."""
        if self._on_duty is None or self._looked_s is None or self._now_s() - self._looked_s >= _LOOK_AGAIN_S:
            asked_s = self._now_s()
            with self._store.reading() as connection:
                newest = newest_event(connection)
                is_other = has_come(connection, self._position, ("duties_changed", "leave_changed"))
            if self._on_duty is None or is_other:
                staffing = Staffing(self._store)
                self._on_duty = make_on_duty(staffing.duties(), staffing.leave())
            self._position, self._looked_s = newest, asked_s
        return self._on_duty

    def _due(self, sent: Sequence[Sent]) -> dict[int, Sighting]:
        """What is to be written of the phones: of each at most once a minute."""
        found: dict[int, Sighting] = {}
        for one in sent:
            number = one.device.id
            if one.received_ms - self._seen_ms.get(number, -_SEEN_EVERY_MS) < _SEEN_EVERY_MS:
                continue
            # A clock that is far ahead must not hide for ever that a phone has fallen silent.
            fixes = [fix for fix in one.batch.fixes if fix.time_ms <= one.received_ms + _AHEAD_MS]
            newest = max(fixes, key=lambda fix: fix.time_ms, default=None)
            before = found.get(number)
            seen = Sighting(one.received_ms, newest.time_ms if newest else None, newest.battery if newest else None)
            found[number] = seen if before is None else _joined(before, seen)
        return found


def inflate(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """A body as it was before its `Content-Encoding` (gzip or none).

    Raises `TooLarge` before more than `most_bytes` are made of it, `UnreadableFile` for what is no gzip.
    """
    if encoding in {"", "identity"}:
        return body
    parts: list[bytes] = []
    left = most_bytes
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            parts.append(member.decompress(body, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise TooLarge(
                    f"the body is larger than {most_bytes >> 20} MB when unpacked; send less at a time",
                    zh=f"请求内容解压后超过 {most_bytes >> 20} MB；请减少一次发送的内容",
                )
            if not member.eof:
                raise UnreadableFile(
                    "the body ends before its gzip does; send it again", zh="请求内容的 gzip 数据不完整；请重新发送"
                )
            body = member.unused_data
    except zlib.error:
        raise UnreadableFile(
            "the body is no gzip, as its Content-Encoding says; send it plain or packed anew",
            zh="请求内容不是 Content-Encoding 所说的 gzip；请不压缩发送，或重新压缩",
        ) from None
    return b"".join(parts)


@dataclass(frozen=True)
class _Merged:
    """The fixes of several requests as one batch; `of` (n,) is the place of the request of each."""

    batch: FixBatch
    of: NDArray[np.int64]
    has_no_holder: NDArray[np.bool_]
    impossible: NDArray[np.int64]


def _parts(sent: Sequence[Sent]) -> list[Sequence[Sent]]:
    """Requests in parts of so many fixes; one of more is a part of its own."""
    cuts, count = [0], 0
    for place, one in enumerate(sent):
        count += len(one.batch.fixes)
        if count > _MOST_FIXES and place > cuts[-1]:
            cuts.append(place)
            count = len(one.batch.fixes)
    return [sent[start:end] for start, end in pairwise([*cuts, len(sent)])] if sent else []


def _merge(sent: Sequence[Sent], known: KnownDevices) -> _Merged:
    fixes = [fix for one in sent for fix in one.batch.fixes]
    of = np.repeat(np.arange(len(sent)), [len(one.batch.fixes) for one in sent]).astype(np.int64)
    time_ms = np.array([fix.time_ms for fix in fixes], np.int64)
    lon, lat = np.array([fix.lon for fix in fixes], np.float64), np.array([fix.lat for fix in fixes], np.float64)
    datum = np.array([one.device.datum for one in sent], dtype=object)[of]
    for name in {one.device.datum for one in sent}:
        mine = datum == name
        lon[mine], lat[mine] = to_wgs84(lon[mine], lat[mine], check_datum(name))
    is_on_earth = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    received_ms = np.array([one.received_ms for one in sent], np.int64)[of]
    for place, fix in enumerate(fixes):
        if fix.received_ms is not None and sent[of[place]].device.is_trusted:
            received_ms[place] = min(fix.received_ms, received_ms[place])
    person, has_no_holder = _holders(sent, known, of, local_days(time_ms))
    name_of = np.array([one.device.name for one in sent], dtype=object)[of]
    accuracy_m = np.array([fix.accuracy_m for fix in fixes], np.float64)
    on = is_on_earth
    batch = FixBatch(person[on], name_of[on], time_ms[on], lon[on], lat[on], accuracy_m[on], received_ms[on])
    return _Merged(batch, of[on], has_no_holder[on], np.bincount(of[~on], minlength=len(sent)))


def _holders(
    sent: Sequence[Sent], known: KnownDevices, of: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Whose each fix is (n,): who had the phone on its day; of a day when nobody did, it is counted with the sender."""
    person = np.empty(len(of), dtype=object)
    has_no_holder = np.zeros(len(of), bool)
    for place, one in enumerate(sent):
        mine = np.arange(*np.searchsorted(of, (place, place + 1)))
        for date in np.unique(day[mine]).tolist():
            holder = known.holder_on(one.device.phone, date)
            those = mine[day[mine] == date]
            person[those] = (holder or one.device).person
            has_no_holder[those] = holder is None
    return person, has_no_holder


def _counts(merged: _Merged, refused: Mapping[str, NDArray[np.bool_]]) -> list[Taken]:
    """What became of each request's fixes; of several reasons the first counts, as in the inbox."""
    count = len(merged.impossible)
    left = np.ones(len(merged.of), bool)
    by_reason: dict[str, NDArray[np.int64]] = {}
    for reason, mask in refused.items():
        by_reason[reason] = np.bincount(merged.of[mask & left], minlength=count)
        left &= ~mask
    kept = np.bincount(merged.of[left], minlength=count)
    return [
        Taken(
            int(kept[place]),
            {reason: int(found[place]) for reason, found in by_reason.items() if found[place]},
            int(merged.impossible[place]),
        )
        for place in range(count)
    ]


def _joined(one: Sighting, other: Sighting) -> Sighting:
    """Two sightings of one phone as one."""
    later = max((one, other), key=lambda seen: (seen.newest_ms or 0, seen.seen_ms))
    earlier = other if later is one else one
    battery = earlier.battery if later.battery is None else later.battery
    return Sighting(max(one.seen_ms, other.seen_ms), later.newest_ms, battery)
