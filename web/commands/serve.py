"""`gisgrid serve`: the service, in one process or, on PostgreSQL, in several."""

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvicorn
from rich.console import Console

from gisgrid.errors import BadOption
from gisgrid.store import open_store
from gisgrid.store.accounts import Accounts
from gisgrid.store.engine import DATABASE_FILE, database_url
from web.alone import alone_in
from web.app import create_app
from web.envelope import start_logging
from web.meters import SHARED_FOLDER
from web.services import open_services
from web.settings import Settings, check_for_service, make_settings, read_settings

app = typer.Typer(help="Serve the API, the phones, map programs and the live stream.")

STOP_S: Final = 3
"""So long open requests may take when the service is told to stop."""

_IDLE_S: Final = 65
_MOST_CONNECTIONS: Final = 2_000


@app.command()
def serve(
    data: Annotated[Path | None, typer.Option(help="Folder of the data; the setting GISGRID_DATA otherwise.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; GISGRID_HOST otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; GISGRID_PORT otherwise.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes, on PostgreSQL; GISGRID_WORKERS otherwise.")] = None,
    show_settings: Annotated[
        bool, typer.Option("--settings", help="Show every setting, its value and what it means, and stop.")
    ] = False,
) -> None:
    """Serve until told to stop (Ctrl-C, or SIGTERM): open requests are finished first, within 3 seconds."""
    settings = _settings(data, host, port, workers)
    if show_settings:
        _show(settings)
        return
    check_for_service(settings)
    address = database_url(settings.data, settings.database_url)
    if address.get_backend_name() == "sqlite":
        # Before the port is tried: who is told of that alone would take another one.
        with alone_in(Path(str(address.database)).parent, f"http://{settings.host}:{settings.port}/"):
            _serve(settings)
    else:
        _serve(settings)


def _serve(settings: Settings) -> None:
    try_port(settings)
    _try_store(settings)
    start_logging(settings)
    if settings.workers == 1:
        services = open_services(settings)
        uvicorn.run(create_app(services, keeps_house=True), **_server_options(settings))
        return
    _share_meters(settings)
    for name, value in settings.model_dump(mode="json", exclude={"metrics_token", "tianditu_key"}).items():
        if value is not None:
            os.environ[f"GISGRID_{name.upper()}"] = str(value)
    uvicorn.run("web.commands.serve:make_app", factory=True, workers=settings.workers, **_server_options(settings))


def make_app() -> object:
    """The application of one of several processes, by the settings in the environment."""
    settings = read_settings(os.environ)
    start_logging(settings)
    return create_app(open_services(settings), keeps_house=True)


def _settings(data: Path | None, host: str | None, port: int | None, workers: int | None) -> Settings:
    """The settings of the environment, with what the command line says otherwise."""
    settings = read_settings(os.environ)
    given = {"data": data, "host": host, "port": port, "workers": workers}
    told: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if data is not None:
        told["database_url"] = None
    return make_settings({**settings.model_dump(), **told})


def try_port(settings: Settings) -> None:
    """`BadOption` for an address or port that cannot be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise BadOption(
                f"the service cannot listen on {settings.host}:{settings.port} ({error.strerror}); end what listens there, or "
                "choose another with --port"
            ) from None


def _try_store(settings: Settings) -> None:
    """Open the database once, so that what is wrong with it is said now; say what a newcomer does next."""
    if settings.database_url is None and not (settings.data / DATABASE_FILE).exists():
        print(f"note: {settings.data} held no data; an empty database is made there", file=sys.stderr)
    store = open_store(settings.data, settings.database_url)
    try:
        accounts = Accounts(store).all()
    finally:
        store.close()
    where = f"http://{settings.host}:{settings.port}/"
    print(f"gisgrid serves on {where} (Ctrl-C ends it)", file=sys.stderr)
    if not accounts:
        print(
            "nobody can sign in yet; make the first account with\n"
            f"  gisgrid accounts add NAME --role administrator --data {settings.data}",
            file=sys.stderr,
        )
    if not settings.legal_basis.strip():
        print("for a trial on this machine only: GISGRID_LEGAL_BASIS is not set", file=sys.stderr)


def _server_options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": STOP_S,
        "timeout_keep_alive": _IDLE_S,
        "limit_concurrency": _MOST_CONNECTIONS,
    }


def _share_meters(settings: Settings) -> None:
    """A folder, empty at the start, in which the processes add up what they measure."""
    folder = settings.data / "meters"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[SHARED_FOLDER] = str(folder)


def _show(settings: Settings) -> None:
    console = Console(highlight=False)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = database_url(None, value).render_as_string() if name == "database_url" and value else value
        console.print(f"GISGRID_{name.upper()} = {'' if shown is None else shown}", style="bold", markup=False)
        console.print(f"  {field.description}", markup=False, soft_wrap=True)
