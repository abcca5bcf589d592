"""Settings of the service: one table with name, default and help, read from the environment once."""

import ipaddress
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gisgrid.errors import BadOption

PREFIX: Final = "GISGRID_"
_NOT_OURS: Final = frozenset({"GISGRID_CI"})
_SHORTEST_METRICS_TOKEN: Final = 16


class Settings(BaseSettings):
    """Every setting, its default and what it means; the environment variable is GISGRID_ and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data: Path = Field(Path("gisgrid-data"), description="folder of the embedded database, tracks, photos and results")
    database_url: str | None = Field(
        None, description="PostgreSQL database with PostGIS, postgresql://user@host:port/name; else the embedded one"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    workers: int = Field(1, ge=1, le=64, description="processes that serve; more than one needs PostgreSQL")
    public_url: str | None = Field(
        None,
        description="address under which browsers and phones reach the service, such as https://grid.example.gov; with "
        "https the cookie is sent over https only",
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="addresses, separated by commas, of the proxies whose word on who calls is believed (X-Forwarded-For)",
    )
    legal_basis: str = Field(
        "",
        max_length=500,
        description="on which law or agreement people are tracked; stands on reports, and a service that other machines "
        "can reach does not start without it",
    )
    keep_off_duty: bool = Field(
        False, description="keep the fixes that phones send outside duty hours and on leave; else they are only counted"
    )
    sample_now: AwareDatetime | None = Field(
        None,
        description="on the sample district only: the instant at which its clock stands when the service starts, such as "
        "2018-10-31T15:00:00+08:00; it runs on from there",
    )
    max_body_kb: int = Field(1_024, ge=16, le=65_536, description="largest body of a request that is no upload, in kB")
    max_upload_mb: int = Field(64, ge=1, le=1_024, description="largest file or batch that is taken in, in MB")
    body_timeout_s: int = Field(30, ge=1, le=600, description="a body must arrive within so many seconds")
    heartbeat_s: int = Field(15, ge=1, le=60, description="seconds between two heartbeats of a live stream")
    max_streams: int = Field(500, ge=1, le=10_000, description="live streams that one process holds open")
    requests_per_minute: int = Field(
        1_200, ge=10, le=1_000_000, description="requests that one account, token or stranger's address may make"
    )
    misses_per_minute: int = Field(
        120,
        ge=10,
        le=1_000_000,
        description="wrong tokens, ended sessions and unknown addresses that may be sent from one address; whoever was let in "
        "there within the hour, and phones that are paired, go on",
    )
    basemap: Literal["none", "xyz", "tianditu"] = Field(
        "none",
        description="what lies below the grids on maps: nothing, tiles of an address (xyz), or Tianditu (tianditu)",
    )
    basemap_url: str = Field(
        "",
        max_length=1_000,
        description="address of the tiles of an xyz basemap with {z}, {x} and {y} (web mercator, WGS84), such as "
        "https://tiles.example.gov/{z}/{x}/{y}.png; only the service asks it, and only its host",
    )
    basemap_credit: str = Field(
        "", max_length=200, description="whose basemap it is, shown on every map that it is part of"
    )
    basemap_most_zoom: int = Field(18, ge=1, le=22, description="the greatest zoom that an xyz basemap has tiles for")
    tianditu_key: SecretStr = Field(
        SecretStr(""), description="key (tk) of an account of Tianditu; it stays in the service, pages never see it"
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="bearer token of the system that reads /metrics; without one only this machine may"
    )
    log_format: Literal["json", "plain"] = Field("json", description="a line of the log as json or plain text")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the service over https."""
        return self.public_url is not None and self.public_url.startswith("https:")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment; `BadOption` names unknown GISGRID_ variables with the nearest known one."""
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    values: dict[str, str] = {}
    for name, value in environ.items():
        if not name.upper().startswith(PREFIX) or name in _NOT_OURS:
            continue
        if name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1, cutoff=0.8)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise BadOption(f"the environment sets {name}, which is no setting; {hint}")
        values[known[name.upper()]] = value
    return make_settings(values)


def make_settings(values: Mapping[str, object]) -> Settings:
    """Settings of which some are given; `BadOption` for a value that cannot be, never showing a secret."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    try:
        return Settings.model_validate({**defaults, **values})
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0])
        shown = (
            "" if place in {"metrics_token", "tianditu_key", "database_url", "basemap_url"} else f" {first['input']!r}"
        )
        raise BadOption(f"{PREFIX}{place.upper()} is{shown}: {first['msg']}") from None


def check_for_service(settings: Settings) -> None:
    """`BadOption` for settings with which a service must not start, each with its remedy."""
    if settings.workers > 1 and settings.database_url is None:
        raise BadOption(
            f"GISGRID_WORKERS is {settings.workers}, but the embedded database is for one process; "
            "set GISGRID_DATABASE_URL to a PostgreSQL database, or GISGRID_WORKERS=1"
        )
    if settings.public_url is not None:
        parts = urlsplit(settings.public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise BadOption(
                f"GISGRID_PUBLIC_URL is {settings.public_url!r}; expected an address such as https://grid.example.gov"
            )
    if not settings.legal_basis.strip() and not _is_this_machine(settings.host):
        raise BadOption(
            f"the service would listen on {settings.host}, where other machines reach it, and nobody has said on which legal "
            "basis people are tracked; set GISGRID_LEGAL_BASIS, or listen on 127.0.0.1 for a trial"
        )
    token = settings.metrics_token.get_secret_value()
    if 0 < len(token) < _SHORTEST_METRICS_TOKEN:
        raise BadOption(
            f"GISGRID_METRICS_TOKEN is shorter than {_SHORTEST_METRICS_TOKEN} characters; take a long random one"
        )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
