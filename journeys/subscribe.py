"""Browsers that agree to be pushed to, and those that do not any more."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from customers import append, consent, forgotten, identify
from customers.models import Alias, ConsentEntry, ContactPoint
from journeys import ways
from journeys.channels.base import Unusable
from journeys.channels.push.vapid import WebPush
from journeys.compose import House
from journeys.models import PushSubscription, Sender, Suppression

PUSH_KEY = "journeys:push-key"
PUSH = "push"
LONGEST_ENDPOINT = 2000
# An uncompressed point of the curve P-256, and the shared secret (RFC 8291).
POINT_BYTES, AUTH_BYTES = 65, 16


class BadSubscription(ValueError):
    """No browser makes such a subscription."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser gives us: where its push service is, and the keys to encrypt for it."""

    endpoint: str
    p256dh: str
    auth: str
    agent: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise BadSubscription("no address")
        if len(self.endpoint) > LONGEST_ENDPOINT or not self.endpoint.isascii():
            raise BadSubscription("no address")
        if _bytes(self.p256dh)[:1] != b"\x04" or len(_bytes(self.p256dh)) != POINT_BYTES:
            raise BadSubscription("no key")
        if len(_bytes(self.auth)) != AUTH_BYTES:
            raise BadSubscription("no secret")

    @property
    def digest(self) -> str:
        """What stands for the browser where addresses are looked for."""
        return digest(self.endpoint)


def digest(endpoint: str) -> str:
    """Return what stands for a push address, which is long and secret."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def words() -> str:
    """Return what people read before they agree; kept as proof."""
    return _("Now and then a short message on this device, even when our pages are closed.")


def public_key(*, house: House) -> str:
    """Return the key that browsers subscribe for; empty while no sender pushes."""
    sender = Sender.objects.filter(channel=PUSH, adapter=WebPush.name).order_by("pk").first()
    if sender is None:
        return ""
    try:
        adapter = ways.make(sender, house)
    except Unusable:
        return ""
    adapter.close()
    return adapter.public if isinstance(adapter, WebPush) else ""


@transaction.atomic
def subscribe(
    *,
    browser: Browser,
    anonymous_id: str | None,
    locale: str,
    evidence: dict[str, Any],
    at: datetime,
) -> PushSubscription:
    """Keep a browser that agreed to be pushed to, with the proof that it did.

    Args:
        browser: what it gave us.
        anonymous_id: the visitor's, if the browser has one; else they get one for this act, which
            the browser never learns.
        locale: the language of the words they read.
        evidence: page, truncated address, browser.
        at: when.
    """
    alias = identify.ensure_alias(
        kind=Alias.Kind.ANONYMOUS, value=_living(anonymous_id) or str(uuid.uuid4()), at=at
    )
    point = identify.ensure_contact_point(
        profile_id=alias.profile_id, channel=PUSH, address=browser.digest, at=at, alias_id=alias.pk
    )
    append.hold(profile_ids=[point.profile_id])
    shown = f"{urlsplit(browser.endpoint).hostname} {browser.digest[:8]}"[:320]
    ContactPoint.objects.filter(pk=point.pk).update(shown=shown)
    # Its push service had given it up, and knows it again.
    Suppression.objects.filter(contact_point=point, cause__in=Suppression.CURABLE).delete()
    kept, _made = PushSubscription.objects.update_or_create(
        contact_point=point,
        defaults={
            "endpoint": browser.endpoint, "p256dh": browser.p256dh, "auth": browser.auth,
            "agent": browser.agent[:300], "created_at": at,
        },
    )  # fmt: skip
    if not _allows(point, at):
        notice = consent.notice(name="push", locale=locale, text=words(), at=at)
        _say(point, ConsentEntry.State.GRANTED, at, notice=notice, evidence=evidence)
    return kept


@transaction.atomic
def unsubscribe(*, endpoint: str, evidence: dict[str, Any], at: datetime) -> bool:
    """Forget a browser and take its consent back; return whether it was known."""
    point = ContactPoint.objects.filter(channel=PUSH, value=digest(endpoint)).first()
    if point is None:
        return False
    append.hold(profile_ids=[point.profile_id])
    if _allows(point, at):
        _say(point, ConsentEntry.State.WITHDRAWN, at, evidence=evidence)
    return bool(PushSubscription.objects.filter(contact_point=point).delete()[0])


def _allows(point: ContactPoint, at: datetime) -> bool:
    answers = consent.ask(
        contact_points=[point.pk], purpose=ConsentEntry.Purpose.MARKETING, channel=PUSH, at=at
    )
    return answers[point.pk] in {consent.Answer.YES, consent.Answer.PAUSED}


def _say(point: ContactPoint, state: str, at: datetime, **proof: Any) -> None:
    consent.record(
        purpose=ConsentEntry.Purpose.MARKETING, channel=PUSH, state=state, method="browser",
        contact_point=point, at=at, **proof,
    )  # fmt: skip


def _living(anonymous_id: str | None) -> str | None:
    """Return a browser's id, or None where it is that of somebody who was erased."""
    if anonymous_id and forgotten.among(names=[(forgotten.ANONYMOUS, anonymous_id)]):
        return None
    return anonymous_id


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
