"""Who saw what in a slot: one event for each person, slot, variant and day."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
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
    events, marks = {}, {}
    for one in decisions:
        if isinstance(one.who, Visitor):
            key = _message_id(one, one.who.subject, at)
            events[key], marks[key] = properties(one, page_id), _of(one.who.subject)
    fresh = _unmarked(marks)
    try:
        if not fresh or not _may_count(anonymous_id, at):
            return 0
        _tell([(key, events[key]) for key in fresh], anonymous_id, at)
    except DatabaseError as error:
        log.warning("Nobody counts what was shown: %s", error)
        _unmark({key: marks[key] for key in fresh})
        return 0
    return len(fresh)


def marked(subjects: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield how much was marked as shown to these people; nothing while Redis is away."""
    with suppress(redis.RedisError):
        for one in subjects:
            if count := hints.client().scard(_of(one)):
                yield {"what": "shown", "count": count}


def forget(subjects: Iterable[str]) -> int:
    """Drop the marks of these people; return of how many there were any.

    Raises:
        redis.RedisError: Redis is away; what is there ends within a day.
    """
    keys = [_of(one) for one in subjects]
    return int(hints.client().delete(*keys)) if keys else 0  # type: ignore[arg-type]


def properties(decision: Decision, page_id: int) -> dict[str, Any]:
    """Return the properties of the event: of the control group, the variant it would have seen."""
    return {
        "slot": decision.slot, "page_id": page_id, "variant": decision.meant,
        "arm": decision.arm, "reason": str(decision.because),
    }  # fmt: skip


def _message_id(decision: Decision, subject: str, at: datetime) -> str:
    told = f"{subject}:{decision.slot}:{decision.arm}:{decision.meant}:{at:%Y-%m-%d}"
    return f"shown:{hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"


def _of(subject: str) -> str:
    """Return under which key the marks of a person stand, a day from the first one on."""
    return f"shown:{subject}"


def _unmarked(marks: dict[str, str]) -> list[str]:
    """Return those that are not marked, and mark them."""
    if not marks:
        return []
    try:
        pipe = hints.client().pipeline()
        for key, place in marks.items():
            pipe.sadd(place, key)
            pipe.expire(place, DAY, nx=True)
        return [key for key, is_new in zip(marks, pipe.execute()[::2], strict=True) if is_new]
    except redis.RedisError:
        return [*marks]


def _unmark(marks: dict[str, str]) -> None:
    with suppress(redis.RedisError):
        pipe = hints.client().pipeline()
        for key, place in marks.items():
            pipe.srem(place, key)
        pipe.execute()


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
