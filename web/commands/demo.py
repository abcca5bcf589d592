"""`gisgrid demo`: the three main jobs on the sample district, shown and served."""

import datetime as dt
import signal
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn
from rich.console import Console
from rich.table import Table

from gisgrid.categories import CATEGORIES
from gisgrid.errors import BadOption
from gisgrid.mapping.assets import check_assets
from gisgrid.sample.district import LOCAL
from web.alone import alone_in
from web.commands.serve import STOP_S, try_port
from web.demo import run_demo
from web.demo_app import create_demo_app
from web.demo_guests import shut_out
from web.demo_life import Life
from web.demo_store import open_demo_store
from web.envelope import start_logging
from web.services import open_services
from web.settings import Settings, make_settings
from web.summary import Summary

app = typer.Typer(help="Show the three main jobs on the sample district and serve it.")

SERVED_NOW: Final = dt.datetime(2018, 11, 1, 9, 0, tzinfo=LOCAL)
"""Where the clock of the served sample begins: the morning after its last incident."""

_VERDICTS = ("pass", "fail", "undetermined", "not_due")


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="Folder for the sample, the results and the maps.")] = Path("gisgrid-data"),
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the sample district, or stop after the result.")
    ] = True,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8000,
    live: Annotated[
        bool, typer.Option("--live", help="While it is served let patrollers walk and incidents come in.")
    ] = False,
) -> None:
    """Verify a week of patrols, assign 564,342 incidents and check 659 grids of a made-up district; then serve it, on this
    machine only, with a page from which one enters as a commander, an administrator, an assessor or a wall screen.
    """
    if not 0 < port < 65536:
        raise BadOption(f"--port is {port}; expected a number from 1 to 65535")
    if data.exists() and not data.is_dir():
        raise BadOption(f"--data is {data}, which is a file; expected a folder")
    settings = make_settings({"data": data, "port": port, "sample_now": SERVED_NOW, "log_level": "warning"})
    if serve:
        # Before anything is computed.
        check_assets()
        try_port(settings)
    progress = Console(stderr=True, highlight=False)
    with progress.status("starting") as status:

        def say(text: str) -> None:
            status.update(text)
            if not progress.is_terminal:
                progress.print(text)

        summary = run_demo(data, on_step=say)
    _tell(Console(highlight=False), summary, data)
    if serve:
        _serve(settings, progress, live=live)


def _serve(settings: Settings, progress: Console, *, live: bool) -> None:
    """Serve the sample until told to stop; afterwards nobody gets in without a password."""
    where = f"http://{settings.host}:{settings.port}/"
    with alone_in(settings.data, where):
        start_logging(settings)
        services = open_services(settings)
        served = create_demo_app(services, settings.data)
        with progress.status("making the map ready"):
            services.mirror.parts()
            services.maps.warm()
        # Told to stop it ends as by Ctrl-C, so that what follows is done.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        progress.print(f"\nserving on [bold]{where}[/]   (Ctrl-C ends it)")
        life = Life(services, where) if live else None
        if life is not None:
            life.start()
        uvicorn.run(
            served, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )  # fmt: skip
        if life is not None:
            life.close()
        store = open_demo_store(settings.data)
        try:
            shut_out(store)
        finally:
            store.close()


def _tell(console: Console, summary: Summary, data: Path) -> None:
    console.print("\n[bold]Sample district[/] (made up; the outline and the counts are Jiaojiang's)")
    kinds = summary.grids_by_kind
    console.print(
        f"  {sum(kinds.values())} grids ({kinds.get('community', 0)} community, {kinds.get('village', 0)} village) in {summary.villages} villages and "
        f"communities, {summary.area_km2} km², {summary.residents:,} residents, {summary.migrants:,} migrants"
    )
    console.print(
        f"  grids checked: {'clean, no gap, no overlap' if summary.defects == 0 else f'{summary.defects} defects'}"
    )
    console.print(f"\n[bold]Patrols[/] {summary.first_day} to {summary.last_day}, {summary.fixes:,} fixes")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  verdict")
    for name in _VERDICTS:
        table.add_column(name, justify="right")
    for label, counts in (
        ("days, patrols", summary.days),
        ("days, with reports", summary.days_with_reports),
        ("weeks, patrols", summary.weeks),
    ):
        table.add_row("  " + label, *(f"{counts.get(name, 0):,}" for name in _VERDICTS))
    console.print(table)
    hows = ", ".join(f"{count:,} {how.replace('_', ' ')}" for how, count in summary.incidents_by_how.items() if count)
    console.print(f"\n[bold]Incidents[/] {summary.incidents:,}: {hows}")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  township", no_wrap=True, min_width=14)
    for _, label in CATEGORIES.values():
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("total", justify="right")
    for row in summary.townships:
        table.add_row("  " + row.name, *(f"{row.incidents.get(name, 0):,}" for name in CATEGORIES), f"{row.total:,}")
    console.print(table)
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in summary.seconds.items())
    console.print(
        f"\nin {data}/: sample/ (inputs), results/ (CSV), maps/, gisgrid.db and tracks/ (the store)   [dim]{spent}[/]"
    )
    console.print(f"look into the store: gisgrid incidents list --data {data}")
