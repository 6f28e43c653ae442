"""How people want to be written to, within what they allowed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.identities import ContactPoint


class Preference(models.Model):
    """How somebody wants to be written to at one address; rows are added, the newest counts.

    Apart from consent: a pause or a rhythm says when, never whether. Older rows are the history
    that people see on their own page.
    """

    class Rhythm(models.TextChoices):
        ANY = "any", _("As messages come")
        WEEKLY = "weekly", _("At most one a week")
        MONTHLY = "monthly", _("At most one a month")

    contact_point = models.ForeignKey(ContactPoint, models.CASCADE, related_name="preferences")
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    rhythm = models.CharField(_("how often"), max_length=10, choices=Rhythm, default=Rhythm.ANY)
    language = models.CharField(_("language"), max_length=20, blank=True, default="")
    method = models.CharField(_("given by"), max_length=40)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rhythm__in=["any", "weekly", "monthly"]),
                name="customers_preference_rhythm",
            ),
        ]
        indexes = [
            models.Index(fields=["contact_point", "-at", "-id"], name="customers_preference_new"),
        ]

    def __str__(self) -> str:
        return str(self.get_rhythm_display())
