"""The store as the commands find it: by option, else by setting."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from gisgrid.store import Store, open_store
from gisgrid.store.engine import DATABASE_FILE
from web.settings import read_settings

DataOption = Annotated[
    Path | None, typer.Option(help="Folder of the embedded database; the setting GISGRID_DATA otherwise.")
]
UrlOption = Annotated[
    str | None,
    typer.Option("--database-url", help="PostgreSQL database; the setting GISGRID_DATABASE_URL otherwise."),
]
COMMAND: Final = "command line"


def place_of(data: Path | None, url: str | None) -> tuple[Path, str | None]:
    """The data folder, and the address of the database where it is not in that folder."""
    settings = read_settings(os.environ)
    return data or settings.data, url or (None if data else settings.database_url)


@contextmanager
def the_store(data: Path | None, url: str | None) -> Iterator[Store]:
    """The store, open; where there is none yet, a new one, which is said."""
    folder, address = place_of(data, url)
    if address is None and not (folder / DATABASE_FILE).exists():
        print(f"note: {folder} held no data; an empty database is made there", file=sys.stderr)
    store = open_store(folder, address)
    try:
        yield store
    finally:
        store.close()


def who() -> str:
    """Whom the audit names for what is done at this command line."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or COMMAND
