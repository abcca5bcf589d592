"""Settings: defaults, the environment, and misspelt names."""

import datetime as dt
from pathlib import Path

import pytest

from gisgrid.errors import BadOption
from gisgrid.store.editions import Editions
from tests.worlds import draw_network
from web.services import open_services
from web.settings import Settings, read_settings


def test_read_settings__defaults_and_values():
    assert read_settings({"HOME": "x"}).port == 8000
    found = read_settings({"GISGRID_PORT": "9000", "GISGRID_DATA": "here", "GISGRID_CI": "1"})
    assert (found.port, found.data) == (9000, Path("here"))


def test_read_settings__an_unknown_name_stops_with_the_nearest():
    with pytest.raises(BadOption, match=r"GISGRID_PROT, which is no setting; did you mean GISGRID_PORT\?"):
        read_settings({"GISGRID_PROT": "1"})
    with pytest.raises(BadOption, match="known are"):
        read_settings({"GISGRID_XYZZYXYZZY": "1"})


def test_read_settings__a_bad_value_is_told():
    with pytest.raises(BadOption, match="GISGRID_PORT is 'many'"):
        read_settings({"GISGRID_PORT": "many"})


def test_settings__each_has_a_help_text():
    assert all(field.description for field in Settings.model_fields.values())


def test_sample_now__its_clock_begins_there_and_runs_on(make_database):
    database = make_database("sqlite")
    store = database.open()
    Editions(store).publish(draw_network("AB", is_sample=True), dt.date(2018, 1, 1), author="test")
    began = "2018-10-31T15:00:00+08:00"
    services = open_services(read_settings({"GISGRID_DATA": str(database.folder), "GISGRID_SAMPLE_NOW": began}))
    began_ms = round(dt.datetime.fromisoformat(began).timestamp() * 1000)
    first_ms = services.store.now_ms()
    assert 0 <= first_ms - began_ms < 60_000
    assert services.store.now_ms() >= first_ms
    services.store.close()


@pytest.mark.parametrize("is_published", [False, True])
def test_sample_now__never_on_a_real_district(make_database, is_published):
    database = make_database("sqlite")
    store = database.open()
    if is_published:
        Editions(store).publish(draw_network("AB"), dt.date(2018, 1, 1), author="test")
    settings = read_settings({"GISGRID_DATA": str(database.folder), "GISGRID_SAMPLE_NOW": "2018-10-31T15:00:00+08:00"})
    with pytest.raises(BadOption, match="this is none"):
        open_services(settings)
