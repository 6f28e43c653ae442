"""What shall happen, and in which order."""

from __future__ import annotations

from django.conf import settings
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

    `entry`, `outline`, `goals` and `exits` are the draft as it was drawn (grammar:
    `journeys.graph`); people walk on `current`, the published version, and finish on the version
    they began with unless somebody moves them. `segment` repeats the entry's, for the database.
    `revision` rises with each saving of the draft. A closed journey lets nobody in; who is under
    way goes on.
    """

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        LIVE = "LIVE", _("Live")
        PAUSED = "PAUSED", _("Paused")
        CLOSED = "CLOSED", _("Closed")

    class Reentry(models.TextChoices):
        ONCE = "ONCE", _("Once only")
        AGAIN = "AGAIN", _("Again, after the journey has ended for them")
        KEYED = "KEYED", _("Once for each value of the key, side by side")
        ALWAYS = "ALWAYS", _("Every time, side by side")

    name = models.CharField(_("name"), max_length=100, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    entry = models.JSONField(_("people enter"), default=dict)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    reentry = models.CharField(_("how often"), max_length=10, choices=Reentry, default=Reentry.ONCE)
    again_after_days = models.PositiveSmallIntegerField(
        _("days between two times"),
        null=True,
        blank=True,
        help_text=_("A person enters again only so many days after they entered last."),
    )
    goals = models.JSONField(_("goals"), default=list, blank=True)
    exits = models.JSONField(_("exits"), default=list, blank=True)
    outline = models.JSONField(_("steps"), default=list)
    revision = models.PositiveIntegerField(default=0, editable=False)
    current = models.ForeignKey(
        "Version", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    # When dates or a schedule let people in next; None where events, programs or people do.
    next_at = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    resumed_at = models.DateTimeField(null=True, editable=False)
    # How far a resumption or a first fill has come: where a worker died, another goes on.
    resuming = models.JSONField(null=True, editable=False)
    filling = models.JSONField(null=True, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = JourneyQuerySet.as_manager()

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        ordering = ["name"]
        permissions = [("publish_journey", "Can publish, pause and resume journeys")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "LIVE", "PAUSED", "CLOSED"]),
                name="journeys_journey_state",
            ),
            models.CheckConstraint(
                condition=Q(state="DRAFT") | Q(current__isnull=False),
                name="journeys_journey_live_has_version",
            ),
            models.CheckConstraint(
                condition=Q(reentry__in=["ONCE", "AGAIN", "KEYED", "ALWAYS"]),
                name="journeys_journey_reentry",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One published form of a journey; never changes, so that running people finish as they began.

    `graph` is what the engine walks, compiled from the draft; `listens` are all event names that
    its people listen to while under way. `retired_at` is set when it is not current and nobody is
    on it any more, and taken back when people are moved onto it. A trigger in the database refuses
    every other change.
    """

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    segment = models.ForeignKey(Segment, models.PROTECT, null=True, related_name="+")
    entry = models.JSONField(default=dict)
    goals = models.JSONField(default=list)
    exits = models.JSONField(default=list)
    outline = models.JSONField()
    graph = models.JSONField()
    listens = ArrayField(models.CharField(max_length=200), default=list)
    note = models.CharField(_("what is new"), max_length=500, blank=True, default="")
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("version")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="journeys_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.journey} {self.number}"


class TransferQuerySet(MovableQuerySet["Transfer"]):
    pass


class Transfer(models.Model):
    """People of older versions on their way to another one, in bites; survives a killed worker.

    `places` says for each step where they stand what becomes of them: the id of a step of the
    target, which they enter anew; the same id keeps their clock running; "" lets them finish where
    they are; "!" ends their run.
    """

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="transfers")
    target = models.ForeignKey(Version, models.CASCADE, related_name="+")
    places = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    # Who was looked at: the queue of people goes by rising number.
    after_id = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["journey"], condition=Q(state="RUNNING"), name="journeys_transfer_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["RUNNING", "DONE"]), name="journeys_transfer_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} → {self.target_id}"


class Tally(models.Model):
    """How many runs passed a node with an outcome: what one batch adds, summed up now and then."""

    # Without a constraint: written by every batch of the engine.
    version = models.ForeignKey(
        Version, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    node = models.CharField(max_length=40)
    outcome = models.CharField(max_length=200, blank=True, default="")
    passed = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["version", "node"], name="journeys_tally_of")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.node} {self.passed}"
