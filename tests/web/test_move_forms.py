"""What moves must and may say, held against the flow itself."""

from dataclasses import replace

import pytest

from gisgrid.errors import BadMove
from gisgrid.flow import MOVES, Request, check_request
from web.move_forms import move_form

SAID = {
    "reason": {"reason": "because"},
    "to": {"to": "department:fire"},
    "assistants": {"assistants": ("department:water",)},
    "until": {"until_ms": 1},
    "is_satisfied": {"is_satisfied": False},
}


@pytest.mark.parametrize("name", MOVES)
def test_move_form__is_what_the_flow_asks_for(name):
    form = move_form(name)
    assert not set(form.must) & set(form.may)
    whole = Request(name, "office")
    for said in form.must:
        whole = replace(whole, **SAID[said])
    check_request(whole)
    check_request(replace(whole, **{key: value for said in form.may for key, value in SAID[said].items()}))
    empty = Request(name, "office")
    for said in form.must:
        lacking = replace(whole, **{key: getattr(empty, key) for key in SAID[said]})
        with pytest.raises(BadMove):
            check_request(lacking)
    for said in SAID.keys() - {*form.must, *form.may}:
        with pytest.raises(BadMove):
            check_request(replace(whole, **SAID[said]))
