"""What comes back: opens, clicks, and what providers report."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import ContactPoint, Profile
from journeys.models.deliveries import Delivery


class Touch(models.Model):
    """Somebody or something opened a message or followed one of its links.

    `machine` None: not judged yet, because what else comes within seconds decides. `reasons` are
    why it is taken for a program (`journeys.suspect`).
    """

    class Reason(models.TextChoices):
        AGENT = "agent", _("It calls itself a program.")
        ADVANCE = "advance", _("A mail program fetched the pictures in advance.")
        HEAD = "head", _("It asked for the head of the page alone.")
        SOON = "soon", _("Too soon after sending.")
        TRAP = "trap", _("It followed a link that no person sees.")
        LINKS = "links", _("All links were followed within seconds.")
        CROWD = "crowd", _("Messages to many people were followed from one network within seconds.")

    class Kind(models.TextChoices):
        OPEN = "open", _("Opened")
        CLICK = "click", _("Clicked")

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="touches", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    # Of the link in the edition; 0 for opens.
    number = models.IntegerField(default=0)
    at = models.DateTimeField()
    agent = models.CharField(max_length=300, blank=True, default="")
    # A keyed digest of the network address, to see that many come from one.
    network = models.CharField(max_length=64, blank=True, default="")
    machine = models.BooleanField(null=True)
    reasons = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["at"], condition=Q(machine__isnull=True), name="journeys_touch_unjudged"
            ),
            models.Index(
                fields=["network", "at"],
                condition=Q(kind="click") & ~Q(network=""),
                name="journeys_touch_network",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"


class Report(models.Model):
    """What a provider or a mail server told later about a message or an address, once each.

    `kind` is in the normal form of all providers; `hard` says that the address will never work.
    """

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        DEFERRED = "deferred", _("Delayed")
        BOUNCED = "bounced", _("Came back")
        REJECTED = "rejected", _("Refused")
        COMPLAINED = "complained", _("Reported as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        OTHER = "other", _("Other")

    # What tells it from the same report told again.
    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    hard = models.BooleanField(_("for good"), default=False)
    # A class such as "userunknown" or "mailboxfull" (`journeys.bounce`), or the provider's word.
    reason = models.CharField(_("reason"), max_length=40, blank=True, default="")
    detail = models.CharField(_("answer"), max_length=500, blank=True, default="")
    source = models.CharField(_("source"), max_length=40)
    delivery = models.ForeignKey(
        Delivery, models.CASCADE, null=True, related_name="reports", db_constraint=False
    )
    contact_point = models.ForeignKey(ContactPoint, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class PushSubscription(models.Model):
    """A browser that agreed to be pushed to (RFC 8030); its contact point's value is a digest."""

    contact_point = models.OneToOneField(ContactPoint, models.CASCADE, related_name="+")
    endpoint = models.TextField()
    p256dh = models.CharField(max_length=200)
    auth = models.CharField(max_length=100)
    agent = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.contact_point_id)


class OnsiteMessage(models.Model):
    """A message that waits on our own site until the person comes by."""

    delivery = models.OneToOneField(
        Delivery, models.CASCADE, related_name="onsite", db_constraint=False
    )
    profile = models.ForeignKey(
        Profile, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=2000)
    url = models.CharField(max_length=2000, blank=True, default="")
    queued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["queued_at"]
        indexes = [
            models.Index(
                fields=["profile", "queued_at"],
                condition=Q(closed_at__isnull=True),
                name="journeys_onsite_open",
            ),
        ]

    def __str__(self) -> str:
        return self.title
