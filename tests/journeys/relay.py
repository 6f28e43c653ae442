"""A mail server that behaves as badly as a test wants, at the very command it wants."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Speaks SMTP on a port of its own, in threads; `messages` is what it took.

    `says` and `does` change what happens at one command: MAIL, RCPT, DATA, END (of a message),
    GREET, EHLO, AUTH, RSET.
    """

    def __init__(self, *, pipelining=True, auth="PLAIN LOGIN", most=0) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.commands: list[str] = []
        self.connections = 0
        self.most = most
        self.offers = ["PIPELINING"] * pipelining + [f"AUTH {auth}"]
        self.answers: dict[str, str] = {}
        self.deeds: dict[str, str] = {}
        self.open: list[socket.socket] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def says(self, command, answer):
        self.answers[command] = answer

    def does(self, command, deed):
        """Do "close" or "hang" instead of answering a command; "take" ends a message first."""
        self.deeds[command] = deed

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args):
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for wire in self.open:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                wire, _address = self.server.accept()
                self.open.append(wire)
                self.connections += 1
                threading.Thread(target=self._talk, args=[wire], daemon=True).start()

    def _talk(self, wire):
        with contextlib.suppress(OSError, _Gone), wire.makefile("rb") as lines:
            self._serve(wire, lines)
        with contextlib.suppress(OSError):
            wire.close()

    def _serve(self, wire, lines):
        recipient, taken = "", 0
        self._answer(wire, "GREET", "220 relay.example at your service")
        while line := lines.readline():
            words = line.decode().strip()
            command = words.partition(" ")[0].upper()
            self.commands.append(words)
            if command == "QUIT":
                return
            if command == "EHLO":
                offers = "".join(f"250-{one}\r\n" for one in self.offers)
                self._answer(wire, "EHLO", f"250-relay.example\r\n{offers}250 8BITMIME")
            elif command == "AUTH":
                self._sign_in(wire, lines, words)
            elif command == "RCPT":
                if self._answer(wire, "RCPT", "250 ok") == "2":
                    recipient = words.partition("<")[2].rstrip(">")
            elif command == "DATA":
                usual = "354 go ahead" if recipient else "554 no valid recipients"
                if self._answer(wire, "DATA", usual) != "3":
                    continue
                content = b""
                while (part := lines.readline()) != b".\r\n":
                    if not part:
                        raise _Gone
                    content += part[1:] if part.startswith(b".") else part
                if self.deeds.get("END") == "take":
                    self.messages.append((recipient, content))
                    raise _Gone
                if self.answers.get("END", "250")[0] == "2" and "END" not in self.deeds:
                    self.messages.append((recipient, content))
                    taken += 1
                self._answer(wire, "END", "250 2.0.0 queued")
                recipient = ""
                if self.most and taken == self.most:
                    return
            else:
                if command == "RSET":
                    recipient = ""
                self._answer(wire, command, "250 ok")

    def _sign_in(self, wire, lines, words):
        if words.upper() == "AUTH LOGIN":
            for question in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                wire.sendall(f"334 {question}\r\n".encode())
                self.commands.append(lines.readline().decode().strip())
        self._answer(wire, "AUTH", "235 welcome")

    def _answer(self, wire, command, usual):
        deed = self.deeds.get(command)
        if deed == "close":
            raise _Gone
        if deed == "hang":
            # Until the other side gives up.
            wire.recv(65536)
            wire.recv(65536)
            raise _Gone
        answer = self.answers.get(command, usual)
        wire.sendall(answer.encode() + b"\r\n")
        if answer.startswith("421"):
            raise _Gone
        return answer[0]


class _Gone(Exception):
    """We leave without a word."""
