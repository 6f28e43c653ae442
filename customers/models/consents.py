"""What people allowed: a ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.identities import Alias, ContactPoint


class ConsentEntry(models.Model):
    """One decision about one use of data; rows are added, never edited, and the newest counts.

    Bound to a contact point (messages) or to an alias (tracking), never to a profile, so that a
    merge cannot carry consent from one address to another. `evidence` says how
    it was given: form, page, text shown, truncated address.
    """

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("Marketing messages")
        TRACKING = "tracking", _("Personal experience and statistics")

    class State(models.TextChoices):
        GRANTED = "GRANTED", _("Granted")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")

    contact_point = models.ForeignKey(ContactPoint, models.CASCADE, null=True, blank=True)
    alias = models.ForeignKey(Alias, models.CASCADE, null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=40, choices=Purpose)
    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")
    state = models.CharField(_("state"), max_length=20, choices=State)
    method = models.CharField(_("given by"), max_length=40)
    evidence = models.JSONField(_("evidence"), default=dict)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact_point__isnull=False, alias__isnull=True)
                | Q(contact_point__isnull=True, alias__isnull=False),
                name="customers_consent_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["GRANTED", "WITHDRAWN"]), name="customers_consent_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["contact_point", "purpose", "channel", "-id"],
                name="customers_consent_point",
            ),
            models.Index(fields=["alias", "purpose", "-id"], name="customers_consent_alias"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.get_state_display()}"
