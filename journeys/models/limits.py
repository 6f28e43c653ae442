"""How much is too much, and when nobody wants to be disturbed."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from content.models import Topic


class Cap(models.Model):
    """At most so many marketing messages to a person within a rolling window.

    Without a channel it counts the messages of all channels, without a topic those of all topics.
    Transactional messages neither count nor wait.
    """

    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")
    topic = models.ForeignKey(
        Topic, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("topic")
    )
    most = models.PositiveSmallIntegerField(
        _("at most"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    hours = models.PositiveIntegerField(
        _("within hours"), validators=[MinValueValidator(1), MaxValueValidator(24 * 60)]
    )

    class Meta:
        verbose_name = _("frequency cap")
        verbose_name_plural = _("frequency caps")
        ordering = ["channel", "topic", "hours"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "topic", "hours"],
                nulls_distinct=False,
                name="journeys_cap_once",
            ),
            models.CheckConstraint(
                condition=models.Q(most__gte=1, hours__gte=1, hours__lte=24 * 60),
                name="journeys_cap_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.most}/{self.hours} h"


class QuietHours(models.Model):
    """When marketing messages wait, by the clock on the recipient's wall.

    Without a channel they hold for all that have no hours of their own. `ends` before `begins`:
    over midnight.
    """

    channel = models.CharField(_("channel"), max_length=20, blank=True, default="", unique=True)
    begins = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")
        ordering = ["channel"]

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"
