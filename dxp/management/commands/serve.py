"""One command that runs the house: servers, migrations, demo world, web, worker, scheduler."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from dxp import embedded
from dxp.settings import env

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ROOM_NEEDED = 300 * 1024 * 1024
COLORS = {"postgres": 34, "redis": 31, "web": 32, "worker": 35, "beat": 33, "setup": 36}


def fingerprint() -> str:
    """Return one hash over whatever decides what a prepared database holds."""
    digest = hashlib.sha256(env.read("DEMO").encode())
    for file in sorted([
        *ROOT.glob("*/migrations/*.py"),
        *ROOT.glob("dxp/*/migrations/*.py"),
        *ROOT.glob("dxp/demo/**/*"),
    ]):
        if file.is_file() and file.suffix != ".pyc":
            digest.update(file.read_bytes())
    for name in ("dxp/roles.py", "requirements-dev.lock"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


class Child:
    """One program of ours, restarted when it dies, its lines prefixed with its name."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.started = 0.0

    def start(self) -> None:
        """Start the program in a process group of its own."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=embedded.die_with_parent(signal.SIGTERM),
        )
        assert self.process.stdout is not None
        threading.Thread(target=relay, args=(self.name, self.process.stdout), daemon=True).start()

    def pause_before_restart(self) -> float | None:
        """Return how long to wait before starting it again, None while it runs; more each time."""
        if self.process is None or self.process.poll() is None:
            return None
        # What it had started itself must not go on without it, and hold its port.
        self.stop(signal.SIGKILL)
        self.failures = 1 if time.monotonic() - self.started > 60 else self.failures + 1
        return float(min(2 ** (self.failures - 1), 30))

    def stop(self, sign: int) -> None:
        """Send a signal to the program and everything it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, sign)


def relay(name: str, stream: BinaryIO) -> None:
    """Print a program's lines under its name."""
    for line in stream:
        say(name, line.decode("utf-8", "replace").rstrip())


def say(name: str, line: str) -> None:
    """Print one line under a name, in its color on a terminal."""
    label = f"{name:<8}|"
    if sys.stdout.isatty():
        label = f"\x1b[{COLORS.get(name, 37)}m{label}\x1b[0m"
    sys.stdout.write(f"{label} {line}\n")
    sys.stdout.flush()


class Command(BaseCommand):
    help = "Run DXP on this machine: PostgreSQL, Redis, web, worker and scheduler, until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Start everything in order, keep it running, stop it all.

        Raises:
            CommandError: a port is taken, the disk is full, or a server does not come up.
        """
        self.undertaker = embedded.Undertaker()
        self.servers: list[embedded.Server] = []
        self.children: list[Child] = []
        self.stopping = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self.asked_to_stop)
        folder = (ROOT / env.read("VAR_DIR")).resolve()
        port = int(env.read("PORT"))
        try:
            self.look_first(folder, port)
            self.start_servers(folder)
            self.prepare(folder)
            web, *others = self.programs(port)
            self.start_program(web)
            self.wait_for_web(port)
            for program in others:
                self.start_program(program)
            self.tell(folder)
            self.watch()
        except KeyboardInterrupt:
            say("setup", "stopping before everything ran")
        except (embedded.CannotStart, subprocess.CalledProcessError, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            self.stop_all()

    def asked_to_stop(self, sign: int, frame: FrameType | None) -> None:
        """Note that the person wants to stop; the main loop does the rest.

        Raises:
            KeyboardInterrupt: nothing runs yet, so that there is no loop to do it.
        """
        self.stopping.set()
        if not self.children:
            raise KeyboardInterrupt

    def look_first(self, folder: Path, port: int) -> None:
        """Look for what would fail later with worse words.

        Raises:
            CommandError: the disk is full, the folder can't be written, or the port is taken.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".writable").write_text("")
        except OSError as error:
            raise CommandError(f"VAR_DIR {folder} cannot be written: {error.strerror}.") from error
        if shutil.disk_usage(folder).free < ROOM_NEEDED:
            raise CommandError(f"The disk of {folder} is full: 300 MB are needed. Free some space.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} is taken by another program. Choose one: make serve PORT=8001"
                ) from error

    def start_servers(self, folder: Path) -> None:
        """Start PostgreSQL and Redis where the environment names none, and name them to all."""
        os.environ["VAR_DIR"] = str(folder)
        if not env.read("SECRET_KEY"):
            kept = folder / "secret-key"
            if not kept.exists():
                kept.write_text(secrets.token_urlsafe(48))
                kept.chmod(0o600)
            os.environ["SECRET_KEY"] = kept.read_text()
        for name, variable, start in (
            ("postgres", "DATABASE_URL", embedded.start_postgres),
            ("redis", "REDIS_URL", embedded.start_redis),
        ):
            if env.read(variable):
                continue
            with (folder / f"{name}.log").open("ab") as log:
                server = start(folder / name, log=log.fileno())
            self.servers.append(server)
            os.environ[variable] = server.url
            say(name, f"runs at {server.url}")

    def prepare(self, folder: Path) -> None:
        """Migrate, and load the demo world once; a start with nothing new skips both."""
        stamp, mark = folder / "prepared", fingerprint()
        if any(server.name == "postgres" for server in self.servers) and (
            stamp.exists() and stamp.read_text() == mark
        ):
            return
        self.manage("migrate", "--verbosity", "0")
        self.manage("prepare", *([] if env.flag("DEMO") else ["--no-demo"]))
        stamp.write_text(mark)

    def manage(self, *arguments: str) -> None:
        """Run one management command to its end, its lines under `setup`.

        Raises:
            CommandError: it failed.
            KeyboardInterrupt: the person asked to stop meanwhile.
        """
        child = Child("setup", [sys.executable, "manage.py", *arguments])
        self.children.append(child)
        child.start()
        self.remember(child)
        assert child.process is not None
        while child.process.poll() is None and not self.stopping.wait(0.05):
            pass
        self.children.remove(child)
        if self.stopping.is_set():
            child.stop(signal.SIGTERM)
            raise KeyboardInterrupt
        if child.process.returncode:
            raise CommandError(f"`manage.py {arguments[0]}` failed; the lines above say why.")

    def start_program(self, program: Child) -> None:
        """Start one of the programs and keep an eye on it from now on."""
        self.children.append(program)
        program.start()
        self.remember(program)

    def remember(self, program: Child) -> None:
        """Have a program ended even if this process is killed."""
        assert program.process is not None
        self.undertaker.watch(program.process.pid)

    def programs(self, port: int) -> list[Child]:
        """Return web, worker and scheduler, the one that people wait for first."""
        here = Path(sys.executable).parent
        celery = [str(here / "celery"), "--quiet", "-A", "dxp.celery"]
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dxp.settings.dev")
        # On one machine, started by root, that is a newcomer in a container and no danger.
        os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
        beat_file = Path(os.environ["VAR_DIR"]) / "beat-schedule"
        return [
            Child(
                "web",
                [
                    str(here / "granian"), "--interface", "wsgi", "dxp.wsgi:application",
                    "--host", "0.0.0.0", "--port", str(port), "--workers", env.read("WEB_WORKERS"),
                    "--blocking-threads", "4", "--respawn-failed-workers", "--log-level", "warning",
                ],
            ),
            Child(
                "worker",
                [
                    *celery, "worker", "--loglevel", "WARNING", "--without-gossip",
                    "--without-mingle", "--concurrency", env.read("WORKER_CONCURRENCY"),
                ],
            ),
            Child(
                "beat",
                [*celery, "beat", "--loglevel", "WARNING", "--pidfile=", "-s", str(beat_file)],
            ),
        ]  # fmt: skip

    def wait_for_web(self, port: int, patience: float = 60.0) -> None:
        """Return when the web server answers.

        Raises:
            CommandError: it did not within the time.
        """
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self.stopping.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                    line.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    if b" 200 " in line.recv(64):
                        return
            except OSError:
                pass
            time.sleep(0.1)
        if not self.stopping.is_set():
            raise CommandError("The web server did not answer; its lines above say why.")

    def tell(self, folder: Path) -> None:
        """Print where the house is and how to sign in."""
        address = env.read("SITE_URL") or f"http://localhost:{env.read('PORT')}"
        signed = folder / "first-sign-in"
        lines = ["", f"DXP runs at   {address}", f"Sign in at    {address}/admin/"]
        if signed.exists():
            user, password = signed.read_text().split("\n")[:2]
            lines.append(
                f"User          {user}\nPassword      {password}   (shown once)".replace(
                    "\n", "\nsetup   | "
                )
            )
            signed.unlink()
        if not env.read("SMTP_URL"):
            lines.append(f"Messages are  kept as files in {folder / 'mail'} (SMTP_URL sends them)")
        lines += ["Stop with     Ctrl-C", ""]
        for line in lines:
            say("setup", line)

    def watch(self) -> None:
        """Restart what dies until somebody asks to stop.

        Raises:
            CommandError: one of our own database servers is gone.
        """
        again: dict[Child, float] = {}
        while not self.stopping.wait(0.3):
            for server in self.servers:
                if server.process.poll() is not None:
                    raise CommandError(
                        f"{server.name} ended by itself. Run the command again; nothing is lost."
                    )
            for child in self.children:
                if child in again:
                    if time.monotonic() >= again[child]:
                        del again[child]
                        child.start()
                        self.remember(child)
                elif (pause := child.pause_before_restart()) is not None:
                    say(child.name, f"ended; it starts again in {pause:.0f} s")
                    again[child] = time.monotonic() + pause

    def stop_all(self) -> None:
        """End programs first, servers last; kill what does not end in time."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        for child in self.children:
            child.stop(signal.SIGTERM)
        deadline = time.monotonic() + 15
        for child in self.children:
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, deadline - time.monotonic()))
                child.stop(signal.SIGKILL)
                child.process.wait()
        for server in reversed(self.servers):
            server.stop()
        self.undertaker.dismiss()
        say("setup", "stopped")
