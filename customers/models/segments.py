"""Groups of people by rule, and who is in them since when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.profiles import Profile


class Segment(models.Model):
    """A rule that says who belongs (grammar: `customers.rules`)."""

    class State(models.TextChoices):
        COMPUTING = "COMPUTING", _("Computing")
        LIVE = "LIVE", _("Live")
        FAILED = "FAILED", _("Failed")

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("short name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    rule = models.JSONField(_("rule"))
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.COMPUTING, editable=False
    )
    failure = models.TextField(blank=True, default="", editable=False)
    computed_at = models.DateTimeField(_("computed"), null=True, blank=True, editable=False)
    drift = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["COMPUTING", "LIVE", "FAILED"]),
                name="customers_segment_state",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """One stay of a person in a segment; closed rows are the history."""

    class Cause(models.TextChoices):
        EVENT = "event", _("an event")
        TRAIT = "trait", _("a changed trait")
        CLOCK = "clock", _("time passed")
        LIST = "list", _("a list of people was edited")
        FILL = "fill", _("first fill")
        EDIT = "edit", _("the rule was edited")
        MERGE = "merge", _("profiles were merged")
        UNMERGE = "unmerge", _("profiles came apart")
        REPAIR = "repair", _("nightly repair")

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members")
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="memberships")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=10, choices=Cause)
    left_cause = models.CharField(max_length=10, choices=Cause, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "profile"],
                condition=models.Q(left_at__isnull=True),
                name="customers_segment_member_once",
            ),
        ]
        indexes = [models.Index(fields=["profile", "segment"], name="customers_member_of_profile")]

    def __str__(self) -> str:
        return f"{self.segment_id}/{self.profile_id}"


class SegmentDue(models.Model):
    """The earliest moment at which time alone may move a person in or out of a segment."""

    pk = models.CompositePrimaryKey("segment_id", "profile_id")
    segment = models.ForeignKey(Segment, models.CASCADE)
    profile = models.ForeignKey(Profile, models.CASCADE)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="customers_segment_due")]

    def __str__(self) -> str:
        return f"{self.segment_id}/{self.profile_id} {self.due_at:%c}"
