"""What people may ask of us: to be forgotten; and how long we keep what they did."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dxp.lib.rows import MovableQuerySet


class ErasureRequestQuerySet(MovableQuerySet["ErasureRequest"]):
    """Requests; they have a state."""


class ErasureRequest(models.Model):
    """Somebody asked that a person be forgotten: the journal that proves it was done.

    Holds nothing about the person: `subject` is a keyed digest of their public id, by which a
    request is found again by those who still know that id. The numbers in `profile_ids` say whom to
    erase while there is work left, and are emptied by the end of it.
    """

    class State(models.TextChoices):
        REQUESTED = "REQUESTED", _("Requested")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed, will be tried again")

    subject = models.CharField(max_length=64, editable=False)
    profile_ids = ArrayField(models.BigIntegerField(), default=list, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    requested_at = models.DateTimeField(_("asked"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failure = models.CharField(_("failure"), max_length=200, blank=True, default="")
    counts = models.JSONField(_("rows removed"), default=dict)
    ended_at = models.DateTimeField(_("done"), null=True)

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request to be forgotten")
        verbose_name_plural = _("requests to be forgotten")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["REQUESTED", "RUNNING", "DONE", "FAILED"]),
                name="customers_erasure_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(profile_ids=[], ended_at__isnull=False),
                name="customers_erasure_done_knows_nobody",
            ),
            models.UniqueConstraint(
                fields=["subject"], condition=~Q(state="DONE"), name="customers_erasure_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.requested_at:%c}"


class ErasedName(models.Model):
    """The keyed digest of a name or address of somebody who was erased: it must not come back.

    Replays, imports and late events still know the name; what they bring under it is dropped and
    counted here. Without the key, which is not in the database, no row says whose it was.
    """

    class Kind(models.TextChoices):
        ALIAS = "alias", _("Name")
        ADDRESS = "address", _("Address")

    digest = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    request = models.ForeignKey(
        ErasureRequest, models.CASCADE, related_name="names", verbose_name=_("request")
    )
    dropped = models.BigIntegerField(_("dropped since"), default=0)
    dropped_at = models.DateTimeField(_("dropped last"), null=True)

    class Meta:
        verbose_name = _("erased name")
        verbose_name_plural = _("erased names")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["alias", "address"]), name="customers_erasedname_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.digest[:8]}"


class RetentionRule(models.Model):
    """How long events of one class are kept: those of a name, else of a type, else the default.

    The age of an event is counted from when it was received.
    """

    class Kind(models.TextChoices):
        NAME = "name", _("Events named")
        TYPE = "type", _("Calls of type")

    kind = models.CharField(_("which"), max_length=10, choices=Kind, default=Kind.NAME)
    value = models.CharField(_("name or type"), max_length=200)
    keep_days = models.PositiveIntegerField(
        _("keep for days"),
        validators=[MinValueValidator(1)],
    )

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["kind", "value"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="customers_retention_once"),
            models.CheckConstraint(
                condition=Q(kind="name")
                | Q(
                    kind="type",
                    value__in=["track", "page", "screen", "identify", "group", "alias"],
                ),
                name="customers_retention_kind",
            ),
            models.CheckConstraint(condition=Q(keep_days__gte=1), name="customers_retention_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}: {self.keep_days}"
