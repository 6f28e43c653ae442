"""What went wrong while a page was shown, so that somebody mends it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class BlockFault(models.Model):
    """A block that could not be rendered: people saw its default, and somebody should look."""

    page = models.ForeignKey(Page, models.CASCADE, null=True, related_name="+")
    block = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    error = models.CharField(max_length=500)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("broken block")
        verbose_name_plural = _("broken blocks")
        ordering = ["-last_at"]
        default_permissions = ("view", "delete")
        constraints = [
            models.UniqueConstraint(
                fields=["page", "block", "error"],
                nulls_distinct=False,
                name="content_block_fault_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.error}"
