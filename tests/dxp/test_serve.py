"""`make serve`: one supervisor that starts, keeps and stops everything."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from django.core.management.base import CommandError

from dxp.embedded import free_port
from dxp.management.commands.serve import Command
from tests.house.running import ROOT, House


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), is_new=True, DEMO="0")
    house.first_took = house.start()
    yield house
    if house.process.poll() is None:
        house.stop()


def pid_of(house, words):
    """Return the process of that name that the supervisor itself started."""
    rows = os.popen("ps -ww -eo pid,ppid,args").read().splitlines()[1:]
    for row in rows:
        pid, parent, command = row.split(None, 2)
        if int(parent) == house.process.pid and words in command:
            return int(pid)
    return None


class TestServe:
    def test_answers_and_tells_how_to_sign_in(self, house):
        assert house.status("/healthz") == 200
        assert house.status("/admin/login/") == 200
        assert len(house.password()) >= 12

    def test_prefixes_every_line_with_its_program(self, house):
        assert [line for line in house.lines if not re.match(r"\w+ *\|", line)] == []

    def test_restarts_a_program_that_dies(self, house):
        before = pid_of(house, "granian")
        os.kill(before, signal.SIGKILL)

        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if (
                    pid_of(house, "granian") not in {None, before}
                    and house.status("/healthz") == 200
                ):
                    break
            except OSError:
                time.sleep(0.2)

        assert pid_of(house, "granian") not in {None, before}
        assert house.status("/healthz") == 200
        assert any("web" in line and "starts again" in line for line in house.lines)

    def test_says_that_a_port_is_taken(self, house, tmp_path):
        done = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env={**house.variables, "VAR_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == 1
        assert f"Port {house.port} is taken" in done.stderr
        assert "Traceback" not in done.stderr

    def test_stops_without_leaving_a_process_and_starts_again_quickly(self, house):
        house.stop(signal.SIGINT)
        left = house.processes()
        password_lines = [line for line in house.lines if "Password" in line]

        house.lines.clear()
        took = house.start()
        house.stop(signal.SIGTERM)

        assert left == []
        assert house.processes() == []
        assert len(password_lines) == 1
        assert [line for line in house.lines if "Password" in line] == []
        # Nothing has to be set up again.
        assert took < house.first_took
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", house.port))

    def test_stops_at_once_while_it_still_starts(self, tmp_path):
        house = House(tmp_path / "var", is_new=True, DEMO="0")
        house.launch()
        deadline = time.monotonic() + 60
        while not any("redis" in line for line in house.lines) and time.monotonic() < deadline:
            time.sleep(0.05)

        house.stop(signal.SIGINT)

        assert house.processes() == []
        assert not any("Traceback" in line for line in house.lines)

    def test_a_killed_supervisor_takes_its_programs_with_it(self, house):
        if house.process.poll() is not None:
            house.lines.clear()
            house.start()

        house.process.kill()

        deadline = time.monotonic() + 20
        while house.processes() and time.monotonic() < deadline:
            time.sleep(0.2)
        house.process.wait()
        assert house.processes() == []


def test_an_old_python_is_told_what_to_do(tmp_path):
    program = (
        "import sys, runpy; sys.version_info = (3, 9, 2, 'final', 0);"
        "runpy.run_path('dxp/bootstrap.py', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "3.11 or newer is needed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_told_before_anything_starts(tmp_path, monkeypatch):
    full = SimpleNamespace(free=1024)
    monkeypatch.setattr("dxp.management.commands.serve.shutil.disk_usage", lambda place: full)

    with pytest.raises(CommandError, match="is full: 300 MB are needed"):
        Command().look_first(tmp_path, free_port())


def test_a_failed_download_says_that_the_same_command_can_be_tried_again(tmp_path):
    for name in ("requirements-dev.lock", "requirements-bootstrap.lock", "dxp/bootstrap.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    nowhere = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "dxp/bootstrap.py"],
        cwd=tmp_path,
        env=nowhere,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "a download failed" in done.stderr
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
