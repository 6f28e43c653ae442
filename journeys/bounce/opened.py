"""A message that came back, in its parts; forgiving, because mail servers are."""

from __future__ import annotations

import email
import quopri
import re
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message

# Where the report ends and what was sent begins.
CUT = re.compile(
    r"^(?:>? ?)*(?:[-=_*+ ]{0,60}"
    r"(?:(?:this is |included is |below is |the following is )?a copy of (?:the|your|my) .*"
    r"|original message(?: headers?)?(?: follows)?\b.*|message headers? follow.*"
    r"|unsent message follows.*|undelivered message.*|returned (?:message|mail) .*"
    r"|below this line is .*|message header(?:s)? of .*|.*headers? of the (?:original )?message.*"
    r"|the (?:first|body of|text of|header).{0,40}(?:message|lines).*|original mail.*"
    r"|forwarded message.*|begin message header.*|your (?:original )?message (?:follows|reads).*))$"
    r"|^(?:Received|Return-Path|DKIM-Signature|X-Received|Message-ID|X-Originating-IP):",
    re.IGNORECASE | re.MULTILINE,
)
_EMBEDDED = re.compile(r"^(?:Reporting-MTA|Final-Recipient|Original-Recipient):", re.I | re.M)
# Left over where a message does not say that it has parts.
_BOUNDARY = re.compile(r"^(--\S+|Content-[\w-]+:.*|This is a MIME.*)$", re.MULTILINE | re.I)
_TAG = re.compile(r"<(?:br|/p|/div|/tr|/li)[^>]*>", re.I)


@dataclass(slots=True)
class Opened:
    """What a message is made of: its heading, what people read, reports, and what was sent."""

    heading: Message
    text: str = ""
    reports: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)

    def head(self, name: str) -> str:
        """Return a heading in plain text, or nothing."""
        return plain(str(self.heading.get(name, "")))


# More than any report says; what is longer was written to keep us busy.
MOST = 20_000


def open_mail(raw: bytes) -> Opened:
    """Return the parts of a message, whatever state it is in."""
    mail = email.message_from_bytes(raw)
    opened = Opened(mail)
    texts: list[str] = []
    pages: list[str] = []
    _sort(mail, opened, texts, pages)
    if not opened.reports:
        _look_inside(mail, opened, texts, pages)
    text = "\n".join(texts or pages).replace("\r", "")[:MOST]
    text = _BOUNDARY.sub("", _unquoted(text))
    if _EMBEDDED.search(text) and not opened.reports:
        text, opened.reports = _split(text)
    if found := CUT.search(text):
        opened.originals.append(text[found.start() :])
        text = text[: found.start()]
    opened.text = text
    return opened


def _sort(part: Message, opened: Opened, texts: list[str], pages: list[str]) -> None:
    kind = part.get_content_type()
    if kind in {"message/delivery-status", "message/global-delivery-status"}:
        opened.reports.append(_inner(part))
    elif kind in {"message/feedback-report", "message/x-feedback-report"}:
        opened.feedback.append(_inner(part))
    elif kind.startswith("message/") or kind == "text/rfc822-headers":
        opened.originals.append(_inner(part))
    elif part.is_multipart():
        for one in part.get_payload():
            if isinstance(one, Message):
                _sort(one, opened, texts, pages)
    elif kind == "text/html":
        pages.append(re.sub(r"<[^>]+>", " ", _TAG.sub("\n", _decoded(part))))
    elif kind.startswith(("text/", "multipart/")):
        texts.append(_decoded(part))


def _look_inside(mail: Message, opened: Opened, texts: list[str], pages: list[str]) -> None:
    """Find a report that somebody forwarded as a message of its own."""
    for part in mail.walk():
        if part is not mail and part.get_content_type() == "multipart/report":
            _sort(part, opened, texts, pages)
            return


def _inner(part: Message) -> str:
    """Return the text of a part that holds headings, as it was written."""
    inner = part.get_payload()
    if isinstance(inner, list):
        # The parser took the part for messages of its own; blocks stay apart by empty lines.
        text = "\n".join(_written(one) for one in inner if isinstance(one, Message))
    else:
        text = _decoded(part)
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "quoted-printable":
        text = quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return text.replace("\r", "")[:MOST]


def _written(message: Message) -> str:
    """Return a message as it was written; folding its headings anew takes time that grows badly."""
    headings = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    inner = message.get_payload()
    return f"{headings}\n{inner if isinstance(inner, str) else ''}"


def _decoded(part: Message) -> str:
    found = part.get_payload(decode=True)
    body = found if isinstance(found, bytes) else str(part.get_payload()).encode("utf-8", "replace")
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return body.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("latin-1")


def plain(text: str) -> str:
    """Return a heading with its encoded words read."""
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError, UnicodeError):
        return text


def _unquoted(text: str) -> str:
    """Take the marks of forwarding off, where most lines carry them."""
    lines = text.split("\n")
    marked = sum(one.startswith(">") for one in lines)
    if marked * 2 < len([one for one in lines if one.strip()]):
        return text
    return "\n".join(re.sub(r"^> ?", "", one) for one in lines)


def _split(text: str) -> tuple[str, list[str]]:
    """Return the text above a report that stands in the text itself, and the report."""
    found = _EMBEDDED.search(text)
    start = found.start() if found else len(text)
    rest = text[start:]
    ends = CUT.search(rest)
    return text[:start], [rest[: ends.start()] if ends else rest]
