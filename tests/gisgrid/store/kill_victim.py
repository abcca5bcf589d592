"""A process that writes until it is killed: it says on standard output what has been acknowledged.

python -m tests.gisgrid.store.kill_victim FOLDER SEED [DATABASE_URL]
"""

import datetime as dt
import itertools
import sys
from pathlib import Path

import numpy as np

from gisgrid.clocks import NEVER
from gisgrid.errors import Conflict
from gisgrid.flow import Request
from gisgrid.incident_rows import IncidentRows
from gisgrid.local_days import start_of
from gisgrid.store import Store, open_store
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.incidents import Incidents
from gisgrid.store.reports import Report, report_incident
from gisgrid.store.steps import take_step
from tests.worlds import draw_network
from tracks.archive import TrackArchive, seal

FIRST = dt.date(2018, 5, 7)
NETWORK = draw_network("AB")


def incident_rows(numbers: np.ndarray, round_number: int) -> IncidentRows:
    """Incidents of these numbers, as the source describes them in a round."""
    count = len(numbers)

    def words(text: str) -> np.ndarray:
        return np.full(count, text, dtype=object)

    return IncidentRows(
        np.array([f"N{number}" for number in numbers.tolist()], dtype=object), words("disputes"), words(""),
        np.full(count, start_of(FIRST), np.int64) + numbers, np.full(count, 121.0), np.full(count, 28.6),
        np.full(count, np.nan), words("phone"), words(""), words("reported"), np.zeros(count, bool), words("P1"),
        words(str(round_number)), words("ordinary"), words(""), *(np.full(count, NEVER, np.int64) for _ in range(3)),
        np.full(count, -1, np.int8),
    )  # fmt: skip


def move(store: Store, editions: Editions, incidents: Incidents, number: int, reason: str) -> None:
    """Add a step to an incident, if there is one of that number, and say so."""
    one = incidents.get(number)
    if one is not None:
        after = take_step(store, editions, number, Request("comment", one.holder, reason), author="victim")
        print("moved", f"{number}:{after.steps}:{reason}", flush=True)


def main(folder: Path, seed: int, url: str | None = None) -> None:
    """Fixes in, days sealed, editions published, for ever."""
    rng = np.random.default_rng(seed)
    store = open_store(folder, url, upgrading=True)
    inbox, archive, editions = FixInbox(store), TrackArchive(folder / "tracks"), Editions(store)
    incidents, round_number = Incidents(store, editions), seed * 1_000_000
    # Each round begins with another act, so that five rounds have tried them all, however slow the machine.
    first_acts = itertools.chain((0.0, 0.45, 0.65, 0.75, 0.87)[seed % 5 : seed % 5 + 1], iter(rng.random, None))
    for kind in first_acts:
        if kind < 0.45:
            count = int(rng.integers(1, 400))
            time_ms = start_of(FIRST) + rng.integers(0, 3 * 86_400_000, count)
            number = rng.integers(0, 10**9, count)
            batch = FixBatch(
                np.full(count, "P1", dtype=object), np.full(count, "phone", dtype=object), time_ms,
                121.0 + number / 1e10, np.full(count, 28.6), np.full(count, 5.0), time_ms + 1_000,
            )  # fmt: skip
            inbox.add(batch, author="victim")
            keys = np.rint(batch.lon * 1e7).astype(np.int64)
            print(
                "fixes",
                *(f"{time}:{key}" for time, key in zip(time_ms.tolist(), keys.tolist(), strict=True)),
                flush=True,
            )
        elif kind < 0.65:
            numbers = np.unique(rng.integers(0, 3_000, int(rng.integers(1, 400))))
            round_number += 1
            incidents.take_in(incident_rows(numbers, round_number), "hotline", author="victim")
            print("incidents", *(f"{number}:{round_number}" for number in numbers.tolist()), flush=True)
            move(store, editions, incidents, int(rng.choice(numbers)) + 1, f"{seed}/{round_number}")
        elif kind < 0.75:
            report_incident(
                store, editions, Report("disputes", stated="A" if editions.latest() else ""), author="victim"
            )
        elif kind < 0.87:
            day = FIRST + dt.timedelta(days=int(rng.integers(0, 3)))
            seal(inbox, archive, day, day, author="victim")
            print("sealed", day, flush=True)
        else:
            latest = editions.latest()
            try:
                label = editions.publish(
                    NETWORK,
                    (latest.valid_from if latest else FIRST) + dt.timedelta(days=1),
                    author="victim",
                    based_on=latest.id if latest else None,
                )
                print("edition", label.id, flush=True)
            except Conflict as conflict:
                print("conflict", conflict, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
