"""The description of `/ogc` for map programs: OpenAPI 3.0, of the collections that whoever asks may read."""

from collections.abc import Iterable
from typing import Any, Final

from gisgrid import __version__
from web.ogc import OPENAPI_TYPE, Collection
from web.ogc_page import GEOJSON
from web.ogc_query import DEFAULT_LIMIT, MOST_LIMIT
from web.ogc_shapes import SCHEMA_TYPE

_TEXT: Final = {"type": "string"}
_LINKS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_TOLD: Final[dict[str, str]] = {
    "category": "one of the categories, or several joined by commas",
    "state": "one of the states, or several joined by commas",
    "unit": "reported in a district, township, village or grid (code), or in an area (area:CODE)",
    "grid": "reported in the grid of this code",
    "edition": "the grids of the edition of this number",
}
_SCHEMAS: Final[dict[str, Any]] = {
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {"href": _TEXT, "rel": _TEXT, "type": _TEXT, "title": _TEXT},
    },
    "landing": {"type": "object", "required": ["links"], "properties": {"title": _TEXT, "description": _TEXT, "links": _LINKS}},
    "conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": _TEXT}},
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": _TEXT, "title": _TEXT, "description": _TEXT, "itemType": _TEXT, "links": _LINKS,
            "extent": {"type": "object"}, "crs": {"type": "array", "items": _TEXT},
        },
    },
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {"links": _LINKS, "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}}},
    },
    "feature": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True},
            "links": _LINKS,
        },
    },
    "features": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": _LINKS,
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
        },
    },
    "schema": {"type": "object", "required": ["$schema", "properties"]},
    "problem": {
        "type": "object",
        "required": ["title", "status", "detail"],
        "properties": {
            "type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "request_id": _TEXT,
        },
    },
}  # fmt: skip
_PROBLEMS: Final = {
    "400": "A parameter that there is not, or a value that cannot be.",
    "401": "Nobody is let in; a token is sent as the password of basic authentication.",
    "403": "This role, unit or token may not read that.",
    "404": "There is no such thing, or it is not to be seen.",
    "429": "Too much in a minute; Retry-After says when to go on.",
    "503": "The database is not there; try again.",
}


def openapi(base: str, collections: list[Collection]) -> dict[str, Any]:
    """The OpenAPI 3.0.3 document; `base` is the absolute address of the first page."""
    paths: dict[str, Any] = {
        "/": _operation("landing", "The first page", "landing"),
        "/api": _operation("description", "This document", None, OPENAPI_TYPE),
        "/conformance": _operation("conformance", "What the service conforms to", "conformance"),
        "/collections": _operation("collections", "The collections", "collections"),
    }
    for one in collections:
        here = f"/collections/{one.name}"
        paths[here] = _operation(f"{one.name}_about", f"{one.title}: what they are", "collection")
        paths[f"{here}/schema"] = _operation(
            f"{one.name}_schema", f"{one.title}: what they are made of", "schema", SCHEMA_TYPE
        )
        paths[f"{here}/items"] = _operation(
            f"{one.name}_items", one.title, "features", GEOJSON, _item_parameters(one.filters)
        )
        feature_id = {
            "name": "featureId",
            "in": "path",
            "required": True,
            "schema": _TEXT,
            "description": "id of a feature",
        }
        paths[f"{here}/items/{{featureId}}"] = _operation(
            f"{one.name}_item", f"{one.title}: one of them", "feature", GEOJSON, [feature_id]
        )
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "gisgrid for map programs",
            "version": __version__,
            "description": "OGC API - Features 1.0: core, GeoJSON, OpenAPI 3.0. Coordinates are CRS84.",
        },
        "servers": [{"url": base}],
        "security": [{"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS,
            "responses": {
                status: {
                    "description": told,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
                }
                for status, told in _PROBLEMS.items()
            },
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "any name, a token as the password"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(
    name: str,
    summary: str,
    schema: str | None,
    media_type: str = "application/json",
    parameters: Iterable[dict[str, Any]] = (),
) -> dict[str, Any]:
    content = {"type": "object"} if schema is None else {"$ref": f"#/components/schemas/{schema}"}
    form = {
        "name": "f", "in": "query", "required": False, "description": "the form of the answer",
        "schema": {"type": "string", "enum": ["json"], "default": "json"},
    }  # fmt: skip
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": [*parameters, form],
            "responses": {
                "200": {"description": summary, "content": {media_type: {"schema": content}}},
                **{status: {"$ref": f"#/components/responses/{status}"} for status in _PROBLEMS},
            },
        }
    }


def _item_parameters(filters: tuple[str, ...]) -> list[dict[str, Any]]:
    def parameter(name: str, told: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": False, "description": told, "schema": schema, **more}

    window = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 6,
    }
    return [
        parameter(
            "limit",
            "how many features a page has at most",
            {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": DEFAULT_LIMIT},
            style="form",
            explode=False,
        ),
        parameter("bbox", "west,south,east,north in degrees (CRS84)", window, style="form", explode=False),
        parameter(
            "datetime",
            "an instant, a local day, or an interval start/end (.. for an open end); both ends belong to it",
            _TEXT,
            style="form",
            explode=False,
        ),
        parameter("cursor", "where the page begins: follow the link next", _TEXT),
        *(parameter(name, _TOLD[name], _TEXT) for name in filters),
    ]
