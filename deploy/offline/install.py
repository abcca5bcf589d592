"""Install gisgrid from this folder, with no network and no registry.

    python3 install.py                   into /opt/gisgrid, on Windows into C:\\gisgrid
    python3 install.py --into FOLDER     elsewhere
    python3 install.py --check           only look whether the bundle is whole and fits this machine

First every file is compared with SHA256SUMS, then a virtual environment is made and the wheels are put into it. What was
installed there before stays beside it as FOLDER.before until the next time. Data are never touched.

It may be started with any Python 3.6 or newer, to say which one is needed; so nothing here is newer than that.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = "gisgrid-installed.json"
UNFINISHED = "gisgrid-unfinished"
NAMES = {"linux": "Linux", "win32": "Windows"}
WHERE = Path("C:\\gisgrid") if os.name == "nt" else Path("/opt/gisgrid")


class Refused(Exception):
    """Why nothing was installed, and what to do."""


def main() -> int:
    """Check, install, try; 0 when all went well, else 2."""
    parser = argparse.ArgumentParser(description="Install gisgrid from this folder, without a network")
    parser.add_argument("--into", type=Path, default=WHERE, metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="only look whether the bundle is whole and fits")
    options = parser.parse_args()
    try:
        bundle = read_bundle(HERE)
        obstacle = find_obstacle(bundle, this_machine())
        if obstacle:
            raise Refused(obstacle)
        if not options.check:
            install(HERE, options.into.resolve(), bundle)
    except Refused as error:
        say(str(error))
        return 2
    except OSError as error:
        say(f"the system refused: {error}; is there room, and may you write there?")
        return 2
    if options.check:
        say("the bundle is whole and fits this machine")
    return 0


def read_bundle(folder: Path) -> dict:
    """What the bundle is made for, after every file has been compared with its sum; `Refused` when one differs."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise Refused("SHA256SUMS is missing; unpack the whole archive again")
    listed = dict(reversed(line.split("  ", 1)) for line in sums.read_text("utf-8").splitlines())
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    wrong = [f"{name} is missing" for name in sorted(set(listed) - found)]
    wrong += [f"{name} does not belong here" for name in sorted(found - set(listed))]
    for name in sorted(found & set(listed)):
        if digest_of(folder / name) != listed[name]:
            wrong.append(f"{name} is not what SHA256SUMS says")
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Refused(
            "nothing was installed: {}{}; copy the archive again and unpack it into an empty folder".format(
                "; ".join(wrong[:3]), more
            )
        )
    return json.loads((folder / "bundle.json").read_text("utf-8"))


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def this_machine() -> dict:
    """What `find_obstacle` asks about: system, processor, kind and version of Python, bits, glibc (empty elsewhere)."""
    libc, version = platform.libc_ver()
    return {
        "system": sys.platform,
        "machine": {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower()),
        "implementation": platform.python_implementation(),
        "python": "{}.{}".format(*sys.version_info[:2]),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "glibc": version if libc == "glibc" else "",
    }


def find_obstacle(bundle: dict, machine: dict) -> str:
    """Why a bundle cannot be installed on a machine, with the remedy; empty when it can."""
    system, _, processor = bundle["platform"].replace("win_amd64", "win32_x86_64").partition("_")
    if (machine["system"], machine["machine"]) != (system, processor):
        return "this bundle is for {} on {}; this machine is {} on {}. Take the bundle made for it.".format(
            NAMES[system], processor, NAMES.get(machine["system"], machine["system"]), machine["machine"]
        )
    if machine["implementation"] != "CPython" or machine["bits"] != 64 or machine["python"] != bundle["python"]:
        return (
            "this bundle needs CPython {0}, 64 bits; this is {1} {2}, {3} bits. Start it with that one "
            "(python{0} install.py; on Windows: py -{0} install.py), or take the bundle made for {2}."
        ).format(bundle["python"], machine["implementation"], machine["python"], machine["bits"])
    if bundle["glibc"] and numbers(machine["glibc"]) < numbers(bundle["glibc"]):
        return "this bundle needs glibc {} or newer; here is {}. A newer system is needed (RHEL 8, openEuler 20.03, Debian 10 or later).".format(
            bundle["glibc"], machine["glibc"] or "none (musl?)"
        )
    return ""


def numbers(version: str) -> tuple:
    """`2.28` as (2, 28), to be compared."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def install(source: Path, folder: Path, bundle: dict) -> None:
    """Make the environment anew; when anything fails, what was there before is there again."""
    before = folder.with_name(folder.name + ".before")
    if (folder / UNFINISHED).exists():  # an installation that was cut off
        shutil.rmtree(str(folder))
        if not before.exists():
            say("cleared away what an interrupted installation left")
    if folder.exists() and not (folder / STAMP).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} holds something that is no installation of gisgrid; name another folder: --into")
    if (folder / STAMP).exists():
        if before.exists():
            shutil.rmtree(str(before))
        try:
            folder.rename(before)
        except PermissionError:
            raise Refused(f"{folder} is in use, or not yours; stop the service first") from None
    try:
        fill(source, folder, bundle)
    except BaseException:
        shutil.rmtree(str(folder), ignore_errors=True)
        if before.exists():
            before.rename(folder)
            say("what was installed before is in its place again")
        raise


def fill(source: Path, folder: Path, bundle: dict) -> None:
    """Make the environment, put the wheels into it and try it."""
    if hasattr(os, "umask"):
        os.umask(0o022)  # the service's own user must be able to read it
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).write_text("")
    say(f"making {folder}")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    tool = next((source / "wheels").glob("pip-*.whl"))
    say("installing {} wheels".format(len(list((source / "wheels").glob("*.whl"))) - 1))
    how = ["--isolated", "--no-index", "--only-binary", ":all:", "--require-hashes", "--no-cache-dir", "-q"]
    run(
        str(python), str(tool / "pip"), "install", *how, "--disable-pip-version-check",
        "--find-links", str(source / "wheels"), "-r", str(source / "requirements.txt"),
    )  # fmt: skip
    say("trying it")
    # Loads the compiled libraries, so that a system they do not fit is found out now.
    run(str(python), "-c", "import web.app, tracks.verify, boundaries.checks, pyarrow.parquet, psycopg")
    command = scripts / ("gisgrid.exe" if os.name == "nt" else "gisgrid")
    run(str(command), "--version")
    (folder / STAMP).write_text(json.dumps(bundle), "utf-8")
    (folder / UNFINISHED).unlink()
    say(f"ready: {command}")


def run(*command: str) -> None:
    """Run a command, with nothing of this account's set-up of Python and pip; `Refused` when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith(("PIP_", "PYTHON"))}
    clean["PIP_CONFIG_FILE"] = os.devnull
    done = subprocess.run(  # noqa: S603  # only what stands above
        list(command),
        env=clean,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        told = done.stdout.decode("utf-8", "replace").strip()
        raise Refused("this failed: {}\n{}".format(" ".join(command), told))


def say(text: str) -> None:
    """One line to the person at the terminal."""
    sys.stderr.write(f"[gisgrid] {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
