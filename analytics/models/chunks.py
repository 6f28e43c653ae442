"""The lake's table of contents."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _


class Chunk(models.Model):
    """Which events lie in which file: all that transactions `lo` to `hi` (excluded) wrote.

    The row and the watermark it moves are committed together, so that an event is in exactly one
    live file or after the last `hi`, never in both. A chunk is never edited but for being retired:
    a bigger file took its place, and this one goes when nobody can still be reading it. `cluster`
    names the database the transaction ids belong to; in another one they mean nothing. `layout` is
    the list of columns it was written with: a file of another layout is written anew. `alone` is
    how many of its rows PostgreSQL no longer held when somebody last looked: these have no second
    home. `created_at` is when it was sealed, or, where it was built again, when its events came in.
    """

    lo = models.BigIntegerField()
    hi = models.BigIntegerField()
    cluster = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True)
    rows = models.BigIntegerField()
    checksum = models.CharField(max_length=64)
    bytes = models.BigIntegerField(default=0)
    layout = models.PositiveIntegerField(default=1)
    alone = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("view_reports", _("Can see reports"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lo__lt=models.F("hi")), name="analytics_chunk_forward"
            ),
            models.CheckConstraint(
                condition=models.Q(rows__gt=0), name="analytics_chunk_holds_something"
            ),
            ExclusionConstraint(
                name="analytics_chunk_apart",
                expressions=[
                    (models.Func("lo", "hi", function="int8range"), RangeOperators.OVERLAPS)
                ],
                condition=models.Q(retired_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Damage(models.Model):
    """A file of the lake that was lost or spoilt, and what became of its events.

    Also the list of what is to be mended: a row without `mended_at` has a live chunk of the same
    path, which is built anew from PostgreSQL. What PostgreSQL no longer held is counted as lost.
    """

    class Reason(models.TextChoices):
        MISSING = "MISSING", _("the file is gone")
        SPOILT = "SPOILT", _("the file is not what was written")

    path = models.CharField(max_length=200, unique=True)
    reason = models.CharField(max_length=10, choices=Reason)
    rows = models.BigIntegerField()
    rebuilt = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    found_at = models.DateTimeField()
    mended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.path

    @classmethod
    def note(cls, *, chunk: Chunk, reason: str, at: datetime) -> bool:
        """Note that a file is damaged; return whether that is news."""
        return cls.objects.get_or_create(
            path=chunk.path,
            defaults={
                "reason": reason, "rows": chunk.rows, "found_at": at,
                "first_at": chunk.first_at, "latest_at": chunk.latest_at,
            },
        )[1]  # fmt: skip

    @property
    def lost(self) -> int:
        """Return how many events were neither in the file nor in PostgreSQL any more."""
        return max(self.rows - self.rebuilt, 0) if self.mended_at else 0


class Era(models.Model):
    """A database whose transactions are counted on from those of the one it was restored from.

    Transaction ids mean something inside one cluster only. After a restore into another they begin
    anew, below those that events and chunks bear already: from then on each new event's `xid` is
    the transaction's plus `ahead`, by the column's default, and so is the watermark. The events
    that were there stay as they are, and the files go on being right.
    """

    cluster = models.CharField(max_length=64, primary_key=True)
    ahead = models.BigIntegerField(default=0)
    began_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.cluster
