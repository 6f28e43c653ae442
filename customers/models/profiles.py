"""People, as far as we can tell."""

from __future__ import annotations

import re
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from dxp.lib import ids

# Word for word the expression of the index `customers_profile_names`.
_NAMED = """
to_tsvector('simple', coalesce(traits ->> 'name', '') || ' ' || coalesce(traits ->> 'firstName', '')
  || ' ' || coalesce(traits ->> 'lastName', '')) @@ to_tsquery('simple', %s)
"""


class ProfileQuerySet(models.QuerySet["Profile"]):
    """People by what staff ask for."""

    def named(self, text: str) -> Self:
        """Return those in whose names each of these words begins a word."""
        words = re.findall(r"\w+", text)
        if not words:
            return self.none()
        asked = " & ".join(f"{word}:*" for word in words)
        return self.filter(RawSQL(_NAMED, [asked], output_field=models.BooleanField()))  # noqa: S611


class Profile(models.Model):
    """One person as far as we can tell: a function of the accepted, unrevoked links of aliases.

    `bucket` is a stable random number 0..1023 for samples and splits. An absorbed profile is kept:
    it comes back when the link that merged it is revoked.
    """

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        ABSORBED = "ABSORBED", _("Merged into another")
        ERASED = "ERASED", _("Erased")

    public_id = models.UUIDField(default=ids.uuid7, unique=True, editable=False)
    bucket = models.SmallIntegerField(editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    is_known = models.BooleanField(_("known"), default=False)
    traits = models.JSONField(_("traits"), default=dict)
    created_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        ordering = ["-last_seen_at", "-id"]
        permissions = [("merge_profile", _("Can merge people, and undo it"))]
        indexes = [
            models.Index(fields=["-last_seen_at", "-id"], name="customers_profile_latest"),
            GinIndex(
                fields=["traits"], opclasses=["jsonb_path_ops"], name="customers_profile_traits"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ACTIVE", "ABSORBED", "ERASED"]),
                name="customers_profile_state",
            ),
            models.CheckConstraint(
                condition=models.Q(bucket__gte=0, bucket__lt=1024), name="customers_profile_bucket"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The person's name, else an address, else a short public id."""
        traits = self.traits if isinstance(self.traits, dict) else {}
        first, last = traits.get("firstName") or "", traits.get("lastName") or ""
        name = traits.get("name") or f"{first} {last}".strip()
        return str(name or traits.get("email") or f"#{str(self.public_id)[-8:]}")
