"""What the house writes to people who work here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffMail(models.Model):
    """A mail to one address of somebody who works here: of no profile, and not marketing's.

    `content` is the mail as it goes out, sealed, for it may hold a link by which a password is set.
    It is wiped once the mail was sent.
    """

    recipient = models.CharField(_("to"), max_length=320)
    subject = models.CharField(_("subject"), max_length=300)
    content = models.TextField()

    class Meta:
        verbose_name = _("mail to a colleague")
        verbose_name_plural = _("mails to colleagues")
        default_permissions = ()

    def __str__(self) -> str:
        return self.subject
