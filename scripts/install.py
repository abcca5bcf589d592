"""Set the project up: a virtual environment, locked packages, the project itself, scripts and styles of the maps.

    python3 scripts/install.py            set up .venv, or do nothing when it is up to date

Needs Python 3.11 or newer and nothing else; works on Linux, macOS and Windows.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed"
LOCKS = [ROOT / "requirements" / name for name in ("dev.txt", "node.txt")]
INPUTS = [*LOCKS, ROOT / "pyproject.toml", ROOT / "package-lock.json", ROOT / "scripts" / "assets.py"]


def main() -> int:
    """Set up what is missing and say what is done."""
    parser = argparse.ArgumentParser(description="Set up gisgrid in .venv")
    parser.add_argument("--offline", action="store_true", help="install from wheels/ without a registry")
    offline = parser.parse_args().offline
    if sys.version_info < (3, 11):  # noqa: UP036  # this very script may be started with an older Python
        say(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Start this with another Python (make: PYTHON=python3.11)."
        )
        return 2
    digest = fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == digest:
        return 0
    started = time.monotonic()
    if not PYTHON.exists():
        say("making the virtual environment .venv")
        if not make_environment():
            return 2
    say("installing the locked packages (the first time this takes a minute or two)")
    source = ["--no-index", "--find-links", str(ROOT / "wheels")] if offline else []
    run(
        PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", *source, "-r", LOCKS[0]
    )
    say("installing gisgrid itself")
    run(
        PYTHON,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        ROOT,
    )
    if not (offline and (ROOT / "gisgrid" / "mapping" / "vendor").is_dir()):
        if shutil.which("npm") is None:
            say("there is no npm here; taking one from the Python registry")
            run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", LOCKS[1])
        say("fetching the scripts and styles of the maps")
        run(PYTHON, ROOT / "scripts" / "assets.py")
    STAMP.write_text(digest)
    say(f"ready after {time.monotonic() - started:.0f} s")
    return 0


def make_environment() -> bool:
    """Make .venv; False, with the remedy said, when this Python cannot."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return True
    say((made.stdout + made.stderr).strip())
    say("this Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv")
    shutil.rmtree(VENV, ignore_errors=True)
    return False


def fingerprint() -> str:
    """What the installation was made from."""
    digest = hashlib.sha256(sys.version.encode())
    for path in INPUTS:
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def run(*command: object) -> None:
    """Run a command; when it fails, say which and stop."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, check=False)
    if done.returncode != 0:
        say(f"this failed: {' '.join(str(word) for word in command)}")
        raise SystemExit(done.returncode)


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(f"[install] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
