"""Note what a visitor did in a form: by the visitor, or by whom the address belongs to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers import consent, forgotten, identify, ingest, record
from customers.models import Alias, Source


@dataclass(frozen=True, slots=True)
class Told:
    """An act of a visitor: its event, and what it says about the visitor's person."""

    event: str
    properties: dict[str, Any]
    traits: dict[str, Any]


def act(
    *,
    source: Source,
    told: Told,
    email: str | None,
    anonymous_id: str | None,
    context: dict[str, Any],
    at: datetime,
) -> tuple[Alias, int]:
    """Have a visitor's act recorded; return the visitor's alias and whose act it is.

    An address that somebody else has already stays theirs, since anybody may type it; so they have
    acted, and the browser learns and changes nothing about them.

    Raises:
        customers.address.BadAddress: no mail can be sent to that address.
    """
    visitor = living(anonymous_id) or str(uuid.uuid4())
    alias = identify.ensure_alias(kind="anonymous", value=visitor, at=at)
    owner, traits = alias.profile_id, told.traits
    if email:
        # Who was erased and comes back does so by their own hand: their address counts again.
        forgotten.readmit(names=[(forgotten.ADDRESS, email)])
        point = identify.ensure_contact_point(
            profile_id=alias.profile_id, channel="email", address=email, at=at
        )
        owner, traits = point.profile_id, {"email": point.value, **traits}
    if owner != alias.profile_id:
        new = record.New(
            profile_id=owner, name=told.event, properties=told.properties, at=at,
            message_id=f"{told.event.lower().replace(' ', '-')}:{uuid.uuid4()}",
        )  # fmt: skip
        record.events([new], at=at)
        return alias, owner
    about = {"anonymousId": visitor, "timestamp": at.isoformat(), "context": context}
    done = {
        **about, "type": "track", "event": told.event, "messageId": str(uuid.uuid4()),
        "properties": told.properties,
    }  # fmt: skip
    who = {**about, "type": "identify", "messageId": str(uuid.uuid4()), "traits": traits}
    ingest.accept(source=source, events=[who, done] if traits else [done], at=at)
    return alias, owner


def may(*, anonymous_id: str, purpose: str, at: datetime) -> bool:
    """Return whether a browser's person allowed a use of their data."""
    aliases = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
    ids = list(aliases.values_list("pk", flat=True))
    return bool(ids) and bool(consent.may(aliases=ids, purpose=purpose, at=at))


def living(anonymous_id: str | None) -> str | None:
    """Return a browser's id, or None where it is that of somebody who was erased."""
    if anonymous_id and forgotten.among(names=[(forgotten.ANONYMOUS, anonymous_id)]):
        return None
    return anonymous_id
