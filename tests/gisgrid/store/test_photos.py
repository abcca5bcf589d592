"""Photos of incidents on both databases: each content once, whole files, told of and audited."""

import io

import pytest
import sqlalchemy as sa
from PIL import Image

from gisgrid.errors import BadOption, NotThere, UnknownIncident
from gisgrid.photos import make_photo
from gisgrid.store.photos import MOST_PHOTOS, Photos, taken_at
from gisgrid.store.tables import AUDIT
from tests.gisgrid.store.incident_places import CODES, network_of
from tests.gisgrid.store.small_district import SmallDistrict, all_at_once
from tests.worlds import at


def photo_of(grey):
    stream = io.BytesIO()
    Image.new("L", (40, 30), grey).save(stream, "PNG")
    return make_photo(stream.getvalue())


@pytest.fixture
def district(database):
    district = SmallDistrict(database)
    district.report((150, 50))
    return district


@pytest.fixture
def photos(district, tmp_path):
    return Photos(district.store, tmp_path / "data")


def test_add__kept_told_and_audited(district, photos):
    photo = photo_of(10)
    before = district.get(1)
    kept, is_new = photos.add(1, photo, author="li.na", origin="10.0.0.7")
    assert is_new
    assert (kept.id, kept.incident_id, kept.digest, kept.type) == (1, 1, photo.digest, "image/jpeg")
    assert (kept.width_px, kept.height_px, kept.size_bytes, kept.added_by) == (40, 30, len(photo.content), "li.na")
    assert photos.path_of(kept.digest).read_bytes() == photo.content
    assert photos.thumbnail_of(kept.digest).read_bytes() == photo.thumbnail
    assert photos.of(1) == (photos.get(1, 1),) == (kept,)
    event = district.events()[-1]
    assert (event.kind, event.subject, event.content) == ("incident_photo", "incident/1", {"photo": 1})
    with district.store.reading() as connection:
        audit = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(1)).one()
    assert (audit.action, audit.subject, audit.origin) == ("add_photo", "incident/1", "10.0.0.7")
    assert district.get(1) == before


def test_add__the_same_photo_is_one(district, photos):
    first, _ = photos.add(1, photo_of(10), author="li.na")
    events = len(district.events())
    assert photos.add(1, photo_of(10), author="wang") == (first, False)
    assert len(district.events()) == events
    district.report((350, 50))
    other, is_new = photos.add(2, photo_of(10), author="wang")
    assert is_new
    assert (other.id, other.digest) == (2, first.digest)


def test_add__many_at_once_keep_one(photos):
    found = all_at_once(6, lambda number: photos.add(1, photo_of(10 + 100 * (number % 2)), author="li.na"))
    assert sum(is_new for _, is_new in found) == 2
    assert [one.id for one in photos.of(1)] == [1, 2]


def test_add__refused_leaves_nothing_behind(district, photos, tmp_path):
    with pytest.raises(UnknownIncident):
        photos.add(7, photo_of(1), author="li.na")
    for grey in range(MOST_PHOTOS):
        photos.add(1, photo_of(grey * 10), author="li.na")
    with pytest.raises(BadOption, match="20 photos"):
        photos.add(1, photo_of(255), author="li.na")
    assert photos.add(1, photo_of(0), author="li.na")[1] is False
    assert not photos.path_of(photo_of(255).digest).exists()
    assert list(tmp_path.rglob("*.part")) == []


def test_add__a_file_that_was_cut_short_is_written_again(photos):
    photo = photo_of(10)
    path = photos.path_of(photo.digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(photo.content[:50])
    photos.add(1, photo, author="li.na")
    assert path.read_bytes() == photo.content


def test_get__of_another_incident_is_not_there(district, photos):
    district.report((350, 50))
    photos.add(1, photo_of(10), author="li.na")
    with pytest.raises(NotThere):
        photos.get(2, 1)


def test_taken_at():
    network = network_of(1)
    found = taken_at(at(150, 50), at(150, 80), network, CODES["C"])
    assert found.distance_m == pytest.approx(30.0, abs=0.01)
    assert (found.grid_distance_m, found.grid) == (0.0, CODES["C"])
    found = taken_at(at(350, 50), None, network, CODES["C"])
    assert (found.distance_m, found.grid) == (None, CODES["E"])
    assert found.grid_distance_m == pytest.approx(150.0, abs=0.01)
    far = taken_at(at(-3000, 50), at(1000, 50), None, "")
    assert far.distance_m == pytest.approx(4000.0, rel=1e-3)
    assert (far.grid_distance_m, far.grid) == (None, "")
