"""A real web server that behaves as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Request:
    """What came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Far:
    """Answers on a port of its own, in threads; `requests` is what it took."""

    def __init__(self, tls=None) -> None:
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.poured = 0
        self.open: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.says()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args):
        # Closing alone does not wake the one who accepts.
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.hang_up()

    def says(self, status=200, headers=None, body=b"{}"):
        """Answer everybody so from now on; `status` may be a function of the request."""
        self.how, self.answer = "says", (status, headers or {}, body)

    def hangs(self):
        """Take requests and never answer."""
        self.how = "hangs"

    def drips(self):
        """Answer a letter at a time, without an end."""
        self.how = "drips"

    def cuts(self):
        """Take the request, and close without an answer."""
        self.how = "cuts"

    def pours(self, size):
        """Answer with so many bytes."""
        self.how, self.size = "pours", size

    def raw(self, answer):
        """Answer with these bytes, and close."""
        self.how, self.answer = "raw", answer

    def hang_up(self):
        """Close every connection."""
        for wire in self.open:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()
        self.open.clear()

    def _accept(self):
        while True:
            try:
                wire, _where = self.server.accept()
            except OSError:
                return
            if self.tls is not None:
                try:
                    wire = self.tls.wrap_socket(wire, server_side=True)
                except OSError:
                    wire.close()
                    continue
            self.connections += 1
            self.open.append(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire):
        with contextlib.suppress(OSError, ValueError), wire.makefile("rb") as reader:
            while self._one(wire, reader):
                pass
        with contextlib.suppress(OSError):
            wire.close()

    def _one(self, wire, reader):
        first = reader.readline().decode("latin-1").split()
        if len(first) != 3:
            return False
        headers = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _colon, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        request = Request(first[0], first[1], headers, body)
        self.requests.append(request)
        return getattr(self, f"_{self.how}")(wire, request)

    def _says(self, wire, request):
        status, headers, body = self.answer
        if callable(status):
            status, headers, body = status(request)
        head = {"Content-Length": str(len(body)), **headers}
        lines = [f"HTTP/1.1 {status} So", *(f"{name}: {value}" for name, value in head.items())]
        wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return True

    def _hangs(self, wire, request):
        time.sleep(30)
        return False

    def _drips(self, wire, request):
        for letter in "HTTP/1.1 200 OK\r\nX-Long: " + "x" * 1000:
            wire.sendall(letter.encode())
            time.sleep(0.05)
        return False

    def _cuts(self, wire, request):
        wire.shutdown(socket.SHUT_RDWR)
        return False

    def _raw(self, wire, request):
        wire.sendall(self.answer)
        wire.shutdown(socket.SHUT_RDWR)
        return False

    def _pours(self, wire, request):
        wire.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {self.size}\r\n\r\n".encode())
        block = b"x" * 65536
        while self.poured < self.size:
            wire.sendall(block)
            self.poured += len(block)
        return False
