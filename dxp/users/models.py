"""Staff: people who sign in to work, the tokens their programs use, and what these were told."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who works here.

    Ours from the first migration, because it can't be changed later. The SCIM fields are those
    that a company directory needs to keep its own ids (RFC 7643 3.1).
    """

    scim_id = models.CharField(max_length=254, blank=True, default="", editable=False)
    scim_external_id = models.CharField(max_length=254, blank=True, default="", editable=False)
    scim_username = models.CharField(max_length=254, blank=True, default="", editable=False)
    is_bot = models.BooleanField(
        _("bot"),
        default=False,
        help_text=_("An automatic process with rights of its own; it cannot sign in."),
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["scim_id"], condition=~models.Q(scim_id=""), name="users_scim_id_once"
            ),
        ]


class ApiToken(models.Model):
    """A program's key to the API. Only a hash is kept: the token is shown once, when it is made.

    It may do what its scopes name, and never more than its person may at that moment.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0), name="users_api_token_scopes"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="users_api_token_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash(token: str) -> str:
        """Return what is stored of a token: tokens are long and random, so one round is enough."""
        return hashlib.sha256(token.encode()).hexdigest()

    def is_live(self, at: datetime) -> bool:
        """Return whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


class ApiCall(models.Model):
    """What a program's write was answered, so that the same write again is answered the same.

    Written in the transaction of the write itself: there is no effect without its answer, and no
    answer without its effect, whenever a process dies. Kept for a day. `about` names the people
    whose data the answer may hold, so that forgetting them reaches it.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    about = ArrayField(models.UUIDField(), default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="users_api_call_once"),
        ]
        indexes = [models.Index(fields=["at"], name="users_api_call_age")]

    def __str__(self) -> str:
        return self.key


class OfferedRight(models.Model):
    """A right that a role was once given, so that an upgrade gives it new ones and no old one back.

    Whoever took a right from a role meant it.
    """

    pk = models.CompositePrimaryKey("role", "right")
    role = models.CharField(max_length=150)
    right = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.role}: {self.right}"
