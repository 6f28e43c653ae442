"""Puts an e-mail together byte by byte: the library's builder costs eight times as much."""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import lru_cache

_BREAKS = re.compile(r"[\r\n\x00]+")
_ATOM = re.compile(r"^[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*$")


def build(
    *,
    sender: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    at: datetime,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a message in two forms, text and HTML, with CRLF line ends.

    Args:
        sender: such as `Alder & Finch <hello@example.org>`.
        recipient: an address.
        subject: words of one line.
        text: the plain form.
        html: the other form.
        message_id: without angle brackets; the same for every try.
        at: the date it carries.
        headers: further ones, ASCII.
    """
    edge = f"=_{binascii.hexlify(message_id.encode())[:40].decode()}"
    lines = [
        f"From: {_mailbox(sender)}",
        f"To: <{_clean(recipient)}>",
        f"Subject: {_words(subject)}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{message_id}>",
        "MIME-Version: 1.0",
        *(f"{name}: {_clean(value)}" for name, value in headers),
        f'Content-Type: multipart/alternative;\r\n boundary="{edge}"',
        "",
        "",
    ]
    parts = [
        f"--{edge}\r\n".encode() + _part("plain", text),
        f"--{edge}\r\n".encode() + _part("html", html),
        f"--{edge}--\r\n".encode(),
    ]
    return "\r\n".join(lines).encode("ascii", "replace") + b"".join(parts)


def _part(kind: str, content: str) -> bytes:
    body = "\r\n".join(content.splitlines()).encode() + b"\r\n"
    head = (
        f"Content-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + binascii.b2a_qp(body, istext=True) + b"\r\n"


def _clean(value: str) -> str:
    return _BREAKS.sub(" ", value).strip()


def _words(value: str) -> str:
    value = _clean(value)
    if value.isascii() and len(value) < 60:
        return value
    return Header(value, "utf-8", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


@lru_cache(maxsize=1000)
def _mailbox(value: str) -> str:
    name, address = parseaddr(_clean(value))
    if not name:
        return f"<{address}>"
    if name.isascii() and _ATOM.match(name):
        return f"{name} <{address}>"
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{Header(name, 'utf-8').encode()} <{address}>"


@lru_cache(maxsize=1000)
def address_of(sender: str) -> str:
    """Return the bare address of a sender."""
    return parseaddr(sender)[1]
