"""The demonstration's state: the sample in the store, as a district would keep it; running again changes nothing."""

import datetime as dt
from pathlib import Path
from typing import Final

from gisgrid.errors import BadOption
from gisgrid.grid import GridNetwork
from gisgrid.incident_rows import read_incident_rows
from gisgrid.store import Store, open_store
from gisgrid.store.editions import Editions
from gisgrid.store.incidents import Incidents
from gisgrid.store.register_files import import_register
from tracks.archive import TrackArchive, batch_of_fixes
from tracks.fixes import Fixes

AUTHOR: Final = "gisgrid demo"
SYSTEM: Final = "sample"
IN_FORCE_FROM: Final = dt.date(2018, 1, 1)

_LISTS: Final = (
    ("units", "townships"), ("units", "villages"), ("places", "places"), ("dwellings", "dwellings"),
    ("people", "duties"), ("duties", "duties"), ("leave", "leave"),
)  # fmt: skip


def open_demo_store(folder: Path) -> Store:
    """The store of the demonstration; `BadOption` where the folder holds the data of a real district."""
    store = open_store(folder, upgrading=True)
    try:
        editions = Editions(store)
        newest = editions.latest()
        if newest is not None and not editions.network(newest.id).is_sample:
            raise BadOption(
                f"{folder} holds the data of a real district; give the demonstration another folder with --data"
            )
    except BaseException:
        store.close()
        raise
    return store


def keep_sample(store: Store, folder: Path, paths: dict[str, Path], network: GridNetwork, fixes: Fixes) -> None:
    """Publish the network, take in the registers and the incidents, archive the tracks; each only once."""
    editions = Editions(store)
    if editions.latest() is None:
        editions.publish(network, IN_FORCE_FROM, author=AUTHOR, note="sample district")
    for register, name in _LISTS:
        import_register(store, register, paths[name], author=AUTHOR)
    incidents = read_incident_rows(paths["incidents"])
    Incidents(store, editions).take_in(incidents.rows, SYSTEM, author=AUTHOR)
    TrackArchive(folder / "tracks").add(batch_of_fixes(fixes))
