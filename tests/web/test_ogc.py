"""OGC API - Features over HTTP: pages that add up, windows and times like plain loops, the same locks as everywhere."""

import base64
import datetime as dt
import json

import jsonschema_rs
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.definitions import OPENAPI_30

from gisgrid.access import ACTIONS, Holder, Subject, may
from gisgrid.local_days import start_of
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.gisgrid.store.small_district import DAY, TOWNSHIPS, VILLAGES
from tests.web.ogc_world import instant_of, is_within, map_world
from tests.web.served import PEOPLE
from tests.worlds import at

ITEMS = "/collections/incidents/items"
GRIDS = "/collections/grids/items"
READERS = [name for name, (role, _, _) in PEOPLE.items() if role in ACTIONS["read_incidents"]]
SECOND_DAY = dt.date(2018, 6, 1)


@pytest.fixture
def world(database):
    with map_world(database) as found:
        yield found


@pytest.fixture
def embedded(make_database):
    with map_world(make_database("sqlite")) as found:
        yield found


def features_of(pages):
    return [feature for page in pages for feature in page["features"]]


def ids_of(pages):
    return [feature["id"] for feature in features_of(pages)]


def window(x0_m, y0_m, x1_m, y1_m):
    """West, south, east and north of about those metres; flat where they are."""
    (west, east), (south, north) = (
        (at(x_m, 0.0)[0] for x_m in (x0_m, x1_m)),
        (at(0.0, y_m)[1] for y_m in (y0_m, y1_m)),
    )
    return west, south, east, north


def test_items__any_walk_is_the_whole_list_in_order(world):
    everything = {name: world.seen_by(name) for name in READERS}
    assert len({len(seen) for seen in everything.values()}) >= 3
    metres = st.floats(-80.0, 480.0)

    @settings(max_examples=25)
    @given(
        name=st.sampled_from(READERS),
        limit=st.integers(1, 70),
        corners=st.none() | st.tuples(metres, metres, metres, metres),
        days=st.none() | st.tuples(st.integers(1, 7), st.integers(0, 3)),
        states=st.sampled_from(["", "handling", "handling,closed", "reported"]),
        category=st.sampled_from(["", "disputes", "disputes,other"]),
        unit=st.sampled_from(["", "331002000000", TOWNSHIPS["C"], VILLAGES["A"], CODES["D"]]),
    )
    def check(name, limit, corners, days, states, category, unit):
        asked, wanted = [f"limit={limit}"], everything[name]
        if corners is not None:
            box = window(min(corners[::2]), min(corners[1::2]), max(corners[::2]), max(corners[1::2]))
            asked.append("bbox=" + ",".join(map(repr, box)))
            wanted = [one for one in wanted if is_within(one, box)]
        if days is not None:
            first = dt.date(2018, 5, days[0])
            last = first + dt.timedelta(days=days[1])
            asked.append(f"datetime={first}/{last}")
            wanted = [one for one in wanted if start_of(first) <= one.reported_ms < start_of(last) + DAY]
        if states:
            asked.append(f"state={states}")
            wanted = [one for one in wanted if one.state in states.split(",")]
        if category:
            asked.append(f"category={category}")
            wanted = [one for one in wanted if one.category in category.split(",")]
        if unit:
            asked.append(f"unit={unit}")
            wanted = [
                one
                for one in wanted
                if unit in ("331002000000" if one.grid else "", one.township, one.village, one.grid)
            ]
        pages = world.walk(name, f"{ITEMS}?{'&'.join(asked)}")
        assert ids_of(pages) == [one.id for one in wanted]
        assert {page["numberMatched"] for page in pages} == {len(wanted)}
        assert [page["numberReturned"] for page in pages] == [len(page["features"]) for page in pages]
        assert all(len(page["features"]) == limit for page in pages[:-1])

    check()


def test_items__each_once_while_others_are_reported(world):
    before = [one.id for one in world.everything()]
    path, found, places = f"{ITEMS}?limit=7", [], iter(range(10, 390, 5))
    reported = []
    while path:
        page = world.get("li.na", path).json()
        found += [feature["id"] for feature in page["features"]]
        path = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
        if path is not None and len(reported) < 20:
            # An earlier time of report does not put it on a page that was read already.
            told_ms = world.clock.now_ms - DAY * len(reported) // 2
            reported.append(world.district.report((next(places), 50.0), reported_ms=told_ms).incident.id)
    assert found == before + reported


def test_items__a_feature_says_what_the_incident_is(world):
    world.district.report((50.0, 50.0), description='"quoted" \\ 井盖 \x7f </script>', is_urgent=True)
    page = world.get("li.na", f"{ITEMS}?limit=1000")
    assert page.headers["content-type"] == "application/geo+json"
    incidents = {one.id: one for one in world.everything()}
    assert len(page.json()["features"]) == len(incidents)
    for feature in page.json()["features"]:
        one, told = incidents[feature["id"]], feature["properties"]
        place = None if one.lon is None else {"type": "Point", "coordinates": [one.lon, one.lat]}
        assert feature["geometry"] == place
        same = ("category", "sub_category", "state", "grade", "card", "is_urgent", "grid", "village", "township", "how", "holder",
                "reporter", "description")  # fmt: skip
        assert {name: told[name] for name in same} == {name: getattr(one, name) for name in same}
        assert (told["number"], told["answering_grid"]) == (one.id, one.answering_grid or one.grid)
        for name in ("reported", "responded", "done", "closed"):
            assert instant_of(told[f"{name}_at"]) == getattr(one, f"{name}_ms")
        if one.border_distance_m is None:
            assert told["border_distance_m"] is None
        else:
            assert told["border_distance_m"] == pytest.approx(one.border_distance_m, abs=5e-4)
        clocks = world.client.get(
            f"/api/v1/incidents/{one.id}", headers={"authorization": f"Bearer {world.token('li.na')}"}
        ).json()["clocks"]
        for name in ("response_due_at", "done_due_at", "most_due_at"):
            assert dt.datetime.fromisoformat(told[name]) == dt.datetime.fromisoformat(clocks[name])
    one = page.json()["features"][3]
    alone = world.get("li.na", f"{ITEMS}/{one['id']}").json()
    assert {name: alone[name] for name in one} == one
    assert [link["rel"] for link in alone["links"]] == ["self", "collection"]


def test_items__numbers_keep_their_decimals(embedded):
    text = embedded.get("li.na", f"{ITEMS}?limit=1000").text + embedded.get("li.na", GRIDS).text
    distances = [part.split(",")[0].split("}")[0] for part in text.split('"border_distance_m":')[1:]]
    areas = [part.split(",")[0].split("}")[0] for part in text.split('"area_m2":')[1:]]
    assert len(areas) == 5
    assert all("." in number for number in areas + [number for number in distances if number != "null"])


@pytest.mark.parametrize("name", READERS)
def test_items__each_sees_theirs_only(world, name):
    seen = {one.id for one in world.seen_by(name)}
    assert set(ids_of(world.walk(name, f"{ITEMS}?limit=1000"))) == seen
    for one in world.everything()[::9]:
        assert (world.get(name, f"{ITEMS}/{one.id}").status_code == 200) == (one.id in seen)
    # The network's window, and what has a grid; what waits for one has no say in it.
    seen_by = [one for one in world.seen_by(name) if one.lon is not None and (one.answering_grid or one.grid)]
    west, south, east, north = world.district.editions.network(world.district.editions.latest().id).bounds
    places = [(west, south), (east, north), *((one.lon, one.lat) for one in seen_by)]
    extent = world.get(name, "/collections/incidents").json()["extent"]
    assert extent["spatial"]["bbox"] == [[*np.min(places, axis=0), *np.max(places, axis=0)]]


def test_items__names_for_those_who_may_see_them(embedded):
    for name, is_named in (("li.na", True), ("wall", False)):
        told = embedded.get(name, f"{ITEMS}?limit=1").json()["features"][0]["properties"]
        schema = embedded.get(name, "/collections/incidents/schema").json()
        for hidden in ("reporter", "description"):
            assert (hidden in told) == (hidden in schema["properties"]) == is_named
    # A token that was not made for names gets none, whoever made it.
    token = embedded.token("li.na", ("read_grids", "read_incidents"))
    answer = embedded.client.get(f"/ogc{ITEMS}", headers={"authorization": f"Bearer {token}"})
    assert "description" not in answer.json()["features"][0]["properties"]


@pytest.mark.parametrize("name", ["li.na", "worker", "east", "fire", "admin"])
def test_grids__each_sees_theirs_only(embedded, name):
    holder = Holder(name, *PEOPLE[name])
    wanted = [code for code in network_of(1).codes if may(holder, "read_grids", Subject(code))]
    assert 0 < len(wanted) <= 5
    for limit in (1, 2, 100):
        assert ids_of(embedded.walk(name, f"{GRIDS}?limit={limit}")) == wanted
    for code in network_of(1).codes:
        assert (embedded.get(name, f"{GRIDS}/{code}").status_code == 200) == (code in wanted)


def test_grids__by_day_by_edition_and_as_collections(world):
    world.district.publish_second(SECOND_DAY)
    one, two = (list(network_of(number).codes) for number in (1, 2))
    assert one != two
    for query, wanted in [
        ("", one), ("?edition=1", one), ("?edition=2", two), ("?datetime=2018-05-31", one), ("?datetime=2018-06-01", two),
        ("?datetime=2018-05-31T15:59:59.999Z", one), ("?datetime=2018-05-31T16:00:00Z", two), ("?datetime=2018-04-19", []),
        ("?datetime=2018-05-20/2018-06-20", two), ("?datetime=2018-05-20/2018-05-21", one), ("?datetime=2018-01-01/..", one),
        ("?datetime=2018-07-01/..", two), ("?datetime=../2018-04-20", one), ("?edition=1&datetime=2018-06-01", []),
        ("?edition=1&datetime=2018-05-31/2018-06-05", one), ("?edition=2&datetime=../2018-05-31", []),
    ]:  # fmt: skip
        assert ids_of(world.walk("planner", GRIDS + query)) == wanted, query
    for number, wanted in ((1, one), (2, two)):
        features = features_of(world.walk("planner", f"/collections/grids_edition_{number}/items?limit=2"))
        assert [feature["id"] for feature in features] == wanted
        network = network_of(number)
        for place, feature in enumerate(features):
            told = feature["properties"]
            assert shapely.equals(shapely.from_geojson(json.dumps(feature["geometry"])), network.geometry[place])
            assert told["area_m2"] == pytest.approx(network.areas_m2[place], abs=0.06)
            assert (told["edition"], told["village"]) == (number, feature["id"][:12])
            assert told["valid_from"] == (str(FIRST_DAY), str(SECOND_DAY))[number - 1]
            assert told["valid_to"] == (str(SECOND_DAY), None)[number - 1]


def test_grids__a_walk_stays_in_its_edition(embedded):
    embedded.district.publish_second(SECOND_DAY)
    first = embedded.get("planner", f"{GRIDS}?limit=2").json()
    following = next(one["href"] for one in first["links"] if one["rel"] == "next")
    embedded.clock.now_ms = start_of(SECOND_DAY)
    rest = embedded.walk("planner", following)
    assert ids_of([first, *rest]) == list(network_of(1).codes)
    assert ids_of(embedded.walk("planner", GRIDS)) == list(network_of(2).codes)
    cursor = following.partition("cursor=")[2]
    assert embedded.get("planner", f"/collections/grids_edition_2/items?cursor={cursor}").status_code == 400


def test_grids__windows_touch_what_shapely_says(embedded):
    network = network_of(1)

    @settings(max_examples=60)
    @given(x=st.tuples(*[st.integers(-2, 9)] * 2), y=st.tuples(*[st.integers(-2, 7)] * 2))
    def check(x, y):
        box = window(min(x) * 50.0, min(y) * 50.0, max(x) * 50.0, max(y) * 50.0)
        west, south, east, north = box
        # The hull of its corners is a point or a line where the window is flat.
        shape = shapely.MultiPoint([(west, south), (west, north), (east, south), (east, north)]).convex_hull
        wanted = [
            code for code, grid in zip(network.codes, network.geometry, strict=True) if shapely.intersects(grid, shape)
        ]
        assert ids_of(embedded.walk("planner", f"{GRIDS}?bbox={','.join(map(repr, box))}")) == wanted

    check()
    around = "bbox=121.41,-90,121.39,90"
    assert ids_of(embedded.walk("planner", f"{GRIDS}?{around}")) == []
    assert len(ids_of(embedded.walk("planner", f"{GRIDS}?bbox=121.3,-90,-170,90"))) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "bbox=1,2,3", "bbox=1,5,2,4", "datetime=yesterday", "f=html", "offset=10", "crs=EPSG:4490", "cursor=x",
     "cursor=WyJ4Il0", "cursor=WzEsMl0", "state=open", "category=disputes,none", "limit=1&limit=2",
     "state=closed'%20or%20'1'='1", "sortby=number", "%00=1"],
)  # fmt: skip
def test_items__what_the_standard_does_not_allow_is_400(embedded, query):
    answer = embedded.get("li.na", f"{ITEMS}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/", "/api", "/conformance", "/collections", "/collections/grids", f"{ITEMS}/1",
                                  "/collections/incidents/schema", "/collections/grids/schema", f"{GRIDS}/{CODES['A']}"])  # fmt: skip
def test_documents__one_form_and_no_parameters(embedded, path):
    assert embedded.get("li.na", f"{path}?f=json").status_code == 200
    for query in ("f=html", "x=1", "f=json&f=json"):
        assert embedded.get("li.na", f"{path}?{query}").status_code == 400


@pytest.mark.parametrize(
    "evil",
    [
        "1'%20or%20'1'='1",
        "1;drop%20table%20incident",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "-1",
        "1e3",
        "0",
        "9" * 30,
        "%F0%9F%92%A9",
        "１",
    ],
)
def test_items__what_is_no_id_is_404(world, evil):
    before = len(world.everything())
    for path in (f"{ITEMS}/{evil}", f"{GRIDS}/{evil}", f"/collections/{evil}", f"/collections/{evil}/items", f"/collections/{evil}/schema",
                 f"/collections/grids_edition_{evil}", f"/collections/grids_edition_{evil}/items/1"):  # fmt: skip
        assert world.get("li.na", path).status_code == 404, path
    assert world.get("li.na", f"{ITEMS}?grid={evil}").json()["numberMatched"] == 0
    assert len(world.everything()) == before


def test_documents__all_links_lead_on_and_are_absolute(embedded):
    waiting, seen = ["http://testserver/ogc"], {}
    while waiting:
        address = waiting.pop()
        answer = embedded.get("li.na", address)
        assert answer.status_code == 200, address
        seen[address] = answer
        if "openapi" in answer.headers["content-type"] or "schema+json" in answer.headers["content-type"]:
            continue
        content = answer.json()
        links = content.get("links", []) + [link for one in content.get("collections", []) for link in one["links"]]
        for link in links:
            assert link["href"].startswith("http://testserver/ogc")
            if link["rel"] == "self":
                assert answer.headers["content-type"].split(";")[0] in (link["type"], "application/json")
            if link["href"] not in seen:
                waiting.append(link["href"])
    assert {one["rel"] for one in seen["http://testserver/ogc"].json()["links"]} == {
        "self",
        "service-desc",
        "conformance",
        "data",
    }
    assert len(seen) == 13
    listed = seen["http://testserver/ogc/collections"].json()["collections"]
    assert [one["id"] for one in listed] == ["grids", "incidents", "grids_edition_1"]
    assert all(
        one["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] and "storageCrs" not in one for one in listed
    )


def test_documents__links_are_those_by_which_the_service_is_reached(make_database):
    with map_world(make_database("sqlite"), 30, public_url="https://grid.example.gov/district/") as world:
        page = world.get("li.na", f"{ITEMS}?limit=2&state=handling%2Cclosed").json()
        hrefs = [one["href"] for one in page["links"]]
        assert all(href.startswith("https://grid.example.gov/district/ogc/collections/incidents") for href in hrefs)
        assert hrefs[2].startswith(
            f"https://grid.example.gov/district/ogc{ITEMS}?limit=2&state=handling%2Cclosed&cursor="
        )


@pytest.mark.parametrize("name", ["li.na", "wall"])
def test_documents__openapi_3_0_and_schemas_are_true(embedded, name):
    document = embedded.get(name, "/api").json()
    assert document["openapi"].startswith("3.0.")
    jsonschema_rs.Draft4Validator(OPENAPI_30).validate(document)
    assert len(document["paths"]) == 4 + 4 * 3
    for path, operations in document["paths"].items():
        place = path.replace("{featureId}", "1" if "incidents" in path else CODES["A"])
        answer = embedded.get(name, place)
        told = operations["get"]["responses"]["200"]["content"]
        assert answer.status_code == 200, path
        ((media_type, content),) = told.items()
        assert answer.headers["content-type"] == media_type
        schema = {**content["schema"], "components": document["components"]}
        jsonschema_rs.Draft4Validator(json.loads(json.dumps(schema).replace('"nullable": true', '"x": 1').replace(
            '"type": "object", "x": 1', '"type": ["object", "null"]'))).validate(answer.json())  # fmt: skip
    for collection in ("grids", "incidents", "grids_edition_1"):
        schema = embedded.get(name, f"/collections/{collection}/schema").json()
        schema["properties"].pop("geometry")
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        features = features_of(embedded.walk(name, f"/collections/{collection}/items?limit=1000"))
        assert len(features) >= 5
        for feature in features:
            validator.validate(feature["properties"])


def test_doors__strangers_are_asked_for_a_token(embedded):
    token = embedded.token("li.na")
    for headers in (
        {},
        basic("qgis", "wrong"),
        basic("qgis", ""),
        {"authorization": "Bearer gg_no"},
        {"authorization": "Basic !"},
    ):
        for path in ("", "/collections", ITEMS, GRIDS, "/api"):
            answer = embedded.get(None, path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Basic realm="gisgrid"'
            assert answer.headers["content-type"] == "application/problem+json"
    assert embedded.get(None, ITEMS, headers=basic("anyone", token)).status_code == 200


def test_doors__what_one_may_not_read_is_not_listed(embedded):
    assert [one["id"] for one in embedded.get("admin", "/collections").json()["collections"]] == [
        "grids",
        "grids_edition_1",
    ]
    assert not any("incidents" in path for path in embedded.get("admin", "/api").json()["paths"])
    for path in ("/collections/incidents", ITEMS, f"{ITEMS}/1", "/collections/incidents/schema"):
        assert embedded.get("admin", path).status_code == 403
    for path in ("", "/collections", GRIDS, ITEMS):
        assert embedded.get("auditor", path).status_code == 403


def test_items__what_has_not_changed_is_not_sent_again(embedded):
    answer = embedded.get("li.na", ITEMS)
    embedded.clock.now_ms += 60_000
    known = {"if-none-match": answer.headers["etag"]}
    assert embedded.get("li.na", ITEMS, headers=known).status_code == 304
    assert embedded.get("wall", ITEMS, headers=known).status_code == 200
    embedded.district.report((50.0, 50.0))
    again = embedded.get("li.na", ITEMS, headers=known)
    assert (again.status_code, again.json()["numberMatched"]) == (200, answer.json()["numberMatched"] + 1)
    assert instant_of(again.json()["timeStamp"]) == embedded.clock.now_ms


def test_items__of_nothing(database):
    with map_world(database, 0) as world:
        for path in (ITEMS, f"{GRIDS}?datetime=2010-01-01"):
            page = world.get("li.na", path).json()
            assert (page["features"], page["numberMatched"], page["numberReturned"]) == ([], 0, 0)
            assert [one["rel"] for one in page["links"]] == ["self", "collection"]
        # Where incidents may be, though there is none yet.
        assert world.get("li.na", "/collections/incidents").json()["extent"]["spatial"]["bbox"]
        assert world.get("li.na", f"{ITEMS}/1").status_code == 404


def basic(name, password):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
