"""The service in a process of its own, and streams of it watched over HTTP."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time

from gisgrid.store import open_store
from gisgrid.store.accounts import Accounts
from gisgrid.store.editions import Editions
from tests.gisgrid.store.incident_places import FIRST_DAY, network_of
from tests.servers import free_port
from tests.web.live_reader import Parser
from tests.worlds import at

PATIENCE_S = 60.0


class Served:
    """A data folder or database with an edition and tokens, and the servers that serve it."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        self.servers = []
        self.streams = []
        store = open_store(folder, url, upgrading=True)
        Editions(store).publish(network_of(1), FIRST_DAY, author="planner")
        self.store = store
        self.accounts = Accounts(store)
        self.accounts.add("li.na", "Sixteen crabs 8", "commander", author="test")

    def token(self, label="script", scopes=("read_incidents", "report_incident")):
        return self.accounts.make_token("li.na", label, scopes, author="test")

    def serve(self, **more):
        """Start a server; returns its port when it is ready."""
        port = free_port()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GISGRID_")}
        environ |= {"GISGRID_DATA": str(self.folder), "GISGRID_PORT": str(port), "GISGRID_LOG_FORMAT": "plain"} | more
        if self.url:
            environ["GISGRID_DATABASE_URL"] = self.url
        log = (self.folder.parent / f"server-{port}.log").open("wb")
        command = [sys.executable, "-m", "gisgrid", "serve"]
        self.servers.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
        log.close()
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s and self.servers[-1].poll() is None:
            with contextlib.suppress(OSError):
                if ask(port, "GET", "/ready")[0] == 200:
                    return port
            time.sleep(0.1)
        raise RuntimeError((self.folder.parent / f"server-{port}.log").read_text())

    def watch(self, port, token, **asked):
        """A stream, closed with all the rest."""
        self.streams.append(HttpStream(port, token, **asked))
        return self.streams[-1]

    def stop(self, server=None, most_s=10.0):
        """Tell a server to stop; seconds until it has. Raises `TimeoutExpired` when it does not."""
        server = server or self.servers[-1]
        started_s = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.wait(most_s)
        return time.monotonic() - started_s

    def logs(self):
        """What the servers have written."""
        return "".join(path.read_text() for path in sorted(self.folder.parent.glob("server-*.log")))

    def close(self):
        for stream in self.streams:
            stream.close()
        for server in self.servers:
            if server.poll() is None:
                server.terminate()
                try:
                    server.wait(10.0)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
        self.store.close()


def ask(port, method, path, token="", body=None):
    """The status and the JSON of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(
            method,
            path,
            json.dumps(body) if body else None,
            {**headers, **({"Content-Type": "application/json"} if body else {})},
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def report(port, token, place=(50.0, 150.0)):
    """Report an incident; its number."""
    lon, lat = at(*place)
    status, content = ask(port, "POST", "/api/v1/incidents", token, {"category": "disputes", "lon": lon, "lat": lat})
    assert status == 201, content
    return content["incident"]["number"]


class HttpStream:
    """A stream over HTTP, read message by message."""

    def __init__(self, port, token, *, since=None, last_event_id=None):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip, br"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self._connection.request(
            "GET", "/api/v1/live" + (f"?since={since}" if since is not None else ""), headers=headers
        )
        self.answer = self._connection.getresponse()
        self._parser, self._waiting = Parser(), []

    def next(self):
        """The next message; None at the end."""
        while not self._waiting:
            chunk = self.answer.read1(65_536)
            if not chunk:
                return None
            self._waiting += self._parser.feed(chunk)
        return self._waiting.pop(0)

    def take(self, count, name="incident"):
        """So many messages of a name, others being passed over."""
        found = []
        while len(found) < count:
            one = self.next()
            assert one is not None
            if one.name == name:
                found.append(one)
        return found

    def close(self):
        self.answer.close()
        self._connection.close()
