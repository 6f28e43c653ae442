"""Where each person stands, and what they went through."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Profile
from journeys.models.journeys import Journey, Version


class Lane(models.IntegerChoices):
    """Which queue a person waits in: one number is priority, pause and dead letters at once."""

    FAILED = -2, _("Failed")
    PARKED = -1, _("Parked")
    WOKEN = 0, _("Woken by an event")
    NORMAL = 1, _("Normal")
    BULK = 2, _("Bulk")


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def of(self, profile: Profile) -> EnrollmentQuerySet:
        """Return one person's runs."""
        return self.filter(profile=profile)

    def running(self) -> EnrollmentQuerySet:
        """Return runs that have not ended."""
        return self.filter(ended_at__isnull=True)


class Enrollment(models.Model):
    """One person's run through a journey; the row is their position and the queue at once.

    The engine rests at `node` until `due_at` or until an event of `listens`; `resting` is False
    while the node has not been entered yet. `heard_event_id` is the newest event that this run has
    used or slept past: only greater ids wake it. `woke_by` and `listens` are listening keys of the
    version's graph; `until` is when a wait gives up. `entry_key` holds the re-entry policy: empty
    once per person and journey, the row's own id when the run ended and they may come again, the
    value of the entry's key, or the event that let them in. `entry` is what let them in: how (`by`)
    and what it told (`event`), for messages.
    """

    # Every move writes every index anew: the two below serve these keys.
    profile = models.ForeignKey(
        Profile, models.CASCADE, related_name="+", db_index=False, verbose_name=_("person")
    )
    journey = models.ForeignKey(Journey, models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="+", db_index=False)
    node = models.CharField(_("step"), max_length=40)
    resting = models.BooleanField(default=False)
    seq = models.IntegerField(default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    since = models.DateTimeField(_("since"))
    entered_at = models.DateTimeField(_("entered"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True, default="")
    lane = models.SmallIntegerField(choices=Lane, default=Lane.NORMAL)
    errors = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    woke_by = models.CharField(max_length=200, blank=True, default="")
    heard_event_id = models.BigIntegerField(default=0)
    listens = ArrayField(models.CharField(max_length=200), null=True)
    until = models.DateTimeField(null=True)
    entry_key = models.CharField(max_length=64, blank=True, default="")
    entry = models.JSONField(null=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrollment")
        ordering = ["-entered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "journey", "entry_key"], name="journeys_enrollment_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(due_at__isnull=True),
                name="journeys_enrollment_ended_not_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "due_at"],
                condition=Q(due_at__isnull=False),
                name="journeys_enrollment_due",
            ),
            models.Index(fields=["journey", "node"], name="journeys_enrollment_at_node"),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id}/{self.profile_id}"


class Step(models.Model):
    """One node that one run passed, with what came out; rows are added in the run's transaction.

    Kept here and not as events, where they would cost twenty times more.
    """

    pk = models.CompositePrimaryKey("enrollment_id", "seq")
    # Without a constraint: rows are only written under the lock of their run, ten thousands a
    # second.
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, related_name="steps", db_constraint=False, db_index=False
    )
    seq = models.IntegerField()
    node = models.CharField(max_length=40)
    outcome = models.CharField(max_length=200, blank=True, default="")
    # The reason of a way that was taken: the key of a rule or event, the bucket of a split.
    why = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["enrollment_id", "seq"]
        indexes = [models.Index(fields=["node", "enrollment"], name="journeys_step_node")]

    def __str__(self) -> str:
        return f"{self.enrollment_id}.{self.seq} {self.node}"


class Notice(models.Model):
    """An event or traits to be recorded once the batch that caused them has let go of its locks.

    Recording an event may wake other runs, which takes locks; a batch that did so itself could wait
    for another batch that waits for it. With `traits` it is no event: they are written, and
    `enrollment_id` rests until they are.
    """

    profile = models.ForeignKey(Profile, models.DO_NOTHING, related_name="+", db_constraint=False)
    name = models.CharField(max_length=200, blank=True, default="")
    properties = models.JSONField(default=dict)
    traits = models.JSONField(null=True)
    enrollment = models.ForeignKey(
        Enrollment, models.DO_NOTHING, null=True, related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    message_id = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["enrollment"],
                condition=Q(enrollment__isnull=False),
                name="journeys_notice_of_run",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id
