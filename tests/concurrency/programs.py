"""The real programs on the tests' database: web server, worker and scheduler, to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from dxp import embedded

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(sys.executable).parent


class Programs:
    """Web, worker and scheduler as `serve` starts them, and a Redis of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = embedded.free_port()
        self.redis_port = embedded.free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.redis: embedded.Server | None = None
        url = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
        self.env = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "dxp.settings.dev", "DATABASE_URL": database,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0", "VAR_DIR": str(folder),
            "SECRET_KEY": "only-for-tests-" + "0" * 50,
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }  # fmt: skip
        celery = [str(HERE / "celery"), "--quiet", "-A", "dxp.celery"]
        self.commands = {
            "web": [
                str(HERE / "granian"), "--interface", "wsgi", "dxp.wsgi:application",
                "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                "--blocking-threads", "4", "--log-level", "warning",
            ],
            "worker": [
                *celery, "worker", "--loglevel", "WARNING", "--without-gossip",
                "--without-mingle", "--concurrency", "1",
            ],
            "beat": [
                *celery, "beat", "--loglevel", "WARNING", "--pidfile=",
                "-s", str(folder / "beat-schedule"),
            ],
        }  # fmt: skip

    def start_redis(self, monkeypatch) -> None:
        """Start Redis, at the same port each time."""
        with monkeypatch.context() as patch:
            patch.setattr(embedded, "free_port", lambda: self.redis_port)
            self.redis = embedded.start_redis(self.folder / "redis")

    def start(self, name: str) -> None:
        """Start one program in a process group of its own."""
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            self.commands[name], cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, preexec_fn=embedded.die_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """End a program and all that it started, without a chance to tidy up."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for_web(self, patience: float = 120.0) -> None:
        """Return when the web server listens."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The web server did not come up: {self.last_words('web')}")

    def last_words(self, name: str) -> str:
        """Return the end of a program's log."""
        return (self.folder / f"{name}.log").read_text()[-3000:]

    def stop(self) -> None:
        """End everything."""
        for name in list(self.running):
            self.kill(name)
        if self.redis is not None:
            self.redis.stop()
