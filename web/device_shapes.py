"""Phones as the API shows them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gisgrid.store.devices import Device
from web.asked import LocalDay
from web.instants import utc

App = Literal["traccar", "owntracks", "overland", "plain"]
DatumName = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
State = Literal["active", "not_yet", "over", "revoked"]


class SuspicionShape(BaseModel):
    """What speaks for another datum than was said: fixes in the own grids and in any grid, by datum read."""

    suspects: str = Field(description="the datum that fits clearly better; empty: none", examples=["gcj02"])
    fixes: int = Field(examples=[9000])
    days: int = Field(examples=[5])
    own: dict[str, int] = Field(
        description="fixes in the own grids, by datum", examples=[{"wgs84": 900, "gcj02": 8100}]
    )
    land: dict[str, int] = Field(description="fixes in any grid, by datum", examples=[{"wgs84": 8800, "gcj02": 9000}])
    en: str
    zh: str


class DeviceShape(BaseModel):
    """A phone and whose it is on local days from `from_day` to the day before `to_day` (null: for ever)."""

    id: int = Field(examples=[7])
    phone: int = Field(description="number of the thing itself: the same when it changes hands", examples=[7])
    person: str = Field(examples=["P0001"])
    name: str = Field(description="of the person; empty where it is not known", examples=["王一"])
    app: App
    label: str = Field(examples=["P0001 Traccar Client"])
    state: State
    from_day: dt.date = Field(examples=["2018-05-07"])
    to_day: dt.date | None
    datum: DatumName
    is_trusted: bool = Field(description="a relay, whose word on when it received a fix counts")
    made_at: dt.datetime
    revoked_at: dt.datetime | None
    seen_at: dt.datetime | None = Field(description="last heard of, to the minute")
    newest_fix_at: dt.datetime | None
    battery: float | None = Field(description="0 to 1", examples=[0.8])
    suspicion: SuspicionShape | None


class DeviceIn(BaseModel):
    """A phone to pair with a person; `phone` is given when one changes hands."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person": "P0001", "app": "traccar", "from_day": "2018-05-07"}]},
    )

    person: Annotated[str, Field(min_length=1, max_length=100, examples=["P0001"])]
    app: App
    from_day: LocalDay | None = Field(None, description="first local day; today where it is not given")
    to_day: LocalDay | None = Field(None, description="the local day on which it is given back")
    label: Annotated[str, Field(max_length=80)] = ""
    datum: DatumName | None = None
    is_trusted: bool = False
    phone: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    interval_s: Annotated[int, Field(ge=1, le=86_400, description="of Traccar Client: seconds between two fixes")] = 60
    distance_m: Annotated[int, Field(ge=1, le=10_000, description="of Traccar Client: or metres")] = 20


class DatumIn(BaseModel):
    """The datum in which a phone sends."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"datum": "gcj02"}]})

    datum: DatumName


class PairedShape(BaseModel):
    """A phone just paired. Token, link and code are shown this once and are not kept."""

    device: DeviceShape
    token: str = Field(examples=["gp_k3…"])
    address: str = Field(description="what the phone posts to", examples=["https://grid.example.gov/phones/overland"])
    link: str = Field(description="opened on the phone it sets the app up; empty for scripts")
    qr_svg: str = Field(description="the link as a QR code")


class DevicePage(BaseModel):
    """Phones by number, and the cursor of the next page (null on the last)."""

    devices: list[DeviceShape]
    next: str | None


def device_shape(device: Device, today: dt.date, name: str = "") -> DeviceShape:
    """A phone as the API shows it; `name` is that of the person."""
    told = device.suspicion if device.suspicion.get("suspects") else None
    return DeviceShape.model_validate(
        {
            "id": device.id, "phone": device.phone, "person": device.person, "name": name, "app": device.app, "label": device.label,
            "state": state_of(device, today), "from_day": device.from_day, "to_day": device.to_day,
            "datum": device.datum, "is_trusted": device.is_trusted, "made_at": utc(device.made_ms),
            "revoked_at": utc(device.revoked_ms), "seen_at": utc(device.seen_ms),
            "newest_fix_at": utc(device.newest_ms), "battery": device.battery, "suspicion": told,
        }
    )  # fmt: skip


def state_of(device: Device, today: dt.date) -> State:
    """Whether a phone may send today."""
    if device.revoked_ms is not None:
        return "revoked"
    if today < device.from_day:
        return "not_yet"
    return "over" if device.to_day is not None and today >= device.to_day else "active"
