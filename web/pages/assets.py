"""Scripts, styles and pictures of the pages: served under an address that changes with their content, kept for ever."""

import hashlib
import os
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gisgrid.mapping.assets import VENDOR

STATIC: Final = Path(__file__).parent.parent / "static"
ROOT: Final = "/assets"

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
_DIGITS: Final = 12


class Assets(StaticFiles):
    """`/assets/DIGEST/…`: our own files, and below `vendor/` the locked ones of others. Any digest is served, so that a page
    of the version before still finds what it needs while a new one starts; only the present one may be kept.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self._vendor = StaticFiles(directory=VENDOR, check_dir=False)
        self.digest = digest_of((STATIC, VENDOR))

    def url(self, name: str = "") -> str:
        """The address of a file, such as `js/page.js` or `vendor/leaflet/leaflet.css`; of none: of them all, no slash."""
        return f"{ROOT}/{self.digest}/{name}".rstrip("/")

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 404."""
        digest, _, name = path.replace("\\", "/").partition("/")
        if not name or len(digest) != _DIGITS:
            raise HTTPException(404, "there is no such file")
        response = await super().get_response(name, scope)
        # A worker takes its policy from its own script.
        response.headers["content-security-policy"] = _POLICY
        response.headers["cache-control"] = _FOR_EVER if digest == self.digest else "no-cache"
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where a file lies: ours, or below `vendor/`."""
        if path.startswith("vendor/"):
            return self._vendor.lookup_path(path.removeprefix("vendor/"))
        return super().lookup_path(path)


def digest_of(folders: tuple[Path, ...]) -> str:
    """A short digest of all files below folders, names and contents."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found.update(path.relative_to(folder).as_posix().encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:_DIGITS]
