"""What people answer to messages: some words leave or come back, the rest is told as an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from customers import append, consent, record
from customers.address import BadAddress, normal
from customers.consent import Answer
from customers.models import ConsentEntry, ContactPoint
from customers.record import New
from journeys.channels import CHANNELS
from journeys.channels.sms.keywords import Said, said
from journeys.models import Delivery, Suppression

LONGEST_TEXT = 1000
MARKETING = ConsentEntry.Purpose.MARKETING
State = ConsentEntry.State


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody answered. `key` tells this answer from the same told again."""

    channel: str
    address: str
    text: str
    key: str


@transaction.atomic
def answer(*, to: Answered, evidence: dict[str, Any], at: datetime) -> Said | None:
    """Take what somebody answered and return what it meant; None if nobody has that address.

    A word such as STOP withdraws consent to marketing at that address, START gives it back where
    such a word had withdrawn it, and lifts a block of the network; twice is the same as once.

    Args:
        to: the answer.
        evidence: what proves it.
        at: when.
    """
    contact = CHANNELS.get(to.channel).contact
    try:
        value = normal(channel=contact, address=to.address)
    except BadAddress:
        return None
    point = ContactPoint.objects.filter(channel=contact, value=value).first()
    if point is None:
        return None
    # The order of locks everywhere: people first, their ledger last.
    append.hold(profile_ids=[point.profile_id])
    meant = said(to.text)
    delivery = _latest(point, to.channel)
    if meant is Said.STOP and _decide(point, State.WITHDRAWN, evidence, at):
        _tell("Message Unsubscribed", point, delivery, {}, f"unsubscribed:{to.key}", at)
    elif meant is Said.START:
        # Networks block who answers STOP, and let through again who answers START.
        Suppression.objects.filter(contact_point=point, cause__in=Suppression.CURABLE).delete()
        if _left_by_word(point):
            _decide(point, State.GRANTED, evidence, at)
    elif meant is Said.OTHER:
        _tell("Message Answered", point, delivery, {"text": to.text[:LONGEST_TEXT]}, to.key, at)
    return meant


def _latest(point: ContactPoint, channel: str) -> Delivery | None:
    """Return the message that somebody most likely answered: the newest one there."""
    sent = Delivery.objects.filter(
        profile_id=point.profile_id, contact_point=point, channel=channel, sent_at__isnull=False
    )
    return sent.select_related("message", "enrollment").order_by("-queued_at").first()


def _decide(point: ContactPoint, state: str, evidence: dict[str, Any], at: datetime) -> bool:
    answers = consent.ask(
        contact_points=[point.pk], purpose=MARKETING, channel=point.channel, at=at
    )
    allowed = answers[point.pk] in {Answer.YES, Answer.PAUSED}
    if allowed == (state == State.GRANTED):
        return False
    consent.record(
        purpose=MARKETING, channel=point.channel, state=state, method="answer",
        contact_point=point, evidence=evidence, at=at,
    )  # fmt: skip
    return True


def _left_by_word(point: ContactPoint) -> bool:
    newest = ConsentEntry.objects.filter(
        contact_point=point, purpose=MARKETING, channel__in=["", point.channel], topic=""
    )
    last = newest.order_by("-at", "-id").first()
    return last is not None and last.state == State.WITHDRAWN and last.method == "answer"


def _tell(
    name: str,
    point: ContactPoint,
    delivery: Delivery | None,
    more: dict[str, Any],
    key: str,
    at: datetime,
) -> None:
    about = delivery.about() if delivery else {"message": ""}
    new = New(point.profile_id, name, {**about, **more}, at, f"message-{key}"[:100])
    record.events([new], at=at)
