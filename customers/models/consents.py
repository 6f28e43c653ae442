"""What people allowed: a ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models.identities import Alias, ContactPoint


class ConsentNotice(models.Model):
    """The words that people read before they decided, so that a proof can show them.

    Each wording is kept once; a change of words is a new version, and no row ever changes.
    """

    name = models.CharField(_("shown in"), max_length=100)
    version = models.PositiveIntegerField(_("version"))
    locale = models.CharField(_("language"), max_length=20)
    text = models.TextField(_("words"))
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        ordering = ["name", "locale", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "locale", "hash"], name="customers_notice_once"
            ),
            models.UniqueConstraint(
                fields=["name", "locale", "version"], name="customers_notice_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.locale})"


class ConsentEntry(models.Model):
    """One decision about one use of data; rows are added, never edited, and the newest counts.

    Bound to a contact point (messages) or to an alias (what a visitor does), never to a profile, so
    that a merge cannot carry consent from one address to another.

    The database writes `chain`, `seq`, `salt` and the hashes, and refuses every change but one: an
    erased person's row loses its subject and evidence and keeps its hashes, so that the rest of the
    chain can still be verified. A purpose is a choice in code, because it means something only
    where code asks for it.
    """

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("Marketing messages")
        TRACKING = "tracking", _("Statistics")
        PERSONALIZATION = "personalization", _("Personal experience")

    class State(models.TextChoices):
        GRANTED = "GRANTED", _("Granted")
        DENIED = "DENIED", _("Denied")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        EXPIRED = "EXPIRED", _("Expired")
        PENDING = "PENDING", _("Not confirmed yet")

    class Basis(models.TextChoices):
        CONSENT = "consent", _("Consent")
        CONTRACT = "contract", _("Contract")
        INTEREST = "interest", _("Legitimate interest")

    contact_point = models.ForeignKey(
        ContactPoint, models.PROTECT, null=True, blank=True, related_name="consents"
    )
    alias = models.ForeignKey(Alias, models.PROTECT, null=True, blank=True, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=40, choices=Purpose)
    # One channel or topic; empty means all of them.
    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")
    topic = models.CharField(_("topic"), max_length=60, blank=True, default="")
    state = models.CharField(_("state"), max_length=20, choices=State)
    basis = models.CharField(_("basis"), max_length=20, choices=Basis, default=Basis.CONSENT)
    notice = models.ForeignKey(
        ConsentNotice, models.PROTECT, null=True, blank=True, related_name="+"
    )
    method = models.CharField(_("given by"), max_length=40)
    evidence = models.JSONField(_("evidence"), default=dict)
    actor = models.CharField(_("written by"), max_length=100, default="person")
    at = models.DateTimeField(_("when"))
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)

    chain = models.CharField(max_length=40, db_default="", editable=False)
    seq = models.IntegerField(db_default=0, editable=False)
    salt = models.CharField(max_length=32, db_default="", editable=False)
    proof = models.CharField(max_length=64, db_default="", editable=False)
    prev_hash = models.CharField(max_length=64, db_default="", editable=False)
    hash = models.CharField(max_length=64, db_default="", editable=False)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact_point__isnull=False, alias__isnull=True)
                | Q(contact_point__isnull=True, alias__isnull=False)
                | Q(contact_point__isnull=True, alias__isnull=True, forgotten_at__isnull=False),
                name="customers_consent_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["GRANTED", "DENIED", "WITHDRAWN", "EXPIRED", "PENDING"]),
                name="customers_consent_state",
            ),
            models.UniqueConstraint(fields=["chain", "seq"], name="customers_consent_one_chain"),
        ]
        indexes = [
            models.Index(
                fields=["contact_point", "purpose", "channel", "-id"],
                name="customers_consent_point",
            ),
            models.Index(fields=["alias", "purpose", "-id"], name="customers_consent_alias"),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="customers_consent_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.get_state_display()}"


class ConsentAudit(models.Model):
    """One verification of the whole ledger: how long it was, and the first row that is broken.

    Kept, so that the next one sees when rows at the end are missing, and staff see the latest.
    """

    at = models.DateTimeField(_("when"))
    entries = models.BigIntegerField(_("entries"))
    last_id = models.BigIntegerField()
    # No key: what is broken may be missing.
    broken_id = models.BigIntegerField(_("first broken entry"), null=True)
    words = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("check of the consent ledger")
        verbose_name_plural = _("checks of the consent ledger")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.words or str(self.entries)
