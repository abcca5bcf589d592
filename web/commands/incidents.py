"""`gisgrid incidents`: each at the grid that answers for it, reported, moved on, closed, counted."""

from typing import ClassVar

import typer

from web.commands.on_demand import OnDemand

_LOOP = "web.commands.incident_loop"
_STORED = "web.commands.stored_incidents"
_FIGURES = "web.commands.incident_figures"


class _Commands(OnDemand):
    places: ClassVar = {
        "report": ("web.commands.incident_reporting", "report_command"),
        "show": (_LOOP, "show_command"),
        "step": (_LOOP, "step_command"),
        "duplicate": (_LOOP, "duplicate_command"),
        "list": (_STORED, "list_command"),
        "figures": (_FIGURES, "figures_command"),
        "tick": (_LOOP, "tick_command"),
        "evidence": (_FIGURES, "evidence_command"),
        "import": (_STORED, "import_command"),
        "export": (_STORED, "export_command"),
        "assign": ("web.commands.incident_assigning", "assign_command"),
    }


app = typer.Typer(
    cls=_Commands,
    help="Incidents: each at the grid that answers for it, reported, moved on, closed, counted.",
    no_args_is_help=True,
)


@app.callback()
def _commands() -> None:
    """Incidents: each at the grid that answers for it, reported, moved on, closed, counted."""
