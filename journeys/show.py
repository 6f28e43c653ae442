"""Messages that wait on our own pages: whose turn it is, what was seen, what was closed."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from customers import consent
from customers.models import Alias, ConsentEntry, Profile
from journeys.compose import delivery_of
from journeys.models import OnsiteMessage


def waiting(*, anonymous_id: str, at: datetime) -> OnsiteMessage | None:
    """Return the oldest message that waits for a visitor; None unless they allow personal pages."""
    profile_id = _person(anonymous_id, at)
    if profile_id is None:
        return None
    return _open(profile_id, at).order_by("queued_at", "pk").first()


def shown(*, token: str, anonymous_id: str, at: datetime) -> OnsiteMessage | None:
    """Note that a message was seen; return it the first time.

    Raises:
        BadToken: we did not make it.
    """
    found = _theirs(token, anonymous_id, at)
    if found is None:
        return None
    first = OnsiteMessage.objects.filter(pk=found.pk, shown_at=None).update(shown_at=at)
    return found if first else None


def close(*, token: str, anonymous_id: str, at: datetime) -> bool:
    """Put a message away for good; return whether it was still there.

    Raises:
        BadToken: we did not make it.
    """
    found = _theirs(token, anonymous_id, at)
    if found is None:
        return False
    return bool(OnsiteMessage.objects.filter(pk=found.pk, closed_at=None).update(closed_at=at))


def merge(*, kept: int, absorbed: int) -> int:
    """Let what waited for one of two profiles that became one wait for the other."""
    return OnsiteMessage.objects.filter(profile_id=absorbed).update(profile_id=kept)


def _open(profile_id: int, at: datetime) -> models.QuerySet[OnsiteMessage]:
    return OnsiteMessage.objects.filter(
        profile_id=profile_id, closed_at__isnull=True, expires_at__gt=at
    )


def _theirs(token: str, anonymous_id: str, at: datetime) -> OnsiteMessage | None:
    """Return a message by its token, if it is this visitor's."""
    number, profile_id = delivery_of(token), _person(anonymous_id, at)
    if profile_id is None:
        return None
    return _open(profile_id, at).filter(delivery_id=number).first()


def _person(anonymous_id: str, at: datetime) -> int | None:
    """Return whose browser this is, if pages may be personal for them."""
    alias = Alias.objects.filter(
        kind=Alias.Kind.ANONYMOUS, value=anonymous_id, profile__state=Profile.State.ACTIVE
    ).first()
    if alias is None:
        return None
    personal = ConsentEntry.Purpose.PERSONALIZATION
    return alias.profile_id if consent.may(aliases=[alias.pk], purpose=personal, at=at) else None
