"""The datum of phones: the sample's patrols as they are and shifted by the map services; what proves nothing."""

import numpy as np
import pytest

from gisgrid.datum import gcj02_to_bd09, to_wgs84, wgs84_to_gcj02
from gisgrid.duty import own_grids, read_duties
from gisgrid.local_days import DAY_MS, local_days
from gisgrid.sample import build_district, build_tracks, write_sample
from tracks.policy import Policy
from tracks.shift import DatumEvidence, weigh_datum

SHIFTED = {"P0025", "P0031"}
"""Patrollers whose phones the sample itself shifts."""

CLEAN = {f"P{number:04d}" for number in range(100, 124)} - {"P0114", "P0116"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The network, duties, and by patroller the fixes of the week: time_ms, lon, lat."""
    district = build_district()
    tracks = build_tracks(district, patrollers=SHIFTED | CLEAN)
    duties, _ = read_duties(write_sample(tmp_path_factory.mktemp("sample"), district, tracks)["duties"])
    fixes = tracks.fixes
    names = np.array(fixes["patroller"].to_pylist())
    columns = (fixes["time"].cast("int64").to_numpy(), fixes["lon"].to_numpy(), fixes["lat"].to_numpy())
    of = {name: tuple(column[names == name] for column in columns) for name in SHIFTED | CLEAN}
    return district.network, duties, of


def weigh(sample, name, said="wgs84", *, sent=None, keep=slice(None), own=None):
    network, duties, of = sample
    time_ms, lon, lat = (column[keep] for column in of[name])
    if sent == "gcj02":
        lon, lat = wgs84_to_gcj02(lon, lat)
    elif sent == "bd09":
        lon, lat = gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
    lon, lat = to_wgs84(lon, lat, said)  # as it is kept
    return weigh_datum(time_ms, lon, lat, said, own or (lambda day: own_grids(duties, name, day)), network, Policy())


def test_weigh_datum__no_clean_phone_is_suspected(sample):
    assert {name: weigh(sample, name).suspects for name in CLEAN} == dict.fromkeys(CLEAN, "")


def test_weigh_datum__the_samples_own_shifted_phones_are_found(sample):
    for name in SHIFTED:
        found = weigh(sample, name)
        assert (found.said, found.suspects) == ("wgs84", "gcj02")
        assert found.own["gcj02"] > 2 * found.own["wgs84"]


@pytest.mark.parametrize("sent", ["gcj02", "bd09"])
def test_weigh_datum__most_shifted_phones_are_found_and_none_as_another_datum(sample, sent):
    found = [weigh(sample, name, sent=sent).suspects for name in CLEAN]
    assert set(found) <= {sent, ""}
    assert found.count(sent) >= 0.8 * len(found)


def test_weigh_datum__a_phone_said_to_be_shifted_that_is_not_is_found_too(sample):
    found = [weigh(sample, name, "gcj02").suspects for name in CLEAN]
    assert set(found) <= {"wgs84", ""}
    assert found.count("wgs84") >= 0.8 * len(found)
    assert {weigh(sample, name, "gcj02", sent="gcj02").suspects for name in CLEAN} == {""}


def test_weigh_datum__counts_are_those_of_the_same_fixes_converted_before(sample):
    name = next(iter(SHIFTED))
    as_sent = weigh(sample, name)
    time_ms, lon, lat = sample[2][name]
    days = local_days(time_ms)
    network = sample[0]
    for datum in ("wgs84", "gcj02", "bd09"):
        place = network.index.locate(*to_wgs84(lon, lat, datum))
        own = np.zeros(len(place), bool)
        counted = np.zeros(len(place), bool)
        for day in np.unique(days):
            codes = own_grids(sample[1], name, int(day))
            hours = (time_ms + 8 * 3_600_000) % DAY_MS / 3_600_000
            mine = (days == day) & (hours >= 6.0) & (hours < 23.0) & bool(codes)
            counted |= mine
            own |= mine & np.isin(place, [network.position_of(code) for code in codes])
        assert as_sent.own[datum] == own.sum()
        assert as_sent.land[datum] == (counted & (place >= 0)).sum()
        assert as_sent.fixes == counted.sum()


def test_weigh_datum__one_day_few_fixes_or_no_duty_prove_nothing(sample):
    name = next(iter(SHIFTED))
    time_ms = sample[2][name][0]
    days = local_days(time_ms)
    one_day = np.flatnonzero(days == days[0])
    assert weigh(sample, name, keep=one_day).suspects == ""
    assert weigh(sample, name, keep=slice(None, None, max(1, len(days) // 150))).suspects == ""
    nothing = weigh(sample, name, own=lambda _: ())
    assert (nothing.fixes, nothing.days, nothing.suspects) == (0, 0, "")
    assert weigh(sample, name, own=lambda _: ("999999999999999",)).fixes == 0


def test_weigh_datum__a_phone_left_on_a_table_proves_nothing(sample):
    """However well the shift would explain the place where it lies."""
    network = sample[0]
    inside = network.geometry[0].representative_point()
    lon, lat = wgs84_to_gcj02(np.full(5_000, inside.x), np.full(5_000, inside.y))
    time_ms = 1_525_651_200_000 + np.arange(5_000) * 30_000
    own = network.codes[0]
    still = weigh_datum(time_ms, lon, lat, "wgs84", lambda _: (own,), network, Policy())
    assert still.own["gcj02"] == still.fixes > 0
    assert still.suspects == ""


def test_sentence__says_the_shares_in_both_languages():
    evidence = DatumEvidence(
        "wgs84", 1000, 5, {"wgs84": 100, "gcj02": 900, "bd09": 0}, {"wgs84": 990, "gcj02": 1000, "bd09": 0}, "gcj02"
    )
    assert evidence.sentence() == (
        "of 1000 fixes on 5 days 90 % lie in the own grids when read as GCJ-02, as WGS 84 10 %: look at the phone, "
        "then set its datum"
    )
    assert "按 GCJ-02 解读有 90 % 落在本人网格内" in evidence.sentence("zh")
    told = evidence.as_json()
    assert (told["suspects"], told["own"]["gcj02"], told["en"]) == ("gcj02", 900, evidence.sentence())
    clean = DatumEvidence("wgs84", 10, 1, {}, {})
    assert clean.sentence() == "10 fixes on 1 days give no reason to doubt WGS 84"
    assert clean.sentence("zh") == "1 天 10 个定位点，未见坐标系不符"


@pytest.mark.long
def test_weigh_datum__the_whole_sample(tmp_path):
    """All 659 patrollers of the week: none suspected wrongly, nine of ten shifted phones found."""
    district = build_district()
    tracks = build_tracks(district)
    duties, _ = read_duties(write_sample(tmp_path, district, tracks)["duties"])
    shifted = set(tracks.labels.loc[tracks.labels["kind"] == "gcj02_phone", "patroller"])
    names = np.array(tracks.fixes["patroller"].to_pylist(), dtype=object)
    columns = (
        tracks.fixes["time"].cast("int64").to_numpy(), tracks.fixes["lon"].to_numpy(), tracks.fixes["lat"].to_numpy()
    )  # fmt: skip
    starts = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    of = {
        names[start]: tuple(column[start:end] for column in columns)
        for start, end in zip(starts, [*starts[1:], len(names)], strict=True)
    }
    held: dict[str, list] = {}
    for duty in duties:
        held.setdefault(duty.person, []).append(duty)
    found = {}
    for sent in (None, "gcj02", "bd09"):
        judged = {}
        for name in of:
            own = {day: own_grids(held.get(name, ()), name, day) for day in np.unique(local_days(of[name][0])).tolist()}
            judged[name] = weigh((district.network, duties, of), name, sent=sent, own=own.__getitem__).suspects
        found[sent] = judged
    clean = set(of) - shifted
    counts = {
        sent: {word: sum(judged[name] == word for name in clean) for word in ("", "wgs84", "gcj02", "bd09")}
        for sent, judged in found.items()
    }
    print(len(of), len(clean), counts, [found[None][name] for name in shifted])
    assert counts[None] == {"": len(clean), "wgs84": 0, "gcj02": 0, "bd09": 0}
    assert {found[None][name] for name in shifted} == {"gcj02"}
    assert counts["gcj02"]["gcj02"] >= 0.85 * len(clean)
    assert counts["bd09"]["bd09"] >= 0.95 * len(clean)
    assert counts["gcj02"]["bd09"] == counts["bd09"]["gcj02"] == 0
