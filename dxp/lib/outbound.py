"""HTTP out of the house: no private addresses, no redirects, an end in time and in size.

What people and browsers told us as an address is not to be trusted: it may name a machine inside
our own network, be asked a second time with another answer, or never end.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 64 * 1024
LONGEST_IDLE_SECONDS = 4.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Translates IPv4 inside IPv6 (RFC 6052): a private address could hide there.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(ValueError):
    """We do not go there: no http address, or one inside a network."""


class NotReached(OSError):
    """Nobody was there, or nothing was handed over yet: trying again can't repeat anything."""


class NoAnswer(OSError):
    """All was handed over, but no answer came in time: it may have been taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most the first `MOST_BYTES` of the body, headers in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after(self) -> float | None:
        """How many seconds the other side wants to be left alone, if it says so in seconds."""
        told = self.headers.get("retry-after", "").strip()
        return float(told) if told.isascii() and told.isdigit() and len(told) < 9 else None


@lru_cache(maxsize=64)
def _networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def is_open(address: str, allowed: Sequence[str] = ()) -> bool:
    """Return whether an IP address is one of the public net, or of a network that is allowed."""
    ip = _innermost(ipaddress.ip_address(address.partition("%")[0]))
    if any(ip.version == one.version and ip in one for one in _networks(tuple(allowed))):
        return True
    return bool(ip.is_global) and not ip.is_multicast and not ip.is_reserved


def _innermost(ip: Any) -> Any:
    """Return the IPv4 address that an IPv6 one only wraps: a private one could hide in it."""
    if ip.version == 4:
        return ip
    if ip in _TRANSLATED:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


class Client:
    """Keeps one connection per place for some seconds. Not for several threads at once.

    Args:
        seconds: for a whole request, from looking the name up to the end of the answer.
        allowed: networks that may be reached besides the public net, such as "10.1.0.0/16".
        context: for TLS; None checks certificates as the system does.
    """

    def __init__(
        self,
        *,
        seconds: float = 15.0,
        allowed: Sequence[str] = (),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.seconds = seconds
        self.allowed = tuple(allowed)
        self.context = context
        self.kept: dict[tuple[str, str, int], tuple[_Wire, float]] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body and return what was answered, a redirect as well.

        Raises:
            Refused: we do not go to that address.
            NotReached: nobody was there.
            NoAnswer: it may have been taken.
        """
        return self.ask("POST", url, body, headers)

    def ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and return what was answered.

        Raises:
            Refused: we do not go to that address.
            NotReached: nobody was there.
            NoAnswer: it may have been taken.
        """
        place, host, target = _parts(url)
        head = {"Host": host, "Content-Length": str(len(body)), "User-Agent": "DXP", **headers}
        request = _request(method, target, head) + body
        wire = self._wire(place, time.monotonic() + self.seconds)
        try:
            wire.sendall(request)
        except (OSError, ssl.SSLError) as error:
            wire.close()
            # A part of it may have arrived, but nobody acts on half a body.
            raise NotReached(str(error)) from error
        return self._answer(place, wire, method)

    def reach(self, url: str) -> str:
        """Connect, say nothing, and return who is there.

        Raises:
            Refused: we do not go to that address.
            NotReached: nobody was there.
        """
        place, host, _target = _parts(url)
        self._keep(place, self._wire(place, time.monotonic() + self.seconds))
        return host

    def _keep(self, place: tuple[str, str, int], wire: _Wire) -> None:
        """Keep a connection for a while, and close those that nobody came back to."""
        now = time.monotonic()
        for old in [key for key, one in self.kept.items() if now - one[1] > LONGEST_IDLE_SECONDS]:
            self.kept.pop(old)[0].close()
        self.kept[place] = (wire, now)

    def _answer(self, place: tuple[str, str, int], wire: _Wire, method: str) -> Answer:
        reply = http.client.HTTPResponse(wire, method=method)  # type: ignore[arg-type]
        try:
            reply.begin()
        except (OSError, http.client.HTTPException) as error:
            wire.close()
            raise NoAnswer(str(error) or type(error).__name__) from error
        headers = {name.lower(): value for name, value in reply.getheaders()}
        body = b""
        # The status says what became of it; a body that breaks off or never ends changes nothing.
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            body = reply.read(MOST_BYTES)
        if reply.isclosed() and not reply.will_close:
            self._keep(place, wire)
        else:
            wire.close()
        return Answer(reply.status, body, headers)

    def _wire(self, place: tuple[str, str, int], until: float) -> _Wire:
        wire, since = self.kept.pop(place, (None, 0.0))
        if wire is not None:
            if time.monotonic() - since < LONGEST_IDLE_SECONDS and wire.is_quiet():
                wire.until = until
                return wire
            wire.close()
        scheme, host, port = place
        try:
            plain = self._connect(host, port, until)
            if scheme == "https":
                context = self.context or _context()
                return _Wire(context.wrap_socket(plain, server_hostname=host), until)
            return _Wire(plain, until)
        except OSError as error:
            raise NotReached(str(error)) from error

    def _connect(self, host: str, port: int, until: float) -> socket.socket:
        """Look the name up once, and connect to what was looked at: a second look may lie.

        Raises:
            Refused: it stands for an address inside a network.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(one[4][0] for one in found))
        inside = [one for one in addresses if not is_open(str(one), self.allowed)]
        if inside:
            raise Refused(f"{host} is {inside[0]}, inside a network")
        failure: OSError | None = None
        for address in addresses:
            try:
                wire = socket.create_connection((str(address), port), _left(until))
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return wire
            except OSError as error:
                failure = error
        raise failure or OSError(f"{host} has no address")

    def close(self) -> None:
        """Close every connection."""
        for wire, _since in self.kept.values():
            wire.close()
        self.kept.clear()


def _parts(url: str) -> tuple[tuple[str, str, int], str, str]:
    """Return (scheme, host, port), the Host header and the target of an address.

    Raises:
        Refused: it is none that we go to.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("ascii" if ":" in host else "idna")
    except ValueError as error:
        raise Refused(f"no address: {url[:100]}") from error
    if parts.scheme not in {"http", "https"} or not host or not url.isascii():
        raise Refused(f"no http address: {url[:100]}")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise Refused("an address with spaces")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = (parts.scheme, host, port or (443 if parts.scheme == "https" else 80))
    shown = f"[{host}]" if ":" in host else host
    return place, f"{shown}:{port}" if port else shown, target


def _request(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Return the head of a request as it goes over the wire.

    Raises:
        Refused: a header would become two.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if any(letter in f"{name}{value}" for letter in "\r\n\0"):
            raise Refused(f"a header of two lines: {name}")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("took too long")
    return left


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Wire:
    """A socket with one end in time for all that is said, however slowly it drips."""

    def __init__(self, plain: socket.socket, until: float) -> None:
        self.socket = plain
        self.until = until

    def sendall(self, data: bytes) -> None:
        self.socket.settimeout(_left(self.until))
        self.socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def is_quiet(self) -> bool:
        """Return whether the other side neither closed nor said anything since."""
        return not select.select([self.socket], [], [], 0)[0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self.wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.wire.socket.settimeout(_left(self.wire.until))
        return self.wire.socket.recv_into(buffer)
