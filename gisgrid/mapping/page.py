"""A Folium map as a page that asks no other origin for anything: beside its assets as a file, or served."""

import re
import shutil
from html import escape
from pathlib import Path
from typing import Any, Final, Literal

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from gisgrid.errors import AssetsMissing
from gisgrid.mapping.assets import VENDOR, check_assets, local_asset
from gisgrid.mapping.legend import STYLE, banner_html
from gisgrid.plane import Bounds

ASSET_FOLDER: Final = "map-assets"
_ICON: Final = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%230072b2' d='M1 1h6v6H1zm8 0h6v6H9zM1 9h6v6H1z'/%3E%3Cpath fill='%23d55e00' d='M9 9h6v6H9z'/%3E%3C/svg%3E"
_HEAD_END: Final = f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="{_ICON}"><style>{STYLE}</style>'
_VIEWPORT: Final = re.compile(r'<meta name="viewport".*?/>', re.DOTALL)
_LINK: Final = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE)


class OfflineFigure(Figure):
    """A page whose every link to another origin is turned into one below `asset_base`, or dropped, or refused."""

    def __init__(self, title: str, language: str) -> None:
        super().__init__(title=title)
        self.language = language
        self.asset_base = ASSET_FOLDER
        self.nonce: str | None = None

    def render(self, **options: Any) -> str:
        """The page as HTML."""
        self._draw(options)
        page = str(self._template.render(this=self, kwargs=options))
        page = page.replace("<html>", f'<html lang="{self.language}">', 1)
        # Folium's own viewport forbids zooming with two fingers; ours comes last, after Leaflet's styles.
        page = _VIEWPORT.sub("", page)
        page = page.replace("</head>", f"{_HEAD_END}</head>", 1)
        if self.nonce is not None:
            page = page.replace("<script", f'<script nonce="{escape(self.nonce)}"')
        return self._checked(page)

    def parts(self) -> tuple[str, str, str]:
        """What belongs into the head, the body and the end of the body of a page that the map is a part of."""
        self._draw({})
        head = _VIEWPORT.sub("", str(self.header.render()))
        body, script = str(self.html.render()), str(self.script.render())
        nonce = f' nonce="{escape(self.nonce)}"' if self.nonce is not None else ""
        head = head.replace("<script", f"<script{nonce}").replace("<style", f"<style{nonce}")
        return self._checked(head), self._checked(body), self._checked(f"<script{nonce}>{script}</script>")

    def _draw(self, options: dict[str, Any]) -> None:
        """Let the children write themselves, and turn every link to another origin into one of ours."""
        for child in list(self._children.values()):
            child.render(**options)
        for name, link in list(self.header._children.items()):
            if isinstance(link, JavascriptLink | CssLink):
                place = local_asset(link.url) if "//" in link.url else link.url.removeprefix(self.asset_base + "/")
                if place is None:
                    del self.header._children[name]
                else:
                    link.url = f"{self.asset_base}/{place}"

    def _checked(self, page: str) -> str:
        if found := _LINK.search(page):
            raise AssetsMissing(
                f"the page {self.title!r} would ask another origin: {page[found.start() : found.start() + 120]}"
            )
        return page


def new_map(
    bounds: Bounds,
    *,
    title: str,
    subtitle: str = "",
    is_sample: bool = False,
    language: Literal["en", "zh"] = "en",
) -> folium.Map:
    """An empty map fitted to (west, south, east, north) in degrees, with its title and, where due, the sample mark."""
    west, south, east, north = bounds
    # maxZoom as an option: `max_zoom` would only reach a tile layer, and there is none.
    page = folium.Map(
        location=((south + north) / 2, (west + east) / 2), tiles=None, maxZoom=20, prefer_canvas=True, control_scale=True,
        attribution_control=False, zoom_control="topleft",
    )  # fmt: skip
    page.fit_bounds(((south, west), (north, east)), padding_top_left=(40, 110), padding_bottom_right=(40, 30))
    figure = OfflineFigure(title, "zh-CN" if language == "zh" else "en")
    figure.add_child(page)
    figure.html.add_child(Element(banner_html(title, subtitle, is_sample=is_sample)))
    return page


def write_map(page: folium.Map, path: Path) -> None:
    """Write a map as a file; its scripts and styles lie beside it in `map-assets/`. Raises `AssetsMissing`."""
    check_assets()
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(VENDOR, path.parent / ASSET_FOLDER, dirs_exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(_figure(page).render(), encoding="utf-8")
    part.replace(path)


def served_html(page: folium.Map, *, asset_base: str = "/assets", nonce: str | None = None) -> str:
    """A map as HTML for the application, which serves the assets below `asset_base`."""
    figure = _figure(page)
    figure.asset_base, figure.nonce = asset_base, nonce
    return figure.render()


def _figure(page: folium.Map) -> OfflineFigure:
    root = page.get_root()
    if not isinstance(root, OfflineFigure):
        raise AssetsMissing("this map was not made by new_map; its links would lead to other origins")
    return root
