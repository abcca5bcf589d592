"""Doors: what is read as a token, what a visit may do."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisgrid.access import ACTIONS, ROLES, Holder, Subject, may
from gisgrid.errors import NotAllowed
from gisgrid.store.accounts import Known
from tests.gisgrid.store.incident_places import CODES
from tests.gisgrid.store.small_district import TOWNSHIPS
from web.doors import DoorCheck, Visit, door, token_of

TOKENS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=80)


@given(TOKENS, st.sampled_from(["Bearer", "bearer", "BEARER"]), st.sampled_from([" ", "  ", "\t "]))
def test_token_of__bearer(token, scheme, blank):
    assert token_of(f"{scheme} {blank}{token} ") == token


@given(TOKENS, st.text(string.ascii_letters, max_size=10))
def test_token_of__the_password_of_basic(token, name):
    packed = base64.b64encode(f"{name}:{token}".encode()).decode()
    assert token_of(f"Basic {packed}") == token


@given(st.text(max_size=200))
def test_token_of__anything(text):
    assert isinstance(token_of(text), str)
    assert isinstance(token_of(f"Basic {text}"), str)


@pytest.mark.parametrize(
    "text",
    ["", " ", "Bearer", "Basic", "Basic !", "Basic /w==", "Digest a", "gg_x", "Bearer " + "x" * 801, "Basic Ym9v"],
)
def test_token_of__none(text):
    assert token_of(text) == ""


def test_door__an_action_that_is_none():
    with pytest.raises(ValueError, match="there is no action 'fly'"):
        door("fly")
    assert DoorCheck("read_grids").action == "read_grids"


@given(
    st.sampled_from(sorted(ROLES)), st.sampled_from(["", CODES["A"], TOWNSHIPS["C"]]), st.sampled_from(sorted(ACTIONS)),
    st.none() | st.frozensets(st.sampled_from(sorted(ACTIONS))), st.sampled_from([None, Subject(CODES["A"]), Subject()]),
)  # fmt: skip
def test_visit__may_what_its_holder_may_and_its_token_is_for(role, unit, action, scopes, subject):
    holder = Holder("li.na", role, unit, "P1")
    visit = Visit(None, Known(holder, scopes=scopes), "10.0.0.1")
    in_scope = scopes is None or action == "own_account" or action in scopes
    expected = in_scope and may(holder, action, subject)
    assert visit.may(action, subject) == expected
    if expected:
        visit.require(action, subject)
        return
    with pytest.raises(NotAllowed) as told:
        visit.require(action, subject)
    assert ("token" in str(told.value)) == (not in_scope)
