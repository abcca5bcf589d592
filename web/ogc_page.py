"""A page of features as it is sent: how many, the way on, and the features, already written, joined."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GEOJSON = "application/geo+json"


@dataclass(frozen=True, eq=False)
class FeaturePage:
    """Written features (GeoJSON), how many there are in all that match, and the cursor of the next page (None: the last)."""

    features: Sequence[bytes]
    matched: int
    following: str | None


def page_body(page: FeaturePage, links: list[dict[str, Any]], at: str) -> bytes:
    """The collection of features: `at` is when it was made (RFC 3339), `links` those of this page."""
    head = {
        "type": "FeatureCollection",
        "timeStamp": at,
        "numberMatched": page.matched,
        "numberReturned": len(page.features),
        "links": links,
    }
    return b"".join((_bytes(head)[:-1], b',"features":[', b",".join(page.features), b"]}"))


def feature_body(feature: bytes, links: list[dict[str, Any]]) -> bytes:
    """One feature by itself; `feature` lacks its closing brace."""
    return b"".join((feature, b',"links":', _bytes(links), b"}"))


def _bytes(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
