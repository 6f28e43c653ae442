"""Addresses that are not written to any more."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import ContactPoint


class Suppression(models.Model):
    """An address that refused a message for good: it is never tried again, whatever its consent.

    What people decide themselves is consent and lives in the customers' ledger, not here.
    """

    class Cause(models.TextChoices):
        REFUSED = "refused", _("The provider refused the address")
        BOUNCED = "bounced", _("A message came back for good")
        SOFT = "soft", _("Messages came back again and again")
        COMPLAINED = "complained", _("The person reported a message as spam")
        BY_HAND = "by_hand", _("Somebody here stopped it")

    # Causes that end when the address itself shows that it can be reached again.
    CURABLE = (Cause.REFUSED, Cause.BOUNCED, Cause.SOFT)

    contact_point = models.OneToOneField(ContactPoint, models.CASCADE, related_name="+")
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    detail = models.CharField(_("answer"), max_length=500, blank=True, default="")
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-at"]

    def __str__(self) -> str:
        return str(self.contact_point_id)
