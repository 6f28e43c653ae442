"""A kept page with places in it, filled for one visitor while it is sent.

What is needed lies in memory: the page's slots, the HTML of variants and whole bodies, packed, of
each copy that is kept, and, in Redis and asked for together with the page, who a browser is. A copy
that is purged takes all of it along.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.html import escape
from wagtail.models import Page

from content import context, locate, pagecache, personalize
from content.models import PublicPage
from content.pagecache import Kept, Place
from content.personalize import DEFAULT, Because, Visitor
from content.strategies import salt_of

# Copies of pages of which this process remembers slots and variants, and bodies of each: of three
# audiences and three control groups every mixture has room.
MOST_COPIES, MOST_BODIES = 100, 64
MARKED = re.compile(rb"<!--slot:([0-9A-Za-z-]{1,64})-->(.*?)<!--/slot-->", re.DOTALL)


@dataclass(slots=True)
class Copy:
    """What a kept page's places are filled from."""

    page: Any
    language: str
    slots: dict[str, Any]
    # Whether something depends on how a visitor came.
    asks: bool
    # Whether all depends on segments and control groups alone, and on which: then whole bodies are
    # remembered.
    is_steady: bool
    audiences: frozenset[int]
    # By slot: what its control group is drawn with, and how large it is.
    drawn: dict[str, tuple[str, int]]
    markup: dict[tuple[str, str], str] = field(default_factory=dict)
    bodies: dict[tuple[frozenset[int], frozenset[str]], bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """A body for one visitor, as gzip or plain."""

    body: bytes
    is_packed: bool


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
) -> Filled:
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
        return Filled(kept.body, is_packed=False)
    held = frozenset(
        slot for slot, (salt, share) in copy.drawn.items() if personalize.is_held(salt, share, who)
    )
    alike = (who.segments & copy.audiences, held)
    if (body := copy.bodies.get(alike)) is not None:
        return Filled(body, is_packed=True)
    # Nobody spoke a language yet: this stands before all that asks the address.
    with translation.override(copy.language):
        body, is_theirs = _filled(copy, kept, who, came, request, at)
    if not copy.is_steady or is_theirs or len(copy.bodies) >= MOST_BODIES:
        return Filled(body, is_packed=False)
    copy.bodies[alike] = packed = pagecache.packed(body)
    return Filled(packed, is_packed=True)


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
            page=specific,
            language=locate.language(page=specific),
            slots=slots,
            asks=any(map(_asks, slots.values())),
            is_steady=all(_is_steady(slot, specific.locale_id) for slot in slots.values()),
            audiences=frozenset(
                one["audience"].pk
                for slot in slots.values()
                for one in slot.value["variants"]
                if one["audience"]
            ),
            drawn={
                name: (salt_of(slot, specific), slot.value["control"])
                for name, slot in slots.items()
                if slot.value["control"]
            },
        )
        _copies[known] = copy
        while len(_copies) > MOST_COPIES:
            _copies.popitem(last=False)
    return copy


def _asks(slot: Any) -> bool:
    return any(not context.is_empty(one["when"]) for one in slot.value["variants"])


def _is_steady(slot: Any, locale: int) -> bool:
    value = slot.value
    timed = any(one["starts"] or one["ends"] for one in value["variants"])
    drawn = value["strategy"] != "first_match"
    contents = [value["default"], *(one["content"] for one in value["variants"])]
    speaks = any(personalize.speaks(one, locale) for one in contents)
    return not (timed or drawn or speaks or _asks(slot))


def _markup(copy: Copy, decision: personalize.Decision, request: Any) -> str:
    known = (decision.slot, decision.key)
    found = copy.markup.get(known)
    if found is None:
        found = personalize.markup(decision, copy.page, request)
        if found and len(copy.markup) < 100:
            copy.markup[known] = found
    return found
