"""Files that are made for one answer: written into a folder of their own, sent, and gone, however the sending ends."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
}
"""What a file is to a browser, by its ending."""


class MadeFile(FileResponse):
    """A file as an attachment; its folder is removed when it was sent, or could not be."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)


def made_file(name: str, write: Callable[[Path], object]) -> MadeFile:
    """A file that `write` writes at the path it is given; its name ends as one of `MEDIA_TYPES`."""
    folder = Path(tempfile.mkdtemp(prefix="gisgrid-"))
    try:
        path = folder / name
        write(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return MadeFile(path, media_type=MEDIA_TYPES[path.suffix[1:]], filename=name, headers=headers)
