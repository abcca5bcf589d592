"""`gisgrid accounts` from the command line: passwords from standard input, never shown, never an argument."""

import io

import pytest

from gisgrid.cli import main
from gisgrid.store import open_store
from gisgrid.store.accounts import Accounts

GOOD = "Grid-by-grid 7"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def call(*arguments, typed=GOOD + "\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main([*arguments, "--data", str(tmp_path)])
        said = capsys.readouterr()
        return code, said.out, said.err

    call.folder = tmp_path
    return call


def test_accounts__added_listed_kept_out(run):
    code, out, _ = run("accounts", "add", "wang", "--role", "commander", "--unit", "331002001000")
    assert (code, out) == (0, "wang: commander 331002001000\n")
    assert run("accounts", "keep-out", "wang")[0] == 0
    _, out, _ = run("accounts", "list")
    assert [line.split() for line in out.splitlines()[1:]] == [["wang", "commander", "331002001000", "kept", "out"]]
    assert run("accounts", "let-in", "wang")[0] == 0
    assert "active" in run("accounts", "list")[1]


def test_accounts__password_and_token(run):
    run("accounts", "add", "wang", "--role", "planner")
    assert run("accounts", "password", "wang", typed="Another-one 8\n")[0] == 0
    code, secret, _ = run("accounts", "token", "wang", "--label", "qgis", "--action", "read_grids")
    assert code == 0
    store = open_store(run.folder)
    assert Accounts(store).sign_in("wang", "Another-one 8", origin="test").holder.role == "planner"
    assert Accounts(store).known_by_token(secret.strip()).scopes == {"read_grids"}
    assert run("accounts", "revoke", "wang", "--label", "qgis")[0] == 0
    assert Accounts(store).known_by_token(secret.strip()) is None
    store.close()


@pytest.mark.parametrize(
    ("arguments", "typed", "sentence"),
    [
        (("add", "wang", "--role", "king"), GOOD, "there is no role 'king'"),
        (("add", "wang", "--role", "planner"), "short", "the password has 5 characters; expected 10 to 200"),
        (("add", "wang", "--role", "planner"), "", "the password has 0 characters"),
        (("password", "nobody"), GOOD, "there is no account 'nobody'"),
        (("token", "nobody", "--label", "x", "--action", "read_grids"), "", "there is no account 'nobody'"),
        (("token", "nobody", "--label", "x", "--action", "fly"), "", "there is no action 'fly'"),
        (("revoke", "nobody", "--label", "x"), "", "nobody has no token 'x'"),
        (("keep-out", "nobody"), "", "there is no account 'nobody'"),
    ],
)
def test_bad_input__gets_a_sentence(run, arguments, typed, sentence):
    code, out, err = run("accounts", *arguments, typed=typed + "\n")
    assert (code, out) == (2, "")
    assert sentence in err
    assert GOOD not in err
