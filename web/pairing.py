"""Pairing a phone: the address it posts to, the link that sets its app up, and the link as a QR code."""

import io
from dataclasses import dataclass

import segno

from gisgrid.store.devices import Paired
from tracks.pairing import overland_link, owntracks_link, traccar_link
from web.settings import Settings


@dataclass(frozen=True)
class Pairing:
    """What a phone needs: the address it posts to, and the link that is opened or scanned on it (empty for scripts)."""

    address: str
    link: str

    def qr_svg(self) -> str:
        """The link as a QR code, an SVG of its own; empty where there is no link."""
        if not self.link:
            return ""
        drawn = io.BytesIO()
        segno.make(self.link, error="m").save(drawn, kind="svg", scale=4, xmldecl=False, title="gisgrid")
        return drawn.getvalue().decode()

    def qr_text(self) -> str:
        """The link as a QR code of characters, for a terminal; empty where there is no link."""
        if not self.link:
            return ""
        drawn = io.StringIO()
        segno.make(self.link, error="l").terminal(drawn, compact=True)
        return drawn.getvalue()


def pairing_of(paired: Paired, base: str, *, interval_s: int = 60, distance_m: int = 20) -> Pairing:
    """How a phone just paired is set up at a service reached under `base`; Traccar Client also gets its interval.

    Raises `BadOption` for an address or interval that a phone cannot be given.
    """
    device = paired.device
    return _pairing(device.app, paired.token, f"phone-{device.phone}", base, interval_s, distance_m)


def check_pairing(app: str, base: str, *, interval_s: int = 60, distance_m: int = 20) -> None:
    """What `pairing_of` would raise, before anything is paired."""
    _pairing(app, "token", "phone", base, interval_s, distance_m)


def _pairing(app: str, token: str, name: str, base: str, interval_s: int, distance_m: int) -> Pairing:
    address = f"{base.rstrip('/')}/phones/{app}"
    if app == "traccar":
        # The app cuts the query of the address it is given: the token stands in the path.
        address = f"{address}/{token}"
        return Pairing(address, traccar_link(address, name, interval_s=interval_s, distance_m=distance_m))
    if app == "owntracks":
        return Pairing(address, owntracks_link(address, name, token, name))
    return Pairing(address, overland_link(address, token, name) if app == "overland" else "")


def base_address(settings: Settings) -> str:
    """The address under which phones reach the service; without `public_url` the one on which it listens."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"
