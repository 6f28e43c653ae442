"""Two marks per delivery in Redis: one before it is handed over, one with the answer.

After a crash they tell the one message that was in the air from those never tried and those sent. A
Redis that lost its memory has another epoch: then nothing can be known, and silence proves nothing.

The marks of a batch are one hash, named by its lease. The reaper leaves a mark too where there was
none: a sender that slept through the end of its lease finds it, and hands nothing over any more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from dxp.lib import hints, ids

log = logging.getLogger(__name__)
KEEP_SECONDS = 86_400
_EPOCH = "journeys:epoch"
_TRY, _BACK = "try", "back"
_KEEP = b"%d" % KEEP_SECONDS


def epoch() -> str:
    """Return the name of this Redis's memory; empty if there is no Redis."""
    try:
        client = hints.client()
        client.set(_EPOCH, ids.key(12), nx=True)
        found = client.get(_EPOCH)
    except redis.RedisError:
        return ""
    return found.decode() if isinstance(found, bytes) else ""


def lease() -> str:
    """Return a name for a batch's lease: the epoch, and a word of its own."""
    return f"{epoch()}.{ids.key(8)}"


def without_marks(name: str) -> str:
    """Return what a lease is called whose marks prove nothing."""
    return f".{name.partition('.')[2]}"


def is_marked(name: str, now: str) -> bool:
    """Say whether a lease left its marks in the memory that Redis has now (`epoch`)."""
    known = name.partition(".")[0]
    return bool(known) and known == now


class Marks:
    """Writes the marks of one batch, in one round trip per message.

    The library's own way of asking costs as much again as Redis.
    """

    def __init__(self, name: str) -> None:
        self.key = _key(name).encode()
        self.answers: dict[int, str] = {}
        # Untyped in the library.
        self.line: Any = None
        self.dies = False

    def trying(self, delivery: int) -> bool:
        """Mark that this delivery is about to be handed over; write the answers before it too.

        Returns:
            False: the lease was over, and the delivery is somebody else's.

        Raises:
            RedisError: the mark could not be written.
        """
        words = [(b"HSETNX", self.key, b"%d" % delivery, _TRY.encode())]
        return self._ask([*self._answers(), *words])[-1] == 1

    def answered(self, delivery: int, answer: str) -> None:
        """Keep an answer, to be written with the next mark."""
        self.answers[delivery] = answer

    def tell(self, answers: Mapping[int, str]) -> None:
        """Write answers that nobody could settle; without Redis they are lost, and in doubt."""
        self.answers.update(answers)
        try:
            if self.answers:
                self._ask(self._answers())
        except redis.RedisError as error:
            log.warning("%s answers were lost: %s", len(self.answers), error)
        self.close()

    def drop(self) -> None:
        """Forget the batch, which is settled: an answer may repeat an address."""
        try:
            self._ask([(b"DEL", self.key)])
        except redis.RedisError as error:
            log.debug("Marks stay for a day: %s", error)
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self.line is not None:
            hints.client().connection_pool.release(self.line)
            self.line = None

    def _answers(self) -> list[tuple[bytes, ...]]:
        told = [word for pair in self.answers.items() for word in (b"%d" % pair[0], _raw(pair[1]))]
        return [(b"HSET", self.key, *told)] if told else []

    def _ask(self, commands: list[tuple[bytes, ...]]) -> list[object]:
        if self.line is None:
            self.line = hints.client().connection_pool.get_connection()
        asked = commands if self.dies else [*commands, (b"EXPIRE", self.key, _KEEP)]
        try:
            self.line.send_packed_command([b"".join(map(_packed, asked))], check_health=False)
            found = [self.line.read_response() for _command in asked][: len(commands)]
        except (redis.RedisError, OSError):
            self.line.disconnect()
            self.close()
            raise
        self.answers.clear()
        self.dies = True
        return found


def seize(leases: Mapping[int, str]) -> dict[int, str]:
    """Return what is known of each delivery, and keep its sender from handing it over from now on.

    Args:
        leases: the deliveries, each with the name of its lease.

    Returns:
        Of each "try", "ok:…" or "no:…"; nothing of those that were never tried.

    Raises:
        RedisError: Redis can't be asked.
    """
    pipe = hints.client().pipeline(transaction=False)
    for delivery, name in leases.items():
        pipe.hsetnx(_key(name), str(delivery), _BACK)
        pipe.hget(_key(name), str(delivery))
        pipe.expire(_key(name), KEEP_SECONDS)
    told = pipe.execute()[1::3]
    found = {delivery: told.decode() for delivery, told in zip(leases, told, strict=True)}
    return {delivery: said for delivery, said in found.items() if said != _BACK}


def forget(leases: Iterable[tuple[int, str]]) -> None:
    """Blank the marks of deliveries: an answer may repeat the address.

    Raises:
        RedisError: Redis is away; the marks die after a day.
    """
    pipe = hints.client().pipeline(transaction=False)
    for delivery, name in leases:
        pipe.hset(_key(name), str(delivery), _BACK)
        pipe.expire(_key(name), KEEP_SECONDS)
    pipe.execute()


def _key(name: str) -> str:
    return f"journeys:mark:{name.partition('.')[2]}"


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _packed(words: tuple[bytes, ...]) -> bytes:
    told = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%b" % (len(words), told)
