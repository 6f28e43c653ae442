"""A whole running house for tests: `manage.py serve` on a port and in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from dxp.embedded import free_port
from tests import template

ROOT = Path(__file__).resolve().parent.parent.parent


class House:
    """One copy of DXP, started as a newcomer would start it.

    Unless it `is_new`, its tables may be there already, so that a start need not migrate.
    """

    def __init__(self, folder: Path, *, is_new: bool = False, **variables: str) -> None:
        if not is_new:
            template.prepare_house(folder)
        self.folder = folder
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.lines: list[str] = []
        surroundings = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}
        }
        self.variables = {
            **surroundings,
            "VAR_DIR": str(folder),
            "PORT": str(self.port),
            **variables,
        }
        self.process: subprocess.Popen[str] | None = None

    def launch(self) -> None:
        """Start it and do not wait."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, patience: float = 180.0) -> float:
        """Start it and return after how many seconds it answered."""
        began = time.monotonic()
        self.launch()
        assert self.process is not None
        while time.monotonic() - began < patience:
            if any("Stop with" in line for line in self.lines):
                return time.monotonic() - began
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        raise AssertionError("The house did not start:\n" + "\n".join(self.lines[-60:]))

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(40)

    def password(self) -> str:
        """Return the password that was printed at the first start."""
        line = next(line for line in self.lines if "Password" in line)
        return line.split("Password")[1].split("(")[0].strip()

    @property
    def database(self) -> str:
        """Return the address of its database."""
        return next(line for line in self.lines if "postgres://" in line).split("at ")[1]

    def manage(self, *arguments: str) -> str:
        """Run a management command against this house's servers and return what it printed."""
        servers = {
            "DATABASE_URL": self.database,
            "REDIS_URL": next(x for x in self.lines if "redis://" in x).split("at ")[1],
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.variables, **servers, "DJANGO_SETTINGS_MODULE": "dxp.settings.dev"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def processes(self) -> list[str]:
        """Return the command lines of all processes that belong to this house."""
        found = []
        for status in Path("/proc").glob("[0-9]*/environ"):
            try:
                belongs = f"VAR_DIR={self.folder}".encode() in status.read_bytes().split(b"\0")
                command = (status.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if (belongs or str(self.folder) in command) and command:
                found.append(command.strip())
        return found

    def json(self, path: str, headers: dict[str, str]) -> Any:
        """Return what the API answers."""
        request = urllib.request.Request(self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def status(self, path: str = "/") -> int:
        """Return the status code of a page."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                code: int = answer.status
                return code
        except urllib.error.HTTPError as error:
            return error.code
