"""The command line itself: quick help, lazy loading, versions, mistakes."""

import subprocess
import sys

import pytest

from gisgrid import __version__
from gisgrid.cli import main
from tests.worlds import draw_network

HEAVY = ("geopandas", "fastapi", "folium", "numba", "pandas", "shapely")


def test_help__lists_the_commands_without_loading_them():
    code = f"import sys, gisgrid.cli as c; c.main(['--help']); print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("demo", "grids", "incidents", "tracks"):
        assert f"\n  {name} " in done.stdout
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("noun", ["tracks", "grids", "incidents"])
def test_commands__load_no_web_framework(noun):
    code = f"import sys, gisgrid.cli as c; c.main(['{noun}', '--help']); print('fastapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("False")


def test_main__what_the_system_refuses_is_one_line(tmp_path, capsys):
    draw_network("AB").write(tmp_path / "grids.gpkg")
    (tmp_path / "file").write_text("in the way")
    assert main(["grids", "check", str(tmp_path / "grids.gpkg"), "--map", str(tmp_path / "file" / "map.html")]) == 2
    told = capsys.readouterr().err
    assert "the system refused" in told
    assert "Traceback" not in told


def test_version(capsys):
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_python_m_gisgrid():
    done = subprocess.run([sys.executable, "-m", "gisgrid", "--version"], capture_output=True, text=True, check=True)
    assert __version__ in done.stdout


@pytest.mark.parametrize("arguments", [["fly"], ["tracks", "fly"], ["tracks", "verify"], ["demo", "--port", "many"]])
def test_mistakes__are_told_with_code_2(arguments, capsys):
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
