"""Fetch the locked scripts and styles of the maps into gisgrid/mapping/vendor (never committed; goes into the wheel)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "gisgrid" / "mapping" / "vendor"
FILES = {
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/images": "leaflet/images",
    "leaflet/LICENSE": "leaflet/LICENSE",
    "jquery/dist/jquery.min.js": "jquery/jquery.min.js",
    "jquery/LICENSE.txt": "jquery/LICENSE.txt",
}


def main() -> int:
    """Run `npm ci` and copy what the pages need; 2 when that is not possible here."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        say("npm is missing; install Node.js, or run: pip install --require-hashes -r requirements/node.txt")
        return 2
    path = os.pathsep.join((str(Path(npm).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--silent"], cwd=ROOT, env={**os.environ, "PATH": path}, check=False
    )
    if done.returncode != 0:
        say(
            "npm could not fetch the locked packages; is an npm registry within reach? (npm ci --ignore-scripts tells more)"
        )
        return 2
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        found, place = ROOT / "node_modules" / source, VENDOR / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, place)
        else:
            shutil.copyfile(found, place)
    say(f"{sum(path.is_file() for path in VENDOR.rglob('*'))} files in {VENDOR.relative_to(ROOT)}")
    return 0


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(f"[assets] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
