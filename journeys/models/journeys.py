"""What shall happen, and in which order."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Segment
from dxp.lib.rows import MovableQuerySet


class JourneyQuerySet(MovableQuerySet["Journey"]):
    pass


class Journey(models.Model):
    """A path that marketing draws for people; this row is the draft and the switch.

    `outline` is the draft as it was drawn (grammar: `journeys.graph`); people walk on `current`,
    the published version, and finish on the version they began with.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        LIVE = "LIVE", _("Live")
        PAUSED = "PAUSED", _("Paused")

    class Reentry(models.TextChoices):
        ONCE = "ONCE", _("Once only")
        AGAIN = "AGAIN", _("Again, after the journey has ended for them")

    name = models.CharField(_("name"), max_length=100, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    segment = models.ForeignKey(
        Segment,
        models.PROTECT,
        related_name="+",
        verbose_name=_("starts when a person enters"),
        help_text=_("People who enter this segment from now on start the journey."),
    )
    reentry = models.CharField(_("how often"), max_length=10, choices=Reentry, default=Reentry.ONCE)
    outline = models.JSONField(_("steps"), default=list)
    current = models.ForeignKey(
        "Version", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = JourneyQuerySet.as_manager()

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        ordering = ["name"]
        permissions = [("publish_journey", "Can publish, pause and resume journeys")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "LIVE", "PAUSED"]), name="journeys_journey_state"
            ),
            models.CheckConstraint(
                condition=Q(state="DRAFT") | Q(current__isnull=False),
                name="journeys_journey_live_has_version",
            ),
            models.CheckConstraint(
                condition=Q(reentry__in=["ONCE", "AGAIN"]), name="journeys_journey_reentry"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One published form of a journey; never changes, so that running people finish as they began.

    `graph` is what the engine walks, compiled from `outline`; `listens` are all event names that
    any of its waits listens to. A trigger in the database refuses updates.
    """

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="+")
    outline = models.JSONField()
    graph = models.JSONField()
    listens = ArrayField(models.CharField(max_length=200), default=list)
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("version")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="journeys_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.journey} {self.number}"
