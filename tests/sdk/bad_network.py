"""A network before our server that loses answers, repeats requests, delays and reorders them."""

from __future__ import annotations

import http.client
import itertools
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What happens to the first, second, … request that carries events; then anew.
FAULTS = ("lose", "repeat", "swap", "delay", "pass", "pass")
DELAY = 0.3
# A request that is to arrive after the next one waits so long for it.
LONGEST_SWAP = 1.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class BadNetwork:
    """Stands at `url` before a server; `met` counts the faults that happened."""

    def __init__(self, server: str) -> None:
        target = urlsplit(server)
        self.target = target.hostname, target.port
        self.met: Counter[str] = Counter()
        self.faults = itertools.cycle(FAULTS)
        self.lock = threading.Lock()
        self.passed = threading.Condition()
        self.number = 0
        handler = type("Handler", (_Handler,), {"network": self})
        self.proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://localhost:{self.proxy.server_port}"
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close the door."""
        self.proxy.shutdown()
        self.proxy.server_close()

    def fault_of(self, request: _Handler) -> str:
        """Return what happens to a request; only those that carry events meet a fault."""
        if request.command != "POST":
            return "pass"
        with self.lock:
            fault = next(self.faults)
            self.met[fault] += 1
        return fault

    def forward(self, request: _Handler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the server's answer to a request."""
        line = http.client.HTTPConnection(*self.target, timeout=30)
        # The host as the sender named it: the settings answer repeats it.
        headers = {"Host": request.headers.get("Host", ""), "Content-Length": str(len(body))}
        headers.update(
            {name: value for name, value in request.headers.items()
             if name.lower() not in HOP_BY_HOP}
        )  # fmt: skip
        line.request(request.command, request.path, body, headers)
        answer = line.getresponse()
        told = answer.status, answer.getheaders(), answer.read()
        line.close()
        with self.passed:
            self.number += 1
            self.passed.notify_all()
        return told

    def wait_for_the_next(self) -> None:
        """Return when another request has passed, or none came."""
        with self.passed:
            before = self.number
            self.passed.wait_for(lambda: self.number > before, LONGEST_SWAP)


class _Handler(BaseHTTPRequestHandler):
    network: BadNetwork
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.network.fault_of(self)
        if fault == "delay":
            threading.Event().wait(DELAY)
        elif fault == "swap":
            self.network.wait_for_the_next()
        status, headers, told = self.network.forward(self, body)
        if fault == "repeat":
            status, headers, told = self.network.forward(self, body)
        if fault == "lose":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_OPTIONS = handle_one

    def log_message(self, *_: object) -> None:
        """Be quiet."""
