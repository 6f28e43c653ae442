"""Where Django's mail goes: into the outbox, from which a worker sends it.

Named by `EMAIL_BACKEND`, so that Wagtail's notices and links to set a password go this way without
knowing of it; no request waits for a mail server.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError

from dxp.lib import clock, hints
from journeys.post import post
from journeys.tasks import DISPATCH

log = logging.getLogger(__name__)


class OutboxBackend(BaseEmailBackend):
    """Writes deliveries."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue mails; return how many.

        Raises:
            DatabaseError: they could not be written down, and whoever asked wants to know.
        """
        queued = 0
        try:
            for mail in email_messages:
                queued += bool(post(mail=mail, at=clock.now()))
        except DatabaseError:
            if not self.fail_silently:
                raise
            log.exception("A mail to a colleague could not be queued")
        if queued:
            hints.after_commit(DISPATCH)
        return queued
