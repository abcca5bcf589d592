"""A group of commands, each loaded when it is called: assigning a file must not wait for the database's libraries."""

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class OnDemand(TyperGroup):
    """Commands by name, in the order of the help; each a function in a module."""

    places: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, _context: Any) -> list[str]:
        """The names, in the order of the help."""
        return list(self.places)

    def get_command(self, _context: Any, name: str) -> Any:
        """The command of a name, None for another."""
        if name not in self.places:
            return None
        module, function = self.places[name]
        single = typer.Typer(add_completion=False)
        single.command(name)(getattr(importlib.import_module(module), function))
        return typer.main.get_command(single)
