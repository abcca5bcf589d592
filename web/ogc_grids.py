"""Grids as features: which edition a query means, its grids as GeoJSON written once, and pages of them."""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.access import Holder, Subject, may
from gisgrid.errors import BadOption, BadQuery, NotThere
from gisgrid.grid import GridNetwork
from gisgrid.local_days import local_day
from gisgrid.store.editions import EditionLabel, Editions
from web.keys import cursor_of, read_cursor
from web.ogc_page import FeaturePage
from web.ogc_query import Box, ItemsQuery, Span

GRIDS: Final = "grids"
EDITION_PREFIX: Final = "grids_edition_"
_MOST_WRITTEN: Final = 4


@dataclass(frozen=True, eq=False)
class WrittenGrids:
    """The grids of an edition: `features[position]` is the GeoJSON of each, without its closing brace."""

    label: EditionLabel
    network: GridNetwork
    features: tuple[bytes, ...]

    def visible_to(self, holder: Holder) -> NDArray[np.bool_]:
        """Which grids someone may see (n,)."""
        if not holder.unit:
            return np.full(len(self.network), may(holder, "read_grids", Subject()))
        return np.array([may(holder, "read_grids", Subject(code)) for code in self.network.codes])


class GridFeatures:
    """The grids of the editions in a store, written once each and the latest asked for kept; any number of threads may ask."""

    def __init__(self, editions: Editions) -> None:
        self._editions = editions
        self._lock = threading.Lock()
        self._written: OrderedDict[EditionLabel, WrittenGrids] = OrderedDict()

    def labels(self) -> list[EditionLabel]:
        """All editions, the oldest first."""
        return self._editions.all()

    def label_of(self, name: str) -> EditionLabel | None:
        """The edition that a collection is of; None for `grids`. Raises `NotThere` for an unknown collection."""
        if name == GRIDS:
            return None
        found = next((label for label in self.labels() if name == f"{EDITION_PREFIX}{label.id}"), None)
        if found is None:
            raise NotThere(f"there is no collection {name[:60]!r}; /ogc/collections lists them")
        return found

    def edition_of(self, name: str, now_ms: int, query: ItemsQuery | None = None) -> WrittenGrids | None:
        """The edition that a collection, with its query, means; None where none is.

        `grids` is the edition of the parameter `edition`, else that in force on the last day of `datetime`, else today.
        Raises `NotThere` for an unknown collection, `BadQuery` for an unknown edition.
        """
        query = query or ItemsQuery()
        label, labels = self.label_of(name), self.labels()
        if label is not None:
            return self._written_of(label) if _holds_in(label, query.span) else None
        if asked := query.filter("edition"):
            found = next((label for label in labels if asked == str(label.id)), None)
            if found is None:
                raise BadQuery(f"edition is {asked[:40]!r}; expected one of {[label.id for label in labels]}")
            return self._written_of(found) if _holds_in(found, query.span) else None
        held = [label for label in labels if label.valid_from <= local_day(_last_ms(query.span, now_ms))]
        return self._written_of(held[-1]) if held and _holds_in(held[-1], query.span) else None

    def page(self, name: str, query: ItemsQuery, holder: Holder, now_ms: int) -> FeaturePage:
        """A page of a collection of grids, in code order. A walk from page to page stays in the edition it began with."""
        self.label_of(name)
        after = _read_cursor(query.cursor)
        grids = self._of_number(name, after[0]) if after else self.edition_of(name, now_ms, query)
        if grids is None:
            return FeaturePage((), 0, None)
        chosen = np.flatnonzero(grids.visible_to(holder) & _within(grids.network, query.boxes))
        rest = chosen[np.searchsorted(chosen, after[1], side="right") :] if after else chosen
        shown = rest[: query.limit].tolist()
        following = cursor_of(grids.label.id, shown[-1]) if len(rest) > len(shown) else None
        return FeaturePage(tuple(grids.features[place] + b"}" for place in shown), len(chosen), following)

    def feature(self, name: str, code: str, holder: Holder, now_ms: int) -> bytes:
        """One grid as a feature without its closing brace; `NotThere` where there is none, or not for whoever asks."""
        grids = self.edition_of(name, now_ms)
        if grids is None or code not in grids.network or not may(holder, "read_grids", Subject(code)):
            raise NotThere(f"{name} has no grid {code[:60]!r}")
        return grids.features[grids.network.position_of(code)]

    def _of_number(self, name: str, number: int) -> WrittenGrids:
        found = next((label for label in self.labels() if label.id == number), None)
        if found is None or name not in (GRIDS, f"{EDITION_PREFIX}{number}"):
            raise BadQuery("the cursor is not one of this list; follow the link `next` of the page before, unchanged")
        return self._written_of(found)

    def _written_of(self, label: EditionLabel) -> WrittenGrids:
        with self._lock:
            known = self._written.get(label)
            if known is None:
                network = self._editions.network(label.id)
                known = WrittenGrids(label, network, _write(label, network))
            self._written[label] = known
            self._written.move_to_end(label)
            while len(self._written) > _MOST_WRITTEN:
                self._written.popitem(last=False)
            return known


def _write(label: EditionLabel, network: GridNetwork) -> tuple[bytes, ...]:
    # RFC 7946 wants outer rings counterclockwise.
    geometry = shapely.orient_polygons(network.geometry, exterior_cw=False)
    valid_to = json.dumps(label.valid_to.isoformat() if label.valid_to else None)
    rows = zip(
        network.codes, network.names, network.kinds, network.villages, network.townships, network.areas_m2.tolist(),
        shapely.to_geojson(geometry).tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        (
            f'{{"type":"Feature","id":{_text(code)},"geometry":{shape},"properties":{{"code":{_text(code)},'
            f'"name":{_text(name)},"kind":{_text(kind)},"township":{_text(township)},"village":{_text(village)},'
            f'"edition":{label.id},"valid_from":"{label.valid_from.isoformat()}","valid_to":{valid_to},'
            # With decimals always: GDAL takes the type from the first features.
            f'"area_m2":{float(round(area_m2, 1))!r}}}'
        ).encode()
        for code, name, kind, village, township, area_m2, shape in rows
    )


def _within(network: GridNetwork, boxes: tuple[Box, ...]) -> NDArray[np.bool_]:
    """Which grids touch one of the windows (n,); all without a window."""
    chosen = np.full(len(network), not boxes)
    for west, south, east, north in boxes:
        area: Box | shapely.Geometry = (west, south, east, north)
        if west == east or south == north:
            # A window without a width is a line or a point, not an empty polygon that touches nothing.
            ends = [(west, south), (east, north)]
            area = shapely.Point(west, south) if ends[0] == ends[1] else shapely.LineString(ends)
        chosen[network.index.within(area)] = True
    return chosen


def _last_ms(span: Span | None, now_ms: int) -> int:
    """The instant whose edition is meant: the last of the span; where that is open now, or its beginning if it comes later."""
    if span is None:
        return now_ms
    if span.to_ms is not None:
        return span.to_ms - 1
    return max(now_ms, span.from_ms or now_ms)


def _holds_in(label: EditionLabel, span: Span | None) -> bool:
    """Whether an edition is in force at some instant of a span."""
    if span is None:
        return True
    if span.from_ms is not None and span.to_ms is not None and span.from_ms >= span.to_ms:
        return False
    is_before_end = span.to_ms is None or label.valid_from <= local_day(span.to_ms - 1)
    return is_before_end and (
        span.from_ms is None or label.valid_to is None or local_day(span.from_ms) < label.valid_to
    )


def _read_cursor(text: str) -> tuple[int, int] | None:
    try:
        found = read_cursor(text, int, int)
    except BadOption as error:
        raise BadQuery(str(error)) from None
    return (found[0], found[1]) if found else None


def _text(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)
