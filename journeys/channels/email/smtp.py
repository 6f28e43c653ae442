"""The client's half of SMTP (RFC 5321), with PIPELINING (RFC 2920) where the server offers it."""

from __future__ import annotations

import base64
import contextlib
import re
import socket

_STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
_BARE = re.compile(rb"\r\n|\r|\n")
_LONGEST_LINE = 4096
MOST_LINES = 100


class Broken(Exception):
    """The server said something that is not SMTP, or nothing any more."""


class Lost(Exception):
    """The whole message was handed over, but the answer never came: it may have been accepted."""


class Refused(Exception):
    """The server said no. `recipient` says that it refused the address, for good."""

    def __init__(self, code: int, text: str, *, recipient: bool = False) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.status = found[1] if (found := _STATUS.match(text)) else ""
        # 5.1.x: no such mailbox or domain; 5.2.1: mailbox disabled (RFC 3463). 5.7.x is about us.
        self.recipient = (
            recipient and code >= 500 and (not self.status or self.status[:3] in {"5.1", "5.2"})
        )
        self.closes = code == 421
        # 4.7.x for one recipient is greylisting; said about anything else it is about our pace.
        self.throttles = self.closes or (self.status.startswith("4.7.") and not recipient)


class Connection:
    """One conversation with a server, over a socket that somebody opened."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.reader = wire.makefile("rb")
        self.greeting = ""
        self.offers: dict[str, str] = {}

    def greet(self) -> None:
        """Read the greeting and introduce ourselves."""
        self.greeting = self._expect(self._answer(), 220)
        self._hello()

    def renew(self, wire: socket.socket) -> None:
        """Go on over TLS: forget what was said in the clear, and introduce ourselves again."""
        self.wire = wire
        self.reader = wire.makefile("rb")
        self._hello()

    def _hello(self) -> None:
        name = socket.gethostname().encode("ascii", "ignore") or b"localhost"
        self.wire.sendall(b"EHLO " + name + b"\r\n")
        code, text = self._answer()
        if code == 250:
            said = [line.upper().partition(" ") for line in text.split("\n")[1:] if line]
            self.offers = {word: rest for word, _space, rest in said}
            return
        self.command(b"HELO " + name, 250)
        self.offers = {}

    def sign_in(self, user: str, password: str) -> None:
        """Give our name and password, in the way that the server offers.

        Raises:
            Refused: it does not let us in.
        """
        ways = self.offers.get("AUTH", "PLAIN").replace("=", " ").split()
        if "PLAIN" in ways or "LOGIN" not in ways:
            secret = base64.b64encode(f"\0{user}\0{password}".encode())
            self.command(b"AUTH PLAIN " + secret, 235)
            return
        # Older servers of a large vendor know nothing else.
        self.command(b"AUTH LOGIN", 334)
        self.command(base64.b64encode(user.encode()), 334)
        self.command(base64.b64encode(password.encode()), 235)

    def command(self, line: bytes, expected: int) -> str:
        """Send one command and return the answer's text.

        Raises:
            Refused: the server answered otherwise.
        """
        self.wire.sendall(line + b"\r\n")
        return self._expect(self._answer(), expected)

    def deliver(self, sender: str, recipient: str, content: bytes) -> str:
        """Hand over one message and return what the server said.

        Raises:
            Refused: the server said no; the connection can be used on.
            Lost: the connection died between the message and the answer.
        """
        mail = b"MAIL FROM:<" + _path(sender) + b">"
        to = b"RCPT TO:<" + _path(recipient) + b">"
        if "PIPELINING" in self.offers:
            self._ask_at_once(mail, to)
        else:
            self._ask_in_turn(mail, to)
        self.wire.sendall(stuff(content))
        try:
            answer = self._answer()
        except (OSError, Broken) as error:
            raise Lost(str(error)) from error
        return self._expect(answer, 250)

    def _ask_in_turn(self, mail: bytes, to: bytes) -> None:
        try:
            self.command(mail, 250)
            self._recipient(to)
            self.command(b"DATA", 354)
        except Refused as error:
            self._reset(error)
            raise

    def _recipient(self, to: bytes) -> None:
        self.wire.sendall(to + b"\r\n")
        self._expect(self._answer(), 250, recipient=True)

    def _ask_at_once(self, mail: bytes, to: bytes) -> None:
        self.wire.sendall(mail + b"\r\n" + to + b"\r\nDATA\r\n")
        refused: Refused | None = None
        codes = []
        for expected, recipient in ((250, False), (250, True), (354, False)):
            try:
                answer = self._answer()
                codes.append(answer[0])
                if refused is None:
                    self._expect(answer, expected, recipient=recipient)
            except Refused as error:
                refused = error
            except (OSError, Broken):
                if refused is None:
                    raise
                # It said no, and left: no is the answer.
                refused.closes = True
                break
        if refused is None:
            return
        if codes[2:] == [354]:
            if codes[1] < 300:
                # It has a recipient all the same: an empty message would be delivered.
                refused.closes = True
            else:
                self._end_nothing(refused)
        self._reset(refused)
        raise refused

    def _end_nothing(self, error: Refused) -> None:
        """End a message that has no recipient, which the server waits for (RFC 2920 3.1)."""
        try:
            self.wire.sendall(b".\r\n")
            self._answer()
        except (OSError, Broken):
            error.closes = True

    def _reset(self, error: Refused) -> None:
        if error.closes:
            return
        try:
            self.command(b"RSET", 250)
        except (OSError, Broken, Refused):
            # What it said of the message stands, whatever became of the connection.
            error.closes = True

    def quit(self) -> None:
        """Say goodbye; whether it is heard doesn't matter."""
        with contextlib.suppress(OSError):
            self.wire.sendall(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self.reader.close()
            self.wire.close()

    def _answer(self) -> tuple[int, str]:
        lines: list[str] = []
        while len(lines) < MOST_LINES:
            line = self.reader.readline(_LONGEST_LINE)
            if not line.endswith(b"\n") or not line[:3].isdigit():
                raise Broken("the connection was closed" if not line else f"no SMTP: {line[:80]!r}")
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return int(line[:3]), "\n".join(lines)
        raise Broken("an answer without an end")

    def _expect(self, answer: tuple[int, str], code: int, *, recipient: bool = False) -> str:
        if answer[0] != code and not (code == 250 and answer[0] == 251):
            raise Refused(*answer, recipient=recipient)
        return answer[1]


def _path(address: str) -> bytes:
    local, _, domain = address.rpartition("@")
    try:
        path = local.encode("ascii") + b"@" + domain.encode("idna" if domain else "ascii")
    except UnicodeError:
        raise Refused(553, "5.6.7 the address needs SMTPUTF8", recipient=True) from None
    if not local or not domain or re.search(rb"[\x00-\x20<>\x7f]", path):
        raise Refused(553, "5.1.3 no valid address", recipient=True)
    return path


def stuff(content: bytes) -> bytes:
    """Return a message as it goes over the wire: CRLF, dots doubled, the end marked."""
    lines = _BARE.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    stuffed = lines.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + b".\r\n"
