"""May we write to this person? Asked at the last moment, answered with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from customers import consent
from customers.consent import Answer
from customers.models import ConsentEntry, ContactPoint, Preference
from journeys.models import Delivery, Suppression

RHYTHMS = {
    Preference.Rhythm.WEEKLY: timedelta(days=7),
    Preference.Rhythm.MONTHLY: timedelta(days=30),
}
LONGEST = timedelta(days=60)
WENT_OUT = (Delivery.State.SENDING, Delivery.State.SENT, Delivery.State.UNKNOWN)
_WORDS = {
    Answer.PAUSED: Delivery.Reason.PAUSED,
    Answer.TOPIC: Delivery.Reason.TOPIC,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes with an address, or no with a reason of `Delivery.Reason`.

    `once`: the person wants so few messages that a second one of the same batch is one too many.
    """

    contact_point: ContactPoint | None
    reason: str = ""
    once: bool = False


def permit(
    *, asked: Collection[tuple[int, str]], at: datetime, channel: str = "email"
) -> dict[tuple[int, str], Verdict]:
    """Say for each (person, topic) where we may send a marketing message, or why we may not.

    Of several addresses the one that was seen first is taken, among those that allow it.

    Args:
        asked: profiles, each with the topic of a message; empty: none.
        at: the moment.
        channel: how the messages go.
    """
    points: dict[int, list[ContactPoint]] = {profile: [] for profile, _topic in asked}
    for point in ContactPoint.objects.filter(channel=channel, profile_id__in=points).order_by(
        "first_seen_at", "pk"
    ):
        points[point.profile_id].append(point)
    ids = [point.pk for found in points.values() for point in found]
    answers = {
        topic: consent.ask(
            contact_points=ids, purpose=ConsentEntry.Purpose.MARKETING, channel=channel,
            topic=topic, at=at,
        )
        for topic in {topic for _profile, topic in asked}
    }  # fmt: skip
    refused = set(
        Suppression.objects.filter(contact_point__in=ids).values_list("contact_point_id", flat=True)
    )
    rhythm, full = _rhythm(ids, at)
    return {
        (profile, topic): _judge(points[profile], answers[topic], refused, rhythm, full)
        for profile, topic in asked
    }


def permit_questions(*, points: Sequence[ContactPoint | None]) -> dict[int | None, Verdict]:
    """Say for each address whether we may ask it to confirm: not where it was refused before.

    Nobody consented yet, which is what is asked; so no consent is needed and no pause counts.
    """
    ids = [point.pk for point in points if point is not None]
    refused = set(
        Suppression.objects.filter(contact_point__in=ids).values_list("contact_point_id", flat=True)
    )
    verdicts: dict[int | None, Verdict] = {None: Verdict(None, Delivery.Reason.NO_ADDRESS)}
    for point in points:
        if point is not None:
            no = Delivery.Reason.SUPPRESSED if point.pk in refused else ""
            verdicts[point.pk] = Verdict(point, no)
    return verdicts


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
        contact_point__in=list(limited), state__in=WENT_OUT, queued_at__gt=at - LONGEST
    ).values_list("contact_point_id", "sent_at")
    full = {
        point
        for point, sent_at in latest
        if point is not None and (sent_at is None or sent_at > at - limited[point])
    }
    return set(limited), full


def _judge(
    points: Sequence[ContactPoint],
    answers: Mapping[int, Answer],
    refused: Collection[int],
    rhythm: Collection[int],
    full: Collection[int],
) -> Verdict:
    if not points:
        return Verdict(None, Delivery.Reason.NO_ADDRESS)
    willing = [point for point in points if answers[point.pk] is Answer.YES]
    if not willing:
        softer = [_WORDS[answers[one.pk]] for one in points if answers[one.pk] in _WORDS]
        return Verdict(None, softer[0] if softer else Delivery.Reason.NO_CONSENT)
    reachable = [point for point in willing if point.pk not in refused]
    if not reachable:
        return Verdict(None, Delivery.Reason.SUPPRESSED)
    free = [point for point in reachable if point.pk not in full]
    if not free:
        return Verdict(None, Delivery.Reason.RHYTHM)
    return Verdict(free[0], once=free[0].pk in rhythm)
