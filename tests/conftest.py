"""Fixtures and the header of every test run."""

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import shapely
from hypothesis import settings

pytest_plugins = ["tests.demo_data", "tests.databases"]

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
IN_CI = os.environ.get("GISGRID_CI") == "1"

# In CI the same examples each time: what lands must not depend on luck. Everywhere else new ones are tried. No example
# has a time limit: machines differ.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if IN_CI else "here")


def pytest_report_header() -> list[str]:
    """Versions of what decides results."""
    names = (
        "shapely",
        "geopandas",
        "pyproj",
        "pyogrio",
        "rtree",
        "numba",
        "numpy",
        "pyarrow",
        "folium",
        "fastapi",
        "sqlalchemy",
    )
    shared = SHARED_DATA if SHARED_DATA.is_dir() else "missing: tests on real data are skipped"
    return [
        ", ".join(f"{name} {_version(name)}" for name in names) + f", GEOS {shapely.geos_version_string}",
        f"real data: {shared}",
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; without it the test is skipped, in CI it fails."""
    if not SHARED_DATA.is_dir():
        missing("the folder of real data is not beside the checkout")
    return SHARED_DATA


def missing(what: str) -> None:
    """Skip visibly for a user, fail in CI."""
    if IN_CI:
        pytest.fail(f"{what}; CI needs it")
    pytest.skip(what)
