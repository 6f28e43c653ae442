"""What people do with a message: click, or leave."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from customers import append, consent, record
from customers.models import ConsentEntry, ContactPoint
from customers.record import New
from journeys.compose import CLICK, LEAVE, BadToken, read_token, targets
from journeys.models import Delivery, Edition

# Two clicks on one link within this time are one: readers tap twice, scanners too.
SAME_CLICK_SECONDS = 60


def follow(*, token: str, number: int) -> tuple[int, str]:
    """Return the delivery and the target of a click link.

    Raises:
        BadToken: we did not sign it, or the message has no such link.
    """
    delivery, edition = read_token(CLICK, token)
    try:
        target = targets(edition)[number]
    except (Edition.DoesNotExist, IndexError) as error:
        raise BadToken(token[:80]) from error
    if not target:
        raise BadToken(token[:80])
    return delivery, target


def click(*, delivery: int, target: str, number: int, at: datetime) -> bool:
    """Record a click; return whether it was one that counts.

    A test message has no delivery: its clicks lead on and are not counted.
    """
    found = Delivery.objects.select_related("message", "enrollment").filter(pk=delivery).first()
    if found is None:
        return False
    moment = int(at.timestamp()) // SAME_CLICK_SECONDS
    new = New(
        profile_id=found.profile_id,
        name="Message Clicked",
        properties={**found.about(), "link": target},
        at=at,
        message_id=f"message-clicked:{delivery}:{number}:{moment}",
    )
    return bool(record.events([new], at=at))


def leaver(*, token: str) -> tuple[ContactPoint | None, Delivery | None]:
    """Return whose unsubscribe link this is, and the message it stood in.

    Raises:
        BadToken: we did not sign it.
    """
    point, delivery = read_token(LEAVE, token)
    return (
        ContactPoint.objects.filter(pk=point).first(),
        Delivery.objects.select_related("message", "enrollment").filter(pk=delivery).first(),
    )


@transaction.atomic
def unsubscribe(
    *,
    contact_point: ContactPoint,
    delivery: Delivery | None,
    evidence: dict[str, str],
    at: datetime,
) -> bool:
    """Withdraw consent to marketing e-mail at an address; return whether there was any.

    Doing it twice is the same as once. Who pauses may leave.
    """
    # The order of locks everywhere: people first, their ledger last.
    append.hold(profile_ids=[contact_point.profile_id])
    marketing = ConsentEntry.Purpose.MARKETING
    answers = consent.ask(
        contact_points=[contact_point.pk], purpose=marketing, channel="email", at=at
    )
    if answers[contact_point.pk] not in {consent.Answer.YES, consent.Answer.PAUSED}:
        return False
    consent.record(
        purpose=marketing,
        channel="email",
        state=ConsentEntry.State.WITHDRAWN,
        method="unsubscribe",
        contact_point=contact_point,
        evidence=evidence,
        at=at,
    )
    if delivery is not None:
        new = New(
            profile_id=contact_point.profile_id,
            name="Message Unsubscribed",
            properties=delivery.about(),
            at=at,
            message_id=f"message-unsubscribed:{delivery.pk}:{int(at.timestamp())}",
        )
        record.events([new], at=at)
    return True
