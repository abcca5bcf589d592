"""Phones as administrators keep them: paired, listed, revoked, their datum set."""

from collections.abc import Sequence
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query

from gisgrid.access import Subject
from gisgrid.local_days import local_day
from gisgrid.store.devices import Device, Devices
from gisgrid.store.tables import PERSON
from web.device_shapes import DatumIn, DeviceIn, DevicePage, DeviceShape, PairedShape, device_shape
from web.doors import Visit, door
from web.keys import cursor_of, read_cursor
from web.pairing import base_address, check_pairing, pairing_of

router = APIRouter(prefix="/api/v1/devices", tags=["phones"])

Number = Annotated[int, Path(ge=1, lt=2**31, description="number of the device", examples=[7])]
Keeper = Annotated[Visit, door("keep_accounts")]


@router.get("")
def list_devices(
    visit: Keeper,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> DevicePage:
    """The phones by number: whose they are and when, last seen, battery, and what speaks for another datum."""
    _need_district(visit)
    after = read_cursor(cursor, int)
    found = Devices(visit.services.store).all(after=after[0] if after else 0, most=limit + 1)
    page = found[:limit]
    return DevicePage(
        devices=_shapes(visit, page),
        next=cursor_of(page[-1].id) if len(found) > limit else None,
    )


@router.post("", status_code=201)
def pair_device(asked: DeviceIn, visit: Keeper) -> PairedShape:
    """Pair a phone with a person. Token, link and code come this once."""
    _need_district(visit)
    services = visit.services
    base = base_address(services.settings)
    check_pairing(asked.app, base, interval_s=asked.interval_s, distance_m=asked.distance_m)
    today = local_day(services.store.now_ms())
    paired = Devices(services.store).add(
        asked.person, asked.app, from_day=asked.from_day or today, to_day=asked.to_day, label=asked.label,
        datum=asked.datum, is_trusted=asked.is_trusted, phone=asked.phone, author=visit.holder.name, origin=visit.origin,
    )  # fmt: skip
    services.phones.forget()
    pairing = pairing_of(paired, base, interval_s=asked.interval_s, distance_m=asked.distance_m)
    return PairedShape(
        device=_shape(visit, paired.device), token=paired.token, address=pairing.address, link=pairing.link,
        qr_svg=pairing.qr_svg(),
    )  # fmt: skip


@router.get("/{number}")
def show_device(number: Number, visit: Keeper) -> DeviceShape:
    """One phone."""
    _need_district(visit)
    return _shape(visit, Devices(visit.services.store).get(number))


@router.delete("/{number}")
def revoke_device(number: Number, visit: Keeper) -> DeviceShape:
    """Make the token of a phone useless, within seconds in every process; the phone and what it sent stay known."""
    _need_district(visit)
    device = Devices(visit.services.store).revoke(number, author=visit.holder.name, origin=visit.origin)
    visit.services.phones.forget()
    return _shape(visit, device)


@router.put("/{number}/datum")
def set_datum(number: Number, asked: DatumIn, visit: Keeper) -> DeviceShape:
    """Say in which datum a phone sends; from now on its fixes are converted on the way in. What was kept stays."""
    _need_district(visit)
    devices = Devices(visit.services.store)
    device = devices.set_datum(number, asked.datum, author=visit.holder.name, origin=visit.origin)
    visit.services.phones.forget()
    return _shape(visit, device)


def _need_district(visit: Visit) -> None:
    """Phones are kept by administrators of the whole district: people have no unit of their own."""
    visit.require("keep_accounts", Subject())


def _shapes(visit: Visit, devices: Sequence[Device]) -> list[DeviceShape]:
    services = visit.services
    today = local_day(services.store.now_ms())
    people = sorted({device.person for device in devices})
    with services.store.reading() as connection:
        rows = connection.execute(sa.select(PERSON.c.code, PERSON.c.name).where(PERSON.c.code.in_(people)))
        names = {row.code: row.name for row in rows} if visit.may("read_names") else {}
    return [device_shape(device, today, names.get(device.person, "")) for device in devices]


def _shape(visit: Visit, device: Device) -> DeviceShape:
    return _shapes(visit, [device])[0]
