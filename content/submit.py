"""Take a filled-in form: what was said becomes events, and consent with its proof."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from customers import consent, forgotten, identify, ingest
from customers.models import Alias, ConsentEntry, Source

MARKETING = ConsentEntry.Purpose.MARKETING
# What visitors decide in the banner, each for itself.
OF_VISITORS = (ConsentEntry.Purpose.TRACKING, ConsentEntry.Purpose.PERSONALIZATION)


@transaction.atomic
def sign_up(
    *,
    source: Source,
    form: str,
    first_name: str,
    email: str,
    anonymous_id: str | None,
    words: str,
    locale: str,
    evidence: dict[str, Any],
    context: dict[str, Any],
    at: datetime,
) -> str:
    """Record that a person signed up and may be written to; return the anonymous id used.

    A visitor without a cookie gets an id for this one act, which the browser never learns.

    Raises:
        customers.identify.BadAddress: no mail can be sent to that address.
    """
    anonymous_id = _living(anonymous_id) or str(uuid.uuid4())
    # Who was erased and comes back does so by their own hand: their address counts again.
    forgotten.readmit(names=[(forgotten.ADDRESS, email)])
    alias = identify.ensure_alias(kind="anonymous", value=anonymous_id, at=at)
    point = identify.ensure_contact_point(
        profile_id=alias.profile_id, channel="email", address=email, at=at
    )
    consent.record(
        purpose=MARKETING,
        channel="email",
        state=ConsentEntry.State.GRANTED,
        method="form",
        contact_point=point,
        notice=consent.notice(name=f"form:{form}", locale=locale, text=words, at=at),
        evidence={"form": form, **evidence},
        at=at,
    )
    about = {"anonymousId": anonymous_id, "timestamp": at.isoformat(), "context": context}
    traits = {"email": point.value, "firstName": first_name}
    ingest.accept(
        source=source,
        events=[
            {**about, "type": "identify", "messageId": str(uuid.uuid4()), "traits": traits},
            {
                **about,
                "type": "track",
                "event": "Signed Up",
                "messageId": str(uuid.uuid4()),
                "properties": {"form": form},
            },
        ],
        at=at,
    )
    return anonymous_id


@transaction.atomic
def decide(
    *,
    anonymous_id: str | None,
    allowed: Collection[str],
    words: str,
    locale: str,
    evidence: dict[str, Any],
    at: datetime,
) -> str | None:
    """Record a visitor's decision about each use; return the anonymous id to keep, if any.

    A refusal by somebody who never allowed anything leaves no row: there is nobody to write down.
    """
    known = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id or "").first()
    if not allowed and known is None:
        return None
    kept = _living(anonymous_id) or str(uuid.uuid4())
    alias = known or identify.ensure_alias(kind="anonymous", value=kept, at=at)
    notice = consent.notice(name="banner", locale=locale, text=words, at=at)
    for purpose in OF_VISITORS:
        consent.record(
            purpose=purpose,
            state=_state(alias, purpose, purpose in allowed, at),
            method="banner",
            alias=alias,
            notice=notice,
            evidence=evidence,
            at=at,
        )
    return kept if allowed else None


def follows(*, anonymous_id: str, at: datetime) -> bool:
    """Return whether any use of this visitor's data is allowed."""
    aliases = Alias.objects.filter(kind=Alias.Kind.ANONYMOUS, value=anonymous_id)
    ids = list(aliases.values_list("pk", flat=True))
    return any(consent.may(aliases=ids, purpose=purpose, at=at) for purpose in OF_VISITORS)


def _state(alias: Alias, purpose: str, allowed: bool, at: datetime) -> str:
    if allowed:
        return ConsentEntry.State.GRANTED
    answers = consent.ask(aliases=[alias.pk], purpose=purpose, at=at)
    had = answers[alias.pk] in {consent.Answer.YES, consent.Answer.CONFLICT}
    return ConsentEntry.State.WITHDRAWN if had else ConsentEntry.State.DENIED


def _living(anonymous_id: str | None) -> str | None:
    """Return a browser's id, or None where it is that of somebody who was erased."""
    if anonymous_id and forgotten.among(names=[(forgotten.ANONYMOUS, anonymous_id)]):
        return None
    return anonymous_id
