"""Life in the demonstration: over HTTP it walks, reports and works on what is reported, and leaves nothing that lets in."""

import datetime as dt
import socket
import threading
import time

import pytest
import uvicorn

from gisgrid.errors import Refused
from gisgrid.store.accounts import Accounts
from gisgrid.store.editions import Editions
from gisgrid.store.register_files import import_register
from tests.worlds import draw_network
from web.demo_app import create_demo_app
from web.demo_guests import GUESTS, shut_out
from web.demo_life import Life
from web.services import open_services
from web.settings import make_settings

REGISTERS = {
    "people": "code,name,telephone\nP1,王一,\nP2,李二,\n",
    "duties": "patroller,grid,role,from,to\nP1,A,patroller,2018-05-01,\nP2,B,patroller,2018-05-01,\n",
}
PATIENCE_S = 30
NOW = dt.datetime(2018, 5, 7, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def served(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = make_settings({"data": tmp_path / "data", "port": port, "sample_now": NOW})
    before = open_services(make_settings({"data": tmp_path / "data"}))
    Editions(before.store).publish(draw_network("AB", square_m=400, is_sample=True), dt.date(2018, 1, 1), author="test")
    for name, text in REGISTERS.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        import_register(before.store, name, path, author="test")
    before.store.close()
    services = open_services(settings)
    app = create_demo_app(services, tmp_path)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield services, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(15)


def until(is_so):
    ends = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.1)


def test_life__walks_and_reports_and_leaves_no_way_in(served):
    services, address = served
    life = Life(services, address)
    life.start()
    until(lambda: services.incidents.page(most=10).incidents)
    until(lambda: len(services.positions.seen_since(0)) == 2)
    life.close()
    (one, *_) = services.incidents.page(most=10).incidents
    assert one.grid in {"A", "B"}
    assert one.reporter in {"P1", "P2"}
    shut_out(services.store)
    assert all(not Accounts(services.store).tokens(guest.account) for guest in GUESTS)
    with pytest.raises(Refused):
        services.accounts.sign_in("demo.commander", "anything", origin="test")
