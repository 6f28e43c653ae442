"""The outbox."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import ConsentEntry, ContactPoint, Profile
from dxp.lib.rows import MovableQuerySet
from journeys.models.enrollments import Enrollment
from journeys.models.messages import Edition, Message, Sender
from journeys.models.staff import StaffMail


class Urgency(models.IntegerChoices):
    """Which deliveries a sender takes first."""

    FIRST = 0, _("First")
    NORMAL = 1, _("Normal")
    BULK = 2, _("Bulk")


class DeliveryQuerySet(MovableQuerySet["Delivery"]):
    """Deliveries; they have a state."""


class Delivery(models.Model):
    """One message to one person: written with its step, sent once, kept with its reason.

    QUEUED until a sender claims it, with a reason where something holds it until `due_at`; SENDING
    while its lease runs; then SENT, SKIPPED (we may not),
    FAILED (they refused), or UNKNOWN: a sender died between handing it over and noting the answer,
    so that a second try could be a second message. `mark_epoch` names the Redis that holds its
    marks; empty: none was there.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Queued")
        SENDING = "SENDING", _("Being sent")
        SENT = "SENT", _("Sent")
        SKIPPED = "SKIPPED", _("Not sent")
        FAILED = "FAILED", _("Failed")
        UNKNOWN = "UNKNOWN", _("Unknown")

    class Reason(models.TextChoices):
        NO_ADDRESS = "no_address", _("no address for this channel")
        NO_CONSENT = "no_consent", _("no consent to marketing on this channel")
        PAUSED = "paused", _("the person paused messages")
        TOPIC = "topic", _("the person does not want this topic")
        RHYTHM = "rhythm", _("the person wants fewer messages")
        SUPPRESSED = "suppressed", _("the address was refused before")
        QUIET = "quiet", _("held by quiet hours")
        CAPPED = "capped", _("held by a frequency cap")
        EXPIRED = "expired", _("too old to be sent")
        MISSING = "missing", _("data that the message needs is missing")
        CANCELED = "canceled", _("canceled")
        NO_EDITION = "no_edition", _("the message is not published")
        REFUSED = "refused", _("refused by the provider")
        BOUNCED = "bounced", _("came back")
        GAVE_UP = "gave_up", _("temporary errors for too long")
        NO_RECEIPT = "no_receipt", _("handed over, but the answer was lost")

    # Without a constraint: written in the same transaction as the run's move, under its lock.
    # None: no journey sends it, but a form that asks an address to confirm, or the house itself
    # writes to a colleague.
    enrollment = models.ForeignKey(
        Enrollment,
        models.CASCADE,
        null=True,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    seq = models.IntegerField()
    node = models.CharField(max_length=40)
    # Without a constraint, as in Event: a batch must never wait for a lock on a profile.
    profile = models.ForeignKey(
        Profile,
        models.CASCADE,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("person"),
    )
    # Checked once a batch, by a lock on the message, and by a trigger on whoever deletes one: row
    # by row it cost as much as all the rest of a batch.
    message = models.ForeignKey(
        Message, models.PROTECT, related_name="+", verbose_name=_("message"), db_constraint=False
    )
    sender = models.ForeignKey(
        Sender, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    edition = models.ForeignKey(
        Edition, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    contact_point = models.ForeignKey(
        ContactPoint, models.SET_NULL, null=True, related_name="+", verbose_name=_("address"),
        db_index=False,
    )  # fmt: skip
    # The message's when it was queued: caps and quiet hours go by it.
    channel = models.CharField(_("channel"), max_length=20, default="email")
    lane = models.SmallIntegerField(choices=Urgency, default=Urgency.NORMAL)
    confirms = models.ForeignKey(
        ConsentEntry, models.PROTECT, null=True, related_name="+", db_index=False
    )
    staff_mail = models.OneToOneField(StaffMail, models.CASCADE, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True, default="")
    detail = models.CharField(_("answer"), max_length=500, blank=True, default="")
    attempts = models.SmallIntegerField(_("attempts"), default=0)
    queued_at = models.DateTimeField(_("queued"))
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    mark_epoch = models.CharField(max_length=40, blank=True, default="")
    sent_at = models.DateTimeField(_("sent"), null=True)
    # What the provider calls it, and what it or the person told us later.
    provider_id = models.CharField(max_length=200, blank=True, default="")
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    opened_at = models.DateTimeField(_("opened"), null=True)
    clicked_at = models.DateTimeField(_("clicked"), null=True)
    bounced_at = models.DateTimeField(_("came back"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "seq"], name="journeys_delivery_once"),
            models.CheckConstraint(
                condition=Q(
                    Q(enrollment__isnull=False) | Q(confirms__isnull=False),
                    profile__isnull=False,
                    staff_mail__isnull=True,
                )
                | Q(enrollment__isnull=True, profile__isnull=True, staff_mail__isnull=False),
                name="journeys_delivery_origin",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["QUEUED", "SENDING", "SENT", "SKIPPED", "FAILED", "UNKNOWN"]
                ),
                name="journeys_delivery_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(lease_until__isnull=False),
                name="journeys_delivery_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["SKIPPED", "FAILED", "UNKNOWN"]) | ~Q(reason=""),
                name="journeys_delivery_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sender", "lane", "due_at"],
                condition=Q(state="QUEUED"),
                name="journeys_delivery_due",
            ),
            models.Index(
                fields=["provider_id"],
                condition=~Q(provider_id=""),
                name="journeys_delivery_provider",
            ),
            models.Index(
                fields=["contact_point"],
                condition=Q(contact_point__isnull=False),
                name="journeys_delivery_address",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state="SENDING"),
                name="journeys_delivery_leased",
            ),
            models.Index(fields=["profile", "-queued_at"], name="journeys_delivery_person"),
            models.Index(fields=["-queued_at", "-id"], name="journeys_delivery_latest"),
        ]

    def __str__(self) -> str:
        return f"d{self.pk}"

    def about(self) -> dict[str, Any]:
        """Return what every event about this delivery says."""
        return {
            "message": self.message.name,
            "message_id": self.message_id,
            "delivery_id": self.pk,
            "journey_id": self.enrollment.journey_id if self.enrollment else None,
            "channel": self.channel,
        }
