"""The ranger patrols judged in squares laid over them: hours by leg length come out of the ledger."""

import numpy as np
import pytest
import shapely

from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.grid import GridNetwork
from gisgrid.local_days import DAY_MS, date_of
from tracks.formats import TrackColumns, read_tracks
from tracks.own_zones import Edition
from tracks.policy import Policy
from tracks.verify import verify_tracks

FREE = {"duty_window": "00:00-24:00", "jump_kmh": 1e9, "driving_kmh": 1e8, "max_stop_s": 1e9}


@pytest.fixture(scope="module")
def patrols(shared_data):
    """The fixes and a network of 20 squares that covers them with a wide margin."""
    fixes = read_tracks(
        [shared_data / "tracks" / "smart_ranger_patrols.parquet"], columns=TrackColumns("patrol_id", "fixtime")
    ).fixes
    west, south = np.floor(fixes.lon.min() * 10) / 10 - 0.1, np.floor(fixes.lat.min() * 10) / 10 - 0.1
    squares = [
        shapely.box(west + 0.3 * i, south + 0.3 * j, west + 0.3 * (i + 1), south + 0.3 * (j + 1))
        for i in range(5)
        for j in range(4)
    ]
    network = GridNetwork.from_arrays(
        [f"S{place:02d}" for place in range(len(squares))], np.array(squares, dtype=object)
    )
    assert (network.index.locate(fixes.lon, fixes.lat) >= 0).all()
    return fixes, network


def verify(patrols, policy, grids=None):
    fixes, network = patrols
    duties = [
        Duty(person, code, "patroller", 0, FOREVER_DAY)
        for person in fixes.patrollers
        for code in grids or network.codes
    ]
    days = (fixes.time_ms.min() // DAY_MS - 1, fixes.time_ms.max() // DAY_MS + 1)
    first, last = (date_of(int(day)) for day in days)
    return verify_tracks(fixes, [Edition(network)], duties, first, last, policy=policy)


def hours(result, name):
    return sum(getattr(day.ledger, name) for day in result.days) / 3_600_000


def test_verify__hours_by_leg_length(patrols):
    result = verify(patrols, Policy(**FREE))
    assert hours(result, "own_certain_ms") == pytest.approx(109.5, abs=0.05)
    assert hours(result, "own_certain_ms") + hours(result, "own_possible_ms") == pytest.approx(132.0, abs=0.05)
    assert hours(result, "elsewhere_ms") == 0.0


def test_verify__squares_share_the_whole_without_tolerance(patrols):
    # With almost no tolerance every certain moment belongs to exactly one square.
    policy = Policy(**FREE, tolerance_m=0.0)
    whole = verify(patrols, policy)
    parts = [verify(patrols, policy, [code]) for code in patrols[1].codes]
    assert sum(hours(part, "own_certain_ms") for part in parts) == pytest.approx(
        hours(whole, "own_certain_ms"), abs=0.001
    )


def test_verify__default_rules_keep_the_ledger_whole(patrols):
    result = verify(patrols, Policy(duty_window="00:00-24:00"))
    assert result.marked["used"] + sum(count for name, count in result.marked.items() if name != "used") == 10_147
    for day in result.days:
        spent = day.ledger
        assert (
            spent.own_certain_ms + spent.own_possible_ms + spent.elsewhere_ms + spent.unknown_ms + spent.off_duty_ms
            == DAY_MS
        )
