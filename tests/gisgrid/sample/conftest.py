"""The sample district, built once for all its tests, with the tracks of some patrollers of every kind."""

import pytest

from gisgrid.sample import SampleDistrict, SampleTracks, build_district, build_tracks
from gisgrid.sample.duties import patroller_ids
from gisgrid.sample.roster import VERDICT_OF

PEOPLE_OF_A_KIND = 3


@pytest.fixture(scope="session")
def district() -> SampleDistrict:
    return build_district()


@pytest.fixture(scope="session")
def tracks(district: SampleDistrict) -> SampleTracks:
    """The week of a few patrollers of every kind."""
    ids = patroller_ids(len(district.network))
    chosen: set[str] = set()
    for kind in VERDICT_OF:
        people = [name for name, week in zip(ids, district.roster.kinds, strict=True) if kind in week]
        chosen.update(people[:PEOPLE_OF_A_KIND])
    return build_tracks(district, patrollers=chosen)
