"""`gisgrid accounts`: who may sign in, as what, where; passwords and tokens."""

import getpass
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gisgrid.access import ACTIONS, ROLES
from gisgrid.errors import BadOption
from gisgrid.store.accounts import Accounts
from web.days import end_of_day
from web.incident_card import local_time
from web.stored import COMMAND, DataOption, UrlOption, the_store, who

app = typer.Typer(help="Accounts: who may sign in, as what, where; passwords and tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account.", metavar="NAME")]


@app.callback()
def _commands() -> None:
    """Accounts: who may sign in, as what, where; passwords and tokens."""


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")],
    unit: Annotated[str, typer.Option(help="Code of a unit or department:CODE; everything otherwise.")] = "",
    person: Annotated[str, typer.Option(help="Code of the person, for a grid worker's own tracks.")] = "",
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Add an account; the password is asked for, or read from standard input."""
    password = _password(name)
    with the_store(data, url) as store:
        Accounts(store).add(name, password, role, unit, person, author=who(), origin=COMMAND)
    Console(highlight=False).print(f"{name}: {role} {unit}".rstrip(), markup=False)


@app.command("list")
def list_command(data: DataOption = None, url: UrlOption = None) -> None:
    """Show all accounts."""
    table = Table(box=None, pad_edge=False)
    for heading in ("account", "role", "unit", "person", "state"):
        table.add_column(heading)
    with the_store(data, url) as store:
        now_ms = store.now_ms()
        for one in Accounts(store).all():
            locked = f"locked until {local_time(one.locked_until_ms)}" if one.locked_until_ms > now_ms else "active"
            table.add_row(
                one.name, one.role, one.unit or "everything", one.person, locked if one.is_active else "kept out"
            )
    Console().print(table)


@app.command()
def password(name: Name, data: DataOption = None, url: UrlOption = None) -> None:
    """Give an account another password; its sessions end, a lock is opened."""
    chosen = _password(name)
    with the_store(data, url) as store:
        Accounts(store).change_password(name, chosen, author=who(), origin=COMMAND)
    Console(highlight=False).print(f"{name}: password changed, sessions ended", markup=False)


@app.command("keep-out")
def keep_out(name: Name, data: DataOption = None, url: UrlOption = None) -> None:
    """Keep an account out: its sessions end, its tokens are of no use; what it did stays in the audit."""
    with the_store(data, url) as store:
        Accounts(store).set_active(name, is_active=False, author=who(), origin=COMMAND)


@app.command("let-in")
def let_in(name: Name, data: DataOption = None, url: UrlOption = None) -> None:
    """Let an account in again."""
    with the_store(data, url) as store:
        Accounts(store).set_active(name, is_active=True, author=who(), origin=COMMAND)


@app.command()
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="What the token is for, such as qgis.")],
    action: Annotated[list[str], typer.Option(help=f"Of {', '.join(ACTIONS)}; may be repeated.")],
    until: Annotated[str | None, typer.Option(help="Last local day, YYYY-MM-DD; for ever otherwise.")] = None,
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Make a token for a script or program; it is shown this once."""
    with the_store(data, url) as store:
        ends_ms = end_of_day(until, "--until")
        secret = Accounts(store).make_token(name, label, action, author=who(), ends_ms=ends_ms, origin=COMMAND)
    sys.stdout.write(secret + "\n")


@app.command()
def revoke(
    name: Name,
    label: Annotated[str, typer.Option(help="Label of the token.")],
    data: DataOption = None,
    url: UrlOption = None,
) -> None:
    """Make a token useless at once."""
    with the_store(data, url) as store:
        Accounts(store).revoke_token(name, label, author=who(), origin=COMMAND)


def _password(name: str) -> str:
    """Asked for twice at a terminal, else the first line of standard input; never an argument, which others could read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"password of {name}: ")
    if getpass.getpass("once more: ") != first:
        raise BadOption("the two passwords differ; nothing was changed")
    return first
