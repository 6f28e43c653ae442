"""A web server under load, and what a request costs it: processor time by process, and answers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._cost import TICK
from dxp import embedded

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 8


@dataclass(frozen=True)
class Load:
    """What one run under load found."""

    each_second: float
    cpu_us: float


class Web:
    """Granian with two processes, as it serves a site."""

    def __init__(
        self,
        application: str,
        *,
        environment: dict[str, str],
        program: str = "",
        folder: Path = ROOT,
        workers: int = 2,
    ) -> None:
        self.port = embedded.free_port()
        granian = program or str(Path(sys.executable).parent / "granian")
        self.process = subprocess.Popen(
            [
                granian, "--interface", "wsgi", application, "--host", "127.0.0.1", "--port",
                str(self.port), "--workers", str(workers), "--blocking-threads", "2",
                "--log-level", "warning",
            ],
            cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            preexec_fn=embedded.die_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def __enter__(self) -> Web:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError("the web server did not come up")

    def __exit__(self, *failure: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def seconds(self) -> float:
        """Return the processor seconds of its processes so far."""
        return sum(_seconds(pid) for pid in [self.process.pid, *_children(self.process.pid)])

    def load(
        self,
        path: str,
        *,
        for_seconds: float,
        headers: Sequence[dict[str, str]] = ({},),
        beside: Sequence[int] = (),
    ) -> Load:
        """Ask for a path as fast as it goes, with each of these sets of headers in turn.

        Args:
            path: what is asked for.
            for_seconds: how long.
            headers: of the visitors.
            beside: processes whose work belongs to it, such as the database's.
        """
        began = self.seconds() + sum(map(_seconds, beside))
        count, took = _ask(self.port, path, for_seconds, headers)
        spent = self.seconds() + sum(map(_seconds, beside)) - began
        return Load(count / took, spent / max(1, count) * 1e6)


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    return [pid, *(low for child in _children(pid) for low in tree(child))]


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(told[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _seconds(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # Its own, and that of children which ended.
    return sum(map(int, told[11:15])) / TICK


def _ask(
    port: int, path: str, seconds: float, headers: Sequence[dict[str, str]]
) -> tuple[int, float]:
    """Return how many answers came, and in how many seconds."""
    if shutil.which("wrk"):
        return _wrk(port, path, seconds, headers)
    return _own(port, path, seconds, headers)


def _wrk(
    port: int, path: str, seconds: float, headers: Sequence[dict[str, str]]
) -> tuple[int, float]:
    listed = ",".join(
        "{" + ",".join(f'["{name}"]="{value}"' for name, value in one.items()) + "}"
        for one in headers
    )
    script = Path(os.environ["VAR_DIR"]) / "visitors.lua"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f"""
local visitors, all, i = {{{listed}}}, {{}}, 0
init = function() for n, one in ipairs(visitors) do all[n] = wrk.format("GET", nil, one) end end
request = function() i = i % #all + 1 return all[i] end
done = function(summary)
  local bad = summary.errors.status + summary.errors.read
  io.write(string.format("\\n= %d %f %d\\n", summary.requests, summary.duration / 1e6, bad))
end
""")
    told = subprocess.run(
        [
            "wrk", "-t1", "--timeout", "30s", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s",
            "-s", str(script),
            f"http://127.0.0.1:{port}{path}",
        ],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    count, took, bad = told.rpartition("= ")[2].split()
    assert not int(bad), f"{bad} answers of {path} were no answers"
    return int(count), float(took)


def _own(
    port: int, path: str, seconds: float, headers: Sequence[dict[str, str]]
) -> tuple[int, float]:
    """Ask one after the other by a connection that stays open."""
    line = socket.create_connection(("127.0.0.1", port), 10)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    heads = [
        "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **one}.items())
        for one in headers
    ]
    asked = [f"GET {path} HTTP/1.1\r\n{one}\r\n".encode() for one in heads]
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        line.sendall(asked[count % len(asked)])
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += _more(line)
        head, _gap, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:100]
        lengths = [one for one in head.lower().split(b"\r\n") if one.startswith(b"content-length")]
        if lengths:
            left = int(lengths[0].partition(b":")[2]) - len(body)
            while left > 0:
                left -= len(_more(line))
        else:
            while not body.endswith(b"0\r\n\r\n"):
                body += _more(line)
        count += 1
    return count, time.perf_counter() - began


def _more(line: socket.socket) -> bytes:
    got = line.recv(1 << 20)
    assert got, "the server hung up"
    return got
