"""The cast of this floor's faces: who works here, and whom we know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Permission

from customers import fold, ingest
from customers.models import Alias, Profile, Source
from dxp.lib.clock import now
from dxp.users import grant, scopes
from dxp.users.models import ApiToken, User

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL_RIGHTS = (
    "view_profile", "view_segment", "add_segment", "change_segment", "delete_segment",
    "view_source", "add_source", "change_source", "view_quarantine", "replay_quarantine",
    "see_name", "see_contact", "see_birth", "see_sensitive", "view_traitdef", "change_traitdef",
    "view_computedtrait", "add_computedtrait", "change_computedtrait", "delete_computedtrait",
    "change_profile", "merge_profile", "delete_profile", "add_event", "view_consententry",
    "add_consententry",
)  # fmt: skip


def staff(name: str, *rights: str) -> User:
    """A person who may sign in to the admin, with these rights on this floor."""
    user = User.objects.create_user(name, f"{name}@alder.example", "a long password")
    names = ["access_admin", *rights]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def marketer() -> User:
    return staff("mara", *ALL_RIGHTS)


def nobody() -> User:
    return staff("omar")


def token(user: User, *chosen: str) -> dict[str, Any]:
    """What a program of that person sends: may read what they may read, or these scopes."""
    # Made while they had every right: what counts is what they may do when they ask.
    boss, _ = User.objects.get_or_create(username="boss", defaults={"is_superuser": True})
    secret = grant.issue(
        user=boss, scopes=scopes.chosen(chosen or ["read"], boss), name="Warehouse", at=now()
    )
    ApiToken.objects.filter(digest=ApiToken.hash(secret)).update(user=user)
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def website() -> Source:
    return Source.objects.get_or_create(name="Website")[0]


def happened(*events: dict[str, Any], at: datetime = NOON) -> None:
    """Bring events in as an SDK would, and fold them."""
    ingest.accept(source=website(), events=list(events), at=at)
    fold.drain(at=at)


def track(who: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    """What an SDK sends when somebody who is signed in does something."""
    return {"type": "track", "event": name, "userId": who, "messageId": key, **more}


def ana() -> Profile:
    """Known by name and address; read two articles before she said who she is."""
    happened(
        {"type": "track", "event": "Article Viewed", "anonymousId": "cookie-ana",
         "messageId": "ana-1", "timestamp": "2026-11-20T10:00:00Z",
         "properties": {"title": "Saving early", "topic": "saving"}},
        {"type": "track", "event": "Article Viewed", "anonymousId": "cookie-ana",
         "messageId": "ana-2", "timestamp": "2026-11-20T10:05:00Z",
         "properties": {"title": "Funds", "topic": "funds"}},
        {"type": "identify", "userId": "ana", "anonymousId": "cookie-ana", "messageId": "ana-3",
         "timestamp": "2026-11-20T10:06:00Z",
         "traits": {"name": "Ana Marić", "email": "Ana@Example.org", "country": "HR", "age": 41}},
    )  # fmt: skip
    return Profile.objects.get(aliases__value="ana")


def chen() -> Profile:
    """Anonymous."""
    happened(
        {"type": "page", "anonymousId": "cookie-chen", "messageId": "chen-1",
         "timestamp": "2026-11-20T11:00:00Z", "properties": {"title": "Home", "path": "/"}}
    )  # fmt: skip
    return Profile.objects.get(aliases__value="cookie-chen")


def bought(cmp: str = "gte", times: int = 1) -> dict[str, Any]:
    leaf = {
        "op": "event",
        "name": "purchase",
        "metric": "count",
        "window": "all",
        "cmp": cmp,
        "value": times,
    }
    return {"v": 1, "root": leaf}


def from_country(code: str) -> dict[str, Any]:
    leaf = {"op": "trait", "field": "country", "cmp": "eq", "value": code}
    return {"v": 1, "root": {"op": "and", "of": [leaf]}}


def profile_of(*, kind: str, value: str) -> Profile | None:
    """Return the profile an alias belongs to now, or None where nobody knows it."""
    found = Alias.objects.select_related("profile").filter(kind=kind, value=value).first()
    return found.profile if found else None
