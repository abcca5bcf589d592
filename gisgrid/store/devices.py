"""The phones: paired with a person for local days, known by a token of which only the digest is kept, and revoked."""

import dataclasses
import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gisgrid.datum import check_datum
from gisgrid.errors import BadOption, NotThere
from gisgrid.local_days import local_day
from gisgrid.store.service_tables import DEVICE
from gisgrid.store.store import Change, Store
from gisgrid.store.tables import DUTY, PERSON

APPS: Final[dict[str, str]] = {
    "traccar": "Traccar Client",
    "owntracks": "OwnTracks",
    "overland": "Overland",
    "plain": "a script, JSON or CSV",
}
"""What sends: the apps, and scripts."""

DEVICE_EVENTS: Final = ("device_paired", "device_revoked", "device_changed")
"""The kinds of events that tell of phones; what is merely heard of them tells none."""

_DAY: Final = dt.timedelta(days=1)
_LONGEST_LABEL: Final = 80
_YEARS: Final = range(1990, 2101)


@dataclass(frozen=True)
class Device:
    """A phone in the hands of a person on local days from `from_day` to the day before `to_day` (None: for ever).

    `phone` is the number of the thing itself: when it changes hands it is paired again. `datum` is that of what it sends;
    `is_trusted`: it relays what another service received, and its word on when counts. `battery` is 0..1; `suspicion` is
    what speaks for another datum, empty where nothing does.
    """

    id: int
    phone: int
    person: str
    app: str
    label: str
    from_day: dt.date
    to_day: dt.date | None
    datum: str
    is_trusted: bool
    made_ms: int
    revoked_ms: int | None
    seen_ms: int | None
    newest_ms: int | None
    battery: float | None
    suspicion: Mapping[str, Any]

    @property
    def name(self) -> str:
        """How its fixes name it: the same whoever holds it, so that a fix sent twice is one."""
        return f"phone/{self.phone}"

    def is_held_on(self, day: dt.date) -> bool:
        """Whether it is this person's on a local day; the day on which it was revoked is the last."""
        if day < self.from_day or (self.to_day is not None and day >= self.to_day):
            return False
        return self.revoked_ms is None or day <= local_day(self.revoked_ms)


@dataclass(frozen=True)
class Paired:
    """A phone just paired, and its token, which is shown this once."""

    device: Device
    token: str


@dataclass(frozen=True)
class Sighting:
    """What was heard of a phone: when, the time of its newest fix, how full its battery is (0..1); None is unknown."""

    seen_ms: int
    newest_ms: int | None = None
    battery: float | None = None


class Devices:
    """The phones in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        person: str,
        app: str,
        *,
        from_day: dt.date,
        to_day: dt.date | None = None,
        label: str = "",
        datum: str | None = None,
        is_trusted: bool = False,
        phone: int | None = None,
        author: str,
        origin: str = "local",
    ) -> Paired:
        """Pair a phone with a person on local days from `from_day` to the day before `to_day`; the token is new.

        With `phone` it is one that changes hands: until `from_day` it stays with who had it, whose token goes on for what
        was not sent yet; its datum stays where none is given (else `wgs84`). Raises `BadOption` for an unknown person or app, days that end before they begin, or a phone that
        is paired from that day or later already; `NotThere` for an unknown phone.
        """
        label = label.strip()
        if app not in APPS:
            raise BadOption(
                f"there is no app {app!r}; expected one of {', '.join(APPS)}",
                zh=f"没有应用 {app!r}；应为以下之一：{'、'.join(APPS)}",
            )
        for day in filter(None, (from_day, to_day)):
            if day.year not in _YEARS:
                raise BadOption(
                    f"the day is {day}; expected one from {_YEARS[0]} to {_YEARS[-1]}",
                    zh=f"日期为 {day}；应在 {_YEARS[0]} 至 {_YEARS[-1]} 年之间",
                )
        if to_day is not None and to_day <= from_day:
            raise BadOption(
                f"the phone would be given back on {to_day}, but is taken on {from_day}; to is exclusive",
                zh=f"手机的归还日期 {to_day} 不晚于领用日期 {from_day}；结束日期不含当天",
            )
        if len(label) > _LONGEST_LABEL or not label.isprintable():
            raise BadOption(
                f"label {label[:40]!r}; expected at most {_LONGEST_LABEL} printable characters",
                zh=f"备注为 {label[:40]!r}；应为最多 {_LONGEST_LABEL} 个可显示的字符",
            )
        token = "gp_" + secrets.token_urlsafe(24)
        with self._store.changing(author, origin=origin) as change:
            change.take_turn()
            _need_person(change.connection, person)
            number = (change.connection.execute(sa.select(sa.func.max(DEVICE.c.id))).scalar_one_or_none() or 0) + 1
            before = _take_over(change, phone, from_day) if phone is not None else "wgs84"
            device = Device(
                number, number if phone is None else phone, person, app,
                label or f"{person} {APPS[app]}"[:_LONGEST_LABEL], from_day, to_day,
                check_datum(datum or before), is_trusted, change.at_ms, None, None, None, None, {},
            )  # fmt: skip
            row = {field.name: getattr(device, field.name) for field in dataclasses.fields(Device)}
            change.connection.execute(DEVICE.insert().values(digest=digest_of(token), **row))
            change.tell("device_paired", f"device/{number}")
            days = f"{from_day} to {to_day or 'for ever'}"
            change.note("pair_device", f"device/{number}", f"{person}, phone {device.phone}, {days}")
        return Paired(device, token)

    def revoke(self, number: int, *, author: str, origin: str = "local") -> Device:
        """Make the token of a phone useless; today is the last day on which it is that person's. `NotThere` without it."""
        with self._store.changing(author, origin=origin) as change:
            device = _need(change.connection, number)
            if device.revoked_ms is not None:
                return device
            change.connection.execute(DEVICE.update().where(DEVICE.c.id == number).values(revoked_ms=change.at_ms))
            change.tell("device_revoked", f"device/{number}")
            change.note("revoke_device", f"device/{number}", device.person)
            return dataclasses.replace(device, revoked_ms=change.at_ms)

    def set_datum(self, number: int, datum: str, *, author: str, origin: str = "local") -> Device:
        """Say in which datum a phone sends; holds from now on for what it sends, and for the same phone in other hands.

        What was kept before stays as it is. Raises `BadOption` for an unknown datum, `NotThere` without the phone.
        """
        known = check_datum(datum)
        with self._store.changing(author, origin=origin) as change:
            device = _need(change.connection, number)
            suspicion = {"since_ms": change.at_ms}
            changed = DEVICE.update().where(DEVICE.c.phone == device.phone)
            change.connection.execute(changed.values(datum=known, suspicion=suspicion))
            change.tell("device_changed", f"device/{number}", {"datum": known})
            change.note("set_datum", f"device/{number}", f"{device.datum} to {known}")
            return dataclasses.replace(device, datum=known, suspicion=suspicion)

    def suspect(self, found: Mapping[int, Mapping[str, Any]], *, author: str, origin: str = "local") -> int:
        """Keep what speaks for or against the datum of phones, by number; returns how many of them stand otherwise now.

        When the datum was said (`since_ms`) stays beside it. Nothing else about the phone changes.
        """
        with self._store.changing(author, origin=origin) as change:
            known = {
                row.id: row.suspicion for row in change.connection.execute(sa.select(DEVICE.c.id, DEVICE.c.suspicion))
            }
            count = 0
            for number, evidence in found.items():
                if number not in known:
                    continue
                since = {name: known[number][name] for name in ("since_ms",) if name in known[number]}
                told = {**evidence, **since}
                if told == known[number]:
                    continue
                change.connection.execute(DEVICE.update().where(DEVICE.c.id == number).values(suspicion=told))
                count += 1
            if count:
                change.tell("device_changed", "devices", {"suspicions": count})
            change.note("weigh_datums", "devices", f"{len(found)} weighed, {count} stand otherwise")
        return count

    def all(self, *, after: int = 0, most: int | None = None) -> tuple[Device, ...]:
        """The phones by number, from the one after `after`, at most so many."""
        query = sa.select(DEVICE).where(DEVICE.c.id > after).order_by(DEVICE.c.id).limit(most)
        with self._store.reading() as connection:
            return tuple(device_of(row) for row in connection.execute(query))

    def get(self, number: int) -> Device:
        """One phone; `NotThere` without it."""
        with self._store.reading() as connection:
            return _need(connection, number)


def note_sightings(change: Change, sightings: Mapping[int, Sighting]) -> None:
    """Keep what was heard of phones, by number; no time goes back."""
    if not sightings:
        return
    told = [
        {"number": number, "seen": seen.seen_ms, "newest": seen.newest_ms, "full": seen.battery}
        for number, seen in sorted(sightings.items())
    ]
    change.connection.execute(_SEE, told)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def device_of(row: Any) -> Device:
    """A phone from its row."""
    return Device(**{field.name: row._mapping[field.name] for field in dataclasses.fields(Device)})


def _need(connection: sa.Connection, number: int) -> Device:
    row = connection.execute(sa.select(DEVICE).where(DEVICE.c.id == number)).one_or_none()
    if row is None:
        raise NotThere(
            f"there is no device {number}; list them with `gisgrid devices list`",
            zh=f"没有编号为 {number} 的设备；可用 `gisgrid devices list` 查看",
        )
    return device_of(row)


def _need_person(connection: sa.Connection, person: str) -> None:
    for table, column in ((PERSON, PERSON.c.code), (DUTY, DUTY.c.person)):
        # PostgreSQL cannot even be asked for what holds a NUL.
        if (
            person.isprintable()
            and connection.execute(sa.select(column).select_from(table).where(column == person).limit(1)).first()
        ):
            return
    raise BadOption(
        f"there is no person {person!r}, neither in the list of people nor with a duty; "
        "take them in first, with `gisgrid registers import people` or `duties`",
        zh=f"没有人员 {person!r}：人员名册和责任人名册中都没有；请先导入人员或责任人名册",
    )


def _take_over(change: Change, phone: int, from_day: dt.date) -> str:
    """End the holding of who has a phone until now; returns the datum in which it sends."""
    rows = change.connection.execute(sa.select(DEVICE).where(DEVICE.c.phone == phone).order_by(DEVICE.c.id)).all()
    if not rows:
        raise NotThere(
            f"there is no phone {phone}; list them with `gisgrid devices list`",
            zh=f"没有编号为 {phone} 的手机；可用 `gisgrid devices list` 查看",
        )
    for row in rows:
        if row.revoked_ms is None and row.from_day >= from_day:
            raise BadOption(
                f"phone {phone} is with {row.person} from {row.from_day} on; hand it over from {row.from_day + _DAY} "
                f"or later, or revoke device {row.id} first",
                zh=f"手机 {phone} 自 {row.from_day} 起由 {row.person} 使用；请从 {row.from_day + _DAY} 或更晚移交，或先吊销设备 {row.id}",
            )
        if row.from_day < from_day and (row.to_day is None or row.to_day > from_day):
            change.connection.execute(DEVICE.update().where(DEVICE.c.id == row.id).values(to_day=from_day))
    return str(rows[-1].datum)


def _later(column: sa.ColumnElement[Any], value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The later of two instants of which either may be unknown."""
    return sa.case((sa.or_(column.is_(None), column < value), value), else_=column)


_SEE: Final = (
    DEVICE.update()
    .where(DEVICE.c.id == sa.bindparam("number"))
    .values(
        seen_ms=_later(DEVICE.c.seen_ms, sa.bindparam("seen", type_=sa.BigInteger)),
        newest_ms=_later(DEVICE.c.newest_ms, sa.bindparam("newest", type_=sa.BigInteger)),
        battery=sa.func.coalesce(sa.bindparam("full", type_=sa.Float(53)), DEVICE.c.battery),
    )
)
