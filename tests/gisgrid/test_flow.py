"""The flow of an incident: every state with every move, by every office."""

from dataclasses import replace
from itertools import product

import pytest

from gisgrid.errors import BadMove, ForbiddenMove
from gisgrid.flow import MOVES, STATES, Request, Standing, moves_of, step

_VILLAGE, _TOWNSHIP, _DISTRICT = "331002001001", "331002001000", "331002000000"
_FIRE, _WATER = "department:fire", "department:water"
_START = Standing("reported", "ordinary", _VILLAGE, _VILLAGE, _TOWNSHIP, _DISTRICT, most_due_ms=1_000)
_HANDED = replace(_START, holder=_FIRE, handed=(_TOWNSHIP,), assistants=(_WATER,))

# Written out once more, by hand, from the rules: state -> the moves it allows.
_ALLOWED = {
    "reported": {
        "accept", "handle", "hand_up", "hand_down", "hand_across", "return", "ask_extension", "approve_extension",
        "refuse_extension", "urge", "terminate", "reassign", "comment",
    },
    "accepted": {
        "handle", "hand_up", "hand_down", "hand_across", "feed_back", "return", "ask_extension", "approve_extension",
        "refuse_extension", "urge", "terminate", "reassign", "comment",
    },
    "handling": {
        "hand_up", "hand_down", "hand_across", "feed_back", "return", "ask_extension", "approve_extension",
        "refuse_extension", "urge", "terminate", "reassign", "comment",
    },
    "fed_back": {"return", "urge", "close", "terminate", "reassign", "comment"},
    "closed": {"re_open", "evaluate", "comment"},
    "evaluated": {"re_open", "comment"},
    "invalid": {"re_open"},
}  # fmt: skip


def _ready(state: str, move: str) -> tuple[Standing, Request]:
    """A standing and a request in which nothing but the state can forbid the move."""
    standing = replace(_HANDED if move == "return" else _START, state=state)
    office = standing.holder
    if move in {"hand_down", "hand_across"}:
        standing = replace(standing, holder=_TOWNSHIP)
        office = _TOWNSHIP
    elif move in {"approve_extension", "refuse_extension", "urge"} or (move == "return" and state == "fed_back"):
        standing = replace(standing, asked_due_ms=900)
        office = _TOWNSHIP
    to = {"hand_across": _FIRE, "reassign": _VILLAGE}.get(move, "")
    return standing, _said(move, office, to)


def _said(move: str, office: str, to: str = "") -> Request:
    """A request that says all that the move needs and nothing that it does not take."""
    request = Request(move, office, "because", to)
    if move == "ask_extension":
        return replace(request, until_ms=900)
    return replace(request, is_satisfied=True) if move == "evaluate" else request


@pytest.mark.parametrize(("state", "move"), list(product(STATES, MOVES)))
def test_step__every_state_with_every_move(state: str, move: str) -> None:
    standing, request = _ready(state, move)
    if move in _ALLOWED[state]:
        after = step(standing, request, 10)
        assert after.state in STATES
        assert MOVES[move].to in {None, after.state}
        assert (after.path(), after.grade) == (standing.path(), standing.grade)
    else:
        with pytest.raises(ForbiddenMove, match=f"that is {state} cannot {move}; possible: "):
            step(standing, request, 10)


@pytest.mark.parametrize(("state", "move"), [(state, move) for state in STATES for move in sorted(_ALLOWED[state])])
def test_step__refuses_an_office_of_another_unit(state: str, move: str) -> None:
    standing, request = _ready(state, move)
    for stranger in ("331002001002", "331002002000", "department:housing", ""):
        with pytest.raises(ForbiddenMove, match="may not"):
            step(standing, replace(request, office=stranger), 10)


@pytest.mark.parametrize("move", [name for name, move in MOVES.items() if move.reason])
def test_step__refuses_silence_where_a_reason_is_due(move: str) -> None:
    state = next(state for state, allowed in _ALLOWED.items() if move in allowed)
    standing, request = _ready(state, move)
    with pytest.raises(BadMove, match="needs a reason"):
        step(standing, replace(request, reason=" "), 10)


_ASIDE = {"to": _TOWNSHIP, "assistants": (_WATER,), "until_ms": 900, "is_satisfied": False}


@pytest.mark.parametrize(
    ("move", "name"), [(move, name) for move, name in product(MOVES, _ASIDE) if name not in MOVES[move].takes]
)
def test_step__refuses_what_a_move_does_not_take(move: str, name: str) -> None:
    state = next(state for state, allowed in _ALLOWED.items() if move in allowed)
    standing, request = _ready(state, move)
    with pytest.raises(BadMove, match=f"{move} takes no '{name.removesuffix('_ms')}' ") as caught:
        step(standing, replace(request, **{name: _ASIDE[name]}), 10)
    assert caught.value.zh.startswith(MOVES[move].labels[1])


@pytest.mark.parametrize("move", ["hand_across", "reassign", "ask_extension", "evaluate"])
def test_step__refuses_what_lacks_what_it_needs_in_any_state(move: str) -> None:
    for state in STATES:
        standing, _ = _ready(state, move)
        with pytest.raises(BadMove):
            step(standing, Request(move, standing.holder, "because"), 10)


def test_moves_of__are_exactly_those_that_some_request_makes() -> None:
    for state, standing, office in product(STATES, (_START, _HANDED), (_VILLAGE, _TOWNSHIP, _DISTRICT, _FIRE, _WATER)):
        standing = replace(standing, state=state)
        told = moves_of(standing, office)
        for move in MOVES:
            possible = False
            for to in ("", _VILLAGE, _TOWNSHIP, _FIRE, _WATER):
                try:
                    step(standing, _said(move, office, to), 10)
                    possible = True
                except ForbiddenMove:
                    continue
            assert (move in told) == possible, (state, office, move)


def test_moves_of__what_the_village_may_do_with_a_new_report() -> None:
    assert moves_of(_START, _VILLAGE) == (
        "accept", "handle", "hand_up", "ask_extension", "urge", "terminate", "reassign", "comment",
    )  # fmt: skip
    assert moves_of(replace(_START, asked_due_ms=500), _TOWNSHIP)[:2] == ("approve_extension", "refuse_extension")
    assert moves_of(replace(_START, asked_due_ms=500), _TOWNSHIP, now_ms=1_000)[:1] == ("urge",)


def _through(standing: Standing, *moves: tuple[str, str] | Request) -> Standing:
    for past, move in enumerate(moves):
        request = move if isinstance(move, Request) else Request(move[0], move[1], "because")
        standing = step(standing, request, 10 + past)
    return standing


def test_step__up_across_and_back_down_the_three_levels() -> None:
    up = _through(_START, ("accept", _VILLAGE), ("hand_up", _VILLAGE))
    assert (up.state, up.holder, up.handed, up.responded_ms) == ("reported", _TOWNSHIP, (_VILLAGE,), 10)
    across = _through(up, Request("hand_across", _TOWNSHIP, "burning", _FIRE, (_WATER,)))
    assert (across.holder, across.assistants, across.keeper()) == (_FIRE, (_WATER,), _TOWNSHIP)
    helped = _through(across, ("comment", _WATER), ("accept", _FIRE), ("handle", _FIRE), ("feed_back", _FIRE))
    assert (helped.state, helped.done_ms) == ("fed_back", 13)
    with pytest.raises(ForbiddenMove, match="may not close"):
        _through(helped, ("close", _FIRE))
    again = _through(helped, ("return", _TOWNSHIP))
    assert (again.state, again.holder, again.done_ms) == ("handling", _FIRE, None)
    closed = _through(again, ("feed_back", _FIRE), ("close", _TOWNSHIP))
    assert (closed.state, closed.closed_ms) == ("closed", 11)


def test_step__returning_goes_back_the_way_it_came() -> None:
    district = _through(_START, ("hand_up", _VILLAGE), ("hand_up", _TOWNSHIP))
    assert district.handed == (_VILLAGE, _TOWNSHIP)
    assert _through(district, ("return", _DISTRICT)).holder == _TOWNSHIP
    assert _through(district, ("hand_down", _DISTRICT)).holder == _TOWNSHIP
    assert _through(district, Request("hand_down", _DISTRICT, "yours", _VILLAGE)).holder == _VILLAGE
    with pytest.raises(ForbiddenMove, match="got this incident from nobody"):
        _through(_START, ("return", _VILLAGE))


def test_step__nobody_is_above_the_district_or_below_the_village() -> None:
    with pytest.raises(ForbiddenMove, match="nobody is above the district"):
        _through(replace(_START, holder=_DISTRICT), ("hand_up", _DISTRICT))
    with pytest.raises(ForbiddenMove, match="nobody is below"):
        _through(_START, ("hand_down", _VILLAGE))
    with pytest.raises(ForbiddenMove, match="is not below"):
        _through(replace(_START, holder=_DISTRICT), Request("hand_down", _DISTRICT, "yours", "331002002000"))
    with pytest.raises(ForbiddenMove, match="does not hand up"):
        _through(_HANDED, ("hand_up", _FIRE))


@pytest.mark.parametrize(
    ("to", "assistants", "sentence"),
    [
        ("", (), "needs the department that leads"),
        ("department:magic", (), "expected one of department:fire"),
        ("fire", (), "is no department"),
        (_FIRE, (_FIRE,), "named twice"),
    ],
)
def test_step__hands_to_departments_that_there_are(to: str, assistants: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ForbiddenMove, match=sentence):
        _through(replace(_START, holder=_TOWNSHIP), Request("hand_across", _TOWNSHIP, "help", to, assistants))
    with pytest.raises(ForbiddenMove, match="hand it up"):
        _through(_START, Request("hand_across", _VILLAGE, "help", _FIRE))


def test_step__an_extension_is_asked_for_and_approved_before_the_last_day() -> None:
    asked = _through(_START, Request("ask_extension", _VILLAGE, "parts are missing", until_ms=2_000))
    assert (asked.asked_due_ms, asked.extended_due_ms) == (2_000, None)
    with pytest.raises(ForbiddenMove, match="asked for already"):
        _through(asked, Request("ask_extension", _VILLAGE, "parts are missing", until_ms=2_000))
    approved = _through(asked, ("approve_extension", _TOWNSHIP))
    assert (approved.asked_due_ms, approved.extended_due_ms, approved.most_due_ms) == (None, 2_000, 1_000)
    refused = _through(asked, ("refuse_extension", _DISTRICT))
    assert (refused.asked_due_ms, refused.extended_due_ms) == (None, None)
    for request in (
        Request("ask_extension", _VILLAGE, "late", until_ms=2_000),
        Request("approve_extension", _TOWNSHIP),
    ):
        with pytest.raises(ForbiddenMove, match="last day for an extension has passed"):
            step(replace(_START, asked_due_ms=2_000), request, 1_000)
    with pytest.raises(ForbiddenMove, match="nobody has asked"):
        _through(_START, ("approve_extension", _TOWNSHIP))
    with pytest.raises(ForbiddenMove, match="day in the future"):
        _through(_START, Request("ask_extension", _VILLAGE, "why", until_ms=3))


def test_step__re_opening_begins_anew_and_counts() -> None:
    done = _through(_START, ("accept", _VILLAGE), ("feed_back", _VILLAGE), ("close", _VILLAGE))
    evaluated = _through(done, Request("evaluate", _VILLAGE, is_satisfied=False))
    assert (evaluated.state, evaluated.is_satisfied) == ("evaluated", False)
    again = _through(evaluated, ("re_open", _TOWNSHIP))
    assert again == replace(_START, reopened=1)
    with pytest.raises(ForbiddenMove, match="whether the reporter is satisfied"):
        _through(done, Request("evaluate", _VILLAGE))


@pytest.mark.parametrize(
    ("grade", "village", "township", "holder"),
    [
        ("simple", _VILLAGE, _TOWNSHIP, _VILLAGE),
        ("ordinary", "", _TOWNSHIP, _TOWNSHIP),
        ("ordinary", "", "", _DISTRICT),
        ("prominent", _VILLAGE, _TOWNSHIP, _TOWNSHIP),
        ("major", _VILLAGE, _TOWNSHIP, _DISTRICT),
    ],
)
def test_first_holder__by_grade_and_what_is_known(grade: str, village: str, township: str, holder: str) -> None:
    assert Standing("reported", grade, "", village, township, _DISTRICT).first_holder() == holder


def test_step__an_unknown_move_is_refused() -> None:
    with pytest.raises(ForbiddenMove, match="expected one of accept"):
        step(_START, Request("vanish", _VILLAGE), 1)
