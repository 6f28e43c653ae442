"""Lists of pages that were worked out elsewhere and are shown here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class Recommended(models.Model):
    """A place in a list of pages, such as the most read of the last week ("popular").

    Whoever works a list out publishes it whole (`recommend.publish`); nothing is computed while a
    page is served.
    """

    list = models.CharField(max_length=40)
    page = models.ForeignKey(Page, models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField(default=0.0)
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("recommended page")
        verbose_name_plural = _("recommended pages")
        ordering = ["list", "rank"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["list", "page"], name="content_recommended_once"),
            models.UniqueConstraint(fields=["list", "rank"], name="content_recommended_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.rank}"
