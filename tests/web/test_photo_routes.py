"""Photos over HTTP: who may add and see them, what is told of the camera, how the picture is sent."""

import io

import pytest
from PIL import Image

from gisgrid.photos import find_foreign_parts
from tests.gisgrid.store.incident_places import CODES
from tests.web.served import served
from tests.worlds import at

PHOTOS = "/incidents/1/photos"


@pytest.fixture
def service(make_database):
    with served(make_database("sqlite")) as service:
        service.district.report((150, 50))
        yield service


def jpeg(place=None, grey=120, size=(640, 400)):
    """A photo taken at metres of the drawing, at 2018-05-07 01:02:03 UTC."""
    exif = Image.Exif()
    if place is not None:
        lon, lat = at(*place)
        exif.get_ifd(0x8825).update({1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)})
        exif.get_ifd(0x8825).update({7: (1.0, 2.0, 3.0), 29: "2018:05:07"})
    stream = io.BytesIO()
    Image.new("L", size, grey).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def add(service, name="li.na", content=None, path=PHOTOS, **named):
    file = (named.get("filename", "a.jpg"), content or jpeg(), named.get("declared", "image/jpeg"))
    return service.ask(name, "POST", path, files={"photo": file})


def test_add_photo__tells_how_far_the_camera_was(service):
    before = service.ask("li.na", "GET", "/incidents/1").json()["incident"]
    answer = add(service, content=jpeg((350, 50)))
    assert answer.status_code == 201
    told = answer.json()
    assert answer.headers["location"] == told["url"] == "/api/v1/incidents/1/photos/1"
    assert told["taken_in_grid"] == CODES["E"]
    assert told["distance_m"] == pytest.approx(200.0, abs=0.2)
    assert told["grid_distance_m"] == pytest.approx(150.0, abs=0.2)
    assert told["taken_at"] == "2018-05-07T01:02:03Z"
    assert (told["width_px"], told["height_px"], told["added_by"]) == (640, 400, "li.na")
    assert service.ask("li.na", "GET", "/incidents/1").json()["incident"] == before
    again = add(service, "worker", jpeg((350, 50)))
    assert (again.status_code, again.json()) == (200, told)


def test_show_photo__clean_private_and_known_by_its_content(service):
    told = add(service, content=jpeg((350, 50)) + b"PK\x03\x04<script>").json()
    for path, size, small in ((f"{PHOTOS}/1", (640, 400), ""), (f"{PHOTOS}/1/thumbnail", (320, 200), "-small")):
        # Faces and number plates are in it.
        assert service.ask("wall", "GET", path).status_code == 403
        answer = service.ask("east", "GET", path)
        assert answer.status_code == 200
        assert find_foreign_parts(answer.content) == ()
        assert Image.open(io.BytesIO(answer.content)).size == size
        headers = answer.headers
        assert (headers["content-type"], headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
        assert headers["content-disposition"] == f'inline; filename="incident-1-photo-1{small}.jpg"'
        assert headers["cache-control"].startswith("private")
        assert headers["etag"] == f'"{told["digest"]}{small}"'
        assert "content-encoding" not in headers
        known = service.ask("east", "GET", path, headers={"if-none-match": headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")


def test_list_photos__no_names_no_places_for_a_wall_screen(service):
    add(service, content=jpeg((350, 50)))
    full, bare = (service.ask(name, "GET", PHOTOS).json() for name in ("assessor", "wall"))
    assert full[0]["lon"] is not None
    hidden = {"lon", "lat", "taken_at", "taken_in_grid", "distance_m", "grid_distance_m", "added_by"}
    assert {name for name in full[0] if full[0][name] != bare[0][name]} == hidden
    assert not any(bare[0][name] for name in hidden)


@pytest.mark.parametrize(
    ("name", "status"),
    [("li.na", 201), ("east", 201), ("worker", 201), ("assessor", 201), ("wall", 403), ("auditor", 403),
     ("admin", 403), ("fire", 404)],
)  # fmt: skip
def test_add_photo__only_who_may_report_or_move_it(service, name, status):
    assert add(service, name).status_code == status
    assert len(service.ask("li.na", "GET", PHOTOS).json()) == (status == 201)


def test_photos__of_an_incident_elsewhere_are_not_there(service):
    service.district.report((50, 250))
    add(service, path="/incidents/2/photos")
    for path in ("", "/1", "/1/thumbnail"):
        assert service.ask("li.na", "GET", f"/incidents/2/photos{path}").status_code == 200
        assert service.ask("east", "GET", f"/incidents/2/photos{path}").status_code == 404
        assert service.ask("li.na", "GET", f"/incidents/9/photos{path}").status_code == 404
    assert service.ask("li.na", "GET", f"{PHOTOS}/1").status_code == 404
    assert add(service, "east", path="/incidents/2/photos").status_code == 404


@pytest.mark.parametrize(
    ("content", "filename", "declared", "status"),
    [
        (b"<html>", "a.jpg", "image/jpeg", 422),
        (b"\0\0\0\x18ftypheic" + bytes(40), "a.jpg", "image/jpeg", 422),
        (bytes(20 * 2**20 + 1), "a.jpg", "image/jpeg", 413),
        (jpeg(), "../../etc/passwd", "text/html", 201),
    ],
)  # fmt: skip
def test_add_photo__what_it_is_decides_not_what_it_is_called(service, content, filename, declared, status):
    answer = add(service, content=content, filename=filename, declared=declared)
    assert answer.status_code == status
    if status != 201:
        assert answer.headers["content-type"] == "application/problem+json"
        assert not (service.data / "photos").exists()


def test_add_photo__a_missing_file_is_a_sentence(service):
    assert service.ask("li.na", "POST", PHOTOS, files={"other": b"x"}).status_code == 422
    assert service.ask("li.na", "POST", PHOTOS, json={"photo": "x"}).status_code == 422


def test_show_photo__a_lost_file_is_said(service):
    digest = add(service).json()["digest"]
    (service.data / "photos" / digest[:2] / f"{digest}.jpg").unlink()
    answer = service.ask("li.na", "GET", f"{PHOTOS}/1")
    assert answer.status_code == 503
    assert "backup" in answer.json()["detail"]
