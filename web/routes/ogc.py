"""Grids and incidents for map programs: OGC API - Features, read-only."""

import json
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Request, Response

from gisgrid.local_days import start_of
from web.conditional import tag_of
from web.doors import Visit, door
from web.instants import utc
from web.ogc import (
    CONFORMANCE,
    OPENAPI_TYPE,
    Collection,
    feature_links,
    grid_collection,
    incident_collection,
    landing,
    listing,
    page_links,
)
from web.ogc_grids import EDITION_PREFIX, GRIDS, WrittenGrids
from web.ogc_incidents import INCIDENTS
from web.ogc_openapi import openapi
from web.ogc_page import GEOJSON, FeaturePage, feature_body, page_body
from web.ogc_query import read_items, read_plain
from web.ogc_shapes import SCHEMA_TYPE, incident_properties, schema_of

# Described by a document of its own, in the version that map programs read.
router = APIRouter(prefix="/ogc", tags=["ogc"], include_in_schema=False)

GridVisit = Annotated[Visit, door("read_grids")]
IncidentVisit = Annotated[Visit, door("read_incidents")]


@router.get("")
@router.get("/")
def ogc_landing(request: Request, visit: GridVisit) -> Response:
    """The first page, with links to all else."""
    read_plain(request.query_params.multi_items())
    return _json(landing(_base(request, visit)))


@router.get("/api")
def ogc_api(request: Request, visit: GridVisit) -> Response:
    """The description in OpenAPI 3.0."""
    read_plain(request.query_params.multi_items())
    return _json(openapi(_base(request, visit), _collections(visit, with_extents=False)), OPENAPI_TYPE)


@router.get("/conformance")
def ogc_conformance(request: Request, _visit: GridVisit) -> Response:
    """Which classes of the standard the service conforms to."""
    read_plain(request.query_params.multi_items())
    return _json({"conformsTo": list(CONFORMANCE)})


@router.get("/collections")
def ogc_collections(request: Request, visit: GridVisit) -> Response:
    """The collections that whoever asks may read."""
    read_plain(request.query_params.multi_items())
    return _json(listing(_base(request, visit), _collections(visit, with_extents=True)))


@router.get("/collections/incidents")
def ogc_incidents(request: Request, visit: IncidentVisit) -> Response:
    """What the incidents are, where and when they lie."""
    read_plain(request.query_params.multi_items())
    return _json(_incidents(visit, with_extent=True).document(_base(request, visit)))


@router.get("/collections/incidents/schema")
def ogc_incidents_schema(request: Request, visit: IncidentVisit) -> Response:
    """What incidents are made of, for whoever asks."""
    return _schema(request, visit, _incidents(visit, with_extent=False))


@router.get("/collections/incidents/items")
def ogc_incidents_items(request: Request, visit: IncidentVisit) -> Response:
    """A page of incidents."""
    query = read_items(request.query_params.multi_items(), _incidents(visit, with_extent=False).filters)
    services = visit.services
    page = services.incident_features.page(query, services.maps.sight(visit.holder), named=visit.may("read_names"))
    return _page(request, visit, INCIDENTS, page)


@router.get("/collections/incidents/items/{number}")
def ogc_incidents_item(request: Request, number: str, visit: IncidentVisit) -> Response:
    """One incident."""
    read_plain(request.query_params.multi_items())
    feature = visit.services.incident_features.feature(number, visit.holder, named=visit.may("read_names"))
    body = feature_body(feature, feature_links(_base(request, visit), INCIDENTS, number))
    return Response(body, media_type=GEOJSON)


@router.get("/collections/{name}")
def ogc_grids(request: Request, name: str, visit: GridVisit) -> Response:
    """What a collection of grids is, where and when they lie."""
    read_plain(request.query_params.multi_items())
    return _json(_grids(visit, name, with_extent=True).document(_base(request, visit)))


@router.get("/collections/{name}/schema")
def ogc_grids_schema(request: Request, name: str, visit: GridVisit) -> Response:
    """What grids are made of."""
    return _schema(request, visit, _grids(visit, name, with_extent=False))


@router.get("/collections/{name}/items")
def ogc_grids_items(request: Request, name: str, visit: GridVisit) -> Response:
    """A page of grids."""
    query = read_items(request.query_params.multi_items(), _grids(visit, name, with_extent=False).filters)
    services = visit.services
    return _page(request, visit, name, services.grid_features.page(name, query, visit.holder, services.store.now_ms()))


@router.get("/collections/{name}/items/{code}")
def ogc_grids_item(request: Request, name: str, code: str, visit: GridVisit) -> Response:
    """One grid."""
    read_plain(request.query_params.multi_items())
    services = visit.services
    feature = services.grid_features.feature(name, code, visit.holder, services.store.now_ms())
    body = feature_body(feature, feature_links(_base(request, visit), name, code))
    return Response(body, media_type=GEOJSON)


def _collections(visit: Visit, *, with_extents: bool) -> list[Collection]:
    """All that whoever asks may read: the grids in force, the incidents, each edition of the grids."""
    found = [_grids(visit, GRIDS, with_extent=with_extents)]
    if visit.may("read_incidents"):
        found.append(_incidents(visit, with_extent=with_extents))
    numbers = [label.id for label in visit.services.grid_features.labels()]
    # Networks of all editions are not read for a list: theirs say where they lie when they are asked for.
    return found + [grid_collection(f"{EDITION_PREFIX}{number}", number) for number in numbers]


def _grids(visit: Visit, name: str, *, with_extent: bool) -> Collection:
    services = visit.services
    label = services.grid_features.label_of(name)
    edition = label.id if label else None
    if not with_extent:
        return grid_collection(name, edition)
    grids = services.grid_features.edition_of(name, services.store.now_ms())
    if grids is None:
        return grid_collection(name, edition)
    return grid_collection(name, edition, _box_of(grids, visit), _times_of(grids))


def _incidents(visit: Visit, *, with_extent: bool) -> Collection:
    properties = incident_properties(named=visit.may("read_names"))
    if not with_extent:
        return incident_collection(INCIDENTS, properties)
    box, times = visit.services.incident_features.extent(visit.services.maps.sight(visit.holder))
    return incident_collection(INCIDENTS, properties, box, (utc(times[0]), utc(times[1])) if times else None)


def _box_of(grids: WrittenGrids, visit: Visit) -> tuple[float, float, float, float] | None:
    seen = grids.network.geometry[grids.visible_to(visit.holder)]
    if len(seen) == 0:
        return None
    west, south, east, north = shapely.total_bounds(seen).tolist()
    return west, south, east, north


def _times_of(grids: WrittenGrids) -> tuple[str | None, str | None]:
    ends = grids.label.valid_to
    return utc(start_of(grids.label.valid_from)), utc(start_of(ends)) if ends else None


def _schema(request: Request, visit: Visit, one: Collection) -> Response:
    read_plain(request.query_params.multi_items())
    address = f"{_base(request, visit)}/collections/{one.name}/schema"
    return _json(schema_of(one.properties, one.title, one.geometry, address), SCHEMA_TYPE)


def _page(request: Request, visit: Visit, name: str, page: FeaturePage) -> Response:
    links = page_links(_base(request, visit), name, request.query_params.multi_items(), page.following)
    body = page_body(page, links, utc(visit.services.store.now_ms()))
    # Without the time at which it was made: what has not changed is not sent again.
    tag = f"W/{tag_of(json.dumps(links), page.matched, *page.features)}"
    return Response(body, media_type=GEOJSON, headers={"ETag": tag})


def _json(content: Any, media_type: str = "application/json") -> Response:
    return Response(json.dumps(content, ensure_ascii=False).encode(), media_type=media_type)


def _base(request: Request, visit: Visit) -> str:
    """The absolute address of the first page, as whoever asks reaches it."""
    return f"{(visit.services.settings.public_url or str(request.base_url)).rstrip('/')}/ogc"
