"""Photos that people hand in: checked by content, turned upright, and written anew without anything but the picture."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from gisgrid.errors import BadOption, EmptyInput, TooLarge, UnreadableFile
from gisgrid.exif import Said, read_exif

MOST_BYTES: Final = 20 << 20
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE_PX: Final = 65_500
"""What a JPEG file can hold."""

THUMBNAIL_PX: Final = 320
PHOTO_TYPE: Final = "image/jpeg"

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_QUALITY: Final = 85
_THUMBNAIL_QUALITY: Final = 80
_MOST_SCANS: Final = 64
_MOST_PROFILE_BYTES: Final = 4 << 20
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_HEIC: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_SCAN, _END, _JFIF = 0xDA, 0xD9, 0xE0
_PICTURE: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, _SCAN, _END})
"""The parts of a JPEG file without which there is no picture: frame, tables, scans, end."""
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


@dataclass(frozen=True)
class Photo:
    """A picture as it is kept: a JPEG file that holds the picture alone (sRGB, upright), and what its camera said.

    `content` and `thumbnail` are files, `digest` is the SHA-256 of `content`; degrees EPSG:4490, ms since 1970 UTC, None
    where the camera did not say.
    """

    content: bytes
    thumbnail: bytes
    digest: str
    width_px: int
    height_px: int
    lon: float | None
    lat: float | None
    taken_ms: int | None


def make_photo(content: bytes) -> Photo:
    """A photo from a JPEG, PNG or WebP file, whatever its name or declared type.

    What is too large is refused before a pixel of it is decoded. Raises `EmptyInput`, `TooLarge`, `UnreadableFile`.
    """
    _check_content(content)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            _check_size(*image.size)
            said = read_exif(image)
            profile = image.info.get("icc_profile")
            image.load()
            picture = _upright(_plain(image, profile), said)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (TooLarge, UnreadableFile):
        raise
    except Exception as error:  # decoders raise almost anything for a damaged file
        raise UnreadableFile(
            "the photo is damaged or cut short; open it on the device that took it, and send it again",
            zh="照片已损坏或不完整；请在拍摄的设备上打开确认后重新上传",
        ) from error
    written = _written(picture, _QUALITY)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return Photo(
        written, _written(small, _THUMBNAIL_QUALITY), hashlib.sha256(written).hexdigest(), *picture.size,
        said.lon, said.lat, said.taken_ms,
    )  # fmt: skip


def find_foreign_parts(content: bytes) -> tuple[str, ...]:
    """What a JPEG file holds besides the picture, by name: none in what is kept.

    Such as `APP1` (EXIF, XMP), `APP2` (colour profile), `COM` (comment), `tail` (anything behind the end of the picture).
    """
    found = []
    end = 0
    for marker, start, stop in _parts(content):
        end = stop
        if marker == _JFIF and content[start : start + 5] == b"JFIF\0" and content[start + 12 : stop] == b"\0\0":
            continue
        if marker not in _PICTURE:
            found.append(
                f"APP{marker - _JFIF}" if 0xE0 <= marker <= 0xEF else "COM" if marker == 0xFE else f"{marker:02X}"
            )
    if end != len(content):
        found.append("tail")
    return tuple(found)


def _check_content(content: bytes) -> None:
    """Refuse what is no picture that can be read here, from its first bytes."""
    if not content:
        raise EmptyInput(
            "the photo is empty; expected a JPEG, PNG or WebP file", zh="照片为空；应为 JPEG、PNG 或 WebP 文件"
        )
    if len(content) > MOST_BYTES:
        raise TooLarge(
            f"the photo has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES >> 20} MB are taken",
            zh=f"照片大小为 {len(content) / 1e6:.1f} MB；最多 {MOST_BYTES >> 20} MB",
        )
    head = content[:16]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        raise UnreadableFile(
            "the photo is a HEIC (or AVIF) file, which cannot be read here; set the camera to 'most compatible', or send it "
            "as JPEG",
            zh="照片是 HEIC（或 AVIF）格式，无法读取；请把相机设为“兼容性最佳”，或另存为 JPEG 再上传",
        )
    is_jpeg = head[:3] == b"\xff\xd8\xff"
    is_known = is_jpeg or head[:8] == b"\x89PNG\r\n\x1a\n" or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    if not is_known:
        raise UnreadableFile(
            "the photo is no JPEG, PNG or WebP file, whatever its name says; send one of these",
            zh="这个文件不是 JPEG、PNG 或 WebP 照片（与文件名无关）；请上传这几种格式",
        )
    # A small file can ask for any number of passes over a large picture.
    if is_jpeg and sum(marker == _SCAN for marker, _, _ in _parts(content)) > _MOST_SCANS:
        raise UnreadableFile(
            f"the photo is written in more than {_MOST_SCANS} passes; save it as an ordinary JPEG",
            zh=f"照片分 {_MOST_SCANS} 次以上扫描写成；请另存为普通 JPEG",
        )


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MOST_PIXELS:
        raise _too_many_pixels()
    if max(width_px, height_px) > LONGEST_SIDE_PX:
        raise TooLarge(
            f"the photo has {width_px} x {height_px} pixels; a side of at most {LONGEST_SIDE_PX:,} is taken: cut it",
            zh=f"照片为 {width_px} x {height_px} 像素；每边最多 {LONGEST_SIDE_PX:,} 像素：请裁剪",
        )


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        f"the photo has more than {MOST_PIXELS // 1_000_000} megapixels; at most that is taken: send it smaller",
        zh=f"照片超过 {MOST_PIXELS // 1_000_000} 百万像素，已超出上限：请缩小后上传",
    )


def _plain(image: Image.Image, profile: object) -> Image.Image:
    """The picture in sRGB, 8 bits, on white where it is transparent."""
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow would cut them off at 255.
        image = Image.fromarray((np.clip(np.asarray(image), 0, 65_535) >> 8).astype(np.uint8))
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    if image.mode in {"LA", "La", "RGBA", "RGBa"} or "transparency" in image.info:
        solid = image.convert("RGBA")
        ground = Image.new("RGBA", solid.size, "white")
        ground.alpha_composite(solid)
        image = ground.convert("RGB")
    if isinstance(profile, bytes) and 0 < len(profile) <= _MOST_PROFILE_BYTES:
        image = _in_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture with its colours converted; a profile that cannot be used leaves them as they are."""
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted if converted is not None else image


def _upright(image: Image.Image, said: Said) -> Image.Image:
    turn = _TURNS.get(said.orientation)
    return image if turn is None else image.transpose(turn)


def _written(image: Image.Image, quality: int) -> bytes:
    """The picture as a JPEG file that holds nothing else, which is looked at again."""
    image.info = {}
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, exif=b"", icc_profile=None, comment=b"")
    content = stream.getvalue()
    foreign = find_foreign_parts(content)
    if foreign:
        raise BadOption(
            f"the photo was not kept: written anew it still holds {', '.join(foreign)}; tell an administrator",
            zh=f"照片没有保存：重新写出后仍含有 {', '.join(foreign)}；请告诉管理员",
        )
    return content


def _parts(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The parts of a JPEG file: marker, where its own bytes begin (behind the length) and end; up to the first end of it.

    The entropy-coded data of a scan count to the scan. A file that is cut short ends the parts.
    """
    place = 2
    while place + 1 < len(content):
        found = _MARKER.match(content, place)
        if found is None:
            return
        marker, place = content[found.end() - 1], found.end()
        if marker == _END:
            yield marker, place, place
            return
        if marker == 0x01:
            continue
        start = place + 2
        stop = place + int.from_bytes(content[place:start], "big")
        if stop < start or stop > len(content):
            return
        if marker == _SCAN:
            after = _AFTER_SCAN.search(content, stop)
            stop = after.start() if after else len(content)
        yield marker, start, stop
        place = stop
