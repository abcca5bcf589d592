"""Map programs that no one here wrote read the service over HTTP: GDAL through pyogrio, and OWSLib."""

import numpy as np
import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features
from owslib.util import Authentication

from gisgrid.store.incidents import Incidents
from tests.gisgrid.store.incident_places import network_of
from tests.web.live_server import Served
from tests.web.ogc_world import many_rows
from tests.worlds import at

COUNT = 2_600
SCOPES = ("read_grids", "read_incidents", "read_names")
WEST_SOUTH, EAST_NORTH = at(120.0, 40.0), at(310.0, 220.0)
WINDOW = (*WEST_SOUTH, *EAST_NORTH)
OPTIONS = ("GDAL_HTTP_USERPWD", "GDAL_HTTP_AUTH", "GDAL_HTTP_TIMEOUT")


class Maps:
    """A server in a process of its own: GDAL holds the lock of Python while it waits for an answer."""

    def __init__(self, served):
        incidents = Incidents(served.store)
        incidents.take_in(many_rows(COUNT), "hotline", author="import")
        self.incidents = {one.id: one for one in incidents.page(most=10_000).incidents}
        self.token = served.token("maps", SCOPES)
        self.address = f"http://127.0.0.1:{served.serve()}/ogc"
        self.oapif = f"OAPIF:{self.address}"


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps") / "data"
    served = Served(folder, None)
    before = {name: pyogrio.get_gdal_config_option(name) for name in OPTIONS}
    try:
        found = Maps(served)
        values = (f"qgis:{found.token}", "BASIC", "60")
        pyogrio.set_gdal_config_options(dict(zip(OPTIONS, values, strict=True)))
        yield found
    finally:
        pyogrio.set_gdal_config_options(before)
        served.close()


def test_gdal__lists_the_layers(maps):
    layers = dict(pyogrio.list_layers(maps.oapif).tolist())
    assert set(layers) == {"grids", "incidents", "grids_edition_1"}


def test_gdal__reads_all_incidents_with_their_types(maps):
    info = pyogrio.read_info(maps.oapif, layer="incidents")
    assert info["features"] == COUNT
    types = dict(zip(info["fields"], info["dtypes"], strict=True))
    assert {name: types[name] for name in ("number", "border_distance_m", "is_urgent", "reported_at", "done_due_at", "state")} == {
        "number": "int32", "border_distance_m": "float64", "is_urgent": "bool", "reported_at": "datetime64[ms]",
        "done_due_at": "datetime64[ms]", "state": "object",
    }  # fmt: skip
    frame = pyogrio.read_dataframe(maps.oapif, layer="incidents")
    assert frame["number"].tolist() == sorted(maps.incidents)
    assert frame.crs.to_epsg() == 4326
    for row in frame.itertuples():
        one = maps.incidents[row.number]
        if one.lon is None:
            assert row.geometry is None
        else:
            # The longitude comes first.
            assert (row.geometry.x, row.geometry.y) == (one.lon, one.lat)
        assert (row.state, row.category, row.is_urgent, row.description) == (
            one.state,
            one.category,
            one.is_urgent,
            one.description,
        )
        assert row.reported_at.timestamp() * 1000 == one.reported_ms
        if one.border_distance_m is not None:
            assert row.border_distance_m == pytest.approx(one.border_distance_m, abs=5e-4)


def test_gdal__window_holds_what_shapely_says(maps):
    frame = pyogrio.read_dataframe(maps.oapif, layer="incidents", bbox=WINDOW)
    wanted = [
        number
        for number, one in sorted(maps.incidents.items())
        if one.lon is not None and shapely.intersects(shapely.box(*WINDOW), shapely.Point(one.lon, one.lat))
    ]
    assert 200 < len(wanted) < COUNT
    assert frame["number"].tolist() == wanted


def test_gdal__reads_all_grids(maps):
    network = network_of(1)
    for layer in ("grids", "grids_edition_1"):
        frame = pyogrio.read_dataframe(maps.oapif, layer=layer)
        assert frame["code"].tolist() == list(network.codes)
        assert shapely.equals(frame.geometry.values, network.geometry).all()
        assert frame["area_m2"].dtype == np.float64
        assert frame["area_m2"].to_numpy() == pytest.approx(network.areas_m2, abs=0.06)
        assert frame["edition"].tolist() == [1] * len(network)


def test_gdal__with_a_wrong_token_or_none_reads_nothing(maps):
    right = pyogrio.get_gdal_config_option("GDAL_HTTP_USERPWD")
    for wrong in ("qgis:gg_wrong", f"{maps.token}:", None):
        pyogrio.set_gdal_config_options({"GDAL_HTTP_USERPWD": wrong})
        with pytest.raises(pyogrio.errors.DataSourceError, match="401"):
            pyogrio.read_info(maps.oapif, layer="grids")
        pyogrio.set_gdal_config_options({"GDAL_HTTP_USERPWD": right})
    assert pyogrio.read_info(maps.oapif, layer="grids")["features"] == len(network_of(1))


def test_owslib__reads_what_is_there(maps):
    client = Features(maps.address, auth=Authentication("script", maps.token))
    assert {part.rpartition("/")[2] for part in client.conformance()["conformsTo"]} == {"core", "geojson", "oas30"}
    assert client.feature_collections() == ["grids", "incidents", "grids_edition_1"]
    assert client.api()["openapi"] == "3.0.3"
    grids = client.collection_items("grids")
    assert [one["id"] for one in grids["features"]] == list(network_of(1).codes)
    page = client.collection_items("incidents", bbox=list(WINDOW), limit=20)
    assert page["numberReturned"] == len(page["features"]) == 20 < page["numberMatched"]
    for feature in page["features"]:
        one = maps.incidents[feature["id"]]
        assert feature["geometry"]["coordinates"] == [one.lon, one.lat]
    day = client.collection_items("incidents", datetime_="2018-05-02", limit=10_000)
    start_ms = 1_525_190_400_000
    assert [one["id"] for one in day["features"]] == [
        number for number, one in sorted(maps.incidents.items()) if 0 <= one.reported_ms - start_ms < 86_400_000
    ]
    number = page["features"][0]["id"]
    assert client.collection_item("incidents", str(number))["properties"]["number"] == number


def test_owslib__with_a_wrong_token_is_told_why(maps):
    with pytest.raises(RuntimeError, match="token is unknown"):
        Features(maps.address, auth=Authentication("script", "gg_wrong")).conformance()
