"""Made-up visitors, as whom editors look at pages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Segment


class Persona(models.Model):
    """A visitor who does not exist: the segments it is in, its traits, and how it came.

    `traits` fills tokens; `context` is what a request would tell: {"campaign", "source",
    "referrer", "device", "country", "zone", "visits"}.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    description = models.CharField(_("who that is"), max_length=300, blank=True)
    segments = models.ManyToManyField(
        Segment, blank=True, related_name="+", verbose_name=_("in segments")
    )
    traits = models.JSONField(_("traits"), default=dict, blank=True)
    context = models.JSONField(_("how they came"), default=dict, blank=True)

    class Meta:
        verbose_name = _("persona")
        verbose_name_plural = _("personas")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
