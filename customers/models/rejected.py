"""What did not become an event: refused with a reason, tried again, or dropped as a copy."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.sources import Source


class Quarantine(models.Model):
    """Events that could not be accepted, with the reason; their neighbors in the batch were.

    `reason` is what our programs said, in English; `code` is its kind, in the reader's language.
    `body` is the event as it came, with its batch's context, so that it can be tried again;
    `is_whole` says whether it is: of floods and of giants only a part is kept.
    """

    class Code(models.TextChoices):
        SHAPE = "shape", _("It is not an object")
        TYPE = "type", _("Its type is unknown")
        NOBODY = "nobody", _("It names nobody")
        ALIAS = "alias", _("An alias lacks one of its two ids")
        NAME = "name", _("A track call without the name of its event")
        GROUP = "group", _("A group call without its group")
        ID = "id", _("An id is too long")
        FIELDS = "fields", _("Its properties or traits are not an object")
        SIZE = "size", _("It is larger than 100 KB")
        FOLD = "fold", _("It could not be taken in")
        FLOOD = "flood", _("More of the same batch, not kept")
        OTHER = "other", _("Another reason")

    source = models.ForeignKey(Source, models.CASCADE, verbose_name=_("source"))
    received_at = models.DateTimeField(_("received"))
    code = models.CharField(_("kind of reason"), max_length=10, choices=Code, default=Code.OTHER)
    reason = models.CharField(_("reason"), max_length=200)
    body = models.JSONField(_("event"))
    is_whole = models.BooleanField(_("can be tried again"), default=True)

    class Meta:
        verbose_name = _("rejected event")
        verbose_name_plural = _("rejected events")
        permissions = [("replay_quarantine", _("Can try rejected events again"))]
        indexes = [
            models.Index(fields=["-received_at"], name="customers_quarantine_latest"),
            models.Index(fields=["source", "code", "-id"], name="customers_quarantine_by"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__in=[
                    "shape", "type", "nobody", "alias", "name", "group", "id", "fields", "size",
                    "fold", "flood", "other",
                ]),
                name="customers_quarantine_code",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reason


class Replay(models.Model):
    """One round of trying rejected events again: how far it is, so that a worker can go on.

    It takes those that were there when it began (`until_id`), in their order; `last_id` is the last
    one it tried. What is accepted leaves the quarantine in the same transaction.
    """

    source = models.ForeignKey(Source, models.CASCADE, null=True, blank=True)
    code = models.CharField(max_length=10, blank=True, default="")
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=200, blank=True, default="")
    until_id = models.BigIntegerField()
    last_id = models.BigIntegerField(default=0)
    total = models.IntegerField()
    accepted = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["id"],
                name="customers_replay_open",
                condition=models.Q(finished_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.accepted + self.rejected} / {self.total}"


class Repeat(models.Model):
    """What arrived again and was dropped, for those who look at a source; pruned after a day."""

    source = models.ForeignKey(Source, models.CASCADE)
    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["source", "-received_at"], name="customers_repeat_latest")]

    def __str__(self) -> str:
        return self.message_id
