"""Make the offline bundle: the wheel of gisgrid with the maps' scripts, all locked wheels, checksums, an installer.

    .venv/bin/python scripts/bundle.py                      for this kind of machine and this Python
    .venv/bin/python scripts/bundle.py --for win_amd64      for another; nothing of it is run here
    .venv/bin/python scripts/bundle.py --python 3.12

The same sources and locks give the same bytes.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import string
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Final

from packaging.markers import Marker

ROOT: Final = Path(__file__).resolve().parent.parent
# Installs the others, so that a Python without pip or ensurepip (Debian without python3-venv) is enough.
PIP: Final = "pip==26.3 --hash=sha256:f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
_LONGEST_LICENCE: Final = 60
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # what a zip archive can say


@dataclass(frozen=True)
class Target:
    """A kind of machine: the tags of wheels that run on it, newest first, and what markers see there."""

    tags: tuple[str, ...]
    markers: Mapping[str, str]
    glibc: str = ""


# glibc 2.28 is that of RHEL 8, openEuler 20.03, Kylin V10 and UOS 20, which such servers run.
_GLIBC: Final = (28, 27, 26, 24, 17, 12, 5)


def _linux(machine: str) -> Target:
    markers = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": machine,
    }
    return Target(tuple(f"manylinux_2_{minor}_{machine}" for minor in _GLIBC), markers, glibc=f"2.{_GLIBC[0]}")


TARGETS: Final = {
    "linux_x86_64": _linux("x86_64"),
    "linux_aarch64": _linux("aarch64"),
    "win_amd64": Target(
        ("win_amd64",),
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    ),
}


@dataclass(frozen=True)
class Locked:
    """One line of a lock file: the package, its version, when it is needed, the SHA-256 of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Make one bundle in dist/; 2 when something cannot be had."""
    parser = argparse.ArgumentParser(description="Make an offline bundle of gisgrid in dist/")
    parser.add_argument("--for", dest="target", choices=TARGETS, default=this_target(), help="kind of machine")
    parser.add_argument("--python", default=f"3.{sys.version_info.minor}", help="version of Python, such as 3.11")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the bundle")
    options = parser.parse_args(arguments)
    if options.target is None:
        parser.error(f"there are no bundles for this kind of machine; --for takes {', '.join(TARGETS)}")
    if not re.fullmatch(r"3\.\d\d", options.python):
        parser.error(f"--python is {options.python!r}; expected a version such as 3.11")
    if not (ROOT / "gisgrid" / "mapping" / "vendor" / "leaflet" / "leaflet.js").is_file():
        say("the scripts of the maps are missing; run: python3 scripts/assets.py (`make bundle` does)")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        say(f"fetching the locked wheels for {options.target}, Python {options.python}")
        locked = needed(
            read_lock((ROOT / "requirements" / "run.txt").read_text("utf-8")), options.target, options.python
        )
        if not fetch(locked, folder, options.target, options.python):
            return 2
        if not build_wheel(folder):
            return 2
        made = write_bundle(sorted(folder.glob("*.whl")), options.out, options.target, options.python)
    say(f"{made.stat().st_size / 1e6:.0f} MB in {made}")
    return 0


def this_target() -> str | None:
    """The kind of this machine, None when there are no bundles for it."""
    machine = platform.machine()
    seen = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "win32":
        return "win_amd64" if seen == "x86_64" else None
    name = f"{sys.platform}_{seen}"
    return name if name in TARGETS else None


def read_lock(text: str) -> list[Locked]:
    """The lines of a lock file with hashes; ValueError for one without."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        told, *hashes = line.split("--hash=")
        requirement, _, marker = told.partition(";")
        name, _, version = requirement.strip().partition("==")
        if not version or not hashes:
            raise ValueError(
                f"a lock has {line.strip()!r}; expected name==version with --hash=sha256:...; run make lock"
            )
        found.append(Locked(name, version, marker.strip(), tuple(one.strip() for one in hashes)))
    return found


def needed(locked: Iterable[Locked], target: str, python: str) -> list[Locked]:
    """What is needed on a kind of machine with a version of Python, such as 3.11."""
    # pip would ask the markers of the machine it runs on, not of the one the wheels are for.
    there = {
        **TARGETS[target].markers,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return [one for one in locked if not one.marker or Marker(one.marker).evaluate(there)]


def fetch(locked: Iterable[Locked], folder: Path, target: str, python: str) -> bool:
    """Put the wheels of a lock and pip's own into a folder, each with the sum the lock gives; False when one is missing."""
    wanted = folder / "wanted.txt"
    lines = [f"{one.name}=={one.version} {' '.join(f'--hash={value}' for value in one.hashes)}" for one in locked]
    wanted.write_text("\n".join([*lines, PIP]), "utf-8")
    tag = f"cp{python.replace('.', '')}"
    only = ("--only-binary=:all:", "--implementation=cp", f"--python-version={python}")
    only += tuple(f"--platform={tag}" for tag in TARGETS[target].tags)
    only += tuple(f"--abi={abi}" for abi in (tag, "abi3", "none"))
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--require-hashes", *only, "-r", str(wanted), "-d", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        say((done.stdout + done.stderr).strip())
        say("a wheel could not be had; is a Python registry within reach, and has it wheels for this Python?")
    return done.returncode == 0


def build_wheel(folder: Path) -> bool:
    """Build the wheel of gisgrid, with the scripts of the maps in it; False when that fails."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say((done.stdout + done.stderr).strip())
        say("the wheel of gisgrid could not be built; run: make install")
    return done.returncode == 0


def write_bundle(wheels: list[Path], out: Path, target: str, python: str) -> Path:
    """Write the archive and, beside it, its sum; returns the archive.

    The archive holds one folder: wheels/, requirements.txt, bundle.json, install.py, the two READMEs, LICENCES.md, the
    files of deploy/, docs/operations.md, SHA256SUMS of all of these.
    """
    own = next(path for path in wheels if path.name.startswith("gisgrid-"))
    version = own.name.split("-")[1]
    label = {"version": version, "platform": target, "python": python, "glibc": TARGETS[target].glibc}
    name = f"gisgrid-{version}-offline-{target}-py{python}"
    content = {f"wheels/{path.name}": path.read_bytes() for path in wheels}
    content["requirements.txt"] = requirements_of(wheels).encode()
    content["bundle.json"] = (json.dumps(label, indent=2) + "\n").encode()
    content["LICENCES.md"] = licences_of(wheels).encode()
    content["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    for path in sorted((ROOT / "deploy" / "offline").glob("README*.md")):
        content[path.name] = string.Template(path.read_text("utf-8")).substitute(label).encode()
    content["install.py"] = (ROOT / "deploy" / "offline" / "install.py").read_bytes()
    for path in sorted((ROOT / "deploy").glob("*.*")):
        content[f"deploy/{path.name}"] = path.read_bytes()
    content["operations.md"] = (ROOT / "docs" / "operations.md").read_bytes()
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}
    content["SHA256SUMS"] = "".join(f"{value}  {name}\n" for name, value in sums.items()).encode()
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{name}.zip"
    write_archive(archive, name, content)
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    (out / f"{name}.zip.sha256").write_text(f"{digest}  {archive.name}\n", "utf-8", newline="\n")
    return archive


def write_archive(archive: Path, folder: str, content: Mapping[str, bytes]) -> None:
    """Write files into one folder of a zip archive, whole or not at all; the same content gives the same bytes."""
    unfinished = archive.with_name(archive.name + ".part")
    try:
        # Stored, not packed: wheels are packed already, and what packs differs between versions of zlib.
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as file:
            for name, data in sorted(content.items()):
                entry = zipfile.ZipInfo(f"{folder}/{name}", _EARLIEST)
                entry.create_system = 3  # keeps the rights below, also when made on Windows
                entry.external_attr = (0o100755 if name == "install.py" else 0o100644) << 16
                file.writestr(entry, data)
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)


def requirements_of(wheels: Iterable[Path]) -> str:
    """What the installer installs: these wheels and no others, by their sums; pip is only its tool."""
    lines = []
    for path in wheels:
        name, version = path.name.split("-")[:2]
        if name != "pip":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    return "".join(sorted(lines))


def licences_of(wheels: Iterable[Path]) -> str:
    """A table of everything in the bundle with its licence, from what the wheels say of themselves."""
    rows = []
    for path in wheels:
        told = metadata_of(path)
        rows.append((str(told["Name"]), str(told["Version"]), licence_of(told)))
    for place, entry in json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"].items():
        if place:
            rows.append((f"{place.rpartition('/')[2]} (in gisgrid's wheel)", entry["version"], entry["license"]))
    text = (
        "# Licences\n\nWhat this bundle holds. The texts lie in the wheels (`*.dist-info`), with those of the libraries\n"
        "that a wheel brings along (GEOS, PROJ, GDAL and others).\n\n| name | version | licence |\n|---|---|---|\n"
    )
    return text + "".join(f"| {' | '.join(row)} |\n" for row in sorted(rows, key=lambda row: row[0].lower()))


def metadata_of(wheel: Path) -> Message:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as file:
        name = next(name for name in file.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        return Parser().parsestr(file.read(name).decode("utf-8"))


def licence_of(told: Message) -> str:
    """The licence in a few words: the SPDX expression, the field, or the classifiers; else `not stated`."""
    field = (told["License"] or "").strip()
    if told["License-Expression"]:
        return str(told["License-Expression"])
    if field and len(field) <= _LONGEST_LICENCE and "\n" not in field:
        return field
    classified = [str(one) for one in told.get_all("Classifier", []) if str(one).startswith("License ::")]
    return ", ".join(one.rpartition(" :: ")[2] for one in classified) or "not stated"


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(f"[bundle] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
