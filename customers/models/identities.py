"""Who is who, reversibly (customers' design, section 4)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Func, Value
from django.utils.translation import gettext_lazy as _

from customers.models.profiles import Profile

EVER = Func(Value(None), Value(None), Value("()"), function="tstzrange")


def ever() -> DateTimeTZRange:
    """Return the range of all time."""
    return DateTimeTZRange(None, None, "()")


class Alias(models.Model):
    """A name under which events come: a cookie's anonymous id or a user id. Facts hang on it.

    `home_profile` is the profile it was born with; `profile` the one it belongs to now: the
    home profile of the oldest alias in its connected component over unrevoked links. A shared one
    belonged to others for a while (`AliasOwnership`).
    """

    class Kind(models.TextChoices):
        ANONYMOUS = "anonymous", _("Anonymous id")
        USER = "user", _("User id")

    kind = models.CharField(max_length=40, choices=Kind)
    value = models.CharField(max_length=255)
    home_profile = models.ForeignKey(Profile, models.CASCADE, related_name="home_aliases")
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="aliases")
    first_seen_at = models.DateTimeField()
    is_shared = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="customers_alias_once"),
        ]
        indexes = [
            # Found by the beginning of it, whatever the server's collation.
            models.Index(
                fields=["value"], name="customers_alias_begins", opclasses=["text_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


def _never_at_once(name: str) -> ExclusionConstraint:
    # btree_gist is not everywhere; a range of one number stands for the number.
    alias = Func(F("alias"), F("alias"), Value("[]"), function="int8range")
    return ExclusionConstraint(
        name=name,
        expressions=[(alias, RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
    )


class AliasOwnership(models.Model):
    """Times at which a shared device was in other hands: events then are those of `holder`.

    Only such times have a row: outside of them the alias belongs to its own profile. `holder` is
    the user who had signed in; whose that name is may change, hence an alias and not a profile.
    """

    alias = models.ForeignKey(Alias, models.CASCADE, related_name="ownerships")
    holder = models.ForeignKey(Alias, models.CASCADE, related_name="held")
    valid = DateTimeRangeField()

    class Meta:
        constraints = [_never_at_once("customers_ownership_never_at_once")]

    def __str__(self) -> str:
        return f"{self.alias_id} held by {self.holder_id}"


class ContactPoint(models.Model):
    """An address people can be reached at. Consent and contact pressure hang on it.

    `value` is the normal form (`customers.address`); `shown` as it was given; `alias` the name
    under which it was told, whose profile it follows when people merge and part.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        PUSH = "push", _("Browser notifications")

    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    value = models.CharField(_("address"), max_length=320)
    shown = models.CharField(max_length=320)
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="contact_points")
    alias = models.ForeignKey(Alias, models.SET_NULL, null=True, related_name="contact_points")
    first_seen_at = models.DateTimeField()
    # The latest messages sent here, oldest first: what frequency caps look at.
    contacted_at = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "value"], name="customers_contact_point_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["value"], name="customers_contact_begins", opclasses=["text_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.shown


class AliasOverride(models.Model):
    """Aliases whose events were stamped with another profile than their owner now.

    Holds only what changed since folding; readers of `Event.profile` overlay it, by alias and the
    event's own time. `stamps` are all profiles that events of this alias may bear, the owner among
    them. An alias none of whose events bears a stamp of another has no row.
    """

    alias = models.ForeignKey(Alias, models.CASCADE, related_name="+")
    valid = DateTimeRangeField(default=ever, db_default=EVER)
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    stamps = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [_never_at_once("customers_override_never_at_once")]

    def __str__(self) -> str:
        return f"{self.alias_id} → {self.profile_id}"
