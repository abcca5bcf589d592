"""A plain twin of the incident loop: the rules of design section 8 once more, in dicts, lists and loops, however slow."""

import datetime as dt
import math

from gisgrid.workdays import WorkCalendar
from tests.gisgrid.store.incident_places import DEPARTMENTS, DISTRICT, Places, first_office, level_of, units_of

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SUB_CATEGORIES = {"disputes": ("family", "neighbours", ""), "livelihood_services": ("environment", "")}

_BEGUN = ["reported", "accepted", "handling"]
_OPEN = ["reported", "accepted", "handling", "fed_back"]
STATES_OF = {
    "accept": ["reported"],
    "handle": ["reported", "accepted"],
    "hand_up": _BEGUN,
    "hand_down": _BEGUN,
    "hand_across": _BEGUN,
    "feed_back": ["accepted", "handling"],
    "return": _OPEN,
    "ask_extension": _BEGUN,
    "approve_extension": _BEGUN,
    "refuse_extension": _BEGUN,
    "urge": _OPEN,
    "close": ["fed_back"],
    "re_open": ["closed", "evaluated", "invalid"],
    "evaluate": ["closed"],
    "terminate": _OPEN,
    "reassign": _OPEN,
    "comment": [*_OPEN, "closed", "evaluated"],
}
WITHOUT_REASON = ["accept", "handle", "approve_extension", "urge", "close", "evaluate"]
SAID = ["to", "assistants", "until_ms", "is_satisfied"]
TAKES = {
    "hand_down": ["to"], "hand_across": ["to", "assistants"], "reassign": ["to"], "ask_extension": ["until_ms"],
    "evaluate": ["is_satisfied"],
}  # fmt: skip
NEEDS = {"hand_across": {"to"}, "reassign": {"to"}, "ask_extension": {"until_ms"}, "evaluate": {"is_satisfied"}}
ANSWERS = ["accept", "handle", "hand_up", "hand_down", "hand_across", "feed_back", "close", "terminate"]


class RefusedError(Exception):
    """What the loop must refuse; its text is the name of the error that a person meets."""


class Twin:
    """All incidents by number, each a dict with the columns of the table, its steps a list of dicts."""

    def __init__(self, now_ms):
        self.now_ms = now_ms
        self.author = "Li Na"
        self.places = Places()
        self.incidents = {}
        self.links = []
        self.days = {}
        self.events = ["edition_published"]
        self._counted = {}

    # What happens.

    def publish(self, day):
        self.places.starts[2] = day
        self.events.append("edition_published")

    def set_day(self, day, works):
        if self.days.get(day) != works:
            self.events.append("calendar_changed")
        self.days[day] = works
        self._counted = {}

    def report(self, asked):
        reported = self.now_ms if asked["reported_ms"] is None else asked["reported_ms"]
        day = local_day(reported)
        if reported > self.now_ms + 5 * MINUTE:
            raise RefusedError("BadOption")
        if asked["stated"] and not self.places.has(self.places.edition_on(day), asked["stated"]):
            raise RefusedError("UnknownGrid")
        if asked["sub_category"] not in SUB_CATEGORIES[asked["category"]]:
            raise RefusedError("BadOption")
        edition, grid, village, how = self.places.belonging(day, asked["place"], asked["stated"])
        on_the_spot = reported if asked["is_handled"] else None
        one = {
            "id": len(self.incidents) + 1, "category": asked["category"], "sub_category": asked["sub_category"],
            "reported_ms": reported, "is_urgent": asked["is_urgent"], "grade": asked["grade"], "place": asked["place"],
            "state": "closed" if asked["is_handled"] else "reported", "edition_id": edition, "grid": grid,
            "village": village, "township": units_of(village)[1], "how": how, "answering_grid": None, "handed": [],
            "assistants": [], "started_ms": None, "responded_ms": on_the_spot, "done_ms": on_the_spot,
            "closed_ms": on_the_spot, "is_satisfied": None, "asked_due_ms": None, "extended_due_ms": None,
            "reopened": 0, "card": "", "version": 1, "steps": [],
        }  # fmt: skip
        one["holder"] = first_office(one["grade"], village)
        self.incidents[one["id"]] = one
        self.events.append("incident_reported")
        self._link(one)
        return one

    def step(self, number, asked, version=None):
        if number not in self.incidents:
            raise RefusedError("UnknownIncident")
        if version is not None and version != self.incidents[number]["version"]:
            raise RefusedError("Overtaken")
        self.incidents[number] = self.after(number, asked)
        self.events.append("incident_moved")

    def decide(self, number, of, *, same, office):
        found = [link for link in self.links if (link["incident_id"], link["of_id"]) == (number, of)]
        if not found:
            raise RefusedError("UnknownIncident")
        if office not in self.who(self.incidents[number], "terminate"):
            raise RefusedError("ForbiddenMove")
        if not same and found[0]["decision"] == "same" and self.incidents[number]["state"] == "invalid":
            raise RefusedError("ForbiddenMove")
        if same:
            self.step(number, {"move": "terminate", "office": office, "reason": f"duplicate of {of}"})
        found[0]["decision"] = "same" if same else "other"

    def tick(self, author):
        done = {"yellow": [], "red": [], "passed_on": []}
        self.author, before = author, self.author
        for one in self.incidents.values():
            if one["state"] not in _OPEN:
                continue
            steps = len(one["steps"])
            grid = self._answering(one)
            if grid != one["answering_grid"]:
                self._pass_on(one, grid)
                done["passed_on"].append(one["id"])
            for card in self._raise_cards(one):
                done[card].append(one["id"])
            one["version"] += len(one["steps"]) > steps
        self.author = before
        if any(done.values()):
            self.events.append("incidents_ticked")
        return done

    def after(self, number, asked):
        """The incident as it stands after a move, the present one untouched."""
        one = {name: list(value) if type(value) is list else value for name, value in self.incidents[number].items()}
        move, reason = asked["move"], asked.get("reason", "")
        self._check(asked)
        if one["state"] not in STATES_OF[move] or asked["office"] not in self.who(one, move):
            raise RefusedError("ForbiddenMove")
        self._raise_cards(one)
        if move in ANSWERS and one["responded_ms"] is None:
            one["responded_ms"] = self.now_ms
        self._move(one, move, asked)
        self._write(one, move, asked["office"], reason)
        one["version"] += 1
        return one

    def _check(self, asked):
        """Whether it says what the move needs and nothing else, whatever the state."""
        move, said = asked["move"], {name for name in SAID if asked.get(name) not in (None, "", (), [])}
        if said - set(TAKES.get(move, ())) or not NEEDS.get(move, set()) <= said:
            raise RefusedError("BadMove")
        if move not in WITHOUT_REASON and not asked.get("reason", "").strip():
            raise RefusedError("BadMove")

    # Who may.

    def chain(self, one):
        """The offices of its units, the lowest first: of the grid that answers now."""
        return [office for office in (*units_of(one["answering_grid"] or one["village"]), DISTRICT) if office]

    def above(self, one):
        chain, holder = self.chain(one), one["holder"]
        if holder in DEPARTMENTS:
            handing = [office for office in one["handed"] if office in chain]
            return chain[chain.index(handing[-1]) :] if handing else [DISTRICT]
        return chain[chain.index(holder) + 1 :] if holder in chain else [DISTRICT]

    def who(self, one, move):
        holder, chain, above = [one["holder"]], self.chain(one), self.above(one)
        keeper = [one["handed"][-1]] if one["handed"] and one["handed"][-1] in above else holder
        superiors = above or [DISTRICT]
        if move == "return":
            return keeper + superiors if one["state"] == "fed_back" else holder
        if move in ("urge", "close", "terminate"):
            return keeper + superiors
        if move in ("approve_extension", "refuse_extension"):
            return superiors
        if move in ("re_open", "evaluate", "reassign"):
            return chain
        return holder + one["assistants"] + chain if move == "comment" else holder

    # What a move does.

    def _move(self, one, move, asked):
        one["state"] = {
            "accept": "accepted", "handle": "handling", "feed_back": "fed_back", "close": "closed",
            "evaluate": "evaluated", "terminate": "invalid", "re_open": "reported", "reassign": "reported",
        }.get(move, one["state"])  # fmt: skip
        if move in ("hand_up", "hand_down", "hand_across"):
            self._hand(one, move, asked.get("to", ""), list(asked.get("assistants", ())))
        elif move == "return":
            self._return(one)
        elif move.endswith("_extension"):
            self._extend(one, move, asked.get("until_ms"))
        elif move == "feed_back":
            one.update(done_ms=self.now_ms, asked_due_ms=None)
        elif move == "close":
            one["closed_ms"] = self.now_ms
        elif move == "terminate":
            one.update(closed_ms=self.now_ms, done_ms=one["done_ms"] or self.now_ms, asked_due_ms=None)
        elif move == "evaluate":
            one["is_satisfied"] = asked["is_satisfied"]
        elif move == "re_open":
            one.update(responded_ms=None, done_ms=None, closed_ms=None, is_satisfied=None, extended_due_ms=None)
            one.update(started_ms=self.now_ms, card="", reopened=one["reopened"] + 1)
            self._begin(one)
        elif move == "reassign":
            self._reassign(one, asked.get("to", ""))

    def _hand(self, one, move, to, assistants):
        chain, holder = self.chain(one), one["holder"]
        below = chain[: chain.index(holder)] if holder in chain else []
        if move == "hand_up":
            allowed = holder not in DEPARTMENTS and holder != DISTRICT
            to, assistants = self.above(one)[0] if allowed else "", []
        elif move == "hand_down":
            allowed = below and (not to or to in below)
            to, assistants = to or (below[-1] if below else ""), []
        else:
            offices = [to, *assistants]
            allowed = holder in chain and level_of(holder) != "village"
            good = all(office in DEPARTMENTS for office in offices) and len(set(offices)) == len(offices)
            if allowed and not good:
                raise RefusedError("BadMove")
        if not allowed:
            raise RefusedError("ForbiddenMove")
        one["handed"].append(holder)
        one.update(state="reported", holder=to, assistants=assistants, asked_due_ms=None)

    def _return(self, one):
        if one["state"] == "fed_back":
            one.update(state="handling", done_ms=None)
            return
        if not one["handed"]:
            raise RefusedError("ForbiddenMove")
        one.update(state="reported", holder=one["handed"].pop(), assistants=[], asked_due_ms=None)

    def _extend(self, one, move, until_ms):
        if self.now_ms >= self.due(one)["most"]:
            raise RefusedError("ForbiddenMove")
        if move == "ask_extension":
            if one["asked_due_ms"] is not None:
                raise RefusedError("ForbiddenMove")
            if not self.now_ms < until_ms <= self.now_ms + 366 * DAY:
                raise RefusedError("BadMove")
            if until_ms <= self.due(one)["done"]:
                raise RefusedError("ForbiddenMove")
            one["asked_due_ms"] = until_ms
            return
        if one["asked_due_ms"] is None:
            raise RefusedError("ForbiddenMove")
        if move == "approve_extension":
            one["extended_due_ms"] = one["asked_due_ms"]
        one["asked_due_ms"] = None

    def _reassign(self, one, to):
        editions = (one["edition_id"], self.places.edition_on(local_day(self.now_ms)))
        having = [edition for edition in editions if self.places.has(edition, to)]
        if not having:
            raise RefusedError("UnknownGrid")
        village, township = units_of(to)
        one.update(edition_id=having[0], how="manual", grid=to if to != village else "", village=village)
        one.update(township=township, done_ms=None)
        self._begin(one)

    def _begin(self, one):
        one["answering_grid"] = self._answering(one)
        holder = first_office(one["grade"], one["answering_grid"] or one["village"])
        one.update(holder=holder, handed=[], assistants=[], asked_due_ms=None)

    def _answering(self, one):
        return self.places.answering(one, local_day(self.now_ms))

    def _pass_on(self, one, grid):
        old, new = units_of(one["answering_grid"] or one["grid"]), units_of(grid or one["grid"])
        instead = dict(zip(old, new, strict=True))
        one["answering_grid"] = grid
        one["holder"] = instead.get(one["holder"], one["holder"])
        one["handed"] = [instead.get(office, office) for office in one["handed"]]
        self._write(one, "pass_on")

    def _write(self, one, move, office="", reason=""):
        one["steps"].append(
            {
                "incident_id": one["id"], "number": len(one["steps"]) + 1, "at_ms": self.now_ms, "move": move,
                "office": office, "author": self.author, "reason": reason, "state": one["state"],
                "holder": one["holder"],
            }
        )  # fmt: skip

    def _link(self, one):
        """Link a report to the first of the others of its kind within 100 m and a day that is no copy itself."""
        copies = [link["incident_id"] for link in self.links if link["decision"] != "other"]
        for other in self.incidents.values():
            if other is one or other["id"] in copies or other["state"] == "invalid" or not same_kind(one, other):
                continue
            apart_ms = one["reported_ms"] - other["reported_ms"]
            if abs(apart_ms) <= 24 * HOUR and apart_m(one, other) <= 100.0:
                self.links.append(
                    {"incident_id": one["id"], "of_id": other["id"], "decision": "", "apart_ms": apart_ms}
                )
                return

    # Clocks and cards.

    def due(self, one):
        """The ends of the three clocks; `last` is that of the last one, with the extension."""
        start = one["reported_ms"] if one["started_ms"] is None else one["started_ms"]
        response, done, most = (self._workday_end(local_day(start), count) for count in (1, 5, 15))
        if one["is_urgent"]:
            response, done = start + 15 * MINUTE, start + 120 * MINUTE
        if one["extended_due_ms"] is not None:
            return {"response": response, "done": one["extended_due_ms"], "most": most} | {
                "last": max(most, one["extended_due_ms"])
            }
        return {"response": response, "done": done, "most": most, "last": most}

    def _workday_end(self, day, count):
        if (day, count) not in self._counted:
            calendar, at, left = WorkCalendar(self.days), day, count
            while left:
                at += dt.timedelta(days=1)
                left -= calendar.is_workday(at)
            self._counted[day, count] = ((at - dt.date(1970, 1, 1)).days + 1) * DAY - 8 * HOUR
        return self._counted[day, count]

    def _raise_cards(self, one):
        """Raise what was earned and not yet raised: yellow when a clock has passed, red after the last."""
        due, raised = self.due(one), []

        def has_passed(happened_ms, clock):
            if happened_ms is None:
                return one["state"] in _OPEN and self.now_ms >= due[clock]
            return happened_ms >= due[clock]

        is_red = has_passed(one["done_ms"], "last")
        is_late = has_passed(one["responded_ms"], "response") or has_passed(one["done_ms"], "done")
        if one["card"] == "" and (is_red or is_late):
            raised.append("yellow")
        if one["card"] != "red" and is_red:
            raised.append("red")
        for card in raised:
            one["card"] = card
            self._write(one, f"{card}_card")
        return raised


def local_day(at_ms):
    return dt.date(1970, 1, 1) + dt.timedelta(days=(at_ms + 8 * HOUR) // DAY)


def same_kind(one, other):
    return (one["category"], one["sub_category"]) == (other["category"], other["sub_category"])


def apart_m(one, other):
    """Metres between two, infinitely many where one has no place."""
    return math.dist(one["place"], other["place"]) if one["place"] and other["place"] else math.inf
