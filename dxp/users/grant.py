"""Give programs keys, take them back, and know whose key was shown."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from dxp.users import scopes as known
from dxp.users.models import ApiToken, User

# "Last used" is for people; writing it at each request would cost more than the request.
USED_WITHIN = timedelta(minutes=1)


class NotYours(PermissionError):
    """A person can't grant what they may not do themselves."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(", ".join(scopes))
        self.scopes = list(scopes)


def issue(
    *,
    user: User,
    scopes: Sequence[str],
    name: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Make a token for a person's program and return it; it can't be shown again.

    Raises:
        NotYours: a scope is unknown, none is given, or the person has no right to grant it.
    """
    mine = {one.name for one in known.grantable(user)}
    foreign = [one for one in scopes if one not in mine]
    if foreign or not scopes:
        raise NotYours(foreign)
    token = f"dxp_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user, name=name, scopes=list(dict.fromkeys(scopes)), digest=ApiToken.hash(token),
        created_at=at, expires_at=expires_at,
    )  # fmt: skip
    return token


def revoke(*, token: ApiToken, at: datetime) -> None:
    """Make a token worthless from now on; doing so twice keeps the first moment."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at)
    token.refresh_from_db(fields=["revoked_at"])


def shown(*, secret: str, at: datetime) -> ApiToken | None:
    """Return the live token of somebody who is still here, or None; take note of its use."""
    token = (
        ApiToken.objects
        .select_related("user")
        .filter(digest=ApiToken.hash(secret), user__is_active=True)
        .first()
    )
    if token is None or not token.is_live(at):
        return None
    if token.last_used_at is None or at - token.last_used_at > USED_WITHIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token
