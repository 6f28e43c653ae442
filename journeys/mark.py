"""Two marks per delivery in Redis: one before it is handed over, one with the answer.

After a crash they tell the one message that was in the air from those never tried and those sent. A
Redis that lost its memory has another epoch: then nothing can be known, and silence proves nothing.
"""

from __future__ import annotations

import logging
from typing import Any

import redis

from dxp.lib import hints, ids

log = logging.getLogger(__name__)
KEEP_SECONDS = 86_400
_EPOCH = "journeys:epoch"
_TRY = b"try"


def epoch() -> str:
    """Return the name of this Redis's memory; empty if there is no Redis."""
    try:
        client = hints.client()
        client.set(_EPOCH, ids.key(12), nx=True)
        found = client.get(_EPOCH)
    except redis.RedisError:
        return ""
    return found.decode() if isinstance(found, bytes) else ""


class Marks:
    """Writes the marks of one batch, in one round trip per message."""

    def __init__(self) -> None:
        self.answers: dict[int, str] = {}

    def trying(self, delivery: int) -> None:
        """Mark that this delivery is about to be handed over; write the answers before it too.

        Raises:
            RedisError: the mark could not be written.
        """
        pipe = hints.client().pipeline(transaction=False)
        for earlier, answer in self.answers.items():
            pipe.set(_key(earlier), answer, ex=KEEP_SECONDS)
        pipe.set(_key(delivery), _TRY, ex=KEEP_SECONDS)
        pipe.execute()
        self.answers.clear()

    def answered(self, delivery: int, answer: str) -> None:
        """Keep an answer, to be written with the next mark."""
        self.answers[delivery] = answer

    def flush(self) -> None:
        """Write the answers that are still kept; without Redis they are lost, and in doubt."""
        if not self.answers:
            return
        try:
            pipe = hints.client().pipeline(transaction=False)
            for delivery, answer in self.answers.items():
                pipe.set(_key(delivery), answer, ex=KEEP_SECONDS)
            pipe.execute()
        except redis.RedisError as error:
            log.warning("%s answers were lost: %s", len(self.answers), error)


def read(deliveries: list[int]) -> dict[int, str]:
    """Return what is known of each delivery: "try", "ok:…", "no:…", or nothing.

    Raises:
        RedisError: Redis can't be read.
    """
    found: Any = hints.client().mget([_key(delivery) for delivery in deliveries])
    return {
        delivery: value.decode()
        for delivery, value in zip(deliveries, found, strict=True)
        if value is not None
    }


def forget(deliveries: list[int]) -> None:
    """Remove the marks of deliveries: an answer may repeat the address.

    Raises:
        RedisError: Redis is away; the marks die after a day.
    """
    if deliveries:
        hints.client().delete(*(_key(delivery) for delivery in deliveries))


def _key(delivery: int) -> str:
    return f"journeys:mark:{delivery}"
