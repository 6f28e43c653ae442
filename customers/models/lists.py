"""People picked by hand or from a report: who is on a list stays on it until somebody edits it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.profiles import Profile


class ProfileList(models.Model):
    """A snapshot of people under a name; segments pick from it by the condition `list`."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True, default="")
    origin = models.TextField(blank=True, default="", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta:
        verbose_name = _("list of people")
        verbose_name_plural = _("lists of people")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ProfileListEntry(models.Model):
    """One person on a list, as the profile they were when they were put on it.

    A merge moves the row to the profile that stays; an unmerge leaves it there.
    """

    pk = models.CompositePrimaryKey("list_id", "profile_id")
    list = models.ForeignKey(ProfileList, models.CASCADE, related_name="entries")
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.list_id}/{self.profile_id}"
