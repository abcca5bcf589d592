"""The flow of an incident through three levels and the departments: states, moves, and who may make which move."""

from dataclasses import dataclass, replace
from typing import Final

from gisgrid.errors import ForbiddenMove
from gisgrid.offices import DEPARTMENT, DEPARTMENTS, LEVELS

STATES: Final[dict[str, tuple[str, str]]] = {
    "reported": ("Reported", "已上报"),
    "accepted": ("Accepted", "已受理"),
    "handling": ("In hand", "办理中"),
    "fed_back": ("Fed back", "已反馈"),
    "closed": ("Closed", "已办结"),
    "evaluated": ("Evaluated", "已评价"),
    "invalid": ("Invalid", "无效"),
}
"""States with their labels in English and Chinese."""

ENDED: Final = ("closed", "evaluated", "invalid")
"""States in which nobody has to do anything any more."""

GRADES: Final[dict[str, tuple[str, str]]] = {
    "simple": ("Simple", "简易"),
    "ordinary": ("Ordinary", "一般"),
    "prominent": ("Prominent", "突出"),
    "major": ("Major", "重大"),
}
"""How grave an incident is, with labels."""

FIRST_LEVEL: Final = {"simple": "village", "ordinary": "village", "prominent": "township", "major": "district"}
"""The level at which an incident of a grade begins."""

_LONGEST_EXTENSION_MS: Final = 366 * 86_400_000

_BEGUN: Final = ("reported", "accepted", "handling")
_OPEN: Final = (*_BEGUN, "fed_back")
_OVER: Final = ("closed", "evaluated")


@dataclass(frozen=True)
class Move:
    """A move: from which states, into which (None: it stays), by whom, what it must say, and its labels.

    `by` names parties: `holder` who has it now; `keeper` who must see to its end (who handed it down or across, else the
    holder); `superior`, any office above the holder; `path`, the offices of its village, township and district;
    `assistant`, a department that assists.
    """

    states: tuple[str, ...]
    to: str | None
    by: tuple[str, ...]
    labels: tuple[str, str]
    reason: bool = False
    answers: bool = False
    """Whether the move is a response to the report."""


MOVES: Final[dict[str, Move]] = {
    "accept": Move(("reported",), "accepted", ("holder",), ("Accept", "受理"), answers=True),
    "handle": Move(("reported", "accepted"), "handling", ("holder",), ("Handle", "办理"), answers=True),
    "hand_up": Move(_BEGUN, "reported", ("holder",), ("Hand up", "上报上级"), reason=True, answers=True),
    "hand_down": Move(_BEGUN, "reported", ("holder",), ("Hand down", "交办下级"), reason=True, answers=True),
    "hand_across": Move(
        _BEGUN, "reported", ("holder",), ("Hand to departments", "流转部门"), reason=True, answers=True
    ),
    "feed_back": Move(
        ("accepted", "handling"), "fed_back", ("holder",), ("Feed back", "反馈"), reason=True, answers=True
    ),
    "return": Move(_OPEN, None, ("holder", "keeper", "superior"), ("Return", "退回"), reason=True),
    "ask_extension": Move(_BEGUN, None, ("holder",), ("Ask for an extension", "申请延期"), reason=True),
    "approve_extension": Move(_BEGUN, None, ("superior",), ("Approve the extension", "批准延期")),
    "refuse_extension": Move(_BEGUN, None, ("superior",), ("Refuse the extension", "驳回延期"), reason=True),
    "urge": Move(_OPEN, None, ("keeper", "superior"), ("Urge", "催办")),
    "close": Move(("fed_back",), "closed", ("keeper", "superior"), ("Close", "办结"), answers=True),
    "re_open": Move(("closed", "evaluated", "invalid"), "reported", ("path",), ("Re-open", "重新办理"), reason=True),
    "evaluate": Move(("closed",), "evaluated", ("path",), ("Evaluate", "评价")),
    "terminate": Move(_OPEN, "invalid", ("keeper", "superior"), ("Terminate", "终止"), reason=True, answers=True),
    "reassign": Move(_OPEN, "reported", ("path",), ("Re-assign", "改派网格"), reason=True),
    "comment": Move((*_OPEN, *_OVER), None, ("holder", "assistant", "path"), ("Comment", "批注"), reason=True),
}
"""Every move by its name. What the clock and the calendar do by themselves (cards) is no move."""


@dataclass(frozen=True)
class Standing:
    """Where an incident stands in the flow.

    `holder` is the office that must act: a unit code or `department:CODE`. `handed` are the offices through which it came,
    the last one last. `village`, `township`, `district` are the offices of its path, empty where unknown (never the
    district). Instants are ms since 1970 UTC, None where it has not happened.
    """

    state: str
    grade: str
    holder: str
    village: str
    township: str
    district: str
    handed: tuple[str, ...] = ()
    assistants: tuple[str, ...] = ()
    responded_ms: int | None = None
    done_ms: int | None = None
    closed_ms: int | None = None
    is_satisfied: bool | None = None
    done_due_ms: int = 0
    most_due_ms: int = 0
    asked_due_ms: int | None = None
    extended_due_ms: int | None = None
    reopened: int = 0

    def path(self) -> tuple[str, ...]:
        """The offices of its units, the lowest first."""
        return tuple(office for office in (self.village, self.township, self.district) if office)

    def first_holder(self) -> str:
        """The office at which an incident of its grade begins: of its first level, or of the next that is known."""
        lowest = tuple(LEVELS).index(FIRST_LEVEL[self.grade])
        return next(office for office in (self.village, self.township, self.district)[lowest:] if office)

    def superiors(self) -> tuple[str, ...]:
        """The offices above the holder; of a department those of the path that handed it on, and above them."""
        path = self.path()
        below = self.holder
        if below.startswith(DEPARTMENT):
            below = next((office for office in reversed(self.handed) if office in path), self.district)
            return path[path.index(below) :]
        return path[path.index(below) + 1 :] if below in path else (self.district,)

    def keeper(self) -> str:
        """Who must see to its end: the office that handed it down or across, else the holder."""
        return self.handed[-1] if self.handed and self.handed[-1] in self.superiors() else self.holder


@dataclass(frozen=True)
class Request:
    """What someone wants to do: the move, for which office, why, and what the move needs besides.

    `to` is an office for `hand_down` (empty: the next below) and `hand_across` (its leading department);
    `until_ms` the end of the extension asked for; `is_satisfied` the evaluation.
    """

    move: str
    office: str
    reason: str = ""
    to: str = ""
    assistants: tuple[str, ...] = ()
    until_ms: int | None = None
    is_satisfied: bool | None = None


def step(standing: Standing, request: Request, now_ms: int, departments: frozenset[str] | None = None) -> Standing:
    """The standing after a move; `ForbiddenMove` says why it may not be made and what may be done instead.

    `reassign` only ends the present handling here; its new units are the caller's to fill in.
    """
    move = MOVES.get(request.move)
    if move is None:
        raise ForbiddenMove(f"there is no move {request.move!r}; expected one of {', '.join(MOVES)}")
    if standing.state not in move.states:
        possible = ", ".join(name for name, known in MOVES.items() if standing.state in known.states)
        raise ForbiddenMove(f"an incident that is {standing.state} cannot {request.move}; possible: {possible}")
    check_party(standing, request.move, request.office)
    if move.reason and not request.reason.strip():
        raise ForbiddenMove(f"{request.move} needs a reason; say why")
    after = replace(standing, state=move.to or standing.state)
    if move.answers and standing.responded_ms is None:
        after = replace(after, responded_ms=now_ms)
    if request.move == "hand_up":
        return _hand_up(after)
    if request.move == "hand_down":
        return _hand_down(after, request.to)
    if request.move == "hand_across":
        return _hand_across(after, request, departments if departments is not None else frozenset(DEPARTMENTS))
    if request.move == "return":
        return _return(after, request.office)
    if request.move in {"ask_extension", "approve_extension", "refuse_extension"}:
        return _extend(after, request, now_ms)
    if request.move == "feed_back":
        return replace(after, done_ms=now_ms, asked_due_ms=None)
    if request.move == "close":
        return replace(after, closed_ms=now_ms)
    if request.move == "terminate":
        return replace(after, closed_ms=now_ms, done_ms=standing.done_ms or now_ms, asked_due_ms=None)
    if request.move == "evaluate":
        return _evaluate(after, request)
    if request.move == "re_open":
        again = replace(after, responded_ms=None, done_ms=None, closed_ms=None, is_satisfied=None, asked_due_ms=None)
        again = replace(again, extended_due_ms=None, reopened=standing.reopened + 1)
        return _afresh(again)
    if request.move == "reassign":
        return _afresh(replace(after, done_ms=None, asked_due_ms=None))
    return after


def moves_of(
    standing: Standing, office: str, now_ms: int = 0, departments: frozenset[str] | None = None
) -> tuple[str, ...]:
    """The moves that an office may make now, if it says what they need besides (why, to whom), in the order of `MOVES`."""
    known = departments if departments is not None else frozenset(DEPARTMENTS)
    to = next((DEPARTMENT + code for code in sorted(known)), "")
    until_ms = max(now_ms, standing.done_due_ms, standing.extended_due_ms or 0) + 1
    found: list[str] = []
    for name in MOVES:
        # Whatever the move needs is handed in; what then still forbids it, forbids it now.
        request = Request(name, office, "?", to if name == "hand_across" else "", (), until_ms, True)
        try:
            step(standing, request, now_ms, known)
        except ForbiddenMove:
            continue
        found.append(name)
    return tuple(found)


def _parties(standing: Standing, move: str) -> tuple[str, ...]:
    if move == "return":
        return ("keeper", "superior") if standing.state == "fed_back" else ("holder",)
    return MOVES[move].by


def _offices(standing: Standing, party: str) -> tuple[str, ...]:
    if party == "holder":
        return (standing.holder,)
    if party == "keeper":
        return (standing.keeper(),)
    if party == "superior":
        # Nobody is above the district: it approves what it holds itself.
        return standing.superiors() or (standing.district,)
    return standing.path() if party == "path" else standing.assistants


def check_party(standing: Standing, move: str, office: str) -> None:
    """`ForbiddenMove` for an office that is none of those by whom the move may be made."""
    allowed = tuple(dict.fromkeys(one for party in _parties(standing, move) for one in _offices(standing, party)))
    if office not in allowed:
        raise ForbiddenMove(
            f"{office or 'nobody'} may not {move} this incident, which {standing.holder} holds; it is for {', '.join(allowed)}"
        )


def _hand_up(after: Standing) -> Standing:
    if after.holder.startswith(DEPARTMENT):
        raise ForbiddenMove("a department does not hand up; it feeds back, or returns the incident with a reason")
    above = after.superiors()
    if after.holder == after.district or not above:
        raise ForbiddenMove("nobody is above the district; hand the incident to a department or handle it")
    return replace(_on(after), holder=above[0])


def _hand_down(after: Standing, to: str) -> Standing:
    path = after.path()
    below = path[: path.index(after.holder)] if after.holder in path else ()
    if not below:
        raise ForbiddenMove(
            f"nobody is below {after.holder} on the way to this incident's grid; handle it, or re-assign it"
        )
    if to and to not in below:
        raise ForbiddenMove(
            f"{to} is not below {after.holder} on the way to this incident's grid; expected {', '.join(below)}"
        )
    return replace(_on(after), holder=to or below[-1])


def _hand_across(after: Standing, request: Request, departments: frozenset[str]) -> Standing:
    if after.holder not in (after.township, after.district):
        raise ForbiddenMove(f"{after.holder} does not hand to departments; a township or the district does: hand it up")
    offices = (request.to, *request.assistants)
    for office in offices:
        if office.removeprefix(DEPARTMENT) not in departments or not office.startswith(DEPARTMENT):
            known = ", ".join(DEPARTMENT + code for code in sorted(departments))
            raise ForbiddenMove(f"{office or 'nothing'} is no department; expected one of {known}")
    if len(set(offices)) != len(offices):
        raise ForbiddenMove("a department is named twice; one leads, others assist")
    return replace(_on(after), holder=request.to, assistants=request.assistants)


def _return(after: Standing, office: str) -> Standing:
    if after.state == "fed_back":
        return replace(after, state="handling", done_ms=None)
    if not after.handed:
        raise ForbiddenMove(f"{office} got this incident from nobody; hand it up, or re-assign it to another grid")
    *before, back = after.handed
    return replace(after, state="reported", holder=back, handed=tuple(before), assistants=(), asked_due_ms=None)


def _extend(after: Standing, request: Request, now_ms: int) -> Standing:
    if now_ms >= after.most_due_ms:
        raise ForbiddenMove("the last day for an extension has passed; it must be asked for and approved before")
    if request.move == "ask_extension":
        if after.asked_due_ms is not None:
            raise ForbiddenMove("an extension has been asked for already and waits for an answer")
        if request.until_ms is None or request.until_ms <= now_ms:
            raise ForbiddenMove("an extension needs a day in the future until which it is asked for")
        if request.until_ms > now_ms + _LONGEST_EXTENSION_MS:
            raise ForbiddenMove("an extension of more than a year is none; ask for an earlier day")
        if request.until_ms <= (after.extended_due_ms or after.done_due_ms):
            raise ForbiddenMove("an extension must end later than the clock that runs; ask for a later day")
        return replace(after, asked_due_ms=request.until_ms)
    if after.asked_due_ms is None:
        raise ForbiddenMove("nobody has asked for an extension of this incident")
    if request.move == "refuse_extension":
        return replace(after, asked_due_ms=None)
    return replace(after, extended_due_ms=after.asked_due_ms, asked_due_ms=None)


def _evaluate(after: Standing, request: Request) -> Standing:
    if request.is_satisfied is None:
        raise ForbiddenMove("an evaluation says whether the reporter is satisfied; say yes or no")
    return replace(after, is_satisfied=request.is_satisfied)


def _on(after: Standing) -> Standing:
    return replace(after, handed=(*after.handed, after.holder), assistants=(), asked_due_ms=None)


def _afresh(after: Standing) -> Standing:
    return replace(after, holder=after.first_holder(), handed=(), assistants=())
