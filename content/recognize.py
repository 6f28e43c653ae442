"""Who a browser is, noted in Redis for a minute: asked for together with the page it wants."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import redis
from django.db import transaction

from content import personalize
from content.personalize import Because, Visitor
from customers import define
from customers.models import Alias
from dxp.lib import hints

log = logging.getLogger(__name__)
# How long a browser's segments are believed without being asked for again; nobody may become
# somebody without our being told.
SECONDS, NOBODY_SECONDS = 60, 10


def key(anonymous_id: str) -> bytes:
    """Return under which key it stands who a browser is."""
    return f"visit:{anonymous_id}".encode()


def visitor(anonymous_id: str, found: bytes | None, *, at: datetime) -> Visitor | Because:
    """Return who a browser is, as found under its key, or anew where nothing was."""
    if found is not None:
        return _read(found)
    who = personalize.visitor(anonymous_id=anonymous_id, at=at)
    if isinstance(who, Visitor):
        traits = {one: who.traits[one] for one in define.sayable(keys=who.traits)}
        who = Visitor(who.subject, who.segments, who.profile_id, traits)
    try:
        _note(anonymous_id, who)
    except redis.RedisError as error:
        log.warning("Nobody notes who somebody is: %s", error)
    return who


def forget(profile_ids: Collection[int]) -> None:
    """Ask anew who these people are, once this transaction commits."""
    if profile_ids:
        transaction.on_commit(partial(_forget, sorted(set(profile_ids))), robust=True)


def forget_alias(alias: Alias) -> None:
    """Ask anew who a browser is, and whose it is."""
    if alias.kind == Alias.Kind.ANONYMOUS:
        transaction.on_commit(partial(_drop, [key(alias.value)]), robust=True)
    forget([alias.profile_id])


def noted(anonymous_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what is noted of these browsers at this moment; nothing while Redis is away."""
    names = list(anonymous_ids)
    try:
        found: Any = hints.client().mget([key(one) for one in names]) if names else []
    except redis.RedisError as error:
        log.warning("Nobody knows who was noted: %s", error)
        return
    for name, told in zip(names, found, strict=True):
        if told is None:
            continue
        who = _read(told)
        if isinstance(who, Because):
            yield {"what": "browser", "anonymous_id": name, "because": str(who)}
        else:
            yield {
                "what": "browser", "anonymous_id": name, "segments": sorted(who.segments),
                "traits": dict(who.traits),
            }  # fmt: skip


def drop(anonymous_ids: Iterable[str], profile_ids: Iterable[int]) -> int:
    """Drop what is noted of these browsers and people at once; return how many notes went.

    Raises:
        redis.RedisError: Redis is away; what is there ends within a minute.
    """
    keys = [key(one) for one in anonymous_ids] + [_of(one).encode() for one in profile_ids]
    return int(hints.client().delete(*keys)) if keys else 0


def _read(found: bytes) -> Visitor | Because:
    told = msgspec.msgpack.decode(found)
    if isinstance(told, str):
        return Because(told)
    subject, segments, profile_id, traits = told
    return Visitor(subject, frozenset(segments), profile_id, traits)


def _note(anonymous_id: str, who: Visitor | Because) -> None:
    told: Any = str(who)
    seconds = SECONDS if isinstance(who, Visitor) else NOBODY_SECONDS
    pipe = hints.client().pipeline()
    if isinstance(who, Visitor):
        told = [who.subject, sorted(who.segments), who.profile_id, dict(who.traits)]
        pipe.sadd(_of(who.profile_id), anonymous_id)
        pipe.expire(_of(who.profile_id), SECONDS)
    pipe.set(key(anonymous_id), msgspec.msgpack.encode(told), ex=seconds)
    pipe.execute()


def _of(profile_id: int | None) -> str:
    """Return under which key the browsers of a person stand."""
    return f"visits:{profile_id}"


def _forget(profile_ids: Sequence[int]) -> None:
    client = hints.client()
    try:
        for start in range(0, len(profile_ids), 500):
            pipe = client.pipeline()
            for number in profile_ids[start : start + 500]:
                pipe.smembers(_of(number))
                pipe.delete(_of(number))
            known = {one for some in pipe.execute()[::2] for one in some}
            _drop([key(one.decode()) for one in known])
    except redis.RedisError as error:
        log.warning("Who somebody is may be a minute old: %s", error)


def _drop(keys: Sequence[bytes]) -> None:
    if keys:
        hints.client().delete(*keys)
