"""Put a mail to a colleague into the outbox: what marketing may not hold, change or read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from dxp.lib import crypto
from journeys.models import Delivery, Message, Sender, StaffMail
from journeys.models.deliveries import Urgency

if TYPE_CHECKING:
    from django.core.mail import EmailMessage

# As long as a link to set a password counts.
WITHIN = timedelta(days=3)
LINE_END = re.compile(rb"\r?\n")
PURPOSE = "journeys.staff_mail"


@transaction.atomic
def post(*, mail: EmailMessage, at: datetime) -> list[Delivery]:
    """Queue a mail, once for each of its recipients; return what was queued.

    The mail is put together now, so that every try sends the same.
    """
    recipients = list(dict.fromkeys(filter(None, (parseaddr(to)[1] for to in mail.recipients()))))
    if not recipients:
        return []
    message = _message()
    content = crypto.seal(PURPOSE, _as_sent(mail).decode("latin-1"))
    subject = " ".join(str(mail.subject).split())[:300]
    return [
        Delivery.objects.create(
            enrollment=None, seq=0, node="", profile=None, message=message, sender=message.sender,
            channel="email", lane=Urgency.FIRST, queued_at=at, due_at=at, expires_at=at + WITHIN,
            staff_mail=StaffMail.objects.create(
                recipient=recipient, subject=subject, content=content
            ),
        )
        for recipient in recipients
    ]  # fmt: skip


def content_of(mail: StaffMail) -> bytes | None:
    """Return the mail as it goes out; None: it was sent, or sealed under a key that is gone."""
    try:
        opened = crypto.unseal(PURPOSE, mail.content) if mail.content else ""
    except crypto.BrokenSeal:
        return None
    return opened.encode("latin-1") or None


def _as_sent(mail: EmailMessage) -> bytes:
    return LINE_END.sub(b"\r\n", mail.message().as_bytes())


def _message() -> Message:
    """Return what all such mails are listed under, with the first way out for mail."""
    known = Message.objects.select_related("sender").filter(kind=Message.Kind.STAFF).first()
    if known is not None:
        return known
    sender = Sender.objects.filter(channel="email").order_by("pk").first()
    return Message.objects.get_or_create(
        kind=Message.Kind.STAFF,
        defaults={
            "name": _("Mail to colleagues"),
            "purpose": Message.Purpose.TRANSACTIONAL,
            "sender": sender or Sender.objects.create(name=_("E-mail")),
        },
    )[0]
