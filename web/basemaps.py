"""The basemap: tiles of a configured source, fetched by the service, so that pages ask no other origin and a key stays here."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from string import Formatter
from types import MappingProxyType
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from gisgrid import __version__
from gisgrid.errors import BadOption, NotThere
from web.settings import Settings

LOG: Final = logging.getLogger("gisgrid.service")

EMPTY: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c636000010000000500010d0a2db40000000049454e44ae426082"
)
"""A PNG of one transparent pixel: what is shown where a tile cannot be had."""

_KINDS: Final[Mapping[str, bytes]] = MappingProxyType(
    {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}
)
_MOST_TILE_BYTES: Final = 512 << 10
_MOST_KEPT_BYTES: Final = 64 << 20
_KEPT_S: Final = 86_400.0
_FAILED_KEPT_S: Final = 60.0
_AT_ONCE: Final = 8
_TIMEOUT_S: Final = 5.0
_DOWN_AFTER: Final = 4
_DOWN_S: Final = 15.0
_TOLD_EVERY_S: Final = 60.0

_TIANDITU: Final = (
    "https://t0.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
)


@dataclass(frozen=True)
class Source:
    """Where tiles come from: layers, the lowest first, each an address with `{z}`, `{x}`, `{y}`; the greatest zoom that they
    have, and whose they are.
    """

    layers: Mapping[str, str]
    most_zoom: int
    credit: str


@dataclass(frozen=True)
class Tile:
    """A tile, and whether it is one: what could not be had is empty and not to be kept."""

    content: bytes
    kind: str
    is_there: bool = True


NOTHING: Final = Tile(EMPTY, "image/png", is_there=False)


class _NoTileError(Exception):
    """Why a tile could not be had; told in the log, never with its address, which may hold the key."""


class _StayThere(HTTPRedirectHandler):
    """Only the configured host is asked, whatever it answers."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Nowhere."""


def source_of(settings: Settings) -> Source | None:
    """The source that is configured, None for none. Raises `BadOption` for one that lacks something."""
    if settings.basemap == "none":
        return None
    if settings.basemap == "tianditu":
        key = settings.tianditu_key.get_secret_value().strip()
        if not key.isalnum():
            raise BadOption(
                "GISGRID_BASEMAP is tianditu; set GISGRID_TIANDITU_KEY to the key (tk) of your account there",
                zh="GISGRID_BASEMAP 为 tianditu；请将 GISGRID_TIANDITU_KEY 设为天地图账号的密钥（tk）",
            )
        # Names of places lie over the map itself.
        layers = {name: _TIANDITU.replace("{layer}", name).replace("{key}", key) for name in ("vec", "cva")}
        return Source(layers, 18, settings.basemap_credit or "天地图 · 国家地理信息公共服务平台")
    _check_address(settings.basemap_url)
    return Source({"base": settings.basemap_url}, settings.basemap_most_zoom, settings.basemap_credit)


@dataclass
class Basemap:
    """The tiles of a source, kept in memory for a day, the least used going first; state, and safe for several threads.

    When a source does not answer it is left alone for a while: an intranet without a way out must not hold up the service.
    """

    source: Source | None
    now_s: Callable[[], float] = time.monotonic
    timeout_s: float = _TIMEOUT_S
    most_kept_bytes: int = _MOST_KEPT_BYTES
    _kept: OrderedDict[tuple[str, int, int, int], tuple[float, Tile]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _failures: int = 0
    _down_until_s: float = float("-inf")
    _told_s: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asking: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE))
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(_StayThere))

    def tile(self, layer: str, z: int, x: int, y: int) -> Tile:
        """A tile; an empty one where it cannot be had. Raises `NotThere` where there is no such layer or place."""
        source = self.source
        if source is None or layer not in source.layers:
            known = "none is configured" if source is None else f"expected one of {', '.join(source.layers)}"
            raise NotThere(f"there is no basemap layer {layer!r}; {known}", zh=f"没有底图图层 {layer!r}")
        if not 0 <= z <= source.most_zoom or not 0 <= x < 1 << z or not 0 <= y < 1 << z:
            raise NotThere(
                f"there is no tile {z}/{x}/{y}; expected a zoom up to {source.most_zoom} and places below 2 to its power",
                zh=f"没有瓦片 {z}/{x}/{y}；级别最大为 {source.most_zoom}",
            )
        key = (layer, z, x, y)
        with self._lock:
            until_s, tile = self._kept.get(key, (float("-inf"), NOTHING))
            if self.now_s() < until_s:
                self._kept.move_to_end(key)
                return tile
            if self.now_s() < self._down_until_s:
                return NOTHING
        if not self._asking.acquire(timeout=self.timeout_s):
            return NOTHING
        try:
            tile = self._fetch(source.layers[layer], z, x, y)
        except _NoTileError as error:
            self._tell(layer, str(error))
            tile = NOTHING
        finally:
            self._asking.release()
        self._keep(key, tile)
        return tile

    def _fetch(self, address: str, z: int, x: int, y: int) -> Tile:
        url = address.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))
        request = Request(url, headers={"User-Agent": f"gisgrid/{__version__}", "Accept": "image/*"})  # noqa: S310  # checked
        try:
            with self._opener.open(request, timeout=self.timeout_s) as answer:
                kind = answer.headers.get_content_type()
                content = answer.read(_MOST_TILE_BYTES + 1)
        except HTTPError as error:
            error.close()
            self._count(is_failure=error.code >= 500)
            raise _NoTileError(f"it answered {error.code}") from None
        except (OSError, HTTPException) as error:
            self._count(is_failure=True)
            raise _NoTileError(f"it cannot be reached ({type(error).__name__})") from None
        self._count(is_failure=False)
        if len(content) > _MOST_TILE_BYTES:
            raise _NoTileError(f"a tile is larger than {_MOST_TILE_BYTES >> 10} kB")
        if kind not in _KINDS or not content.startswith(_KINDS[kind]):
            raise _NoTileError(f"what came is no picture ({kind})")
        return Tile(content, kind)

    def _count(self, *, is_failure: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if is_failure else 0
            if self._failures >= _DOWN_AFTER:
                self._down_until_s = self.now_s() + _DOWN_S

    def _keep(self, key: tuple[str, int, int, int], tile: Tile) -> None:
        with self._lock:
            _, before = self._kept.pop(key, (0.0, None))
            self._bytes -= len(before.content) if before is not None else 0
            self._kept[key] = (self.now_s() + (_KEPT_S if tile.is_there else _FAILED_KEPT_S), tile)
            self._bytes += len(tile.content)
            while self._bytes > self.most_kept_bytes:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= len(gone.content)

    def _tell(self, layer: str, why: str) -> None:
        with self._lock:
            if self.now_s() < self._told_s + _TOLD_EVERY_S:
                return
            self._told_s = self.now_s()
        LOG.warning("no tile of the basemap layer %s: %s; maps go on without it", layer, why)


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        names = {name for _, name, _, _ in Formatter().parse(address) if name is not None}
    except ValueError:
        parts, names = urlsplit(""), set()
    if parts.scheme not in {"http", "https"} or not parts.hostname or "{" in parts.netloc or names != {"z", "x", "y"}:
        raise BadOption(
            f"GISGRID_BASEMAP is xyz, and GISGRID_BASEMAP_URL is {address!r}; expected an address with {{z}}, {{x}} and {{y}}, such "
            "as https://tiles.example.gov/{z}/{x}/{y}.png",
            zh=f"GISGRID_BASEMAP 为 xyz，而 GISGRID_BASEMAP_URL 为 {address!r}；应为含 {{z}}、{{x}}、{{y}} 的地址，例如 "
            "https://tiles.example.gov/{z}/{x}/{y}.png",
        )
