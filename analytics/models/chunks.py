"""The lake's table of contents."""

from __future__ import annotations

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
    the list of columns it was written with: a file of another layout is written anew.
    """

    lo = models.BigIntegerField()
    hi = models.BigIntegerField()
    cluster = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True)
    rows = models.BigIntegerField()
    checksum = models.CharField(max_length=64)
    bytes = models.BigIntegerField(default=0)
    layout = models.PositiveIntegerField(default=1)
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
