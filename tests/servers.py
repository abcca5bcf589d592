"""Servers for a while: a PostgreSQL cluster of our own on a free port, gone when the block ends."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


class NoServerError(Exception):
    """There is no PostgreSQL with PostGIS on this machine."""


@contextmanager
def postgis() -> Iterator[str]:
    """A fresh database with PostGIS; gives its address for psycopg, raises `NoServerError` where there is none.

    Beside it stands `template_gisgrid`, the same and unused, to make more from.
    """
    programs = _programs()
    # PostgreSQL will not run for root.
    account = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="gisgrid-postgis-"))
    try:
        if account:
            shutil.chown(folder, account)
        data = folder / "data"
        _run(
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            account=account,
        )
        port = free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        control = (programs / "pg_ctl", "-D", data, "-w")
        _run(*control, "-l", folder / "log", "-o", options, "start", account=account)
        try:
            address = ("-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
            _run(programs / "createdb", *address, "template_gisgrid", account=account)
            _run(programs / "psql", *address, "-qc", "create extension postgis", "template_gisgrid", account=account)
            _run(programs / "createdb", *address, "-T", "template_gisgrid", "gisgrid", account=account)
            yield f"postgresql://postgres@127.0.0.1:{port}/gisgrid"
        finally:
            _run(*control, "-m", "immediate", "stop", account=account)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restart(address: str) -> None:
    """Stop the server of an address and start it again, as it was; what is connected is cut off."""
    with psycopg.connect(address) as connection:
        (folder,) = connection.execute("select current_setting('data_directory')").fetchone() or ("",)
    account = "postgres" if os.getuid() == 0 else None
    _run(_programs() / "pg_ctl", "-D", folder, "-w", "-m", "fast", "-l", f"{folder}.log", "restart", account=account)


def _programs() -> Path:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = shutil.which("initdb")
    if found:
        places.insert(0, Path(found).resolve())
    for place in places:
        shared = subprocess.run([place.parent / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        version = place.parent.parent.name
        homes = [Path(shared.stdout.strip()), Path(f"/usr/share/postgresql/{version}")]
        if any((home / "extension" / "postgis.control").is_file() for home in homes):
            return place.parent
    raise NoServerError("no PostgreSQL with PostGIS; Debian: apt install postgresql postgresql-15-postgis-3")


def _run(program: Path, *arguments: object, account: str | None) -> None:
    done = subprocess.run(
        [program, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
        user=pwd.getpwnam(account).pw_uid if account else None,
        group=pwd.getpwnam(account).pw_gid if account else None,
    )
    if done.returncode:
        raise NoServerError(f"{program.name}: {done.stderr.strip()[-500:]}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
