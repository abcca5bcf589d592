"""Where the scripts and styles that Folium asks other origins for stand in the application."""

from pathlib import Path
from typing import Final

from gisgrid.errors import AssetsMissing

VENDOR: Final = Path(__file__).parent / "vendor"

_DROPPED: Final = None

# By the part of the address that says which package it is. What is dropped is needed by no page of ours: markers are
# drawn as vectors and popups as plain boxes, so no icon font and no Bootstrap.
_PLACES: Final[tuple[tuple[str, str | None], ...]] = (
    ("/leaflet@1.9.3/dist/leaflet.js", "leaflet/leaflet.js"),
    ("/leaflet@1.9.3/dist/leaflet.css", "leaflet/leaflet.css"),
    ("jquery-3.7.1.min.js", "jquery/jquery.min.js"),
    ("/bootstrap@", _DROPPED),
    ("/bootstrap/3.0.0/css/bootstrap-glyphicons.css", _DROPPED),
    ("/bootstrap-glyphicons.css", _DROPPED),
    ("Leaflet.awesome-markers", _DROPPED),
    ("/fontawesome-free@", _DROPPED),
    ("leaflet.awesome.rotate", _DROPPED),
)


def local_asset(url: str) -> str | None:
    """The file below `VENDOR` that stands for an outside address, or None where it is dropped on purpose.

    Raises `AssetsMissing` for an address nobody has decided about: no page may ask another origin for anything.
    """
    for part, place in _PLACES:
        if part in url:
            return place
    raise AssetsMissing(
        f"a map wants {url}, which no local file stands for; add it to gisgrid/mapping/assets.py and package.json"
    )


def check_assets() -> None:
    """`AssetsMissing` when the scripts and styles were not fetched."""
    lost = [place for _, place in _PLACES if place is not None and not (VENDOR / place).is_file()]
    if lost:
        raise AssetsMissing(f"the maps lack {', '.join(lost)}; run `make install` (or python scripts/assets.py) once")
