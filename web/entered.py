"""Which grids nobody entered in a week: fixes of the patrols, placed in the grids of that week."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gisgrid.store import Store
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixInbox
from tracks.archive import TrackArchive, read_fixes_of
from tracks.policy import Policy


@dataclass(frozen=True)
class NotEntered:
    """A week (`2018-W19`), the codes of the grids without any usable fix in it, and how many grids there are."""

    week: str
    grids: tuple[str, ...]
    total: int

    @property
    def is_known(self) -> bool:
        """Whether any track of the week lies in any grid; if not, silence proves nothing."""
        return len(self.grids) < self.total


def grids_not_entered(
    store: Store, editions: Editions, tracks: Path, day: dt.date, policy: Policy | None = None
) -> NotEntered | None:
    """The grids that no fix of the week of `day` up to that day lies in; None where no edition was in force.

    Fixes with a worse stated accuracy than the policy uses do not count.
    """
    network = editions.network_at(day)
    if network is None:
        return None
    monday = day - dt.timedelta(days=day.weekday())
    fixes = read_fixes_of(FixInbox(store), TrackArchive(tracks), monday, day)
    worst_m = (policy or Policy()).max_accuracy_m
    usable = ~(np.asarray(fixes.accuracy_m) > worst_m)
    position = network.index.locate(fixes.lon[usable], fixes.lat[usable])
    entered = np.zeros(len(network) + 1, bool)
    entered[position] = True
    year, week, _ = day.isocalendar()
    missing = tuple(network.codes[place] for place in np.flatnonzero(~entered[: len(network)]).tolist())
    return NotEntered(f"{year}-W{week:02d}", missing, len(network))
