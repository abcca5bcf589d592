"""One service for an embedded database: a second one is refused, a dead one holds nothing, other commands go on."""

import signal
import subprocess
import sys

import pytest

from gisgrid.errors import BadOption
from tests.servers import free_port
from tests.web.live_server import Served, ask
from web.alone import LOCK_FILE, alone_in

PATIENCE_S = 60.0
HOLD = """
import sys, time
from pathlib import Path
from web.alone import alone_in
with alone_in(Path(sys.argv[1]), "http://10.0.0.1:8000/"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_alone_in__the_second_is_told_who_is_there(tmp_path):
    folder = tmp_path / "new" / "data"
    with alone_in(folder, "http://127.0.0.1:8000/"):
        for _ in range(2):
            already = pytest.raises(BadOption, match=r"served already: http://127\.0\.0\.1:8000/ \(process \d+\)")
            with already as told, alone_in(folder, "http://127.0.0.1:8001/"):
                pass
            assert "GISGRID_DATABASE_URL" in str(told.value)
            assert "已有服务" in told.value.told(1)
        with alone_in(tmp_path / "other", "http://127.0.0.1:8001/"):
            pass
    with alone_in(folder, "http://127.0.0.1:8001/"):
        pass
    assert (folder / LOCK_FILE).read_text() == ""


def test_alone_in__a_killed_one_holds_nothing(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BadOption, match=r"10\.0\.0\.1"), alone_in(tmp_path, "http://127.0.0.1:8001/"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(PATIENCE_S)
    with alone_in(tmp_path, "http://127.0.0.1:8001/"):
        pass


def test_alone_in__a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / LOCK_FILE).mkdir()
    with pytest.raises(BadOption, match="must be one that the service may write"), alone_in(tmp_path, "x"):
        pass


def test_serve__a_second_one_on_the_same_folder_is_refused_and_commands_go_on(tmp_path):
    served = Served(tmp_path / "data", None)

    def gisgrid(*words):
        command = [sys.executable, "-m", "gisgrid", *words, "--data", str(served.folder)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    try:
        port = served.serve()
        for second in (str(port), str(free_port())):
            refused = gisgrid("serve", "--port", second)
            assert refused.returncode == 2
            assert f"http://127.0.0.1:{port}/" in refused.stderr
            assert "Traceback" not in refused.stderr
        assert gisgrid("accounts", "list").returncode == 0
        assert ask(port, "GET", "/ready")[0] == 200
        served.servers[-1].kill()
        served.servers[-1].wait(PATIENCE_S)
        assert ask(served.serve(), "GET", "/ready")[0] == 200
    finally:
        served.close()
