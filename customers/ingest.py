"""Accept a batch: cleaned and validated, it becomes one inbox row; what is unfit is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import orjson
from django.db import transaction

from customers import clean
from customers.models import Quarantine, Source
from dxp.lib import rows

# One bad sender must not fill the disk: of a batch, so many are kept and the rest only counted.
MOST_SET_ASIDE = 100
LONGEST_SET_ASIDE = 10_000
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
    """
    facts: list[clean.Fact] = []
    unfit: list[tuple[str, Any]] = []
    shared = clean.tidy(context) if isinstance(context, dict) else None
    for position, raw in enumerate(events):
        try:
            facts.append(
                clean.fact(
                    raw, position=position, at=at, sent_at=sent_at, context=shared,
                    measure=not small,
                )
            )  # fmt: skip
        except clean.Unfit as reason:
            unfit.append((str(reason), raw))
    if unfit:
        with transaction.atomic():
            set_aside(source_id=source.pk, unfit=unfit, at=at)
            _store(source, facts, at)
    else:
        _store(source, facts, at)
    return Accepted(len(facts), len(unfit))


def set_aside(*, source_id: int, unfit: Sequence[tuple[str, Any]], at: datetime) -> None:
    """Keep events that can't be accepted, with the reason."""
    kept = [
        Quarantine(source_id=source_id, received_at=at, reason=reason[:200], body=_shown(raw))
        for reason, raw in unfit[:MOST_SET_ASIDE]
    ]
    if len(unfit) > MOST_SET_ASIDE:
        more = len(unfit) - MOST_SET_ASIDE
        kept.append(
            Quarantine(
                source_id=source_id, received_at=at,
                reason=f"{more} more events of this batch were set aside.", body={},
            )
        )  # fmt: skip
    Quarantine.objects.bulk_create(kept)


def read_body(body: bytes) -> list[clean.Fact]:
    """Return the events of an inbox row."""
    return _decoder.decode(body)


def _store(source: Source, facts: list[clean.Fact], at: datetime) -> None:
    if facts:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "INSERT INTO customers_inbox (source_id, received_at, body) VALUES (%s, %s, %s)",
                [source.pk, at, _encoder.encode(facts)],
            )


def _shown(raw: Any) -> Any:
    tidied = clean.tidy(raw)
    if not isinstance(tidied, dict):
        tidied = {"event": tidied}
    text = orjson.dumps(tidied)
    if len(text) <= LONGEST_SET_ASIDE:
        return tidied
    return {"beginning": text[:LONGEST_SET_ASIDE].decode(errors="replace")}
