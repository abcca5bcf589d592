"""The command `gisgrid`: knows only the names of its commands and loads one when it is called."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Final

from gisgrid import __version__
from gisgrid.errors import GisgridError


@dataclass(frozen=True)
class _Noun:
    module: str
    help: str


_NOUNS: Final = {
    "demo": _Noun("web.commands.demo", "show the three main jobs on the sample district and serve the maps"),
    "serve": _Noun("web.commands.serve", "serve the API, the phones, map programs and the live stream"),
    "grids": _Noun("web.commands.grids", "networks of grids: check and publish them"),
    "incidents": _Noun(
        "web.commands.incidents", "incidents: each at the grid that answers for it, reported, moved on, counted"
    ),
    "duties": _Noun("web.commands.duties", "who answers for which grid, who is on call, who has how much to do"),
    "registers": _Noun("web.commands.registers", "units, places, people, duties, leave, rules and more in and out"),
    "tracks": _Noun("web.commands.tracks", "patrol trajectories against the 5225 standard"),
    "accounts": _Noun("web.commands.accounts", "who may sign in, as what, where; passwords and tokens"),
    "devices": _Noun("web.commands.devices", "phones that send fixes: paired, listed, handed over, revoked"),
    "database": _Noun("web.commands.database", "care of the data: upgrade, check, back up, restore, retain, audit"),
}
_HELP: Final = "\n".join(
    (
        "Usage: gisgrid COMMAND ...",
        "",
        "Grid governance: boundaries, patrols and incidents of community and village grids.",
        "",
        "Commands:",
        *(f"  {name:<10} {noun.help}" for name, noun in _NOUNS.items()),
        "",
        "Options:",
        "  --version  the version",
        "  --help     this text; every command has its own, for instance: gisgrid tracks verify --help",
    )
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 for clean, 1 for checked and found wanting, 2 for input that cannot be used."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except GisgridError as error:
        language = _language(given)
        print(f"{('error: ', '错误：')[language]}{error.told(language)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(
            f"error: the system refused: {error.strerror or error}{place}; is there room, and may this be written?",
            file=sys.stderr,
        )
        return 2


def _language(arguments: Sequence[str]) -> int:
    """What `--language` asks for, 0 for English and 1 for Chinese: errors are told in it whatever the command is."""
    asked = [value for option, value in pairwise(arguments) if option == "--language"]
    asked += [option.partition("=")[2] for option in arguments if option.startswith("--language=")]
    return int(asked[-1:] == ["zh"])


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        print(_HELP)
        return 0
    if arguments[0] == "--version":
        print(f"gisgrid {__version__}")
        return 0
    name, *rest = arguments
    if name not in _NOUNS:
        near = get_close_matches(name, _NOUNS, 1)
        print(
            f"error: there is no command {name!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"commands are {', '.join(_NOUNS)}"),
            file=sys.stderr,
        )
        return 2
    # Only now: help and mistakes must not wait for geometry and tables to load.
    typer = importlib.import_module("typer.main")
    command = typer.get_command(importlib.import_module(_NOUNS[name].module).app)
    try:
        command.main(args=rest, prog_name=f"gisgrid {name}")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0
