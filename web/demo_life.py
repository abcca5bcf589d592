"""Life in the demonstration: some patrollers walk their grids, report what they come across, and most of it is worked on.

It does nothing that a phone and two people at their desks could not do: everything goes over HTTP, by the tokens of guests.
"""

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import shapely
from numpy.typing import NDArray

from gisgrid.grid import GridNetwork
from gisgrid.local_days import local_day
from gisgrid.store.accounts import Accounts
from web.demo_guests import AUTHOR
from web.instants import instant
from web.services import Services

LOG: Final = logging.getLogger("gisgrid.service")

WALKERS: Final = 48
_BEAT_S: Final = 0.25
_FIX_EVERY_S: Final = 12.0
_REPORT_EVERY_S: Final = 9.0
_WORK_AFTER_S: Final = (15.0, 90.0)
_STEP_M: Final = 14.0
_ACCURACY_M: Final = (4.0, 18.0)
_URGENT_SHARE: Final = 0.04
_LEFT_SHARE: Final = 0.3
_WEIGHTS: Final = {"public_security_hazards": 54, "livelihood_services": 23, "disputes": 11, "central_tasks": 12}
_NEXT_MOVES: Final = ("accept", "feed_back", "close")
_LABEL: Final = "demo life"
_NEEDED: Final = {
    "commander": ("read_grids", "read_incidents", "report_incident", "move_incident", "read_names"),
    "administrator": ("keep_accounts",),
}
_WORDS: Final = "样例：模拟上报 / sample: made up"
_REASON: Final = "样例：模拟办理 / sample: made up"
_TIMEOUT_S: Final = 20


@dataclass
class Walker:
    """A patroller on the way: metres of the network's plane."""

    person: str
    token: str
    ground: shapely.Geometry
    at: NDArray[np.float64]
    heading: float


class Life:
    """A thread beside the service of the demonstration; `close` ends it and takes its phones back."""

    def __init__(self, services: Services, address: str) -> None:
        self._services = services
        self._address = address.rstrip("/")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-life", daemon=True)
        self._random = np.random.default_rng()
        self._tokens = {role: self._token(role, actions) for role, actions in _NEEDED.items()}
        self._walkers: list[Walker] = []
        self._work: list[tuple[float, int]] = []
        self._kinds: list[tuple[str, list[str]]] = []

    def start(self) -> None:
        """Begin, once the service answers."""
        self._thread.start()

    def close(self) -> None:
        """Stop; before the service does."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _token(self, role: str, actions: tuple[str, ...]) -> str:
        accounts, name = Accounts(self._services.store), f"demo.{role}"
        if _LABEL in {token.label for token in accounts.tokens(name)}:
            accounts.revoke_token(name, _LABEL, author=AUTHOR)
        return accounts.make_token(name, _LABEL, actions, author=AUTHOR)

    def _run(self) -> None:
        try:
            self._wait()
            network = self._network()
            self._meet(network)
            fix_at = report_at = time.monotonic()
            turn = 0
            while not self._stop.wait(_BEAT_S):
                now_s = time.monotonic()
                with suppress(HTTPError):
                    # Refused, as where a guest was quicker: life goes on.
                    if now_s >= report_at:
                        report_at = now_s + _REPORT_EVERY_S * self._random.uniform(0.5, 1.5)
                        self._report(network)
                    self._move_on(now_s)
                    if now_s >= fix_at:
                        fix_at = max(now_s, fix_at + _FIX_EVERY_S / len(self._walkers))
                        turn += 1
                        self._walk(self._walkers[turn % len(self._walkers)], network)
        except (OSError, HTTPException, ValueError, LookupError) as error:
            if not self._stop.is_set():
                LOG.warning("the life of the demonstration has stopped: %s", error)

    def _wait(self) -> None:
        while not self._stop.wait(0.5):
            try:
                self._ask("commander", "GET", "/ready")
            except OSError:
                continue
            return

    def _network(self) -> GridNetwork:
        editions = self._services.editions
        label = editions.at(local_day(self._services.store.now_ms())) or editions.latest()
        if label is None:
            raise LookupError("there is no network")
        return editions.network(label.id)

    def _meet(self, network: GridNetwork) -> None:
        """Pair the phones of patrollers all over the district; those of an earlier demonstration are taken back."""
        cursor = ""
        while cursor is not None:
            page = self._ask("administrator", "GET", f"/api/v1/devices?limit=500&cursor={cursor}")
            cursor = page["next"]
            for device in page["devices"]:
                if device["label"] == _LABEL and device["revoked_at"] is None:
                    self._ask("administrator", "DELETE", f"/api/v1/devices/{device['id']}")
        told = self._ask("commander", "GET", "/api/v1/categories")
        self._kinds = [(one["code"], [sub["code"] for sub in one["sub_categories"] if sub["is_open"]]) for one in told]
        places = np.linspace(0, len(network.codes) - 1, min(WALKERS, len(network.codes))).astype(int)
        grounds = network.plane.project(network.geometry[places])
        for place, ground in zip(places.tolist(), grounds, strict=True):
            code = network.codes[place]
            duties = self._ask("commander", "GET", f"/api/v1/duties?grid={code}")["duties"]
            person = next((duty["person"] for duty in duties if duty["role"] == "patroller" and duty["person"]), "")
            if not person or self._stop.is_set():
                continue
            paired = self._ask(
                "administrator", "POST", "/api/v1/devices", {"person": person, "app": "plain", "label": _LABEL}
            )
            at = shapely.get_coordinates(shapely.point_on_surface(ground))[0]
            self._walkers.append(Walker(person, paired["token"], ground, at, self._random.uniform(0.0, 2.0 * np.pi)))
        if not self._walkers:
            raise LookupError("nobody patrols")

    def _walk(self, walker: Walker, network: GridNetwork) -> None:
        """Some steps on, turning back at the border, and where that is told by the phone."""
        for _ in range(8):
            walker.heading += self._random.normal(0.0, 0.5)
            ahead = walker.at + _STEP_M * np.array([np.cos(walker.heading), np.sin(walker.heading)])
            if shapely.contains_xy(walker.ground, ahead[0], ahead[1]):
                walker.at = ahead
                break
            walker.heading += np.pi * self._random.uniform(0.5, 1.5)
        fix = {"time": self._now(), **self._place(walker, network)}
        self._send("/phones/plain", {"fixes": [fix]}, walker.token)

    def _report(self, network: GridNetwork) -> None:
        walker = self._walkers[self._random.integers(len(self._walkers))]
        kinds = [(code, subs) for code, subs in self._kinds if code in _WEIGHTS]
        weights = np.array([_WEIGHTS[code] for code, _ in kinds], float)
        category, subs = kinds[self._random.choice(len(kinds), p=weights / weights.sum())]
        made = self._ask(
            "commander", "POST", "/api/v1/incidents",
            {
                "category": category, "sub_category": str(self._random.choice(subs)) if subs else "", "description": _WORDS,
                "source": "phone", "reporter": walker.person, "is_urgent": bool(self._random.random() < _URGENT_SHARE),
                **self._place(walker, network),
            },
        )  # fmt: skip
        if self._random.random() >= _LEFT_SHARE:
            self._later(made["incident"]["number"])

    def _move_on(self, now_s: float) -> None:
        """The next move of what is due to be worked on."""
        due = [one for one in self._work if one[0] <= now_s]
        self._work = [one for one in self._work if one[0] > now_s]
        for _, number in due:
            card = self._ask("commander", "GET", f"/api/v1/incidents/{number}")
            moves = [
                (move, office) for move in _NEXT_MOVES for office in card["acts_for"] if move in card["moves"][office]
            ]
            if not moves:
                continue
            move, office = moves[0]
            said = {"move": move, "office": office, "reason": _REASON, "version": card["incident"]["version"]}
            self._ask("commander", "POST", f"/api/v1/incidents/{number}/steps", said)
            self._later(number)

    def _later(self, number: int) -> None:
        self._work.append((time.monotonic() + self._random.uniform(*_WORK_AFTER_S), number))

    def _place(self, walker: Walker, network: GridNetwork) -> dict[str, float]:
        lon, lat = network.plane.to_lonlat(walker.at[:1], walker.at[1:])
        accuracy_m = self._random.uniform(*_ACCURACY_M)
        return {"lon": round(float(lon[0]), 7), "lat": round(float(lat[0]), 7), "accuracy_m": round(accuracy_m, 1)}

    def _now(self) -> str:
        return instant(self._services.store.now_ms()).isoformat()

    def _ask(self, role: str, method: str, path: str, content: Any = None) -> Any:
        return self._send(path, content, self._tokens[role], method)

    def _send(self, path: str, content: Any, token: str, method: str = "POST") -> Any:
        body = None if content is None else json.dumps(content).encode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
        request = Request(self._address + path, data=body, headers=headers, method=method)  # noqa: S310  # our own address
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None
