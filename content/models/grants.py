"""What there is to say about a right that was given on one thing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermission


class GrantNote(models.Model):
    """Who gave a right on one thing, when, and until when: what guardian's own row cannot say."""

    row = models.OneToOneField(UserObjectPermission, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("given"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("note on a grant")
        verbose_name_plural = _("notes on grants")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["until"], condition=models.Q(until__isnull=False),
                name="content_grant_ends",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.row_id}"
