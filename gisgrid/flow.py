"""The flow of an incident through three levels and the departments: states, moves, and who may make which move."""

from dataclasses import dataclass, replace
from typing import Final

from gisgrid.errors import BadMove, ForbiddenMove
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

_SAID: Final[dict[str, tuple[str, str]]] = {
    "to": ("an office or grid to which it goes", "去向"),
    "assistants": ("departments that assist", "协办部门"),
    "until_ms": ("an end", "截止时间"),
    "is_satisfied": ("whether the reporter is satisfied", "满意与否"),
}
"""What moves may say besides a reason."""

_LONGEST_EXTENSION_MS: Final = 366 * 86_400_000

_BEGUN: Final = ("reported", "accepted", "handling")
_OPEN: Final = (*_BEGUN, "fed_back")
_OVER: Final = ("closed", "evaluated")


@dataclass(frozen=True)
class Move:
    """A move: from which states, into which (None: it stays), by whom, what it may and must say, and its labels.

    `takes` names what of a `Request` it takes besides a reason; what it does not take is refused, never dropped.

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
    takes: tuple[str, ...] = ()


MOVES: Final[dict[str, Move]] = {
    "accept": Move(("reported",), "accepted", ("holder",), ("Accept", "受理"), answers=True),
    "handle": Move(("reported", "accepted"), "handling", ("holder",), ("Handle", "办理"), answers=True),
    "hand_up": Move(_BEGUN, "reported", ("holder",), ("Hand up", "上报上级"), reason=True, answers=True),
    "hand_down": Move(
        _BEGUN, "reported", ("holder",), ("Hand down", "交办下级"), reason=True, answers=True, takes=("to",)
    ),
    "hand_across": Move(
        _BEGUN,
        "reported",
        ("holder",),
        ("Hand to departments", "流转部门"),
        reason=True,
        answers=True,
        takes=(
            "to",
            "assistants",
        ),
    ),
    "feed_back": Move(
        ("accepted", "handling"), "fed_back", ("holder",), ("Feed back", "反馈"), reason=True, answers=True
    ),
    "return": Move(_OPEN, None, ("holder", "keeper", "superior"), ("Return", "退回"), reason=True),
    "ask_extension": Move(
        _BEGUN, None, ("holder",), ("Ask for an extension", "申请延期"), reason=True, takes=("until_ms",)
    ),
    "approve_extension": Move(_BEGUN, None, ("superior",), ("Approve the extension", "批准延期")),
    "refuse_extension": Move(_BEGUN, None, ("superior",), ("Refuse the extension", "驳回延期"), reason=True),
    "urge": Move(_OPEN, None, ("keeper", "superior"), ("Urge", "催办")),
    "close": Move(("fed_back",), "closed", ("keeper", "superior"), ("Close", "办结"), answers=True),
    "re_open": Move(("closed", "evaluated", "invalid"), "reported", ("path",), ("Re-open", "重新办理"), reason=True),
    "evaluate": Move(("closed",), "evaluated", ("path",), ("Evaluate", "评价"), takes=("is_satisfied",)),
    "terminate": Move(_OPEN, "invalid", ("keeper", "superior"), ("Terminate", "终止"), reason=True, answers=True),
    "reassign": Move(_OPEN, "reported", ("path",), ("Re-assign", "改派网格"), reason=True, takes=("to",)),
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
    move = check_request(request)
    if standing.state not in move.states:
        possible = [name for name, known in MOVES.items() if standing.state in known.states]
        raise ForbiddenMove(
            f"an incident that is {standing.state} cannot {request.move}; possible: {', '.join(possible)}",
            zh=f"“{_state(standing)}”状态的事件不能{move.labels[1]}；可以：{'、'.join(MOVES[name].labels[1] for name in possible)}",
        )
    check_party(standing, request.move, request.office)
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


def check_request(request: Request) -> Move:
    """The move that a request names; `BadMove` for one that there is not, lacks what it needs, or says what it does not take."""
    move = MOVES.get(request.move)
    if move is None:
        raise BadMove(
            f"there is no move {request.move!r}; expected one of {', '.join(MOVES)}",
            zh=f"没有流转动作 {request.move!r}；应为以下之一：{'、'.join(f'{name}（{one.labels[1]}）' for name, one in MOVES.items())}",
        )
    said = {"to": request.to, "assistants": request.assistants, "until_ms": request.until_ms}
    foreign = [name for name, value in said.items() if value and name not in move.takes]
    if request.is_satisfied is not None and "is_satisfied" not in move.takes:
        foreign.append("is_satisfied")
    if foreign:
        word, word_zh = _SAID[foreign[0]]
        raise BadMove(
            f"{request.move} takes no {foreign[0].removesuffix('_ms')!r} ({word}); leave it out, or choose another move",
            zh=f"{move.labels[1]}不需要{word_zh}（{foreign[0].removesuffix('_ms')}）；请去掉，或改用别的动作",
        )
    if move.reason and not request.reason.strip():
        raise BadMove(f"{request.move} needs a reason; say why", zh=f"{move.labels[1]}须填写理由；请说明原因")
    if request.move == "hand_across" and not request.to:
        raise BadMove(
            "hand_across needs the department that leads; name it, such as department:fire",
            zh="流转部门须指明牵头部门，例如 department:fire",
        )
    if request.move == "reassign" and not request.to:
        raise BadMove(
            "a re-assignment needs the code of the grid (or village) that answers; name it",
            zh="改派须填写负责的网格（或村社）编号",
        )
    if request.move == "ask_extension" and request.until_ms is None:
        raise BadMove(
            "an extension needs a day in the future until which it is asked for", zh="申请延期须填写将来的截止日期"
        )
    if request.move == "evaluate" and request.is_satisfied is None:
        raise BadMove(
            "an evaluation says whether the reporter is satisfied; say yes or no", zh="评价须说明上报人是否满意：是或否"
        )
    return move


def moves_of(
    standing: Standing, office: str, now_ms: int = 0, departments: frozenset[str] | None = None
) -> tuple[str, ...]:
    """The moves that an office may make now, if it says what they need besides (why, to whom), in the order of `MOVES`."""
    known = departments if departments is not None else frozenset(DEPARTMENTS)
    to = next((DEPARTMENT + code for code in sorted(known)), "")
    until_ms = max(now_ms, standing.done_due_ms, standing.extended_due_ms or 0) + 1
    found: list[str] = []
    for name, move in MOVES.items():
        # Whatever the move needs is handed in; what then still forbids it, forbids it now.
        needed = {"hand_across": to, "reassign": "?"}.get(name, "")
        request = Request(
            name, office, "?", needed, until_ms=until_ms if "until_ms" in move.takes else None,
            is_satisfied=True if "is_satisfied" in move.takes else None,
        )  # fmt: skip
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
            f"{office or 'nobody'} may not {move} this incident, which {standing.holder} holds; it is for {', '.join(allowed)}",
            zh=f"{_office(office) or '未指明的单位'}不能对此事件执行“{MOVES[move].labels[1]}”，现由{_office(standing.holder)}承办；可由以下单位执行：{'、'.join(map(_office, allowed))}",
        )


def _hand_up(after: Standing) -> Standing:
    if after.holder.startswith(DEPARTMENT):
        raise ForbiddenMove(
            "a department does not hand up; it feeds back, or returns the incident with a reason",
            zh="部门不能上报上级；请反馈，或说明理由后退回",
        )
    above = after.superiors()
    if after.holder == after.district or not above:
        raise ForbiddenMove(
            "nobody is above the district; hand the incident to a department or handle it",
            zh="区级之上没有上级；请流转给部门，或自行办理",
        )
    return replace(_on(after), holder=above[0])


def _hand_down(after: Standing, to: str) -> Standing:
    path = after.path()
    below = path[: path.index(after.holder)] if after.holder in path else ()
    if not below:
        raise ForbiddenMove(
            f"nobody is below {after.holder} on the way to this incident's grid; handle it, or re-assign it",
            zh=f"在此事件所属网格这条线上，{_office(after.holder)}没有下级；请自行办理，或改派网格",
        )
    if to and to not in below:
        raise ForbiddenMove(
            f"{to} is not below {after.holder} on the way to this incident's grid; expected {', '.join(below)}",
            zh=f"{_office(to)}不是{_office(after.holder)}在此事件所属网格这条线上的下级；应为 {'、'.join(below)}",
        )
    return replace(_on(after), holder=to or below[-1])


def _hand_across(after: Standing, request: Request, departments: frozenset[str]) -> Standing:
    if after.holder not in (after.township, after.district):
        raise ForbiddenMove(
            f"{after.holder} does not hand to departments; a township or the district does: hand it up",
            zh=f"{_office(after.holder)}不能直接流转给部门；镇街或区级可以：请先上报上级",
        )
    offices = (request.to, *request.assistants)
    for office in offices:
        if office.removeprefix(DEPARTMENT) not in departments or not office.startswith(DEPARTMENT):
            known = ", ".join(DEPARTMENT + code for code in sorted(departments))
            raise BadMove(
                f"{office or 'nothing'} is no department; expected one of {known}",
                zh=f"{office or '（空）'}不是部门；应为以下之一：{known}",
            )
    if len(set(offices)) != len(offices):
        raise BadMove(
            "a department is named twice; one leads, others assist", zh="同一个部门写了两次；应有一个牵头部门，其余协办"
        )
    return replace(_on(after), holder=request.to, assistants=request.assistants)


def _return(after: Standing, office: str) -> Standing:
    if after.state == "fed_back":
        return replace(after, state="handling", done_ms=None)
    if not after.handed:
        raise ForbiddenMove(
            f"{office} got this incident from nobody; hand it up, or re-assign it to another grid",
            zh=f"{_office(office)}不是从别处收到此事件的；请上报上级，或改派到别的网格",
        )
    *before, back = after.handed
    return replace(after, state="reported", holder=back, handed=tuple(before), assistants=(), asked_due_ms=None)


def _extend(after: Standing, request: Request, now_ms: int) -> Standing:
    if now_ms >= after.most_due_ms:
        raise ForbiddenMove(
            "the last day for an extension has passed; it must be asked for and approved before",
            zh="已过可以延期的最后一天；延期须在此之前申请并批准",
        )
    if request.move == "ask_extension":
        if after.asked_due_ms is not None:
            raise ForbiddenMove(
                "an extension has been asked for already and waits for an answer", zh="已申请过延期，正在等待批复"
            )
        until_ms = request.until_ms or 0
        if until_ms <= now_ms:
            raise BadMove(
                "an extension needs a day in the future until which it is asked for", zh="申请延期须填写将来的截止日期"
            )
        if until_ms > now_ms + _LONGEST_EXTENSION_MS:
            raise BadMove(
                "an extension of more than a year is none; ask for an earlier day",
                zh="延期不能超过一年；请申请更早的日期",
            )
        if until_ms <= (after.extended_due_ms or after.done_due_ms):
            raise ForbiddenMove(
                "an extension must end later than the clock that runs; ask for a later day",
                zh="延期后的日期须晚于现行时限；请申请更晚的日期",
            )
        return replace(after, asked_due_ms=until_ms)
    if after.asked_due_ms is None:
        raise ForbiddenMove("nobody has asked for an extension of this incident", zh="此事件没有人申请延期")
    if request.move == "refuse_extension":
        return replace(after, asked_due_ms=None)
    return replace(after, extended_due_ms=after.asked_due_ms, asked_due_ms=None)


def _evaluate(after: Standing, request: Request) -> Standing:
    return replace(after, is_satisfied=request.is_satisfied)


def _on(after: Standing) -> Standing:
    return replace(after, handed=(*after.handed, after.holder), assistants=(), asked_due_ms=None)


def _afresh(after: Standing) -> Standing:
    return replace(after, holder=after.first_holder(), handed=(), assistants=())


def _state(standing: Standing) -> str:
    return STATES[standing.state][1] if standing.state in STATES else standing.state


def _office(office: str) -> str:
    """An office as Chinese sentences call it: departments by name, units by code."""
    code = office.removeprefix(DEPARTMENT)
    return DEPARTMENTS[code][1] if office.startswith(DEPARTMENT) and code in DEPARTMENTS else office
