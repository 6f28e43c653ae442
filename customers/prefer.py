"""What people choose on their own page: channels, topics, a pause, a rhythm, a language."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction

from customers import append, consent
from customers.consent import Answer
from customers.models import ConsentEntry, ConsentNotice, ContactPoint, Preference

MARKETING = ConsentEntry.Purpose.MARKETING
# Through which channels an address can be reached.
CHANNELS = {ContactPoint.Channel.EMAIL: ("email",), ContactPoint.Channel.PHONE: ("sms",)}
WILLING = {Answer.YES, Answer.PAUSED}
_SIGNER = signing.Signer(salt="customers.preferences", sep=".")
_BEFORE = "customers.preferences.before"
BEFORE_SECONDS = 3600


class BadToken(ValueError):
    """A link that we did not sign, or that was changed."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody wants at one address: channels, topics left out, when, how often, language."""

    channels: frozenset[str]
    unwanted: frozenset[str] = frozenset()
    paused_until: datetime | None = None
    rhythm: str = Preference.Rhythm.ANY
    language: str = ""

    @property
    def schedule(self) -> tuple[datetime | None, str, str]:
        """The part that is no consent."""
        return self.paused_until, self.rhythm, self.language


def token(*, contact_point: int) -> str:
    """Return what a link to the page of one address carries; it opens without signing in."""
    return _SIGNER.sign(f"{contact_point:x}")


def owner(*, token: str) -> ContactPoint | None:
    """Return whose page this is; None after the address was deleted.

    Raises:
        BadToken: it was not signed by us.
    """
    try:
        number = int(_SIGNER.unsign(token), 16)
    except (signing.BadSignature, ValueError) as error:
        raise BadToken(token[:80]) from error
    return ContactPoint.objects.filter(pk=number).first()


def choices(*, contact_point: ContactPoint, at: datetime) -> Choices:
    """Return what somebody wants at an address, as it stands."""
    point = contact_point.pk
    willing = {
        channel
        for channel in CHANNELS[ContactPoint.Channel(contact_point.channel)]
        if consent.ask(contact_points=[point], purpose=MARKETING, channel=channel, at=at)[point]
        in WILLING
    }
    newest = dict(
        ConsentEntry.objects
        .filter(contact_point=point, purpose=MARKETING)
        .exclude(topic="")
        .order_by("at", "id")
        .values_list("topic", "state")
    )
    unwanted = {topic for topic, state in newest.items() if state != ConsentEntry.State.GRANTED}
    row = Preference.objects.filter(contact_point=point).first() or Preference()
    paused = row.paused_until if row.paused_until and row.paused_until > at else None
    return Choices(frozenset(willing), frozenset(unwanted), paused, row.rhythm, row.language)


@transaction.atomic
def choose(
    *,
    contact_point: ContactPoint,
    wanted: Choices,
    notice: ConsentNotice | None,
    evidence: dict[str, Any],
    at: datetime,
) -> Choices:
    """Write down what changed and nothing else; return how it stood before."""
    append.hold(profile_ids=[contact_point.profile_id])
    before = choices(contact_point=contact_point, at=at)
    said = {"contact_point": contact_point, "notice": notice, "evidence": evidence, "at": at}
    if before.channels and not wanted.channels:
        _say(said, state=ConsentEntry.State.WITHDRAWN)
    else:
        for channel in sorted(before.channels ^ wanted.channels):
            _say(said, channel=channel, state=_state(channel, wanted.channels))
    for topic in sorted(before.unwanted ^ wanted.unwanted):
        denied = topic in wanted.unwanted
        state = ConsentEntry.State.DENIED if denied else ConsentEntry.State.GRANTED
        _say(said, topic=topic, state=state)
    if before.schedule != wanted.schedule:
        Preference.objects.create(
            contact_point=contact_point, paused_until=wanted.paused_until, rhythm=wanted.rhythm,
            language=wanted.language, method="preferences", at=at,
        )  # fmt: skip
    return before


def _state(one: str, wanted: Collection[str]) -> str:
    return ConsentEntry.State.GRANTED if one in wanted else ConsentEntry.State.WITHDRAWN


def _say(said: dict[str, Any], **entry: Any) -> None:
    consent.record(purpose=MARKETING, method="preferences", **entry, **said)


def keep_for_undo(*, contact_point: int, before: Choices) -> str:
    """Return how it stood, signed, for the button that brings it back."""
    return signing.dumps(
        {
            "point": contact_point,
            "channels": sorted(before.channels),
            "unwanted": sorted(before.unwanted),
            "paused": before.paused_until.isoformat() if before.paused_until else "",
            "rhythm": str(before.rhythm),
            "language": before.language,
        },
        salt=_BEFORE,
    )


def before(*, contact_point: int, kept: str) -> Choices:
    """Return what was kept for undoing.

    Raises:
        BadToken: it is not ours, not of this address, or too old.
    """
    try:
        said = signing.loads(kept, salt=_BEFORE, max_age=BEFORE_SECONDS)
    except signing.BadSignature as error:
        raise BadToken(kept[:80]) from error
    if said["point"] != contact_point:
        raise BadToken(kept[:80])
    return Choices(
        channels=frozenset(said["channels"]),
        unwanted=frozenset(said["unwanted"]),
        paused_until=datetime.fromisoformat(said["paused"]) if said["paused"] else None,
        rhythm=said["rhythm"],
        language=said["language"],
    )
