"""Settings: defaults, the environment, and misspelt names."""

from pathlib import Path

import pytest

from gisgrid.errors import BadOption
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
