"""`gisgrid devices` from the command line: pairing with a code that reads back, lists, and datums weighed."""

import datetime as dt

import numpy as np
import pytest

from gisgrid.cli import main
from gisgrid.datum import wgs84_to_gcj02
from gisgrid.duty import FOREVER_DAY, Duty
from gisgrid.local_days import local_day, start_of
from gisgrid.store import open_store
from gisgrid.store.device_book import DeviceBook
from gisgrid.store.devices import Devices
from gisgrid.store.editions import Editions
from gisgrid.store.fixes import FixBatch, FixInbox
from gisgrid.store.staffing import Staffing
from tests.gisgrid.store.incident_places import CODES, FIRST_DAY, network_of
from tests.worlds import draw_network
from tracks.archive import TrackArchive, seal

HOUR = 3_600_000


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("GISGRID_PUBLIC_URL", raising=False)

    def call(*arguments):
        code = main(["devices", *arguments, "--data", str(tmp_path)])
        said = capsys.readouterr()
        return code, said.out, said.err

    call.folder = tmp_path
    return call


def prepare(folder, network, codes):
    """A store with a network in force and P1 patrolling."""
    store = open_store(folder)
    Editions(store).publish(network, FIRST_DAY, author="planner")
    Staffing(store).take_in_duties([Duty("P1", code, "patroller", 0, FOREVER_DAY) for code in codes], author="admin")
    return store


@pytest.fixture
def district(run):
    store = prepare(run.folder, network_of(1), [CODES["A"]])
    yield store
    store.close()


def test_add__shows_token_link_and_code_once(run, district):
    svg = run.folder / "code.svg"
    code, out, err = run(
        "add", "P1", "--address", "https://grid.example.gov", "--from", "2018-05-01", "--svg", str(svg)
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "device 1 (phone 1): P1, Traccar Client, from 2018-05-01"
    told = dict(line.split(maxsplit=1) for line in lines[1:4])
    assert told["address"] == f"https://grid.example.gov/phones/traccar/{told['token']}"
    assert told["link"].startswith(told["address"] + "?id=phone-1&")
    assert svg.read_text().startswith("<svg")
    assert "█" in out or "▀" in out
    book = DeviceBook(district)
    book.refresh()
    assert book.find(told["token"]).person == "P1"
    assert told["token"] not in run("list")[1] + run("show", "1")[1]


def test_add__a_script_gets_an_address_and_a_token_only(run, district):
    code, out, _ = run("add", "P1", "--app", "plain", "--relay", "--until", "2030-12-31")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["device", "address", "token"]
    assert "http://127.0.0.1:8000/phones/plain" in out
    (device,) = Devices(district).all()
    assert (device.is_trusted, device.to_day) == (True, dt.date(2031, 1, 1))


def test_hand_over_revoke_and_list(run, district):
    run("add", "P1", "--from", "2018-05-01")
    assert run("add", "P1", "--phone", "1", "--from", "2018-06-01", "--label", "spare")[0] == 0
    assert run("revoke", "2")[1] == "device 2 of P1: revoked\n"
    assert run("set-datum", "1", "BD09")[1] == "device 1 of P1: sends in bd09\n"
    out = run("list")[1]
    today = str(local_day(district.now_ms()))
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["1", "1", "P1", "2018-05-01", "2018-05-31", "never", "bd09"],
        ["2", "1", "P1", "2018-06-01", "revoked", today, "never", "bd09"],
    ]
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80
    assert "days       2018-05-01 to 2018-05-31, over" in run("show", "1")[1]
    shown = run("show", "2")[1]
    assert "label      spare" in shown
    assert "evidence   not weighed yet" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "nobody"), "there is no person 'nobody'"),
        (("add", "P1", "--app", "x"), "there is no app 'x'"),
        (("add", "P1", "--from", "yesterday"), "--from is 'yesterday'"),
        (("add", "P1", "--address", "ftp://x"), "cannot be given to a phone"),
        (("add", "P1", "--interval", "0"), "interval_s is 0"),
        (("add", "P1", "--phone", "5"), "there is no phone 5"),
        (("show", "5"), "there is no device 5"),
        (("revoke", "5"), "there is no device 5"),
        (("set-datum", "5", "wgs84"), "there is no device 5"),
        (("weigh-datums", "--days", "0"), "0 days are to be looked at; expected 1 to 31"),
    ],
)
def test_devices__mistakes_are_one_sentence_and_pair_nothing(run, district, arguments, sentence):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert sentence in err
    assert Devices(district).all() == ()


def test_weigh_datums__without_a_network(run):
    assert "no network is in force" in run("weigh-datums")[2]


class TestWeighing:
    """Two phones walk through a grid of 300 m for three days; one sends as the map services do, half of it is archived."""

    @pytest.fixture
    def walked(self, run):
        network = draw_network("AB", square_m=300)
        store = prepare(run.folder, network, [network.codes[0]])
        devices = Devices(store)
        today = local_day(store.now_ms())
        first = today - dt.timedelta(days=6)
        for _ in range(2):
            devices.add("P1", "plain", from_day=first, author="admin")
        steps = np.arange(120)
        inside = network.geometry[0].buffer(-0.0003).exterior
        points = [inside.interpolate(step / 120, normalized=True) for step in steps]
        lon, lat = np.array([point.x for point in points]), np.array([point.y for point in points])
        inbox = FixInbox(store)
        for back in (2, 3, 4):
            time_ms = start_of(today - dt.timedelta(days=back)) + 9 * HOUR + steps * 60_000
            for phone, (x, y) in ((1, (lon, lat)), (2, wgs84_to_gcj02(lon, lat))):
                who, name = np.full(120, "P1", object), np.full(120, f"phone/{phone}", object)
                inbox.add(FixBatch(who, name, time_ms, x, y, np.full(120, 5.0), time_ms), author="phones")
        seal(inbox, TrackArchive(run.folder / "tracks"), first, today - dt.timedelta(days=3), author="night")
        yield store
        store.close()

    def test_one_is_suspected_until_its_datum_is_set(self, run, walked):
        code, out, _ = run("weigh-datums")
        assert code == 1
        assert "device 2 of P1: of 360 fixes on 3 days 100 % lie in the own grids when read as GCJ-02, as WGS 84" in out
        assert "2 phones weighed, 1 look as if" in out
        one, other = Devices(walked).all()
        assert (one.suspicion["suspects"], other.suspicion["suspects"], other.datum) == ("", "gcj02", "wgs84")
        assert other.suspicion["own"]["gcj02"] == 360
        assert "wgs84 (gcj02?)" in run("list")[1]
        assert "of 360 fixes" in run("show", "2")[1]
        # Nothing has changed but what is shown: the fixes stand as they were sent.
        assert run("set-datum", "2", "gcj02")[0] == 0
        code, out, _ = run("weigh-datums")
        assert (code, out) == (0, "1 phones weighed, 0 look as if they sent in another datum\n")

    @pytest.mark.usefixtures("walked")
    def test_too_few_days_prove_nothing(self, run):
        assert run("weigh-datums", "--days", "3")[0] == 0
