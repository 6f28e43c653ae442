"""Who saw what in a slot: one event for each person, slot, variant and day."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import redis
from django.db import DatabaseError, transaction

from content.personalize import Decision, Visitor
from customers import consent, ingest
from customers.models import Alias, ConsentEntry, Source
from dxp.lib import hints

log = logging.getLogger(__name__)
SHOWN = "Slot Shown"
STATISTICS = ConsentEntry.Purpose.TRACKING
DAY = 86_400


def shown(*, decisions: Sequence[Decision], anonymous_id: str, page_id: int, at: datetime) -> int:
    """Write down what a visitor saw, every arm alike; return how many events were new.

    Only where counting is allowed. A mark in Redis is looked at first, so that a second look within
    a day costs nothing; without Redis the message's id says the same. Never fails.

    Args:
        decisions: what was shown in the page's slots.
        anonymous_id: the browser's.
        page_id: the page.
        at: the moment.
    """
    events = {
        _message_id(one, one.who.subject, at): properties(one, page_id)
        for one in decisions
        if isinstance(one.who, Visitor)
    }
    fresh = _unmarked(list(events))
    try:
        if not fresh or not _may_count(anonymous_id, at):
            return 0
        _tell([(key, events[key]) for key in fresh], anonymous_id, at)
    except DatabaseError as error:
        log.warning("Nobody counts what was shown: %s", error)
        _unmark(fresh)
        return 0
    return len(fresh)


def properties(decision: Decision, page_id: int) -> dict[str, Any]:
    """Return the properties of the event: of the control group, the variant it would have seen."""
    return {
        "slot": decision.slot, "page_id": page_id, "variant": decision.meant,
        "arm": decision.arm, "reason": str(decision.because),
    }  # fmt: skip


def _message_id(decision: Decision, subject: str, at: datetime) -> str:
    told = f"{subject}:{decision.slot}:{decision.arm}:{decision.meant}:{at:%Y-%m-%d}"
    return f"shown:{hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"


def _unmarked(keys: list[str]) -> list[str]:
    """Return those that are not marked, and mark them."""
    if not keys:
        return []
    try:
        pipe = hints.client().pipeline(transaction=False)
        for key in keys:
            pipe.set(key, 1, nx=True, ex=DAY)
        return [key for key, is_new in zip(keys, pipe.execute(), strict=True) if is_new]
    except redis.RedisError:
        return keys


def _unmark(keys: list[str]) -> None:
    with suppress(redis.RedisError):
        hints.client().delete(*keys)


def _may_count(anonymous_id: str, at: datetime) -> bool:
    aliases = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
    names = list(aliases.values_list("pk", flat=True))
    return bool(names) and bool(consent.may(aliases=names, purpose=STATISTICS, at=at))


def _tell(new: Sequence[tuple[str, dict[str, Any]]], anonymous_id: str, at: datetime) -> None:
    source, _created = Source.objects.get_or_create(
        name="Website", defaults={"kind": Source.Kind.BROWSER}
    )
    with transaction.atomic():
        ingest.accept(
            source=source,
            events=[
                {
                    "type": "track", "event": SHOWN, "anonymousId": anonymous_id,
                    "messageId": key, "timestamp": at.isoformat(), "properties": told,
                }
                for key, told in new
            ],
            at=at,
        )  # fmt: skip
