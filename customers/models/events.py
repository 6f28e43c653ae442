"""What people did, from the moment it arrives to the rollup that segments read."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from customers.models.identities import Alias
from customers.models.profiles import Profile
from customers.models.sources import Source

# The stamps that events of a profile may bear: its own, and those that the overlay replaces by it.
_STAMPS = """
SELECT %s::bigint UNION SELECT unnest(stamps) FROM customers_aliasoverride WHERE profile_id = %s
"""
_OVERLAID = """COALESCE((SELECT o.profile_id FROM customers_aliasoverride o
  WHERE o.alias_id = customers_event.alias_id AND o.valid @> customers_event.at),
  customers_event.profile_id)"""


class Inbox(models.Model):
    """Requests that were acknowledged and wait for the fold: one row per HTTP batch, cleaned.

    `body` is a JSON list of events in their normal shape (see `customers.ingest`).
    """

    source = models.ForeignKey(Source, models.CASCADE)
    received_at = models.DateTimeField()
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.source_id} {self.received_at:%c}"


class Seen(models.Model):
    """Message ids already folded: what arrives again is dropped. Pruned after 30 days.

    Not partitioned and apart from `Event`: a unique key on a partitioned table must hold the
    partition key, and a retry has a new `received_at`.
    """

    pk = models.CompositePrimaryKey("source_id", "message_id")
    source = models.ForeignKey(Source, models.CASCADE)
    message_id = models.CharField(max_length=100)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["seen_at"], name="customers_seen_age")]

    def __str__(self) -> str:
        return self.message_id


class EventQuerySet(models.QuerySet["Event"]):
    """Events as their readers see them: under the owner they have now."""

    def overlaid(self) -> Self:
        """Return each event with `owner_id`, the profile it belongs to now, by alias and time."""
        return self.annotate(owner_id=RawSQL(_OVERLAID, [], models.BigIntegerField()))  # noqa: S611

    def with_owner(self) -> Self:
        """Return each event with `owner`, the public id of the profile it belongs to now."""
        of = Profile.objects.filter(pk=models.OuterRef("owner_id")).values("public_id")
        return self.overlaid().annotate(owner=models.Subquery(of))

    def of(self, profile: Profile) -> Self:
        """Return the events that belong to a profile now, found by their stamps."""
        stamps = RawSQL(_STAMPS, [profile.pk, profile.pk])  # noqa: S611
        return self.overlaid().filter(profile_id__in=stamps, owner_id=profile.pk)


class Event(models.Model):
    """One thing that happened; rows are added, never edited.

    Partitioned by the month of `received_at`. `alias` is the truth about who did it; `profile`
    is the owner at the moment of folding and never rewritten: readers overlay `AliasOverride`. `id`
    is assigned in the order of folding. `xid` is the writing transaction, the lake's watermark.
    """

    class Type(models.TextChoices):
        TRACK = "track", _("Track")
        PAGE = "page", _("Page")
        SCREEN = "screen", _("Screen")
        IDENTIFY = "identify", _("Identify")
        GROUP = "group", _("Group")
        ALIAS = "alias", _("Alias")

    # The order in which events are read.
    TIMELINE = ("at", "received_at", "position", "id")

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField()
    at = models.DateTimeField()
    position = models.IntegerField()
    source = models.ForeignKey(Source, models.DO_NOTHING, null=True, db_constraint=False)
    message_id = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=Type)
    name = models.CharField(max_length=200)
    alias = models.ForeignKey(Alias, models.DO_NOTHING, db_constraint=False)
    profile = models.ForeignKey(
        Profile, models.DO_NOTHING, db_constraint=False, related_name="events"
    )
    user_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 - as it was sent
    anonymous_id = models.CharField(max_length=255, null=True)  # noqa: DJ001
    previous_id = models.CharField(max_length=255, null=True)  # noqa: DJ001
    group_id = models.CharField(max_length=255, null=True)  # noqa: DJ001
    properties = models.JSONField()
    context = models.JSONField()

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-received_at", "-position"]

    def __str__(self) -> str:
        return self.name


class EventMatcher(models.Model):
    """One kind of thing that people do: an event's name, and what its properties must say.

    One without conditions stands for the name itself and is made when the first such event comes.
    One with conditions is made by the first rule that asks for it and shared by all rules; from
    then on new events are counted under it, and `counted_at` says when the older ones were too.
    Rows never change their meaning, and are not deleted while a rule uses them.
    """

    id = models.AutoField(primary_key=True)
    event = models.CharField(max_length=200)
    where = models.JSONField(default=list)
    # `conditions.matcher.Matcher.key`: one for each meaning.
    key = models.CharField(max_length=64, unique=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=~models.Q(where=[]), name="customers_matcher_filtered"
            )
        ]

    def __str__(self) -> str:
        return self.event


class EventDay(models.Model):
    """How often and for how much a profile did one thing on one day: what segments count.

    `day` is the workspace's day of the event's own time. `amount` sums the property `revenue` (or
    `value`, `total`, in this order).
    """

    pk = models.CompositePrimaryKey("profile_id", "matcher_id", "day")
    # The primary key begins with it.
    profile = models.ForeignKey(Profile, models.CASCADE, db_index=False)
    # Not checked by the database: one lookup for each row of the fold's busiest table.
    matcher = models.ForeignKey(
        EventMatcher, models.DO_NOTHING, db_constraint=False, db_index=False
    )
    day = models.DateField()
    n = models.IntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["matcher", "day"],
                include=["profile", "n", "amount"],
                name="customers_event_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.matcher_id} {self.day}: {self.n}"
