"""What grids and incidents are made of for a map program: their properties, told as JSON schema."""

from dataclasses import dataclass
from typing import Any, Final

from gisgrid.categories import CATEGORIES
from gisgrid.clocks import CARDS
from gisgrid.flow import GRADES, STATES

SCHEMA_TYPE: Final = "application/schema+json"
_TIME: Final = "date-time"


@dataclass(frozen=True)
class Property:
    """A property of features: its JSON type, and format, words and unit where it has them.

    `is_name` marks what only those get who may see names.
    """

    name: str
    kind: str
    told: str
    form: str = ""
    words: tuple[str, ...] = ()
    is_nullable: bool = False
    is_name: bool = False
    unit: str = ""

    def schema(self) -> dict[str, Any]:
        """As JSON schema."""
        found: dict[str, Any] = {"title": self.name.replace("_", " "), "description": self.told}
        found["type"] = [self.kind, "null"] if self.is_nullable else self.kind
        found |= {"format": self.form} if self.form else {}
        found |= {"enum": [*self.words, *([None] if self.is_nullable else [])]} if self.words else {}
        found |= {"x-ogc-unit": self.unit} if self.unit else {}
        return found


GRID_PROPERTIES: Final = (
    Property("code", "string", "code of the grid"),
    Property("name", "string", "what it is called"),
    Property("kind", "string", "kind of grid", words=("community", "village", "exclusive"), is_nullable=True),
    Property("township", "string", "code of its township; null where codes are opaque", is_nullable=True),
    Property("village", "string", "code of its village or community; null where codes are opaque", is_nullable=True),
    Property("edition", "integer", "number of the edition"),
    Property("valid_from", "string", "first local day (Asia/Shanghai) of the edition", "date"),
    Property("valid_to", "string", "first local day on which it holds no more; null: until the next", "date", is_nullable=True),
    Property("area_m2", "number", "area in the plane of the network", unit="m2"),
)  # fmt: skip

INCIDENT_PROPERTIES: Final = (
    Property("number", "integer", "number of the incident"),
    Property("category", "string", "what it is about", words=tuple(CATEGORIES)),
    Property("sub_category", "string", "what it is about, more exactly; may be empty"),
    Property("state", "string", "how far it has come", words=tuple(STATES)),
    Property("grade", "string", "how grave it is", words=tuple(GRADES)),
    Property("card", "string", "card that it was given; empty for none", words=tuple(CARDS)),
    Property("is_urgent", "boolean", "whether its clocks run on minutes"),
    Property("reported_at", "string", "when it was reported", _TIME),
    Property("grid", "string", "grid of the report; may be empty"),
    Property("answering_grid", "string", "grid that answers now; may be empty"),
    Property("village", "string", "village of the report; may be empty"),
    Property("township", "string", "township of the report; may be empty"),
    Property("how", "string", "how its grid was found", words=("inside", "snapped", "stated", "manual", "unassigned")),
    Property("border_distance_m", "number", "metres to the border of its grid, else of the nearest", is_nullable=True, unit="m"),
    Property("holder", "string", "office that must act"),
    Property("responded_at", "string", "when somebody responded", _TIME, is_nullable=True),
    Property("done_at", "string", "when it was done", _TIME, is_nullable=True),
    Property("closed_at", "string", "when it was closed", _TIME, is_nullable=True),
    Property("response_due_at", "string", "first instant that is too late for a response", _TIME),
    Property("done_due_at", "string", "first instant that is too late for having it done", _TIME),
    Property("most_due_at", "string", "first instant that is too late in any case", _TIME),
    Property("extended_due_at", "string", "end of an approved extension", _TIME, is_nullable=True),
    Property("reporter", "string", "code of the person who reported it", is_name=True),
    Property("description", "string", "what was told", is_name=True),
)  # fmt: skip


def incident_properties(*, named: bool) -> tuple[Property, ...]:
    """The properties of incidents, for those who may see names or others."""
    return tuple(one for one in INCIDENT_PROPERTIES if named or not one.is_name)


def schema_of(properties: tuple[Property, ...], title: str, geometry: str, address: str) -> dict[str, Any]:
    """The JSON schema of the properties of a collection; `geometry` is a word of OGC such as `point`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "properties": {
            "geometry": {"format": f"geometry-{geometry}", "x-ogc-role": "primary-geometry"},
            **{one.name: one.schema() for one in properties},
        },
        "required": [one.name for one in properties],
        "additionalProperties": False,
    }
