"""A mail server that does nothing but take mail, fast, and a line with a long round trip."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

END = b"\r\n.\r\n"


class Sink:
    """The server, in a process of its own; it understands just enough."""

    def __enter__(self) -> Sink:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listening.getsockname()[1]
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=_serve, args=(self.listening,), daemon=True)
        self.process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.process.kill()
        self.process.join()
        self.listening.close()


def _serve(listening: socket.socket) -> None:
    waiting = selectors.DefaultSelector()
    waiting.register(listening, selectors.EVENT_READ)
    talks: dict[socket.socket, _Talk] = {}
    while True:
        for key, _events in waiting.select():
            wire = key.fileobj
            assert isinstance(wire, socket.socket)
            if wire is listening:
                line, _address = listening.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.sendall(b"220 sink\r\n")
                waiting.register(line, selectors.EVENT_READ)
                talks[line] = _Talk(line)
            elif not talks[wire].go_on():
                waiting.unregister(wire)
                talks.pop(wire).wire.close()


class _Talk:
    """One conversation."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire, self.heard, self.mail = wire, b"", False

    def go_on(self) -> bool:
        """Answer what came; return False at the end."""
        try:
            told = self.wire.recv(262_144)
            self.heard += told
            answers = b"".join(self._answers())
            if answers:
                self.wire.sendall(answers)
        except OSError:
            return False
        return bool(told)

    def _answers(self) -> Iterator[bytes]:
        while self.heard:
            if self.mail:
                end = self.heard.find(END)
                if end < 0:
                    return
                self.heard, self.mail = self.heard[end + len(END) :], False
                yield b"250 2.0.0 taken\r\n"
                continue
            line, found, rest = self.heard.partition(b"\r\n")
            if not found:
                return
            self.heard = rest
            word = line[:4].upper()
            if word == b"EHLO":
                yield b"250-sink\r\n250 PIPELINING\r\n"
            elif word == b"DATA":
                self.mail = True
                yield b"354 go\r\n"
            else:
                yield b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n"


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """Yield a port that leads to another, each byte later by so long, in both directions."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=100)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_lead, args=(listening, port, seconds), daemon=True)
    process.start()
    try:
        yield listening.getsockname()[1]
    finally:
        process.kill()
        process.join()
        listening.close()


def _lead(listening: socket.socket, port: int, seconds: float) -> None:
    while True:
        near, _address = listening.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for wire in (near, far):
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target in ((near, far), (far, near)):
            _Pipe(source, target, seconds)


class _Pipe:
    """Carries bytes one way; reading never waits for writing, so that nothing queues up."""

    def __init__(self, source: socket.socket, target: socket.socket, seconds: float) -> None:
        self.source, self.target, self.seconds = source, target, seconds
        self.under_way: deque[tuple[float, bytes]] = deque()
        self.more = threading.Semaphore(0)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()

    def _read(self) -> None:
        told = b"x"
        while told:
            try:
                told = self.source.recv(262_144)
            except OSError:
                told = b""
            self.under_way.append((time.monotonic() + self.seconds, told))
            self.more.release()

    def _write(self) -> None:
        while True:
            self.more.acquire()
            when, told = self.under_way.popleft()
            time.sleep(max(0.0, when - time.monotonic()))
            try:
                if not told:
                    self.target.shutdown(socket.SHUT_WR)
                    return
                self.target.sendall(told)
            except OSError:
                return
