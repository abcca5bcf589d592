"""The command `gisgrid`: knows only the names of its commands and loads one when it is called."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click
import typer.main

from gisgrid import __version__
from gisgrid.errors import GisgridError


@dataclass(frozen=True)
class _Noun:
    module: str
    help: str


_NOUNS: Final = {
    "demo": _Noun("web.commands.demo", "Show the three main jobs on the sample district and serve the maps."),
    "grids": _Noun("web.commands.grids", "Networks of grids: check them."),
    "incidents": _Noun("web.commands.incidents", "Incidents: assign each to the grid that answers for it."),
    "tracks": _Noun("web.commands.tracks", "Patrol trajectories against the 5225 standard."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when one of them is called, so that help and start stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        noun = _NOUNS.get(cmd_name)
        if noun is None:
            return None
        command = typer.main.get_command(importlib.import_module(noun.module).app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, noun.help) for name, noun in _NOUNS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gisgrid")
def gisgrid() -> None:
    """Grid governance: boundaries, patrols and incidents of community and village grids.

    Each command tells more with --help, for instance: gisgrid tracks verify --help
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 for clean, 1 for checked and found wanting, 2 for input that cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        result = gisgrid.main(
            args=None if arguments is None else list(arguments), prog_name="gisgrid", standalone_mode=False
        )
    except GisgridError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return result if isinstance(result, int) else 0
