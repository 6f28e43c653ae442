"""Links that open one document for whoever has them, until they end."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from content.models import Document, DocumentLink


class NoLink(LookupError):
    """This link opens nothing: it ended, was taken back or used up, or was never made."""


def make(
    *, document: Document, note: str, expires_at: datetime, most: int | None, by: Any, at: datetime
) -> tuple[DocumentLink, str]:
    """Return a link and its token, which nobody can be told a second time.

    Args:
        document: what it opens.
        note: for whom it is.
        expires_at: from when on it opens nothing.
        most: how often it may be used; None: as often as one likes.
        by: who makes it.
        at: when.
    """
    token = secrets.token_urlsafe(32)
    link = DocumentLink.objects.create(
        document=document, note=note, digest=DocumentLink.hash(token), by=by, made_at=at,
        expires_at=expires_at, most=most,
    )  # fmt: skip
    return link, token


def _open(at: datetime) -> Q:
    left = Q(most__isnull=True) | Q(used__lt=F("most"))
    return Q(revoked_at__isnull=True, expires_at__gt=at) & left


def find(*, token: str, at: datetime) -> DocumentLink:
    """Return the link of a token, without using it.

    Raises:
        NoLink: it opens nothing.
    """
    links = DocumentLink.objects.select_related("document__collection")
    found = links.filter(_open(at), digest=DocumentLink.hash(token)).first()
    if found is None:
        raise NoLink
    return found


def use(*, token: str, at: datetime) -> DocumentLink:
    """Use a link once, if nobody was faster with its last time.

    Raises:
        NoLink: it opens nothing.
    """
    mine = DocumentLink.objects.filter(digest=DocumentLink.hash(token))
    if not mine.filter(_open(at)).update(used=F("used") + 1, last_used_at=at):
        raise NoLink
    return mine.select_related("document").get()


def take_back(*, link: DocumentLink, at: datetime) -> bool:
    """Let a link open nothing any more; return whether it still did."""
    still = DocumentLink.objects.filter(pk=link.pk, revoked_at__isnull=True)
    return bool(still.update(revoked_at=at))
