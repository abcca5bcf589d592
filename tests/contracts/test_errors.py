"""Every error has a status and is told in one line; the drawn tree is the real one."""

import pytest

from gisgrid import cli, errors
from gisgrid.errors import GisgridError
from web.problems import STATUS, status_of


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


OURS = sorted({GisgridError, *descendants(GisgridError)}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_status_of__every_error_has_one(kind):
    assert 400 <= status_of(kind) < 600


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_main__every_error_is_one_line_and_code_2(kind, monkeypatch, capsys):
    def fail(_):
        raise kind("what, expected, remedy")

    monkeypatch.setattr(cli, "_run", fail)
    assert cli.main([]) == 2
    assert capsys.readouterr().err == "error: what, expected, remedy\n"


def test_errors__all_stand_in_the_drawing():
    drawn = errors.__doc__ or ""
    assert {kind.__name__ for kind in OURS if kind.__name__ not in drawn} == set()
    assert set(STATUS) <= set(OURS)
