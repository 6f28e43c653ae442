"""E-mail: over SMTP with a connection that is kept, or into a folder where no server is set."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from journeys.channels.base import Adapter, Outcome, Parcel, Receipt, Setting, Unusable
from journeys.channels.email.kind import Email
from journeys.channels.email.smtp import Broken, Connection, Lost, Refused

# Servers close after some thousand messages; a new connection before that costs nothing.
SECONDS = 20.0
MOST_PER_CONNECTION = 1000
LONGEST_IDLE_SECONDS = 20.0
# What a connection that the server closed between two messages looks like.
CLOSED = frozenset({Outcome.THROTTLED, Outcome.TEMPORARY})


class BadAddress(ValueError):
    """The address of the mail server can't be understood."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send: `smtp://user:password@host:587?starttls=1` or `smtps://host`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Server:
        """Read a server's address.

        Raises:
            BadAddress: it is no smtp:// or smtps:// address.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise BadAddress("SMTP_URL must look like smtp://user:password@host:587?starttls=1")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            starttls=parse_qs(parts.query).get("starttls", ["0"])[0] in {"1", "true", "yes"},
            tls=tls,
        )


class Smtp(Adapter):
    """Pipelined SMTP over one kept connection."""

    name = "email"

    def __init__(
        self, server: Server, *, timeout: float = SECONDS, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__({})
        self.server = server
        self.timeout = timeout
        self.context = context
        self.connection: Connection | None = None
        self.sent = 0
        self.used_at = 0.0

    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per parcel; a server that can't be reached is a temporary error."""
        for parcel in batch:
            yield self._send(parcel)

    def _send(self, parcel: Parcel) -> Receipt:
        used = self.sent if self.connection is not None else 0
        receipt = self._try(parcel)
        if used and self.connection is None and receipt.outcome in CLOSED:
            # The server had enough of this connection before it took the message: servers close
            # after so many messages, or when nothing is said for a while.
            receipt = self._try(parcel)
        return receipt

    def _try(self, parcel: Parcel) -> Receipt:
        try:
            connection = self._open()
        except (OSError, Broken, Refused) as error:
            self.close()
            # No parcel is to blame for a server that lets nobody in, not even by a 5xx.
            return Receipt(parcel.key, Outcome.THROTTLED, f"no connection: {error}"[:300])
        try:
            answer = connection.deliver(parcel.sender, parcel.recipient, parcel.content)
        except Refused as error:
            if error.closes:
                self.close()
            return Receipt(parcel.key, _outcome(error), str(error)[:300], error.recipient)
        except Lost as error:
            self.close()
            return Receipt(parcel.key, Outcome.UNKNOWN, f"no answer: {error}"[:300])
        except (OSError, Broken) as error:
            self.close()
            return Receipt(parcel.key, Outcome.TEMPORARY, f"connection lost: {error}"[:300])
        self.sent += 1
        self.used_at = time.monotonic()
        return Receipt(parcel.key, Outcome.OK, answer[:300])

    def _open(self) -> Connection:
        stale = time.monotonic() - self.used_at > LONGEST_IDLE_SECONDS
        if self.connection is not None and (self.sent >= MOST_PER_CONNECTION or stale):
            self.close()
        if self.connection is None:
            self.connection = self._connect()
            self.sent, self.used_at = 0, time.monotonic()
        return self.connection

    def _connect(self) -> Connection:
        plain = socket.create_connection((self.server.host, self.server.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.server.tls:
                plain = self._secure(plain)
            connection = Connection(plain)
            connection.greet()
            if self.server.starttls:
                connection.command(b"STARTTLS", 220)
                connection.renew(self._secure(plain))
            if self.server.user:
                connection.sign_in(self.server.user, self.server.password)
        except BaseException:
            plain.close()
            raise
        return connection

    def _secure(self, plain: socket.socket) -> socket.socket:
        context = self.context or ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=self.server.host)

    def check(self) -> str:
        """Connect, sign in, and return how the server greets.

        Raises:
            Unusable: nobody is there, or it does not let us in.
        """
        try:
            return self._open().greeting
        except (OSError, Broken, Refused) as error:
            self.close()
            raise Unusable(str(error)[:300]) from error

    def close(self) -> None:
        """Say goodbye and close."""
        if self.connection is not None:
            self.connection.quit()
            self.connection = None


@Email.adapters.register
class OwnServer(Smtp):
    """A mail server named in the sender's form, where the default one is named by a setting."""

    name = "smtp"
    label = _("Mail server (SMTP)")
    settings = (
        Setting("host", _("Host")),
        Setting("port", _("Port"), kind="number", default=587),
        Setting(
            "security", _("Security"), kind="choice", default="starttls",
            options=(
                ("starttls", _("STARTTLS")), ("tls", _("TLS from the start")), ("none", _("None")),
            ),
        ),
        Setting("user", _("User"), required=False),
        Setting("password", _("Password"), kind="secret", required=False),
    )  # fmt: skip

    def __init__(self, config: Mapping[str, Any]) -> None:
        secure = str(config.get("security") or "starttls")
        server = Server(
            host=str(config.get("host") or ""),
            port=int(config.get("port") or 587),
            user=str(config.get("user") or ""),
            password=str(config.get("password") or ""),
            starttls=secure == "starttls",
            tls=secure == "tls",
        )
        super().__init__(server, timeout=float(config.get("seconds") or SECONDS))
        self.config = config


class Folder(Adapter):
    """Writes each message as an .eml file, so that `make serve` shows what would have been sent."""

    name = "email"

    def __init__(self, folder: Path) -> None:
        super().__init__({})
        self.folder = folder

    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per file written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for parcel in batch:
            name = f"{time.time_ns()}-{parcel.key}.eml"
            hidden = self.folder / f".{name}"
            # The name appears when the content is whole.
            try:
                hidden.write_bytes(parcel.content)
                os.replace(hidden, self.folder / name)
            except OSError as error:
                yield Receipt(parcel.key, Outcome.TEMPORARY, str(error)[:300])
                continue
            yield Receipt(parcel.key, Outcome.OK, name)


def _outcome(error: Refused) -> Outcome:
    if error.throttles:
        return Outcome.THROTTLED
    return Outcome.PERMANENT if error.code >= 500 else Outcome.TEMPORARY


def open_channel(url: str, folder: Path) -> Adapter:
    """Return the way out: the server, or the folder where no server is named."""
    return Smtp(Server.parse(url)) if url else Folder(folder)
