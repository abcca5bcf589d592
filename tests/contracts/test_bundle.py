"""The offline bundle: whole, the same each time, refused when touched, installed without any network."""

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.offline.install import STAMP, Refused, find_obstacle, install, read_bundle
from scripts.bundle import TARGETS, build_wheel, licence_of, metadata_of, needed, read_lock, this_target, write_bundle
from tests.conftest import ROOT, missing

INSTALLER = ROOT / "deploy" / "offline" / "install.py"
LOCK = (ROOT / "requirements" / "run.txt").read_text("utf-8")
OURS = ("gisgrid", "boundaries", "tracks", "web")

# A registry, whatever it is called: by the words with which pip and npm name one.
REGISTRY = re.compile(
    rb"(?:--(?:extra-)?index-url|(?<!\w)-i|registry\s*=|\"resolved\"\s*:)[\s\"=]*https?:"
    rb"|https?://[\w.:-]+/(?:[\w-]+/)*simple\b|file:/{3}"
)


@pytest.fixture(scope="module")
def own_wheel(tmp_path_factory):
    if not (ROOT / "gisgrid" / "mapping" / "vendor").is_dir():
        missing("the scripts of the maps were not fetched")
    folder = tmp_path_factory.mktemp("wheel")
    assert build_wheel(folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture
def bundle(own_wheel, tmp_path):
    """A bundle with a pip that always fails, unpacked."""
    return unpack(make(own_wheel, tmp_path / "made"), tmp_path / "unpacked")


def make(own_wheel, out, target=None):
    """A bundle of our wheel and a pip that always fails."""
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    shutil.copy(own_wheel, wheels)
    with zipfile.ZipFile(wheels / "pip-0-py3-none-any.whl", "w") as file:
        file.writestr("pip/__main__.py", "raise SystemExit('no room')")
        file.writestr(
            "pip-0.dist-info/METADATA", "Name: pip\nVersion: 0\nClassifier: License :: OSI Approved :: MIT License\n"
        )
    target = target or this_target() or "linux_x86_64"
    return write_bundle(sorted(wheels.glob("*.whl")), out, target, f"3.{sys.version_info.minor}")


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


# What goes in


def test_build_wheel__holds_every_file_of_the_packages_and_the_scripts_of_the_maps(own_wheel):
    with zipfile.ZipFile(own_wheel) as file:
        held = {name for name in file.namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == wanted
    assert {"gisgrid/mapping/vendor/leaflet/leaflet.js", "gisgrid/mapping/vendor/jquery/jquery.min.js"} <= held


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_needed__each_package_once_and_all_that_the_project_asks_for(target, python):
    names = [one.name for one in needed(read_lock(LOCK), target, python)]
    assert len(names) == len(set(names))
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    there = {"sys_platform": "win32" if target == "win_amd64" else "linux", "python_full_version": f"{python}.0"}
    requirements = [Requirement(line) for line in asked]
    assert {one.name for one in requirements if one.marker is None or one.marker.evaluate(there)} <= set(names)
    assert ("uvloop" in names, "colorama" in names) == (target != "win_amd64", target == "win_amd64")


def test_needed__numpy_fits_the_python():
    chosen = {
        python: next(one.version for one in needed(read_lock(LOCK), "win_amd64", python) if one.name == "numpy")
        for python in ("3.11", "3.12")
    }
    stated = {line.split(" ")[0] for line in LOCK.splitlines() if line.startswith("numpy==")}
    assert {f"numpy=={version}" for version in chosen.values()} == stated
    assert chosen["3.11"] < chosen["3.12"]


@pytest.mark.parametrize("line", ["numpy==2.4.6", "numpy>=2 --hash=sha256:00", "-e ."])
def test_read_lock__a_line_that_pins_nothing_is_refused(line):
    with pytest.raises(ValueError, match="make lock"):
        read_lock(line)


def test_licence_of__expression_field_or_classifier(own_wheel):
    told = metadata_of(own_wheel)
    assert licence_of(told) == "Apache-2.0"
    for name in ("License-Expression", "License", "Classifier"):
        del told[name]
    assert licence_of(told) == "not stated"
    told["Classifier"] = "License :: OSI Approved :: BSD License"
    assert licence_of(told) == "BSD License"
    told["License"] = "All rights, in very many words. " * 9
    assert licence_of(told) == "BSD License"
    told.replace_header("License", "BSD")
    assert licence_of(told) == "BSD"


# The archive


def test_write_bundle__the_same_bytes_each_time(own_wheel, tmp_path):
    first, second = (make(own_wheel, tmp_path / name) for name in ("one", "another"))
    assert first.read_bytes() == second.read_bytes()
    told, name = first.with_name(first.name + ".sha256").read_text("utf-8").split()
    assert (told, name) == (hashlib.sha256(first.read_bytes()).hexdigest(), first.name)


def test_write_bundle__sums_of_all_files_and_a_requirement_for_each_wheel(bundle):
    held = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    sums = dict(reversed(line.split("  ")) for line in (bundle / "SHA256SUMS").read_text("utf-8").splitlines())
    assert set(sums) == held - {"SHA256SUMS"}
    assert all(hashlib.sha256((bundle / name).read_bytes()).hexdigest() == told for name, told in sums.items())
    (own,) = (bundle / "wheels").glob("gisgrid-*.whl")
    digest = hashlib.sha256(own.read_bytes()).hexdigest()
    (line,) = (bundle / "requirements.txt").read_text("utf-8").splitlines()
    assert line == f"gisgrid=={own.name.split('-')[1]} --hash=sha256:{digest}"
    wanted = {
        "README.md",
        "README.zh-CN.md",
        "LICENCES.md",
        "operations.md",
        "deploy/gisgrid.service",
        "deploy/nginx.conf",
    }
    assert wanted <= held


def test_write_bundle__no_registry_and_no_path_of_this_machine(bundle):
    contents = {path.name: path.read_bytes() for path in bundle.rglob("*") if path.is_file() and path.suffix != ".whl"}
    (own,) = (bundle / "wheels").glob("gisgrid-*.whl")
    with zipfile.ZipFile(own) as file:
        contents |= {name: file.read(name) for name in file.namelist()}
    paths = (f"{ROOT}/".encode(), f"{Path.home()}/".encode())
    assert [(name, word) for name, content in contents.items() for word in paths if word in content] == []
    assert [(name, found[0]) for name, content in contents.items() if (found := REGISTRY.search(content))] == []


@pytest.mark.parametrize(
    "text",
    ["--index-url https://x.example/simple", "-i https://x.example/a", '"resolved": "https://x.example/a.tgz"',
     "see https://x.example/simple/numpy/", "--find-links file:/" + "//somewhere", "registry=https://x.example/"],
)  # fmt: skip
def test_registry__however_it_is_written(text):
    assert REGISTRY.search(text.encode())


def test_write_bundle__readmes_say_for_what(bundle):
    label = json.loads((bundle / "bundle.json").read_text("utf-8"))
    for name in ("README.md", "README.zh-CN.md"):
        text = (bundle / name).read_text("utf-8")
        assert label["platform"] in text
        assert f"Python {label['python']}" in text
        assert "$" not in text


# The installer


def test_read_bundle__whole(bundle):
    assert read_bundle(bundle)["python"] == f"3.{sys.version_info.minor}"


def _change_a_byte(bundle):
    wheel = next((bundle / "wheels").glob("gisgrid-*.whl"))
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (_change_a_byte, r"wheels/gisgrid-.* is not what SHA256SUMS says"),
        (lambda bundle: (bundle / "requirements.txt").write_text("evil==1"), "requirements.txt is not what"),
        (lambda bundle: (bundle / "LICENCES.md").unlink(), "LICENCES.md is missing"),
        (lambda bundle: (bundle / "wheels" / "evil-1-py3-none-any.whl").touch(), "evil.* does not belong here"),
        (lambda bundle: (bundle / "SHA256SUMS").unlink(), "SHA256SUMS is missing; unpack"),
    ],
    ids=["a byte", "a requirement", "gone", "more", "no sums"],
)
def test_install__what_was_touched_is_refused(bundle, tmp_path, tamper, told):
    tamper(bundle)
    with pytest.raises(Refused, match=told):
        read_bundle(bundle)
    done = start(bundle, "--into", tmp_path / "there")
    assert (done.returncode, (tmp_path / "there").exists()) == (2, False)
    assert "Traceback" not in done.stderr


def start(bundle, *arguments):
    command = [sys.executable, str(bundle / "install.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


LINUX = {
    "system": "linux",
    "machine": "x86_64",
    "implementation": "CPython",
    "python": "3.11",
    "bits": 64,
    "glibc": "2.36",
}
WINDOWS = {**LINUX, "system": "win32", "glibc": ""}
FOR_LINUX = {"platform": "linux_x86_64", "python": "3.11", "glibc": "2.28"}
FOR_WINDOWS = {"platform": "win_amd64", "python": "3.11", "glibc": ""}


@pytest.mark.parametrize(
    ("bundle_for", "machine", "told"),
    [
        (FOR_LINUX, LINUX, ""),
        (FOR_WINDOWS, WINDOWS, ""),
        (FOR_LINUX, {**LINUX, "glibc": "2.28"}, ""),
        ({**FOR_LINUX, "platform": "linux_aarch64"}, {**LINUX, "machine": "aarch64"}, ""),
        (FOR_LINUX, {**LINUX, "python": "3.12"}, "python3.11 install.py"),
        (FOR_LINUX, {**LINUX, "python": "3.6"}, "take the bundle made for 3.6"),
        (FOR_LINUX, {**LINUX, "implementation": "PyPy"}, "needs CPython 3.11"),
        (FOR_WINDOWS, {**WINDOWS, "bits": 32}, "64 bits"),
        (FOR_LINUX, {**LINUX, "glibc": "2.17"}, "here is 2.17"),
        (FOR_LINUX, {**LINUX, "glibc": "2.9"}, "here is 2.9"),
        (FOR_LINUX, {**LINUX, "glibc": ""}, "musl"),
        (FOR_LINUX, {**LINUX, "machine": "aarch64"}, "Take the bundle made for it"),
        (FOR_LINUX, WINDOWS, "for Linux on x86_64; this machine is Windows"),
        (FOR_WINDOWS, LINUX, "for Windows on x86_64; this machine is Linux"),
        (FOR_LINUX, {**LINUX, "system": "darwin"}, "darwin"),
    ],
)
def test_find_obstacle__says_what_to_do(bundle_for, machine, told):
    obstacle = find_obstacle(bundle_for, machine)
    assert told in obstacle
    assert bool(obstacle) == bool(told)


def test_install__on_a_machine_it_does_not_fit_nothing_is_made(own_wheel, tmp_path):
    strange = next(target for target in TARGETS if target != this_target())
    bundle = unpack(make(own_wheel, tmp_path / "made", strange), tmp_path / "unpacked")
    done = start(bundle, "--into", tmp_path / "there")
    assert (done.returncode, (tmp_path / "there").exists()) == (2, False)
    assert "Take the bundle made for it" in done.stderr


def test_install__an_old_python_can_read_it_and_say_so():
    tree = ast.parse(INSTALLER.read_text("utf-8"), feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_install__when_it_fails_what_was_there_is_there_again(bundle, tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / STAMP).write_text("{}")
    (folder / "old").write_text("works")
    with pytest.raises(Refused, match="no room"):
        install(bundle, folder, read_bundle(bundle))
    assert sorted(path.name for path in folder.iterdir()) == sorted([STAMP, "old"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("there")] == ["there"]


def test_install__when_the_first_one_fails_nothing_is_left(bundle, tmp_path):
    with pytest.raises(Refused, match="no room"):
        install(bundle, tmp_path / "there", read_bundle(bundle))
    assert not (tmp_path / "there").exists()


def test_install__a_folder_of_something_else_is_left_alone(bundle, tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(Refused, match="name another folder"):
        install(bundle, folder, read_bundle(bundle))
    assert (folder / "thesis.txt").read_text() == "mine"


# All of it


_IN_THE_DARK = """
import fcntl, json, socket, struct, subprocess, sys, time, urllib.request
bundle, folder = sys.argv[1:]
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))  # the machine's own address, nothing else
with open("/proc/net/dev") as file:
    names = [line.split(":")[0].strip() for line in file if ":" in line]
subprocess.run([sys.executable, bundle + "/install.py", "--into", folder], check=True)
command = folder + "/bin/gisgrid"
told = {"nets": names, "version": subprocess.check_output([command, "--version"], text=True).strip()}
subprocess.run([command, "database", "upgrade", "--data", folder + "-data"], check=True)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
serving = subprocess.Popen([command, "serve", "--data", folder + "-data", "--port", str(port)])
try:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready") as answer:
                told["ready"] = json.load(answer)["status"]
            break
        except OSError:
            assert serving.poll() is None
            time.sleep(0.2)
finally:
    serving.terminate()
    serving.wait(30)
print(json.dumps(told))
"""


@pytest.mark.long
def test_bundle__installs_and_serves_with_the_network_cut_off(tmp_path):
    if this_target() is None or not this_target().startswith("linux"):
        missing("the network can be cut off on Linux only")
    cut = ["unshare", "-rn"]
    if shutil.which("unshare") is None or subprocess.run([*cut, "true"], check=False).returncode:
        missing("unshare cannot cut the network off here")
    made = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "bundle.py"), "--out", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    bundle = unpack(next(tmp_path.glob("*.zip")), tmp_path / "unpacked")
    assert "not stated" not in (bundle / "LICENCES.md").read_text("utf-8")
    command = [*cut, sys.executable, "-c", _IN_THE_DARK, str(bundle), str(tmp_path / "there")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    version = json.loads((bundle / "bundle.json").read_text("utf-8"))["version"]
    assert told == {"nets": ["lo"], "version": f"gisgrid {version}", "ready": "ready"}
    # What is installed is exactly what is listed.
    installed = {path.name.split("-")[0].lower() for path in (tmp_path / "there").rglob("*.dist-info")}
    listed = {line.split("==")[0] for line in (bundle / "requirements.txt").read_text("utf-8").splitlines()}
    assert {name.replace("_", "-") for name in installed} == {name.lower() for name in listed}
