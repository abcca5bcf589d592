"""The live stream over HTTP from servers in processes of their own: several of them, restarted databases, the end."""

import socket
import threading
import time

import pytest

from tests.servers import NoServerError, postgis, restart
from tests.web.live_server import Served, ask, report


@pytest.fixture
def served(database):
    one = Served(database.folder, database.url)
    yield one
    one.close()


@pytest.fixture
def served_embedded(make_database):
    database = make_database("sqlite")
    one = Served(database.folder, database.url)
    yield one
    one.close()


@pytest.fixture
def served_by_several(make_database):
    database = make_database("postgresql")
    one = Served(database.folder, database.url)
    yield one
    one.close()


def test_live__over_http(served):
    token, port = served.token(), served.serve(GISGRID_HEARTBEAT_S="1", GISGRID_MAX_STREAMS="7")
    first = served.watch(port, token)
    headers = {name.lower(): value for name, value in first.answer.getheaders()}
    assert first.answer.status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert "content-encoding" not in headers
    hello = first.next()
    assert (hello.name, hello.data["heartbeat_s"]) == ("hello", 1.0)
    assert first.next().name == "heartbeat"
    numbers = [report(port, token) for _ in range(3)]
    said = first.take(3)
    assert [one.number for one in said] == numbers
    first.close()
    # The header of a browser that connects again counts, not the address that it was given first.
    again = served.watch(port, token, since=0, last_event_id=said[0].id)
    assert [one.number for one in again.take(2)] == numbers[1:]
    assert [one.number for one in served.watch(port, token, since=said[1].id).take(1)] == numbers[2:]
    garbage = served.watch(port, token, last_event_id="what?")
    assert garbage.take(1, "reset")[0].data["why"] == "unknown"


def test_live__strangers_and_too_many_are_refused(served):
    port = served.serve(GISGRID_MAX_STREAMS="7")
    token, other = served.token(), served.token("other")
    assert ask(port, "GET", "/api/v1/live")[0] == 401
    assert ask(port, "GET", "/api/v1/live", "gg_wrong")[0] == 401
    assert ask(port, "GET", "/api/v1/live?since=-1", token)[0] == 422
    open_now = [served.watch(port, token) for _ in range(5)]
    status, content = ask(port, "GET", "/api/v1/live", token)
    assert (status, "5 live streams" in content["detail"]) == (429, True)
    open_now += [served.watch(port, other) for _ in range(2)]
    status, content = ask(port, "GET", "/api/v1/live", other)
    assert (status, "all 7" in content["detail"]) == (503, True)
    for stream in open_now[:5]:
        stream.close()
    # Their places are free again as soon as the server has noticed.
    until_s = time.monotonic() + 30.0
    while (stream := served.watch(port, token)).answer.status != 200:
        assert time.monotonic() < until_s
        time.sleep(0.05)
    assert stream.next().name == "hello"


def test_live__two_servers_tell_the_same_whoever_took_the_report(served_by_several):
    served = served_by_several
    tokens = [served.token(f"t{number}") for number in range(4)]
    ports = [served.serve(), served.serve()]
    streams = [served.watch(port, token) for port in ports for token in tokens[:2]]
    for stream in streams:
        assert stream.next().name == "hello"
    writers = [
        threading.Thread(target=lambda port=port: [report(port, tokens[2]) for _ in range(10)])
        for port in ports
        for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    all_said = [stream.take(80) for stream in streams]
    for writer in writers:
        writer.join()
    first = all_said[0]
    assert [one.id for one in first] == list(range(first[0].id, first[0].id + 80))
    assert sorted(one.number for one in first) == list(range(1, 81))
    for said in all_said[1:]:
        assert [(one.id, one.number) for one in said] == [(one.id, one.number) for one in first]
    # Left at one server, gone on with at the other.
    moved = served.watch(ports[1], tokens[3], last_event_id=first[39].id)
    assert [one.id for one in moved.take(40)] == [one.id for one in first[40:]]


def test_live__a_restarted_database_costs_no_event(tmp_path):
    try:
        server = postgis()
        address = server.__enter__()
    except NoServerError as error:
        pytest.skip(str(error))
    try:
        served = Served(tmp_path / "data", address)
        try:
            token, port = served.token(), served.serve()
            stream = served.watch(port, token)
            before = [report(port, token) for _ in range(2)]
            restart(address)
            after, until_s = [], time.monotonic() + 60.0
            while len(after) < 3:
                try:
                    after.append(report(port, token))
                except (AssertionError, OSError):
                    # Refused while the database is away: whoever reports tries again.
                    assert time.monotonic() < until_s
                    time.sleep(0.2)
            said = stream.take(5)
            assert [one.number for one in said] == before + after
            assert [one.id for one in said] == list(range(said[0].id, said[0].id + 5))
        finally:
            served.close()
    finally:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("workers", [1, 2])
def test_live__a_server_with_open_streams_stops(served_by_several, workers):
    served = served_by_several
    tokens = [served.token(f"t{number}") for number in range(10)]
    port = served.serve(GISGRID_WORKERS=str(workers))
    streams = [served.watch(port, token) for token in tokens for _ in range(2)]
    for stream in streams:
        assert stream.next().name == "hello"
    # Nothing about speed: that it ends at all, long before anyone would kill it.
    served.stop(most_s=10.0)
    assert [stream.next() for stream in streams] == [None] * 20
    assert "Cancel" not in served.logs()


def test_live__a_server_stops_though_a_reader_takes_nothing(served_embedded):
    served = served_embedded
    token, port = served.token(), served.serve()
    number = report(port, token)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stuck.connect(("127.0.0.1", port))
        asked = "GET /api/v1/live?since=0 HTTP/1.1"
        stuck.sendall(f"{asked}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        stream = served.watch(port, token)
        # Others are not held up by it, while more is told than the system itself keeps for it (4 MB on Linux).
        for _ in range(8):
            with served.store.changing("test") as change:
                for _ in range(1_000):
                    change.tell("incident_moved", f"incident/{number}", {"move": "comment"})
            assert len(stream.take(1_000)) == 1_000
        served.stop(most_s=15.0)
        assert stream.next() is None
        # It was stuck indeed: the server had to give it up.
        assert "Cancel 1 running task" in served.logs()
