"""May we? A ledger that is only added to; the newest entry counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from customers.models import Alias, ConsentEntry, ContactPoint


class BadConsent(ValueError):
    """The entry would say nothing: no subject or two, or a purpose or state that nobody knows."""


def record(
    *,
    purpose: str,
    state: str,
    method: str,
    at: datetime,
    contact_point: ContactPoint | None = None,
    alias: Alias | None = None,
    channel: str = "",
    evidence: dict[str, Any] | None = None,
) -> ConsentEntry:
    """Write down one decision of one person.

    Args:
        purpose: a value of `ConsentEntry.Purpose`.
        state: a value of `ConsentEntry.State`.
        method: how it was given, such as "form" or "unsubscribe".
        at: when.
        contact_point: whose messages it is about, or
        alias: whose behavior it is about.
        channel: one channel; empty means all of them.
        evidence: what proves it: page, text shown, truncated address.

    Raises:
        BadConsent: the entry would say nothing.
    """
    if (contact_point is None) == (alias is None):
        raise BadConsent("Consent is about either a contact point or an alias.")
    if purpose not in ConsentEntry.Purpose.values or state not in ConsentEntry.State.values:
        raise BadConsent(f"Nobody knows the purpose {purpose!r} or the state {state!r}.")
    return ConsentEntry.objects.create(
        contact_point=contact_point, alias=alias, purpose=purpose, channel=channel, state=state,
        method=method, evidence=evidence or {}, at=at,
    )  # fmt: skip


def allowed(*, contact_points: Sequence[int], purpose: str, channel: str) -> set[int]:
    """Return the contact points whose newest decision, for this channel or for all, is yes.

    Silence is no.
    """
    newest = (
        ConsentEntry.objects
        .filter(
            Q(channel=channel) | Q(channel=""),
            contact_point_id__in=list(contact_points),
            purpose=purpose,
        )
        .order_by("contact_point_id", "-at", "-id")
        .distinct("contact_point_id")
        .values_list("contact_point_id", "state")
    )
    return {
        point
        for point, state in newest
        if point is not None and state == ConsentEntry.State.GRANTED
    }


def tracking_allowed(*, alias: Alias) -> bool:
    """Return whether the newest decision under this alias allows to follow what it does."""
    newest = (
        ConsentEntry.objects
        .filter(alias=alias, purpose=ConsentEntry.Purpose.TRACKING)
        .order_by("-at", "-id")
        .values_list("state", flat=True)
        .first()
    )
    return newest == ConsentEntry.State.GRANTED
