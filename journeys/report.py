"""What providers and mail servers tell us later, written down once, with all that follows from it.

Whoever hears it (a provider's callback, a bounced mail, an answer to an SMS) makes `Told` of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db import transaction

from customers import append, consent
from customers.address import BadAddress, normal
from customers.consent import Answer
from customers.models import ConsentEntry, ContactPoint
from dxp.lib import rows
from journeys.channels.base import CHANNELS
from journeys.models import Delivery, Notice, Report, Suppression

Kind, State, Reason, Cause = Report.Kind, Delivery.State, Delivery.Reason, Suppression.Cause
# So many different messages came back for now within so long: the address is given up.
SOFT, SOFT_WITHIN = 5, timedelta(days=30)
# Why a message comes back although the address is fine: something about us, or about the message.
OURS = frozenset({
    "authfailure", "blocked", "contenterror", "exceedlimit", "mesgtoobig", "policyviolation",
    "requireptr", "securityerror", "spam", "spamdetected", "speeding", "virusdetected",
})  # fmt: skip
EVENTS = {
    Kind.DELIVERED: "Message Delivered",
    Kind.BOUNCED: "Message Bounced",
    Kind.COMPLAINED: "Message Complained",
    Kind.UNSUBSCRIBED: "Message Unsubscribed",
}
LEAVES = {Kind.COMPLAINED: "complaint", Kind.UNSUBSCRIBED: "unsubscribe"}


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news. `key` tells it from the same news told again.

    It is about a delivery, by our number or the provider's name for it, else about an address.
    `channel` matters only without a delivery.
    """

    key: str
    kind: str
    source: str
    at: datetime
    provider_id: str = ""
    delivery_id: int | None = None
    address: str = ""
    hard: bool = False
    reason: str = ""
    detail: str = ""
    channel: str = "email"


_WRITTEN = (
    "pk", "state", "reason", "detail", "provider_id", "sent_at", "delivered_at", "bounced_at",
)  # fmt: skip

About: TypeAlias = tuple[Told, Delivery | None, ContactPoint | None]


def report(*, told: Sequence[Told], at: datetime) -> int:
    """Write down news, once each, and act on it; return how many were new.

    A hard bounce, a refusal for good, a complaint, and an address that comes back again and again
    suppress; who complains or leaves withdraws consent. News about a delivery that was in doubt
    settles it. News about nobody we know is passed over.
    """
    about = _subjects([replace(one, key=one.key[:100], at=min(one.at, at)) for one in told])
    if not about:
        return 0
    with transaction.atomic():
        people = {one.profile_id for _, *both in about for one in both if one is not None}
        append.hold(profile_ids=[person for person in people if person is not None])
        news = [_News(*one) for one in _written(about)]
        if news:
            _withdraw(news, at)
            _settle(news)
            _suppress(news, at)
    return len(news)


@dataclass(slots=True)
class _News:
    """News that was not told before, with the delivery and the address it is about."""

    told: Told
    delivery: Delivery | None
    point: ContactPoint | None

    @property
    def channel(self) -> str:
        return self.delivery.channel if self.delivery else self.told.channel


def _subjects(told: Sequence[Told]) -> list[About]:
    """Return the news that is about somebody, the first of each key."""
    first: dict[str, Told] = {}
    for one in told:
        first.setdefault(one.key, one)
    deliveries = _deliveries(first.values())
    points = _points([one for one in first.values() if _delivery(one, deliveries) is None])
    about = []
    for _key, one in sorted(first.items()):
        delivery = _delivery(one, deliveries)
        point = delivery.contact_point if delivery else points.get(_address(one))
        if delivery is not None or point is not None:
            about.append((one, delivery, point))
    return about


def _delivery(told: Told, known: dict[Any, Delivery]) -> Delivery | None:
    if told.delivery_id is not None and told.delivery_id in known:
        return known[told.delivery_id]
    return known.get(told.provider_id.strip("<>")) if told.provider_id else None


def _deliveries(told: Iterable[Told]) -> dict[Any, Delivery]:
    """Return deliveries by their number and by what their provider calls them."""
    numbers = {one.delivery_id for one in told if one.delivery_id is not None}
    names = {one.provider_id.strip("<>") for one in told if one.provider_id}
    names |= {f"<{name}>" for name in names}
    with_all = Delivery.objects.select_related("message", "enrollment", "contact_point")
    found: dict[Any, Delivery] = {}
    for delivery in with_all.filter(provider_id__in=names).order_by("pk") if names else ():
        found[delivery.provider_id.strip("<>")] = delivery
    return found | with_all.in_bulk([number for number in numbers if 0 < number < 2**63])


def _points(told: Iterable[Told]) -> dict[tuple[str, str], ContactPoint]:
    wanted = {found for one in told if (found := _address(one))[1]}
    points = ContactPoint.objects.filter(value__in={value for _sort, value in wanted})
    return {(point.channel, point.value): point for point in points} if wanted else {}


def _address(told: Told) -> tuple[str, str]:
    """Return the sort of contact point that news is about, and its value; empty: none."""
    channel = CHANNELS.members.get(told.channel)
    sort = channel.contact if channel else told.channel
    if sort not in {ContactPoint.Channel.EMAIL, ContactPoint.Channel.PHONE}:
        return sort, told.address
    try:
        return sort, normal(channel=sort, address=told.address)
    except BadAddress:
        return sort, ""


def _written(about: Sequence[About]) -> list[About]:
    """Insert what was not told before, in one statement; leave out whoever was erased meanwhile."""
    alive = ContactPoint.objects.in_bulk({point.pk for _, _, point in about if point})
    kept = [(one, sent, alive.get(point.pk) if point else None) for one, sent, point in about]
    keys = [one.key for one, _, _ in kept]
    known = set(Report.objects.filter(key__in=keys).values_list("key", flat=True))
    fresh = [row for row in kept if row[0].key not in known and (row[1] or row[2])]
    # Whoever tells the same at this moment waits for the same person.
    Report.objects.bulk_create(
        [
            Report(
                key=one.key, kind=one.kind, hard=one.hard, reason=one.reason[:40],
                detail=one.detail[:500], source=one.source[:40], delivery=delivery,
                contact_point=point, at=one.at,
            )
            for one, delivery, point in fresh
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return fresh


def _settle(news: Sequence[_News]) -> None:
    """Write into deliveries what is known now: news about one in doubt proves that it went out."""
    wanted = [one.delivery.pk for one in news if one.delivery]
    found = Delivery.objects.select_for_update(of=["self"]).select_related("message", "enrollment")
    locked = {one.pk: one for one in found.filter(pk__in=wanted).order_by("pk")}
    notices = []
    for one in news:
        delivery = one.delivery = locked.get(one.delivery.pk) if one.delivery else None
        if delivery is None:
            continue
        outcome = _prove(delivery, one.told)
        if outcome and delivery.profile_id:
            notices.append(_notice(delivery, outcome, one.told.at))
        name = EVENTS.get(Kind(one.told.kind))
        # Of mail to colleagues nobody is told: it is about no customer.
        if name and delivery.profile_id:
            bounced = one.told.kind == Kind.BOUNCED
            more = {"hard": one.told.hard, "reason": one.told.reason} if bounced else {}
            notices.append(_notice(delivery, name, one.told.at, **more))
        if one.told.kind == Kind.DELIVERED:
            delivery.delivered_at = delivery.delivered_at or one.told.at
        elif one.told.kind == Kind.BOUNCED:
            delivery.bounced_at = delivery.bounced_at or one.told.at
            delivery.reason, delivery.detail = Reason.BOUNCED, one.told.detail[:500]
    _write(list(locked.values()))
    Notice.objects.bulk_create(notices)


def _write(deliveries: Sequence[Delivery]) -> None:
    # Not Django's own bulk update: providers tell a thousand at once.
    columns = [[getattr(one, name) for one in deliveries] for name in _WRITTEN]
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE journeys_delivery d SET state = t.state, reason = t.reason, "
            "detail = t.detail, provider_id = t.provider_id, sent_at = t.sent_at, "
            "delivered_at = t.delivered_at, bounced_at = t.bounced_at, "
            "lease_until = CASE WHEN d.state = t.state THEN d.lease_until END, "
            "mark_epoch = CASE WHEN d.state = t.state THEN d.mark_epoch ELSE '' END "
            "FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], "
            "%s::timestamptz[], %s::timestamptz[], %s::timestamptz[]) AS t(id, state, reason, "
            "detail, provider_id, sent_at, delivered_at, bounced_at) WHERE d.id = t.id",
            [rows.array(column) for column in columns],
        )


def _prove(delivery: Delivery, told: Told) -> str:
    """Settle a delivery by news about it; return the event that says so, if it changed."""
    tried = delivery.state in {State.SENDING, State.UNKNOWN} or (
        delivery.state == State.QUEUED and delivery.attempts > 0
    )
    refused = told.kind == Kind.REJECTED
    if not tried and not (refused and delivery.state == State.SENT):
        return ""
    delivery.provider_id = delivery.provider_id or told.provider_id[:200]
    if refused:
        delivery.state, delivery.reason = State.FAILED, Reason.REFUSED
        delivery.detail = told.detail[:500]
        return "Message Failed"
    delivery.state, delivery.reason, delivery.sent_at = State.SENT, "", told.at
    return "Message Sent"


def _notice(delivery: Delivery, name: str, at: datetime, **more: Any) -> Notice:
    """Return an event to be recorded later.

    Whoever settles this delivery may wait for the person while we wait for its event's key.
    """
    key = name.lower().replace(" ", "-")
    assert delivery.profile_id is not None
    return Notice(
        profile_id=delivery.profile_id, name=name, properties=delivery.about() | more,
        message_id=f"{key}:{delivery.pk}", at=at,
    )  # fmt: skip


def _suppress(news: Sequence[_News], at: datetime) -> None:
    """Never try again what will never work, and nobody who complained."""
    found: dict[int, tuple[str, str]] = {}
    soft = set()
    for one in news:
        if one.point is None:
            continue
        if one.told.kind == Kind.COMPLAINED:
            found[one.point.pk] = (Cause.COMPLAINED, one.told.detail)
        elif one.told.hard and one.told.kind in {Kind.BOUNCED, Kind.REJECTED}:
            cause = Cause.BOUNCED if one.told.kind == Kind.BOUNCED else Cause.REFUSED
            found.setdefault(one.point.pk, (cause, one.told.detail))
        elif one.told.kind == Kind.BOUNCED and one.told.reason not in OURS:
            soft.add(one.point.pk)
    for point in _given_up(soft, at):
        found.setdefault(point, (Cause.SOFT, ""))
    Suppression.objects.bulk_create(
        [
            Suppression(contact_point_id=point, cause=cause, detail=detail[:500], at=at)
            for point, (cause, detail) in sorted(found.items())
        ],
        ignore_conflicts=True,
    )


def _given_up(points: Iterable[int], at: datetime) -> list[int]:
    """Return the addresses from which message after message came back."""
    told = (
        Report.objects
        .filter(contact_point__in=points, kind=Kind.BOUNCED, at__gt=at - SOFT_WITHIN)
        .exclude(reason__in=OURS)
        .values_list("contact_point_id", "delivery_id", "pk")
    )
    different = {(point, delivery or -pk) for point, delivery, pk in told if point is not None}
    counts = Counter(point for point, _delivery in different)
    return [point for point, times in counts.items() if times >= SOFT]


def _withdraw(news: Sequence[_News], at: datetime) -> None:
    """Withdraw the consent of those who complained or left, where there was any."""
    marketing = ConsentEntry.Purpose.MARKETING
    leaving = {(one.point, one.channel): one.told for one in news if one.told.kind in LEAVES}
    for (point, channel), told in leaving.items():
        if point is None:
            continue
        answers = consent.ask(contact_points=[point.pk], purpose=marketing, channel=channel, at=at)
        if answers[point.pk] in {Answer.YES, Answer.PAUSED}:
            consent.record(
                purpose=marketing, channel=channel, state=ConsentEntry.State.WITHDRAWN,
                method=LEAVES[Kind(told.kind)], contact_point=point, evidence={"by": told.source},
                at=at,
            )  # fmt: skip
