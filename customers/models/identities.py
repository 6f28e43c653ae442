"""Who is who, reversibly (customers' design, section 4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.profiles import Profile


class Alias(models.Model):
    """A name under which events come: a cookie's anonymous id or a user id. Facts hang on it.

    `home_profile` is the profile it was born with; `profile` the one it belongs to now: the
    home profile of the oldest alias in its connected component over unrevoked links.
    """

    class Kind(models.TextChoices):
        ANONYMOUS = "anonymous", _("Anonymous id")
        USER = "user", _("User id")

    kind = models.CharField(max_length=40, choices=Kind)
    value = models.CharField(max_length=255)
    home_profile = models.ForeignKey(Profile, models.CASCADE, related_name="home_aliases")
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="aliases")
    first_seen_at = models.DateTimeField()

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


class IdentityLink(models.Model):
    """Evidence that two aliases are one person. A link is revoked, never deleted.

    A refused link is kept with its reason, so that staff see why two people were not merged.
    """

    class Kind(models.TextChoices):
        IDENTIFY = "identify", _("Identify call")
        ALIAS = "alias", _("Alias call")
        FORM = "form", _("Form")

    a = models.ForeignKey(Alias, models.CASCADE, related_name="links_from")
    b = models.ForeignKey(Alias, models.CASCADE, related_name="links_to")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    refused = models.CharField(max_length=100, blank=True, default="")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["a", "b"],
                condition=models.Q(revoked_at__isnull=True),
                name="customers_identity_link_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(a=models.F("b")), name="customers_identity_link_two_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_id} = {self.b_id}"


class ContactPoint(models.Model):
    """An address people can be reached at. Consent and contact pressure hang on it.

    `value` is the normal form (e-mail: NFKC, lower case, IDNA domain); `shown` as it was given.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")

    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    value = models.CharField(_("address"), max_length=320)
    shown = models.CharField(max_length=320)
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="contact_points")
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

    Holds only what changed since folding; readers of `Event.profile` overlay it. An alias back with
    its stamp has no row.
    """

    alias = models.OneToOneField(Alias, models.CASCADE, primary_key=True)
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.alias_id} → {self.profile_id}"
