"""Which variant of a slot a visitor sees, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from content.blocks import first_match
from customers import consent, segment
from customers.models import Alias, ConsentEntry, Profile
from dxp.lib import ids

DEFAULT = "default"
PERSONALIZATION = ConsentEntry.Purpose.PERSONALIZATION


class Because(StrEnum):
    """The kinds of reasons; the only part of a reason that a browser is told."""

    SEGMENT = "segment"
    CONTROL = "control"
    NO_MATCH = "no-match"
    UNKNOWN = "unknown-visitor"
    NO_CONSENT = "no-consent"
    ASK_AGAIN = "ask-again"
    BOT = "bot"


@dataclass(frozen=True)
class Visitor:
    """Who looks, as far as personal slots care: a stable subject and the segments it is in."""

    subject: str
    segments: frozenset[int]


@dataclass(frozen=True)
class Decision:
    """What to show in one slot. `variant` is the variant's id or "default"."""

    variant: str
    content: Any
    because: Because
    reason: str


def visitor(*, anonymous_id: str, at: datetime) -> Visitor | Because:
    """Return who an anonymous id is now, or why that must not be asked.

    Costs three queries at most, however many slots and segments there are.
    """
    alias = (
        Alias.objects
        .select_related("profile")
        .filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
        .first()
    )
    if alias is None or alias.profile.state != Profile.State.ACTIVE:
        return Because.UNKNOWN
    answers = consent.ask(aliases=[alias.pk], purpose=PERSONALIZATION, at=at)
    if answers[alias.pk] is consent.Answer.CONFLICT:
        return Because.ASK_AGAIN
    if answers[alias.pk] is not consent.Answer.YES:
        return Because.NO_CONSENT
    # The public id outlives a new cookie of a person who is recognized, so that the arm stays.
    return Visitor(str(alias.profile.public_id), frozenset(segment.members_of(alias.profile_id)))


def choose(*, slot: Any, page_id: int, who: Visitor | Because) -> Decision:
    """Return what one visitor sees in a slot (a stream child): the first variant that matches.

    The control group is drawn from the people who match, by a stable bucket of slot and person, so
    that both arms hold the same kind of people.
    """
    value = slot.value
    if isinstance(who, Because):
        return Decision(DEFAULT, value["default"], who, _reason(who))
    child = first_match(value, who.segments)
    if child is None:
        return Decision(DEFAULT, value["default"], Because.NO_MATCH, _reason(Because.NO_MATCH))
    name = child.value["audience"].name
    if ids.bucket(f"{page_id}:{slot.id}", who.subject, 100) < (value["control"] or 0):
        reason = _("In %(segment)s, but in the control group.") % {"segment": name}
        return Decision(DEFAULT, value["default"], Because.CONTROL, reason)
    reason = _("In %(segment)s.") % {"segment": name}
    return Decision(str(child.id), child.value["content"], Because.SEGMENT, reason)


def decide(
    *, slots: dict[str, Any], wanted: Collection[str], page_id: int, who: Visitor | Because
) -> dict[str, Decision]:
    """Return a decision for each wanted slot that exists."""
    return {
        slot_id: choose(slot=slots[slot_id], page_id=page_id, who=who)
        for slot_id in wanted
        if slot_id in slots
    }


def _reason(because: Because) -> str:
    return {
        Because.NO_MATCH: _("In none of the audiences."),
        Because.UNKNOWN: _("Nobody we know."),
        Because.NO_CONSENT: _("Has not allowed cookies."),
        Because.ASK_AGAIN: _("Allowed it in one browser and refused it in another."),
        Because.BOT: _("A robot."),
    }[because]
