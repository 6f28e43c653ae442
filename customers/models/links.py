"""Which names are one person, which are not, and who decided so (customers' design, section 4)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.identities import Alias
from customers.models.profiles import Profile


class Refusal(models.TextChoices):
    """Why two names were not made one person."""

    BLOCKED = "blocked value", _("One of the names stands for many people: it is blocked.")
    LIMIT = "too many names in a while", _("Too many names joined this person in a short time.")
    TWO_USERS = "two known users", _("Both are known users; only staff may make them one.")
    NEVER = "never the same person", _("Staff said that these are never the same person.")
    UNDONE = "undone by staff", _("Staff had undone this, and nothing new happened since.")
    TOO_MANY_NAMES = "too many names for one person", _("One person would have too many names.")
    TOO_MANY_MERGES = "too many merges of one person", _("One person would be made of too many.")


class IdentityLink(models.Model):
    """Evidence that two aliases are one person. A link is revoked, never deleted.

    A refused link is kept with its reason, so that staff see why two people were not merged. `at`
    is when it happened, by the event's own time.
    """

    class Kind(models.TextChoices):
        LOGIN = "login", _("Sign-in")
        DOUBLE_OPT_IN = "double_opt_in", _("Confirmed address")
        CLICK_TOKEN = "click_token", _("Signed link in a message")
        MANUAL = "manual", _("Staff")
        IDENTIFY = "identify", _("Identify call")
        ALIAS = "alias", _("Alias call")
        FORM = "form", _("Form")
        IMPORT = "import", _("Import")
        PROBABILISTIC = "probabilistic", _("Looks alike")

    class Strength(models.IntegerChoices):
        """How sure the evidence is. What is proven is not held back by limits."""

        PROVEN = 4, _("proven")
        CLAIMED = 3, _("claimed by the site")
        TYPED = 2, _("typed in a form")
        BROUGHT = 1, _("brought by an import")
        GUESSED = 0, _("guessed")

    a = models.ForeignKey(Alias, models.CASCADE, related_name="links_from")
    b = models.ForeignKey(Alias, models.CASCADE, related_name="links_to")
    kind = models.CharField(max_length=20, choices=Kind)
    strength = models.SmallIntegerField(
        choices=Strength, default=Strength.CLAIMED, db_default=Strength.CLAIMED
    )
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    refused = models.CharField(max_length=100, blank=True, default="", choices=Refusal)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["a", "b"],
                condition=models.Q(revoked_at__isnull=True, refused=""),
                name="customers_identity_link_once",
            ),
            models.UniqueConstraint(
                fields=["a", "b"],
                condition=~models.Q(refused=""),
                name="customers_identity_link_refused",
            ),
            models.CheckConstraint(
                condition=~models.Q(a=models.F("b")), name="customers_identity_link_two_ends"
            ),
            models.CheckConstraint(
                condition=models.Q(strength__gte=0, strength__lte=4),
                name="customers_identity_link_strength",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_id} = {self.b_id}"


STRENGTH = {
    IdentityLink.Kind.LOGIN: IdentityLink.Strength.PROVEN,
    IdentityLink.Kind.DOUBLE_OPT_IN: IdentityLink.Strength.PROVEN,
    IdentityLink.Kind.CLICK_TOKEN: IdentityLink.Strength.PROVEN,
    IdentityLink.Kind.MANUAL: IdentityLink.Strength.PROVEN,
    IdentityLink.Kind.IDENTIFY: IdentityLink.Strength.CLAIMED,
    IdentityLink.Kind.ALIAS: IdentityLink.Strength.CLAIMED,
    IdentityLink.Kind.FORM: IdentityLink.Strength.TYPED,
    IdentityLink.Kind.IMPORT: IdentityLink.Strength.BROUGHT,
    IdentityLink.Kind.PROBABILISTIC: IdentityLink.Strength.GUESSED,
}


class CannotLink(models.Model):
    """Two names that staff said are never the same person: no evidence joins them again.

    `a` is the one with the lower id.
    """

    a = models.ForeignKey(Alias, models.CASCADE, related_name="+")
    b = models.ForeignKey(Alias, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], name="customers_cannot_link_once"),
            models.CheckConstraint(
                condition=models.Q(a__lt=models.F("b")), name="customers_cannot_link_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_id} ≠ {self.b_id}"


class MergeReview(models.Model):
    """Two names that may be one person, and why that was not decided without staff.

    Held by names, not by profiles: whose they are may change until somebody looks. `a` is the one
    with the lower id.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        MERGED = "MERGED", _("One person")
        REJECTED = "REJECTED", _("Never one person")

    a = models.ForeignKey(Alias, models.CASCADE, related_name="+")
    b = models.ForeignKey(Alias, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=100, choices=Refusal)
    evidence = models.JSONField(default=dict)
    probability = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], name="customers_merge_review_once"),
            models.CheckConstraint(
                condition=models.Q(a__lt=models.F("b")), name="customers_merge_review_ordered"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["OPEN", "MERGED", "REJECTED"]),
                name="customers_merge_review_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_id} = {self.b_id}?"


class IdentityChange(models.Model):
    """Two profiles became one, or came apart: who or what did it, and what moved.

    `moved` holds the names that changed their owner, as [alias, from, to]; `traits_before` what was
    known of each profile a moment earlier, by its id.
    """

    class Cause(models.TextChoices):
        MERGE = "merge", _("Became one")
        UNMERGE = "unmerge", _("Came apart")

    cause = models.CharField(max_length=10, choices=Cause)
    kept = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    other = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    link = models.ForeignKey(IdentityLink, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True, default="")
    moved = models.JSONField(default=list)
    traits_before = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cause__in=["merge", "unmerge"]),
                name="customers_identity_change_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cause}: {self.kept_id}, {self.other_id}"


class BlockedValue(models.Model):
    """A value that names nobody in particular: it makes no link and no person.

    Staff add them; a value that is seen with too many people within a day is added by itself. What
    was linked through such a value until then is undone: `undone_at` says when.
    """

    class Origin(models.TextChoices):
        STAFF = "staff", _("Staff")
        QUARANTINE = "quarantine", _("Seen with too many people")

    kind = models.CharField(_("kind"), max_length=40, choices=Alias.Kind)
    value = models.CharField(_("value"), max_length=255)
    origin = models.CharField(_("blocked by"), max_length=10, choices=Origin, default=Origin.STAFF)
    people = models.IntegerField(_("people seen with it"), null=True, blank=True)
    at = models.DateTimeField(_("blocked"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("blocked name")
        verbose_name_plural = _("blocked names")
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="customers_blocked_once"),
            models.CheckConstraint(
                condition=models.Q(origin__in=["staff", "quarantine"]),
                name="customers_blocked_origin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class LinkLimit(models.Model):
    """How much may join one person before somebody has to look; `days` empty means ever.

    That two known users are two people is no limit but a rule, and can't be changed here.
    """

    class About(models.TextChoices):
        BROWSERS = "anonymous", _("Browsers that join one person")
        ADDRESSES = "email", _("E-mail addresses of one person")
        PARTNERS = "partners", _("People that one name is seen with until it is blocked")

    about = models.CharField(_("what"), max_length=20, choices=About, unique=True)
    most = models.PositiveIntegerField(_("at most"))
    days = models.PositiveIntegerField(
        _("within days"), null=True, blank=True, help_text=_("Leave it empty for ever.")
    )

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(most__gte=1), name="customers_link_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.most}"
