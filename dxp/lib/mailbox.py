"""A mailbox of our own on a mail server: take what lies there, and remove what was dealt with."""

from __future__ import annotations

import imaplib
import poplib
import re
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT = 30.0
# What is longer is cut: the report stands at the beginning.
LONGEST = 1_000_000
AT_ONCE = 200
Deal = Callable[[Sequence[bytes]], Sequence[bool]]
IMAP, POP = {"imap", "imaps"}, {"pop3", "pop3s"}


class Unreachable(Exception):
    """The mailbox can't be opened; the text is for the person who configured it."""


def empty(url: str, deal: Deal) -> int:
    """Hand the unread messages of a mailbox to `deal`; return how many there were.

    Nothing is removed before it returned: whoever
    dies in between gets the same messages again. Those that may stay are marked as read in an IMAP
    mailbox; POP knows no such mark, and they are offered again each time.

    Args:
        deal: returns for each message whether it may be removed.
        url: `imaps://user:password@host/INBOX`, or pop3s, or the two without TLS (143, 110).

    Raises:
        Unreachable: no such server, or it refuses us.
    """
    parts = urlsplit(url)
    if parts.scheme not in IMAP | POP or not parts.hostname:
        raise Unreachable(f"no mailbox address: {parts.scheme}://{parts.hostname or ''}")
    try:
        return _imap(parts, deal) if parts.scheme in IMAP else _pop(parts, deal)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto, EOFError) as error:
        raise Unreachable(f"{parts.hostname}: {error}"[:300]) from error


def _login(parts: SplitResult) -> tuple[str, str]:
    return unquote(parts.username or ""), unquote(parts.password or "")


def _imap(parts: SplitResult, deal: Deal) -> int:
    host, secure = str(parts.hostname), parts.scheme == "imaps"
    box: imaplib.IMAP4
    if secure:
        context = ssl.create_default_context()
        box = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
    else:
        box = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
    with box:
        box.login(*_login(parts))
        folder = unquote(parts.path.lstrip("/")) or "INBOX"
        if box.select(f'"{folder}"')[0] != "OK":
            raise Unreachable(f"{host}: there is no folder {folder}")
        found = box.uid("SEARCH", "UNSEEN", "UNDELETED")[1]
        names = (found[0] or b"").split()[:AT_ONCE]
        mails = [_fetched(box, name) for name in names]
        for name, gone in zip(names, deal(mails), strict=True):
            box.uid("STORE", name.decode(), "+FLAGS", r"(\Seen \Deleted)" if gone else r"(\Seen)")
        if names:
            box.expunge()
        return len(names)


def _fetched(box: imaplib.IMAP4, name: bytes) -> bytes:
    found = box.uid("FETCH", name.decode(), f"(BODY.PEEK[]<0.{LONGEST}>)")[1]
    return next((one[1] for one in found if isinstance(one, tuple)), b"")


def _pop(parts: SplitResult, deal: Deal) -> int:
    host, secure = str(parts.hostname), parts.scheme == "pop3s"
    box: poplib.POP3
    if secure:
        context = ssl.create_default_context()
        box = poplib.POP3_SSL(host, parts.port or 995, context=context, timeout=TIMEOUT)
    else:
        box = poplib.POP3(host, parts.port or 110, timeout=TIMEOUT)
    try:
        user, password = _login(parts)
        box.user(user)
        box.pass_(password)
        sizes = [re.findall(rb"\d+", one) for one in box.list()[1]]
        numbers = [int(one[0]) for one in sizes if len(one) == 2 and int(one[1]) <= LONGEST]
        numbers = numbers[:AT_ONCE]
        mails = [b"\r\n".join(box.retr(number)[1]) for number in numbers]
        for number, gone in zip(numbers, deal(mails), strict=True):
            if gone:
                box.dele(number)
        # Only now does the server remove anything.
        box.quit()
        return len(numbers)
    finally:
        box.close()
