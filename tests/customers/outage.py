"""A line to a server that can be cut and mended, as if the server had stopped and come back."""

from __future__ import annotations

import contextlib
import socket
import threading


class Line:
    """Forwards a port of ours to a server; `cut` ends and refuses connections, `mend` accepts."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.open: set[socket.socket] = set()
        self.door: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Listen again, on the same port."""
        self.door = socket.socket()
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.door.bind(("127.0.0.1", self.port))
        self.port = self.door.getsockname()[1]
        self.door.listen(64)
        threading.Thread(target=self._serve, args=[self.door], daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and end all others at once."""
        if self.door is not None:
            # close() alone would leave the thread waiting in accept(), and the port open.
            with contextlib.suppress(OSError):
                self.door.shutdown(socket.SHUT_RDWR)
            self.door.close()
            self.door = None
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.open.clear()

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(self.server, 5)
            except OSError:
                return
            self.open |= {near, far}
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
