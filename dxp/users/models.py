"""Staff: people who sign in to work, and the tokens their programs use."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import AbstractUser
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

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["scim_id"], condition=~models.Q(scim_id=""), name="users_scim_id_once"
            ),
        ]


class ApiToken(models.Model):
    """A program's key to the API. Only a hash is kept: the token is shown once, when it is made."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    scope = models.CharField(max_length=20, choices=Scope, default=Scope.READ)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["read"]), name="users_api_token_scope"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.scope})"

    @staticmethod
    def hash(token: str) -> str:
        """Return what is stored of a token: tokens are long and random, so one round is enough."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, *, user: User, scope: str, at: datetime) -> str:
        """Make a token for a person's program and return it; it can't be shown again."""
        token = f"dxp_{secrets.token_urlsafe(32)}"
        cls.objects.create(user=user, scope=scope, digest=cls.hash(token), created_at=at)
        return token
