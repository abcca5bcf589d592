"""Photos: what comes out holds the picture alone, upright and of its size, whatever came in."""

import datetime as dt
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from gisgrid.errors import EmptyInput, InputError, TooLarge, UnreadableFile
from gisgrid.photos import MOST_BYTES, MOST_PIXELS, find_foreign_parts, make_photo

SECRET = b"a-secret-of-the-camera"
SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))


def picture(width=64, height=48, mode="RGB"):
    """Four corners of four colours."""
    pixels = np.zeros((height, width, 3), np.uint8)
    rows, columns = (height + 1) // 2, (width + 1) // 2
    pixels[:rows, :columns], pixels[:rows, columns:] = (250, 10, 10), (10, 250, 10)
    pixels[rows:, :columns], pixels[rows:, columns:] = (10, 10, 250), (250, 250, 250)
    return Image.fromarray(pixels).convert(mode)


def as_file(image, kind="JPEG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif_of(*, orientation=None, gps=None, camera=None, extra=()):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    for tag, value in extra:
        exif[tag] = value
    exif.get_ifd(0x8825).update(gps or {})
    exif.get_ifd(0x8769).update(camera or {})
    return exif


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


GPS = {1: "N", 2: (28.0, 39.0, 4.32), 3: "E", 4: (121.0, 25.0, 55.56), 7: (1.0, 2.0, 3.0), 29: "2018:05:07"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_make_photo__what_the_camera_says_is_read_and_gone(kind):
    content = as_file(picture(), kind, exif=exif_of(gps=GPS, extra=[(0x010F, SECRET.decode())]))
    assert SECRET in content
    photo = make_photo(content)
    assert (photo.lon, photo.lat) == (121.4321, 28.6512)
    assert photo.taken_ms == dt.datetime(2018, 5, 7, 1, 2, 3, tzinfo=dt.UTC).timestamp() * 1000
    for made in (photo.content, photo.thumbnail):
        assert SECRET not in made
        assert find_foreign_parts(made) == ()
        assert dict(opened(made).getexif()) == {}
        assert set(opened(made).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (opened(photo.content).format, opened(photo.content).size) == ("JPEG", (64, 48))


@given(
    size=SIZES,
    orientation=st.integers(0, 9),
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    words=st.lists(st.tuples(st.sampled_from([0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298]), st.text("abc", max_size=40))),
    gps=st.dictionaries(
        st.sampled_from([1, 2, 3, 4, 7, 18, 29]),
        st.one_of(st.text("NSEWX 0:18", max_size=11), st.tuples(*[st.floats(-400, 400, width=16)] * 3)),
    ),
    comment=st.binary(max_size=60),
)  # fmt: skip
def test_make_photo__any_exif_in_none_out(size, orientation, kind, words, gps, comment):
    image = picture(*size)
    options = {"exif": tagged(orientation, words, gps)}
    if kind == "JPEG":
        options["comment"] = comment
    content = as_file(image, kind, **options)
    photo = make_photo(content)
    assert find_foreign_parts(photo.content) == find_foreign_parts(photo.thumbnail) == ()
    expected = ImageOps.exif_transpose(opened(content)).convert("RGB")
    made = opened(photo.content)
    assert made.size == (photo.width_px, photo.height_px) == expected.size
    if min(size) >= 40:
        for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)):
            at = (int(x * made.width), int(y * made.height))
            assert np.allclose(made.getpixel(at), expected.getpixel(at), atol=40)
    assert make_photo(content).digest == photo.digest
    assert (photo.lon is None) == (photo.lat is None)


def tagged(orientation, words, gps):
    """EXIF data with values of the right kind for their tags, though not the right values."""
    texts, numbers = {1, 3, 18, 29}, {2, 4, 7}
    kept = {
        tag: value for tag, value in gps.items()
        if (tag in texts and isinstance(value, str))
        or (tag in numbers and isinstance(value, tuple) and min(value) >= 0.0)
    }  # fmt: skip
    return exif_of(orientation=orientation, gps=kept, extra=words)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_make_photo__stands_upright(orientation):
    content = as_file(picture(80, 60), exif=exif_of(orientation=orientation), quality=95)
    made = opened(make_photo(content).content)
    expected = ImageOps.exif_transpose(opened(content))
    assert made.size == expected.size == ((80, 60) if orientation < 5 else (60, 80))
    assert np.abs(np.asarray(made, int) - np.asarray(expected, int)).mean() < 3.0


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ({0x9003: "2018:05:07 09:30:00"}, dt.datetime(2018, 5, 7, 1, 30, tzinfo=dt.UTC)),
        ({0x9003: "2018:05:07 09:30:00", 0x9011: "+09:00"}, dt.datetime(2018, 5, 7, 0, 30, tzinfo=dt.UTC)),
        ({0x9003: "2018:05:07 09:30:00", 0x9011: "-02:30"}, dt.datetime(2018, 5, 7, 12, 0, tzinfo=dt.UTC)),
        ({0x9003: "2018:05:07 09:30:00", 0x9011: "+99:99"}, dt.datetime(2018, 5, 7, 1, 30, tzinfo=dt.UTC)),
        ({0x9003: "2018:13:07 09:30:00"}, None),
        ({0x9003: "2018:05:07 25:30:00"}, None),
        ({0x9003: "    :  :     :  :  "}, None),
        ({0x9003: "0000:00:00 00:00:00"}, None),
    ],
)
def test_make_photo__time_of_the_camera(camera, expected):
    photo = make_photo(as_file(picture(), exif=exif_of(camera=camera)))
    assert photo.taken_ms == (None if expected is None else expected.timestamp() * 1000)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (121.4321, 28.6512)),
        ({1: "S"}, (121.4321, -28.6512)),
        ({3: "W"}, (-121.4321, 28.6512)),
        ({18: "WGS-84"}, (121.4321, 28.6512)),
        ({18: "TOKYO"}, (None, None)),
        ({3: "X"}, (None, None)),
        ({4: (181.0, 0.0, 0.0)}, (None, None)),
        ({2: (28.0, 61.0, 0.0)}, (None, None)),
        ({2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)}, (None, None)),
    ],
)
def test_make_photo__place_of_the_camera(change, expected):
    photo = make_photo(as_file(picture(), exif=exif_of(gps=GPS | change)))
    assert (photo.lon, photo.lat) == expected


def test_make_photo__damaged_exif_is_no_exif():
    content = as_file(picture(), exif=exif_of(gps=GPS))
    for place in range(30, 120, 3):
        damaged = content[:place] + b"\xff\x01\x80" + content[place + 3 :]
        try:
            assert find_foreign_parts(make_photo(damaged).content) == ()
        except UnreadableFile:
            continue
    rational = content.replace(struct.pack(">I", 28) + struct.pack(">I", 1), struct.pack(">I", 28) + bytes(4))
    if rational != content:
        assert make_photo(rational).lat is None


@pytest.mark.parametrize("tail", [b"PK\x03\x04" + SECRET, b"<html><script>alert(1)</script>" + SECRET, SECRET * 4000])
def test_make_photo__a_file_that_is_two_comes_out_as_one(tail):
    content = as_file(picture(), comment=b"<script>" + SECRET) + tail
    assert "tail" in find_foreign_parts(content)
    photo = make_photo(content)
    assert SECRET not in photo.content
    assert b"script" not in photo.content
    assert find_foreign_parts(photo.content) == ()


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_make_photo__every_kind_of_pixel_keeps_its_light(mode):
    if mode == "I;16":
        image = Image.fromarray((np.asarray(picture(mode="L"), np.uint16) << 8).astype(np.uint16))
    else:
        image = picture(mode="L" if mode == "1" else "RGB").convert(mode)
    content = as_file(image, "JPEG" if mode == "CMYK" else "PNG")
    made = opened(make_photo(content).content)
    assert made.mode == "RGB"
    grey = np.asarray(made.convert("L"), int)
    assert grey[40, 60] > 235
    if mode != "1":
        assert np.abs(grey - np.asarray(picture(mode="L"), int)).mean() < 12.0


def test_make_photo__what_is_transparent_is_white():
    image = picture().convert("RGBA")
    image.putalpha(0)
    assert min(opened(make_photo(as_file(image, "PNG")).content).getpixel((5, 5))) > 250


def test_make_photo__colours_of_another_space_become_ours():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    plain = make_photo(as_file(picture())).content
    # A profile that does not fit the pixels is left aside; one that fits is applied and goes.
    assert make_photo(as_file(picture(), icc_profile=profile.tobytes())).content == plain
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = make_photo(as_file(picture(), icc_profile=srgb)).content
    assert find_foreign_parts(made) == ()
    assert np.abs(np.asarray(opened(made), int) - np.asarray(opened(plain), int)).mean() < 3.0
    assert make_photo(as_file(picture(), icc_profile=b"no profile at all")).content == plain


def png_that_claims(width, height):
    def part(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(9))) + part(b"IEND", b"")


def progressive_with(scans):
    content = as_file(picture(), progressive=True)
    start = content.index(b"\xff\xda")
    stop = content.index(b"\xff\xda", start + 2)
    return content[:stop] + content[start:stop] * scans + content[stop:]


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", EmptyInput, "empty"),
        (bytes(MOST_BYTES + 1), TooLarge, "at most 20 MB"),
        (png_that_claims(10_000, MOST_PIXELS // 10_000 + 1), TooLarge, "50 megapixels"),
        (png_that_claims(60_000, 60_000), TooLarge, "50 megapixels"),
        (png_that_claims(11_000, 11_000), TooLarge, "50 megapixels"),
        (png_that_claims(70_000, 10), TooLarge, "70000 x 10"),
        (png_that_claims(1_000, 1_000), UnreadableFile, "damaged"),
        (b"\0\0\0\x18ftypheic" + bytes(100), UnreadableFile, "HEIC"),
        (b"GIF89a" + bytes(100), UnreadableFile, "JPEG, PNG or WebP"),
        (b"<html><img src=x></html>", UnreadableFile, "JPEG, PNG or WebP"),
        (b"%PDF-1.4" + bytes(100), UnreadableFile, "JPEG, PNG or WebP"),
        (as_file(picture())[:200], UnreadableFile, "damaged"),
        (progressive_with(100), UnreadableFile, "64 passes"),
    ],
)  # fmt: skip
def test_make_photo__refuses_with_a_sentence(content, error, says):
    with pytest.raises(error, match=says):
        make_photo(content)


@given(
    place=st.integers(0, 2_000), junk=st.binary(min_size=1, max_size=8), kind=st.sampled_from(["JPEG", "PNG", "WEBP"])
)
def test_make_photo__damage_gives_a_clean_photo_or_a_sentence(place, junk, kind):
    content = bytearray(as_file(picture(), kind, exif=exif_of(gps=GPS)))
    place %= len(content)
    content[place : place + len(junk)] = junk
    try:
        photo = make_photo(bytes(content))
    except InputError:
        return
    assert find_foreign_parts(photo.content) == ()


def test_make_photo__thumbnail():
    photo = make_photo(as_file(picture(1_000, 500)))
    assert opened(photo.thumbnail).size == (320, 160)
    assert opened(make_photo(as_file(picture(20, 10))).thumbnail).size == (20, 10)
