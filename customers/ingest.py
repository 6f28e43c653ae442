"""Accept a batch: cleaned and validated, it becomes one inbox row; what is unfit is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import orjson
from django.db import transaction

from customers import bots, clean
from customers.models import Quarantine, Repeat, Source
from dxp.lib import rows

# One bad sender must not fill the disk: of a batch, so many events and bytes are kept whole, and
# the rest is only counted.
MOST_SET_ASIDE = 100
MOST_BYTES_SET_ASIDE = 1024 * 1024
SHOWN_OF_GIANTS = 10_000
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[clean.Fact])


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many events of a batch were stored, and how many were set aside."""

    stored: int
    rejected: int


def accept(
    *,
    source: Source,
    events: Sequence[Any],
    at: datetime,
    sent_at: Any = None,
    context: dict[str, Any] | None = None,
    small: bool = False,
    met: dict[str, Any] | None = None,
) -> Accepted:
    """Store a batch for the fold; once this returns and its transaction commits, nothing is lost.

    Args:
        source: who sent it.
        events: in Segment's shape: type, event, userId, anonymousId, properties, traits, context,
            timestamp, messageId.
        at: when it was received.
        sent_at: when it was sent, by the sender's clock.
        context: what holds for the whole batch.
        small: the whole batch is smaller than one event may be.
        met: what we saw of the sender ourselves, where its own claims do not count.
    """
    facts: list[clean.Made] = []
    unfit: list[tuple[clean.Unfit, Any]] = []
    shared = clean.tidy(context) if isinstance(context, dict) else None
    for position, raw in enumerate(events):
        try:
            facts.append(
                clean.fact(
                    raw, position=position, at=at, sent_at=sent_at, context=shared,
                    measure=not small, met=met,
                )
            )  # fmt: skip
        except clean.Unfit as reason:
            unfit.append((reason, _with_its_batch(raw, shared, sent_at, met)))
    people = bots.sift(source=source, facts=facts, at=at)
    if unfit:
        with transaction.atomic():
            set_aside(source_id=source.pk, unfit=unfit, at=at)
            _store(source, people, at)
    else:
        _store(source, people, at)
    return Accepted(len(facts), len(unfit))


def set_aside(
    *, source_id: int, unfit: Sequence[tuple[clean.Unfit, Any]], at: datetime
) -> list[Quarantine]:
    """Keep events that can't be accepted, with the reason, and return what was kept."""
    kept, room = [], MOST_BYTES_SET_ASIDE
    for reason, raw in unfit[:MOST_SET_ASIDE]:
        body, length = _kept(raw, room)
        room -= length
        kept.append(
            Quarantine(
                source_id=source_id, received_at=at, code=reason.code, reason=str(reason)[:200],
                body=body, is_whole=isinstance(raw, dict) and length > 0,
            )
        )  # fmt: skip
    if len(unfit) > MOST_SET_ASIDE:
        more = len(unfit) - MOST_SET_ASIDE
        kept.append(
            Quarantine(
                source_id=source_id, received_at=at, code="flood", is_whole=False, body={},
                reason=f"{more} more events of this batch were set aside.",
            )
        )  # fmt: skip
    return Quarantine.objects.bulk_create(kept)


def give_back(*, source_id: int, fact: clean.Fact, reason: str, at: datetime) -> None:
    """Set aside an event that was accepted and could not be folded, in the shape of its sending."""
    set_aside(source_id=source_id, unfit=[(clean.Unfit(reason, "fold"), as_sent(fact))], at=at)


def as_sent(fact: clean.Fact) -> dict[str, Any]:
    """Return an event in Segment's shape again; its time counts as it is."""
    key = "traits" if fact.type in ("identify", "group") else "properties"
    moment = fact.at.isoformat()
    told = {
        "type": fact.type, "messageId": fact.message_id, "userId": fact.user_id,
        "anonymousId": fact.anonymous_id, "previousId": fact.previous_id, "groupId": fact.group_id,
        "event": fact.name if fact.type == "track" else None, key: fact.properties,
        "context": fact.context, "timestamp": moment, "originalTimestamp": moment,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def note_repeats(*, repeats: Sequence[tuple[int, datetime, clean.Fact]]) -> None:
    """Take note of copies that were dropped: a source, when it came, what it was."""
    Repeat.objects.bulk_create(
        Repeat(
            source_id=source_id, received_at=received_at, message_id=fact.message_id,
            type=fact.type, name=fact.name,
        )
        for source_id, received_at, fact in repeats[:MOST_SET_ASIDE]
    )  # fmt: skip


def forget_repeats(*, before: datetime) -> None:
    """Forget copies that came before a moment: only those who look at a source ask for them."""
    Repeat.objects.filter(received_at__lt=before).delete()


def read_body(body: bytes) -> list[clean.Fact]:
    """Return the events of an inbox row."""
    return _decoder.decode(body)


def _store(source: Source, facts: list[clean.Made], at: datetime) -> None:
    if facts:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "INSERT INTO customers_inbox (source_id, received_at, body) VALUES (%s, %s, %s)",
                [source.pk, at, _encoder.encode(facts)],
            )


def _with_its_batch(raw: Any, shared: Any, sent_at: Any, met: Any) -> Any:
    """Return an event with what its batch says of it, so that it can be tried again alone."""
    if not isinstance(raw, dict):
        return raw
    own = raw.get("context")
    if (shared or met) and (isinstance(own, dict) or own is None):
        raw = {**raw, "context": {**(shared or {}), **(own or {}), **(met or {})}}
    return raw if sent_at is None or "sentAt" in raw else {**raw, "sentAt": sent_at}


def _kept(raw: Any, room: int) -> tuple[Any, int]:
    """Return what is kept of an event, and its length: 0 where it is only the beginning."""
    tidied = clean.tidy(raw)
    if not isinstance(tidied, dict):
        tidied = {"event": tidied}
    text = orjson.dumps(tidied)
    if len(text) <= room:
        return tidied, len(text)
    return {"beginning": text[:SHOWN_OF_GIANTS].decode(errors="replace")}, 0
