"""What people tell about themselves: what each trait means, who said which value, what we count."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.identities import Alias
from customers.models.profiles import Profile
from customers.models.sources import Source


class TraitDef(models.Model):
    """What a trait means: its type, how private it is, and which of several values counts.

    Made by itself when a key is first seen; staff correct it. A value of another type is kept as an
    observation, and does not overwrite a good one.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        BOOLEAN = "boolean", _("Yes or no")
        DATE = "date", _("Date")
        MOMENT = "moment", _("Date and time")
        LIST = "list", _("List")
        OBJECT = "object", _("Group of values")

    class Pii(models.TextChoices):
        NONE = "none", _("Not personal by itself")
        NAME = "name", _("Name")
        CONTACT = "contact", _("Address, e-mail or phone")
        BIRTH = "birth", _("Date of birth")
        SENSITIVE = "sensitive", _("Especially protected")

    class Survivorship(models.TextChoices):
        MOST_RECENT = "most_recent", _("The value told last")
        OLDEST = "oldest", _("The value told first")
        NON_EMPTY = "non_empty", _("The last value that is not empty")
        SOURCE_RANK = "source_rank", _("The value of the most trusted source")
        SUM = "sum", _("The sum over a person's names")
        UNION = "union", _("Everything that was ever told, as a list")

    key = models.CharField(_("key"), max_length=200, unique=True, editable=False)
    label = models.CharField(_("label"), max_length=100, blank=True)
    description = models.TextField(_("description"), blank=True)
    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.TEXT)
    pii = models.CharField(
        _("privacy"), max_length=10, choices=Pii, default=Pii.NONE,
        help_text=_("Who lacks the right to see this class reads dots instead of the value."),
    )  # fmt: skip
    survivorship = models.CharField(
        _("which value counts"), max_length=12, choices=Survivorship,
        default=Survivorship.MOST_RECENT,
        help_text=_("Where a person's browsers, accounts and sources tell different values."),
    )  # fmt: skip
    ranks = models.JSONField(
        _("trusted sources, the best first"), default=list, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("first seen"))
    # After a change: profiles up to this id follow it already. Null where all do.
    settled_to = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("trait")
        verbose_name_plural = _("traits")
        ordering = ["key"]
        permissions = [
            ("see_name", _("Can see people's names")),
            ("see_contact", _("Can see people's addresses")),
            ("see_birth", _("Can see people's dates of birth")),
            ("see_sensitive", _("Can see especially protected traits")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    type__in=["text", "number", "boolean", "date", "moment", "list", "object"]
                ),
                name="customers_traitdef_type",
            ),
            models.CheckConstraint(
                condition=models.Q(pii__in=["none", "name", "contact", "birth", "sensitive"]),
                name="customers_traitdef_pii",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    survivorship__in=[
                        "most_recent", "oldest", "non_empty", "source_rank", "sum", "union",
                    ]
                ),
                name="customers_traitdef_survivorship",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label or self.key


class TraitObservation(models.Model):
    """Somebody told a value of a trait under one name; rows are added, never edited.

    Held by alias, so that a person's traits can be computed anew when profiles merge and part.
    Written only where the value differs from what that name told before. `value` is as it came;
    null takes a trait back. `is_fit` says whether it was of the trait's type. `source` is
    `source:<id>`, `staff:<id>` or `earlier`.
    """

    # A constraint would be looked up for each row of the fold's COPY.
    alias = models.ForeignKey(
        Alias, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="observations"
    )
    key = models.TextField()
    value = models.JSONField(null=True)
    is_fit = models.BooleanField(default=True)
    source = models.CharField(max_length=50)
    observed_at = models.DateTimeField()

    class Meta:
        ordering = ["observed_at", "id"]
        indexes = [
            models.Index(fields=["alias", "key", "observed_at"], name="customers_observation_of"),
            models.Index(
                fields=["key"],
                condition=models.Q(is_fit=False),
                name="customers_observation_unfit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.observed_at:%c}"


class ComputedTrait(models.Model):
    """A trait that nobody tells: it is counted from what people did."""

    class Metric(models.TextChoices):
        COUNT = "count", _("How often")
        DAYS = "days", _("On how many days")
        SUM = "sum", _("Sum of a property")
        AVG = "avg", _("Average of a property")
        MIN = "min", _("Smallest value of a property")
        MAX = "max", _("Largest value of a property")
        FIRST = "first", _("First value of a property, or the first time")
        LAST = "last", _("Last value of a property, or the last time")
        MOST_FREQUENT = "most_frequent", _("Most frequent value of a property")
        UNIQUE_COUNT = "unique_count", _("Number of different values of a property")

    class State(models.TextChoices):
        COMPUTING = "COMPUTING", _("Computing")
        LIVE = "LIVE", _("Live")
        FAILED = "FAILED", _("Failed")

    trait = models.OneToOneField(TraitDef, models.CASCADE, related_name="computed")
    event = models.CharField(_("event"), max_length=200)
    metric = models.CharField(_("measure"), max_length=20, choices=Metric, default=Metric.COUNT)
    prop = models.CharField(_("property"), max_length=200, blank=True)
    days = models.PositiveSmallIntegerField(
        _("within the last days"), null=True, blank=True,
        help_text=_("Leave it empty to count everything that was ever collected."),
    )  # fmt: skip
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.COMPUTING, editable=False
    )
    failure = models.TextField(blank=True, default="", editable=False)
    # Of the first computation: profiles done, of how many, and the id that it has come to.
    done = models.IntegerField(default=0, editable=False)
    total = models.IntegerField(default=0, editable=False)
    computed_to = models.BigIntegerField(default=0, editable=False)
    computed_at = models.DateTimeField(_("computed"), null=True, editable=False)

    class Meta:
        verbose_name = _("computed trait")
        verbose_name_plural = _("computed traits")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["COMPUTING", "LIVE", "FAILED"]),
                name="customers_computed_state",
            ),
            models.CheckConstraint(
                condition=models.Q(days__isnull=True) | models.Q(days__gte=1),
                name="customers_computed_days",
            ),
        ]

    def __str__(self) -> str:
        return str(self.trait)

    @property
    def percent(self) -> int:
        """How far the first computation is."""
        return 100 if self.done >= self.total else 100 * self.done // self.total


class ComputedValue(models.Model):
    """One person's value of a computed trait, and when it has to be looked at again.

    Kept apart from `TraitObservation`: it belongs to a person as a whole and not to one of their
    names, and is overwritten. `due_at` is set by events, merges, and by the end of a window.
    """

    pk = models.CompositePrimaryKey("computed_id", "profile_id")
    computed = models.ForeignKey(ComputedTrait, models.CASCADE, related_name="values")
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="computed_values")
    value = models.JSONField(null=True)
    computed_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="customers_computed_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.computed_id}/{self.profile_id}"


class BotEvent(models.Model):
    """What programs sent that are nobody: kept to be seen, apart from what people did.

    Apart from `Event`, so that no reader can forget the flag: no profile, no segment, no journey
    and no number knows of these.
    """

    source = models.ForeignKey(Source, models.CASCADE, verbose_name=_("source"), related_name="+")
    message_id = models.CharField(max_length=100)
    received_at = models.DateTimeField(_("received"))
    at = models.DateTimeField()
    type = models.CharField(max_length=10)
    name = models.CharField(_("event"), max_length=200)
    user_agent = models.CharField(_("program"), max_length=500)
    user_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 - as it was sent
    anonymous_id = models.CharField(max_length=255, null=True)  # noqa: DJ001
    body = models.JSONField()

    class Meta:
        verbose_name = _("bot event")
        verbose_name_plural = _("bot events")
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "message_id"], name="customers_botevent_once")
        ]
        indexes = [models.Index(fields=["source", "received_at"], name="customers_botevent_latest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.user_agent[:60]})"
