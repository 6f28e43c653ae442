"""A kept page with places in it, filled for one visitor while it is sent.

What is needed lies in memory: the page's slots and the HTML of variants of each copy that is kept,
and, in Redis and asked for together with the page, who a browser is. A copy that is purged takes
its slots and variants along.
"""

from __future__ import annotations

import json
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import redis
from django.db import transaction
from django.utils.html import escape
from wagtail.models import Page

from content import context, personalize
from content.models import PublicPage
from content.pagecache import Kept, Place
from content.personalize import DEFAULT, Because, Visitor
from customers import define
from customers.models import Alias
from dxp.lib import hints

log = logging.getLogger(__name__)
# How long a browser's segments are believed without being asked for again; nobody may become
# somebody without our being told.
SECONDS, NOBODY_SECONDS = 60, 10
# Copies of pages of which this process remembers slots and variants.
MOST_COPIES, MOST_BODIES = 100, 16
MARKED = re.compile(rb"<!--slot:([0-9A-Za-z-]{1,64})-->(.*?)<!--/slot-->", re.DOTALL)


@dataclass(slots=True)
class Copy:
    """What a kept page's places are filled from."""

    page: Any
    slots: dict[str, Any]
    # Whether something depends on how a visitor came.
    asks: bool
    # Whether all depends on segments alone, and on which: then whole bodies are remembered.
    is_steady: bool
    audiences: frozenset[int]
    markup: dict[tuple[str, str], str] = field(default_factory=dict)
    bodies: dict[frozenset[int], bytes] = field(default_factory=dict)


_copies: OrderedDict[tuple[int, int, str], Copy] = OrderedDict()


def cut(body: bytes) -> tuple[bytes, list[Place]]:
    """Return a body without the marks around its slots, and where these slots are."""
    if b"<!--slot:" not in body:
        return body, []
    parts, places, length, last = [], [], 0, 0
    for found in MARKED.finditer(body):
        before = body[last : found.start()]
        start = length + len(before)
        parts += [before, found[2]]
        length = start + len(found[2])
        places.append(Place(found[1].decode(), start, length))
        last = found.end()
    return b"".join([*parts, body[last:]]), places


def fill(
    kept: Kept,
    *,
    who: Visitor,
    came: Callable[[], context.Context],
    request: Any,
    at: datetime,
) -> bytes:
    """Return a kept body with what one visitor sees in its places; defaults where that fails.

    Args:
        kept: the copy.
        who: the visitor.
        came: tells how they came, where something depends on it.
        request: the request, for blocks that ask for it.
        at: the moment.
    """
    copy = _copy(kept)
    if copy is None:
        return kept.body
    inside = who.segments & copy.audiences
    body = copy.bodies.get(inside)
    if body is None:
        body, is_theirs = _filled(copy, kept, who, came, request, at)
        if copy.is_steady and not is_theirs and len(copy.bodies) < MOST_BODIES:
            copy.bodies[inside] = body
    return body


def _filled(
    copy: Copy,
    kept: Kept,
    who: Visitor,
    came: Callable[[], context.Context],
    request: Any,
    at: datetime,
) -> tuple[bytes, bool]:
    """Return a filled body, and whether it is for this visitor or this moment alone."""
    is_theirs = False
    decisions = personalize.decide(
        slots=copy.slots, wanted=[one.slot for one in kept.places], page=copy.page, who=who,
        context=came() if copy.asks else context.Context(at), at=at,
    )  # fmt: skip
    parts, last = [], 0
    for place in kept.places:
        decision = decisions.get(place.slot)
        if decision is None or decision.because is Because.FAILED:
            is_theirs = True
            continue
        if decision.variant == DEFAULT and not decision.speaks:
            continue
        shown = _markup(copy, decision, request)
        # What failed now may be well in a moment.
        is_theirs = is_theirs or not shown or "{{" in shown
        if not shown:
            continue
        slot, variant = escape(place.slot), escape(decision.variant)
        parts += [
            kept.body[last : place.start],
            f'<dxp-slot class="dxp-slot" data-slot="{slot}" data-variant="{variant}">'.encode(),
            personalize.say(shown, who).encode(),
            b"</dxp-slot>",
        ]
        last = place.end
    return b"".join([*parts, kept.body[last:]]), is_theirs


def _copy(kept: Kept) -> Copy | None:
    known = (kept.page, kept.number, kept.etag)
    copy = _copies.get(known)
    if copy is None:
        page = Page.objects.filter(pk=kept.page, live=True).first()
        specific = page.specific if page else None
        if not isinstance(specific, PublicPage):
            return None
        wanted = {place.slot for place in kept.places}
        slots = {name: slot for name, slot in specific.slots().items() if name in wanted}
        copy = Copy(
            specific, slots, any(map(_asks, slots.values())), all(map(_is_steady, slots.values())),
            frozenset(
                one["audience"].pk
                for slot in slots.values()
                for one in slot.value["variants"]
                if one["audience"]
            ),
        )  # fmt: skip
        _copies[known] = copy
        while len(_copies) > MOST_COPIES:
            _copies.popitem(last=False)
    return copy


def _asks(slot: Any) -> bool:
    return any(not context.is_empty(one["when"]) for one in slot.value["variants"])


def _is_steady(slot: Any) -> bool:
    value = slot.value
    timed = any(one["starts"] or one["ends"] for one in value["variants"])
    drawn = value["strategy"] != "first_match" or value["control"]
    speaks = "{{" in json.dumps(slot.get_prep_value(), default=str)
    return not (timed or drawn or speaks or _asks(slot))


def _markup(copy: Copy, decision: personalize.Decision, request: Any) -> str:
    known = (decision.slot, decision.key)
    found = copy.markup.get(known)
    if found is None:
        found = personalize.markup(decision, copy.page, request)
        if found and len(copy.markup) < 100:
            copy.markup[known] = found
    return found


# ---- Who a browser is.


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


def _read(found: bytes) -> Visitor | Because:
    told = msgspec.msgpack.decode(found)
    if isinstance(told, str):
        return Because(told)
    subject, segments, profile_id, traits = told
    return Visitor(subject, frozenset(segments), profile_id, traits)


def _note(anonymous_id: str, who: Visitor | Because) -> None:
    told: Any = str(who)
    seconds = SECONDS if isinstance(who, Visitor) else NOBODY_SECONDS
    pipe = hints.client().pipeline(transaction=False)
    if isinstance(who, Visitor):
        told = [who.subject, sorted(who.segments), who.profile_id, dict(who.traits)]
        pipe.sadd(f"visits:{who.profile_id}", anonymous_id)
        pipe.expire(f"visits:{who.profile_id}", SECONDS)
    pipe.set(key(anonymous_id), msgspec.msgpack.encode(told), ex=seconds)
    pipe.execute()


def _forget(profile_ids: Sequence[int]) -> None:
    client = hints.client()
    try:
        for start in range(0, len(profile_ids), 500):
            pipe = client.pipeline(transaction=False)
            for number in profile_ids[start : start + 500]:
                pipe.smembers(f"visits:{number}")
            known = {one for some in pipe.execute() for one in some}
            _drop([key(one.decode()) for one in known])
    except redis.RedisError as error:
        log.warning("Who somebody is may be a minute old: %s", error)


def _drop(keys: Sequence[bytes]) -> None:
    if keys:
        hints.client().delete(*keys)
