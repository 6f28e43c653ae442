"""May we write to this person? Asked at the last moment, answered with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from customers import consent
from customers.consent import Answer
from customers.models import ConsentEntry, ContactPoint, Preference, Profile
from dxp.lib.kinds import UnknownKind
from journeys.channels.base import CHANNELS
from journeys.limit import limits
from journeys.models import Delivery, Message, Suppression

RHYTHMS = {
    Preference.Rhythm.WEEKLY: timedelta(days=7),
    Preference.Rhythm.MONTHLY: timedelta(days=30),
}
LONGEST = timedelta(days=60)
UTC = ZoneInfo("UTC")
WENT_OUT = (Delivery.State.SENDING, Delivery.State.SENT, Delivery.State.UNKNOWN)
_WORDS = {
    Answer.PAUSED: Delivery.Reason.PAUSED,
    Answer.TOPIC: Delivery.Reason.TOPIC,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: a message of this sort to this person.

    `topic` is a topic's slug, empty for none; `transactional` asks for no consent to marketing;
    `point` names the one address that it may go to, where it can be no other.
    """

    profile_id: int
    channel: str = "email"
    topic: str = ""
    transactional: bool = False
    point: int | None = None

    @classmethod
    def about(cls, message: Message, *, profile_id: int, point: int | None = None) -> Asked:
        """Return the question whether a message may go to a person, or to one address."""
        topic = message.topic.slug if message.topic else ""
        free = is_transactional(message)
        return cls(profile_id, message.channel, topic, free, point)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes with an address (None on a channel that needs none), or no with a reason.

    `reason` is one of `Delivery.Reason`; with `until` it is only "not now". `once`: the person
    wants so few messages that a second one of the same batch is one too many.
    """

    contact_point: ContactPoint | None
    reason: str = ""
    once: bool = False
    until: datetime | None = None

    def __bool__(self) -> bool:
        return not self.reason


def verdict(*, profile_id: int, message: Message, at: datetime, zone: ZoneInfo = UTC) -> Verdict:
    """Say whether a message would go to a person now: consent, suppression, quiet hours, caps."""
    asked = Asked.about(message, profile_id=profile_id)
    found = permit(asked=[asked], at=at)[asked]
    if not found or not is_limited(asked):
        return found
    traits = Profile.objects.values_list("traits", flat=True).get(pk=profile_id)
    held = limits(profile_ids=[profile_id], at=at, zone=zone).hold(
        profile_id=profile_id, channel=asked.channel, topic=asked.topic, traits=traits
    )
    return replace(found, reason=held.reason, until=held.until) if held else found


def is_transactional(message: Message) -> bool:
    """Say whether a person expects this message whatever they think of marketing."""
    expected = message.kind in {Message.Kind.CONFIRMATION, Message.Kind.STAFF}
    return expected or message.purpose == Message.Purpose.TRANSACTIONAL


def is_limited(asked: Asked) -> bool:
    """Say whether caps and quiet hours hold such a message."""
    return not asked.transactional and _kind(asked.channel)[2]


def permit(*, asked: Collection[Asked], at: datetime) -> dict[Asked, Verdict]:
    """Say of each whether it may go as far as the person and the address are concerned.

    Of several addresses the one that was seen first is taken, among those that allow it. Caps and
    quiet hours are not asked here.
    """
    points = _points(asked)
    ids = [point.pk for found in points.values() for point in found]
    refused = set(
        Suppression.objects.filter(contact_point__in=ids).values_list("contact_point_id", flat=True)
    )
    answers = {
        (contact, topic): consent.ask(
            contact_points=[one for (_who, via), found in points.items() if via == contact
                            for one in (point.pk for point in found)],
            purpose=ConsentEntry.Purpose.MARKETING, channel=contact, topic=topic, at=at,
        )
        for contact, topic in {
            (_kind(one.channel)[0], one.topic) for one in asked if _asks_consent(one)
        }
    }  # fmt: skip
    marketing = any(not one.transactional for one in asked)
    rhythm, full = _rhythm(ids, at) if marketing else (set(), set())
    return {
        one: _judge(one, points, answers, refused, rhythm, full)
        for one in asked
    }  # fmt: skip


def _kind(channel: str) -> tuple[str, bool, bool]:
    """Return a channel's sort of address, whether it asks for consent, and whether it disturbs."""
    try:
        kind = CHANNELS.get(channel)
    except UnknownKind:
        return channel, True, True
    return kind.contact, kind.asks_consent, kind.disturbs


def _asks_consent(asked: Asked) -> bool:
    contact, asks, _disturbs = _kind(asked.channel)
    return asks and bool(contact) and not asked.transactional


def _points(asked: Collection[Asked]) -> dict[tuple[int, str], list[ContactPoint]]:
    """Return everybody's addresses of the sorts that are asked for, the oldest first."""
    wanted = {(one.profile_id, _kind(one.channel)[0]) for one in asked}
    points: dict[tuple[int, str], list[ContactPoint]] = {key: [] for key in wanted}
    contacts = {contact for _profile, contact in wanted if contact}
    found = ContactPoint.objects.filter(
        channel__in=contacts, profile_id__in={profile for profile, _contact in wanted}
    ).order_by("first_seen_at", "pk")
    for point in found if contacts else ():
        if (point.profile_id, point.channel) in points:
            points[point.profile_id, point.channel].append(point)
    return points


def _rhythm(points: Sequence[int], at: datetime) -> tuple[set[int], set[int]]:
    """Return the addresses that asked for few messages, and those of them that had theirs."""
    newest = (
        Preference.objects
        .filter(contact_point__in=points)
        .order_by("contact_point_id", "-at", "-id")
        .distinct("contact_point_id")
        .values_list("contact_point_id", "rhythm")
    )
    limited = {
        point: RHYTHMS[Preference.Rhythm(rhythm)] for point, rhythm in newest if rhythm in RHYTHMS
    }
    if not limited:
        return set(), set()
    latest = Delivery.objects.filter(
        contact_point__in=list(limited), state__in=WENT_OUT, queued_at__gt=at - LONGEST,
        confirms=None, message__purpose=Message.Purpose.MARKETING,
    ).values_list("contact_point_id", "sent_at")  # fmt: skip
    full = {
        point
        for point, sent_at in latest
        if point is not None and (sent_at is None or sent_at > at - limited[point])
    }
    return set(limited), full


def _judge(
    asked: Asked,
    points: Mapping[tuple[int, str], Sequence[ContactPoint]],
    answers: Mapping[tuple[str, str], Mapping[int, Answer]],
    refused: Collection[int],
    rhythm: Collection[int],
    full: Collection[int],
) -> Verdict:
    contact = _kind(asked.channel)[0]
    if not contact:
        return Verdict(None)
    mine = [
        point
        for point in points[asked.profile_id, contact]
        if asked.point in {None, point.pk}
    ]  # fmt: skip
    if not mine:
        return Verdict(None, Delivery.Reason.NO_ADDRESS)
    willing = mine
    if _asks_consent(asked):
        said = answers[contact, asked.topic]
        willing = [point for point in mine if said[point.pk] is Answer.YES]
        if not willing:
            softer = [_WORDS[said[one.pk]] for one in mine if said[one.pk] in _WORDS]
            return Verdict(None, softer[0] if softer else Delivery.Reason.NO_CONSENT)
    reachable = [point for point in willing if point.pk not in refused]
    if not reachable:
        return Verdict(None, Delivery.Reason.SUPPRESSED)
    if asked.transactional:
        return Verdict(reachable[0])
    free = [point for point in reachable if point.pk not in full]
    if not free:
        return Verdict(None, Delivery.Reason.RHYTHM)
    return Verdict(free[0], once=free[0].pk in rhythm)
