"""Blocks that could not be shown: people see the rest of the page, and somebody is told."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import redis
from django.db import DatabaseError, transaction
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dxp.lib import hints, rows

log = logging.getLogger(__name__)
LONGEST = 500
# Where a thing lay in memory: the same fault says another one each time.
PLACE = re.compile(r"0x[0-9a-fA-F]{4,}")
# A page that many people look at writes its fault down once in so many seconds.
QUIET = 10


def note(*, page_id: int | None, block: str, kind: str, error: Any, at: datetime) -> None:
    """Write down that a block failed, so that somebody mends it. Never fails itself.

    Args:
        page_id: the page; None where it is none.
        block: the id of the block in its stream.
        kind: the block's type.
        error: what was raised.
        at: the moment.
    """
    words = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)
    words = PLACE.sub("0x…", words.replace("\x00", ""))[:LONGEST]
    log.error("Block %s %s of page %s failed: %s", kind, block, page_id, words)
    try:
        if _is_noted(page_id, block):
            return
        with transaction.atomic(), rows.raw_cursor() as cursor:
            cursor.execute(
                "INSERT INTO content_blockfault "
                "(page_id, block, kind, error, first_at, last_at, count) "
                # A page may be gone by now, and the key is looked at when somebody else commits.
                "VALUES ((SELECT id FROM wagtailcore_page WHERE id = %s), %s, %s, %s, %s, %s, 1) "
                "ON CONFLICT (page_id, block, error) DO UPDATE SET last_at = excluded.last_at, "
                "kind = excluded.kind, count = content_blockfault.count + 1",
                [page_id, block[:60], kind[:60], words, at, at],
            )
    except DatabaseError as failed:
        log.warning("Nobody is told of it: %s", failed)


def rendered(
    children: Iterable[Any], context: dict[str, Any], *, page_id: int | None, at: datetime
) -> tuple[SafeString, bool]:
    """Return the HTML of a stream's blocks without those that fail, and whether all went well.

    Who looks at a draft reads in its place that a block failed; colleagues also read why.
    """
    parts: list[str] = []
    well = True
    for child in _each(children, page_id, at):
        try:
            parts.append(child.render(context=context))
        except Exception as error:  # noqa: BLE001 - whatever it is, the page is shown
            well = False
            request = context.get("request")
            if getattr(request, "is_preview", False):
                user = getattr(request, "user", None)
                parts.append(_words(error if user is None or user.is_authenticated else None))
            else:
                note(page_id=page_id, block=child.id or "", kind=child.block_type, error=error,
                     at=at)  # fmt: skip
    return mark_safe("".join(parts)), well  # noqa: S308 - each part is a block's own HTML


def _each(children: Iterable[Any], page_id: int | None, at: datetime) -> list[Any]:
    try:
        return list(children)
    except Exception as error:  # noqa: BLE001 - what is stored can't be read
        note(page_id=page_id, block="", kind="stream", error=error, at=at)
        return []


def _words(error: Exception | None) -> str:
    told = _("This block can't be shown.")
    if error is not None:
        told = _("This block can't be shown: %(error)s") % {"error": f"{error}"[:LONGEST]}
    return format_html('<p class="dxp-fault" role="alert">{}</p>', told)


def _is_noted(page_id: int | None, block: str) -> bool:
    try:
        return not hints.client().set(f"fault:{page_id}:{block}", 1, nx=True, ex=QUIET)
    except redis.RedisError:
        return False
