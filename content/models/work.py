"""Work that goes on after a request: tasks of Wagtail, and acts on many things at once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dxp.lib.rows import MovableQuerySet


class BackgroundTaskQuerySet(MovableQuerySet["BackgroundTask"]):
    """Tasks; they have a state."""


class BackgroundTask(models.Model):
    """A task of Wagtail or Django that a worker does: the row is what counts, a message only hints.

    Done at least once: a worker that dies leaves the row to the next one after `lease_until`.
    """

    class State(models.TextChoices):
        READY = "READY", _("Waiting")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    queue = models.CharField(max_length=40, default="default")
    priority = models.SmallIntegerField(default=0)
    backend = models.CharField(max_length=40, default="default")
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    attempts = models.PositiveSmallIntegerField(default=0)
    enqueued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")

    objects = BackgroundTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("background task")
        verbose_name_plural = _("background tasks")
        ordering = ["-enqueued_at"]
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["READY", "RUNNING", "DONE", "FAILED"]),
                name="content_task_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "due_at"],
                condition=Q(state__in=["READY", "RUNNING"]),
                name="content_task_due",
            ),
            models.Index(fields=["finished_at"], name="content_task_age"),
        ]

    def __str__(self) -> str:
        return self.task


class BulkRunQuerySet(MovableQuerySet["BulkRun"]):
    """Acts on many things; they have a state."""


class BulkRun(models.Model):
    """An act on all things of a list as it was filtered, done by a worker bite by bite.

    `asked` holds what the act was asked ({"ids": [...], …the act's own}),
    `cursor` the last id done: a killed worker's successor goes on behind it. `faults` holds the
    first hundred things that it could not do, with the reason.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        STOPPED = "STOPPED", _("Stopped")
        FAILED = "FAILED", _("Failed")

    act = models.CharField(_("what"), max_length=40)
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    asked = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    faults = models.JSONField(default=list)
    asked_at = models.DateTimeField(_("asked"))
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("act on many")
        verbose_name_plural = _("acts on many")
        ordering = ["-asked_at", "-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "RUNNING", "DONE", "STOPPED", "FAILED"]),
                name="content_bulk_run_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.pk}"
