"""What map programs are told of: the first page, what it conforms to, the collections and the links between them."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from web.ogc_incidents import FILTERS
from web.ogc_page import GEOJSON
from web.ogc_query import Box
from web.ogc_shapes import GRID_PROPERTIES, SCHEMA_TYPE, Property

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "geojson", "oas30")
)
OPENAPI_TYPE: Final = "application/vnd.oai.openapi+json;version=3.0"
GRID_FILTERS: Final = ("edition",)

_TITLE: Final = "gisgrid"
_TOLD: Final = (
    "Grids and incidents of a district, for map programs: OGC API - Features, GeoJSON in longitude and latitude."
)
_GREGORIAN: Final = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


@dataclass(frozen=True)
class Collection:
    """A collection of features: its id, what it is, its filters and properties, and where and when they lie.

    `box` in degrees and `times` as RFC 3339 are None where there is nothing, or nothing to be seen.
    """

    name: str
    title: str
    told: str
    geometry: str
    properties: tuple[Property, ...]
    filters: tuple[str, ...]
    box: Box | None = None
    times: tuple[str | None, str | None] | None = None

    def document(self, base: str) -> dict[str, Any]:
        """As a map program wants it; `base` is the address of the first page."""
        here = f"{base}/collections/{self.name}"
        found: dict[str, Any] = {
            "id": self.name,
            "title": self.title,
            "description": self.told,
            "itemType": "feature",
            "crs": [CRS84],
        }
        extent: dict[str, Any] = {}
        if self.box is not None:
            extent["spatial"] = {"bbox": [list(self.box)], "crs": CRS84}
        if self.times is not None:
            extent["temporal"] = {"interval": [list(self.times)], "trs": _GREGORIAN}
        if extent:
            found["extent"] = extent
        found["links"] = [
            link(here, "self", "application/json", "This collection"),
            link(f"{here}/items", "items", GEOJSON, self.title),
            link(f"{here}/schema", "describedby", SCHEMA_TYPE, "What its features are made of"),
        ]
        return found


def grid_collection(
    name: str, edition: int | None = None, box: Box | None = None, times: tuple[str | None, str | None] | None = None
) -> Collection:
    """The grids in force today, or those of an edition."""
    if edition is None:
        told = (
            "The grids in force today; with datetime=2018-05-07 those in force on that local day, with an interval those in "
            "force at its end, with edition=1 those of that edition."
        )
        return Collection(name, "Grids", told, "polygon-or-multipolygon", GRID_PROPERTIES, GRID_FILTERS, box, times)
    title = f"Grids of edition {edition}"
    return Collection(
        name, title, f"{title}, as published.", "polygon-or-multipolygon", GRID_PROPERTIES, (), box, times
    )


def incident_collection(
    name: str,
    properties: tuple[Property, ...],
    box: Box | None = None,
    times: tuple[str | None, str | None] | None = None,
) -> Collection:
    """The incidents, those without a place with a null geometry."""
    told = "Incidents as they stand, in the order of their numbers; those without a place have no geometry."
    return Collection(name, "Incidents", told, "point", properties, FILTERS, box, times)


def landing(base: str) -> dict[str, Any]:
    """The first page."""
    return {
        "title": _TITLE,
        "description": _TOLD,
        "links": [
            link(base, "self", "application/json", "This page"),
            link(f"{base}/api", "service-desc", OPENAPI_TYPE, "The API described"),
            link(f"{base}/conformance", "conformance", "application/json", "What it conforms to"),
            link(f"{base}/collections", "data", "application/json", "The collections"),
        ],
    }


def listing(base: str, collections: list[Collection]) -> dict[str, Any]:
    """The list of the collections."""
    return {
        "links": [link(f"{base}/collections", "self", "application/json", "The collections")],
        "collections": [one.document(base) for one in collections],
    }


def page_links(base: str, name: str, parameters: list[tuple[str, str]], following: str | None) -> list[dict[str, Any]]:
    """The links of a page of features, asked for by `parameters`; the next page is asked for in the same words."""
    here = f"{base}/collections/{name}"
    asked = f"?{urlencode(parameters)}" if parameters else ""
    found = [
        link(f"{here}/items{asked}", "self", GEOJSON, "This page"),
        link(here, "collection", "application/json", "The collection"),
    ]
    if following is not None:
        others = [pair for pair in parameters if pair[0] != "cursor"]
        query = urlencode([*others, ("cursor", following)])
        found.append(link(f"{here}/items?{query}", "next", GEOJSON, "The next page"))
    return found


def feature_links(base: str, name: str, number: str) -> list[dict[str, Any]]:
    """The links of one feature."""
    here = f"{base}/collections/{name}"
    return [
        link(f"{here}/items/{number}", "self", GEOJSON, "This feature"),
        link(here, "collection", "application/json", "The collection"),
    ]


def link(address: str, relation: str, media_type: str, title: str) -> dict[str, Any]:
    """A link to an absolute address."""
    return {"href": address, "rel": relation, "type": media_type, "title": title}
