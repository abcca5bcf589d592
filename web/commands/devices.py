"""`gisgrid devices`: the phones that send fixes; paired, listed, handed over, revoked, their datum weighed and set."""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.datum import DATUMS
from gisgrid.local_days import local_day
from gisgrid.store.devices import APPS, Device, Devices
from gisgrid.store.editions import Editions
from tracks.archive import TrackArchive
from web.datums import weigh_datums
from web.days import read_day
from web.device_shapes import state_of
from web.incident_card import local_time
from web.pairing import base_address, check_pairing, pairing_of
from web.settings import read_settings
from web.stored import COMMAND, DataOption, UrlOption, place_of, the_store, who

app = typer.Typer(help="Phones that send fixes: paired, listed, handed over, revoked.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the device.", metavar="NUMBER")]
_AFTER_YEAR = len("2018-")
_STATES = {"active": "active", "not_yet": "not yet", "over": "over", "revoked": "revoked"}


@app.callback()
def _commands() -> None:
    """Phones that send fixes: paired, listed, handed over, revoked."""


@app.command()
def add(
    person: Annotated[str, typer.Argument(help="Code of the person.", metavar="PERSON")],
    program: Annotated[str, typer.Option("--app", help=f"What sends: {', '.join(APPS)}.")] = "traccar",
    first: Annotated[str | None, typer.Option("--from", help="First local day, YYYY-MM-DD; today otherwise.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last local day; for ever otherwise.")] = None,
    label: Annotated[str, typer.Option(help="What the phone is called.")] = "",
    datum: Annotated[str | None, typer.Option(help=f"What it sends in: {', '.join(DATUMS)}.")] = None,
    phone: Annotated[int | None, typer.Option(help="Number of a phone that changes hands on the first day.")] = None,
    relay: Annotated[bool, typer.Option("--relay", help="It relays: its word on when it received counts.")] = False,
    address: Annotated[
        str | None, typer.Option(help="Address of the service as phones reach it; GISGRID_PUBLIC_URL otherwise.")
    ] = None,
    interval: Annotated[int, typer.Option(help="Of Traccar Client: seconds between two fixes.")] = 60,
    distance: Annotated[int, typer.Option(help="Of Traccar Client: or metres.")] = 20,
    svg: Annotated[Path | None, typer.Option(help="Write the QR code as this SVG file.")] = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Pair a phone with a person; token, link and QR code are shown this once."""
    base = address or base_address(read_settings(os.environ))
    check_pairing(program, base, interval_s=interval, distance_m=distance)
    with the_store(data, url) as store:
        begin = read_day(first, "--from") if first else local_day(store.now_ms())
        end = read_day(until, "--until") + dt.timedelta(days=1) if until else None
        paired = Devices(store).add(
            person, program, from_day=begin, to_day=end, label=label, datum=datum, is_trusted=relay, phone=phone,
            author=who(), origin=COMMAND,
        )  # fmt: skip
    if urlsplit(base).hostname in {"127.0.0.1", "localhost", "::1"}:
        print(
            f"note: {base} is this machine only, no phone reaches it; give --address or GISGRID_PUBLIC_URL",
            file=sys.stderr,
        )
    pairing = pairing_of(paired, base, interval_s=interval, distance_m=distance)
    device = paired.device
    lines = [
        f"device {device.id} (phone {device.phone}): {person}, {APPS[program]}, {_days(device)}",
        f"address  {pairing.address}",
        f"token    {paired.token}",
    ]
    if pairing.link:
        lines += [f"link     {pairing.link}", ""]
    sys.stdout.write("\n".join(lines) + "\n" + pairing.qr_text())
    if svg is not None and pairing.link:
        svg.write_text(pairing.qr_svg(), encoding="utf-8")


@app.command("list")
def list_command(data: DataOption = None, url: UrlOption = None) -> None:
    """Show all phones: whose, on which days, last heard of, and which look as if they sent in another datum."""
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "phone", "person", "from", "until", "seen", "datum"):
        table.add_column(heading, no_wrap=True)
    with the_store(data, url) as store:
        for one in Devices(store).all():
            suspects = one.suspicion.get("suspects", "")
            seen = local_time(one.seen_ms)[_AFTER_YEAR:] if one.seen_ms else "never"
            datum = f"{one.datum} ({suspects}?)" if suspects else one.datum
            table.add_row(str(one.id), str(one.phone), one.person, str(one.from_day), _until(one), seen, datum)
    Console().print(table)


@app.command()
def show(number: Number, data: DataOption = None, url: UrlOption = None) -> None:
    """Show one phone, with what speaks for another datum."""
    with the_store(data, url) as store:
        one = Devices(store).get(number)
        today = local_day(store.now_ms())
    lines = {
        "device": f"{one.id} (phone {one.phone})",
        "label": one.label,
        "person": one.person,
        "app": APPS.get(one.app, one.app),
        "days": f"{_days(one)}, {_STATES[state_of(one, today)]}",
        "paired": local_time(one.made_ms),
        "revoked": local_time(one.revoked_ms) if one.revoked_ms else "no",
        "last seen": local_time(one.seen_ms) if one.seen_ms else "never",
        "newest fix": local_time(one.newest_ms) if one.newest_ms else "none",
        "battery": "unknown" if one.battery is None else f"{100.0 * one.battery:.0f} %",
        "relay": "yes" if one.is_trusted else "no",
        "datum": one.datum,
        "evidence": str(one.suspicion.get("en", "not weighed yet")),
    }
    Console(highlight=False).print(*(f"{name:<11}{told}" for name, told in lines.items()), sep="\n", markup=False)


@app.command()
def revoke(number: Number, data: DataOption = None, url: UrlOption = None) -> None:
    """Make the token of a phone useless; what it sent stays."""
    with the_store(data, url) as store:
        one = Devices(store).revoke(number, author=who(), origin=COMMAND)
    Console(highlight=False).print(f"device {one.id} of {one.person}: revoked", markup=False)


@app.command("set-datum")
def set_datum(
    number: Number,
    datum: Annotated[str, typer.Argument(help=f"One of {', '.join(DATUMS)}.", metavar="DATUM")],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Say in which datum a phone sends; from now on its fixes are converted. What was kept before stays as it is."""
    with the_store(data, url) as store:
        one = Devices(store).set_datum(number, datum, author=who(), origin=COMMAND)
    Console(highlight=False).print(f"device {one.id} of {one.person}: sends in {one.datum}", markup=False)


@app.command("weigh-datums")
def weigh(
    days: Annotated[int, typer.Option(help="So many last local days are looked at.")] = 7,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Look which phones seem to send in another datum than was said; changes nothing but what the list shows (exit 1: some do)."""
    folder, _ = place_of(data, url)
    with the_store(data, url) as store:
        found = weigh_datums(store, Editions(store), TrackArchive(folder / "tracks"), days=days)
        devices = Devices(store)
        devices.suspect({number: one.as_json() for number, one in found.items()}, author=who(), origin=COMMAND)
        people = {device.id: device.person for device in devices.all()}
    suspects = {number: one for number, one in found.items() if one.suspects}
    console = Console(highlight=False)
    for number, one in suspects.items():
        console.print(f"device {number} of {people[number]}: {one.sentence()}", markup=False, soft_wrap=True)
    console.print(f"{len(found)} phones weighed, {len(suspects)} look as if they sent in another datum", markup=False)
    if suspects:
        raise typer.Exit(1)


def _until(device: Device) -> str:
    """The last day, or when it was revoked."""
    if device.revoked_ms is not None:
        return f"revoked {local_day(device.revoked_ms)}"
    return "" if device.to_day is None else str(device.to_day - dt.timedelta(days=1))


def _days(device: Device) -> str:
    if device.to_day is None:
        return f"from {device.from_day}"
    return f"{device.from_day} to {device.to_day - dt.timedelta(days=1)}"
