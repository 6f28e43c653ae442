"""Ask an address by mail whether it meant to sign up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import ConsentEntry
from journeys.compose import House
from journeys.models import Delivery, Message
from journeys.models.deliveries import Urgency
from journeys.publish import publish_message

# As long as the link counts.
WITHIN = timedelta(days=7)


@transaction.atomic
def ask(*, entry: ConsentEntry, house: House, at: datetime) -> Delivery | None:
    """Put the question into the outbox, in the transaction that wrote the entry down.

    The message is one of marketing's own: they may change its words, but not its button.
    """
    point = entry.contact_point
    if point is None:
        return None
    message = _message(house, at)
    return Delivery.objects.create(
        enrollment=None, seq=0, node="", profile_id=point.profile_id, message=message,
        sender=message.sender, channel=message.channel, lane=Urgency.FIRST, contact_point=point,
        confirms=entry, queued_at=at, due_at=at, expires_at=at + WITHIN,
    )  # fmt: skip


def _message(house: House, at: datetime) -> Message:
    message, made = Message.objects.get_or_create(
        kind=Message.Kind.CONFIRMATION,
        defaults={
            "name": _("Confirm your address"),
            "subject": _("Please confirm your address"),
            "body": [
                ("heading", _("Did you sign up?")),
                (
                    "text",
                    _("Somebody, probably you, asked for our news at this address. Press the "
                      "button and confirm on the page behind it, and we write to you."),
                ),
            ],
        },
    )  # fmt: skip
    if made or message.current_id is None:
        publish_message(message=message, house=house, at=at)
    return message
