"""Who must not be read any more, though a file still holds them."""

from __future__ import annotations

from django.db import models


class ErasedAlias(models.Model):
    """A name of somebody who was erased: readers of the lake leave its events out at once.

    Only a number that means nothing any more. The row goes when no file holds it: the nightly
    rewrite looks, and waits a day for a sealer that had begun before.
    """

    alias_id = models.BigIntegerField(primary_key=True)
    erased_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.alias_id)
