"""The outbox: claim, hand over, settle; and what to make of a sender that died.

A delivery changes hands three times: claimed (one transaction, where consent is asked for the last
time), handed over (between two marks), settled (one transaction with its events). Whatever dies in
between leaves a lease, which the reaper reads together with the marks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.db import transaction

from customers import record
from customers.models import ContactPoint
from customers.record import New
from dxp.lib import ids
from journeys import mark, pace
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt
from journeys.channels.email import mime
from journeys.compose import House, compose, token, trial
from journeys.models import Delivery, Edition, Message, Sender, Suppression
from journeys.permit import Verdict, permit, permit_questions
from journeys.wording import Values

log = logging.getLogger(__name__)
BATCH = 100
# Longer than a batch may go on handing over plus the longest that one message can hang.
LEASE = timedelta(minutes=5)
HAND_OVER_SECONDS = 120.0
MOST_ATTEMPTS = 10
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
SLOW_DOWN = timedelta(seconds=30)

State, Reason = Delivery.State, Delivery.Reason


@dataclass(slots=True)
class Dispatched:
    """What one call did."""

    claimed: int = 0
    sent: int = 0
    skipped: int = 0
    failed: int = 0
    later: int = 0
    # The other side asked for patience: no use in calling again at once.
    throttled: bool = False


@dataclass(slots=True)
class Job:
    """A claimed delivery with all that is needed to send it."""

    delivery: Delivery
    edition: Edition
    contact_point: ContactPoint
    values: Values
    sender: str


def dispatch(*, channel: Adapter, house: House, at: datetime, limit: int = BATCH) -> Dispatched:
    """Send up to `limit` queued messages of each sender, as fast as the sender may."""
    total = Dispatched()
    waiting = (
        Delivery.objects
        .filter(state=State.QUEUED, due_at__lte=at)
        .order_by("sender_id")
        .values_list("sender_id", flat=True)
        .distinct()
    )
    for sender in Sender.objects.filter(pk__in=list(waiting)):
        key, rate = f"sender:{sender.pk}", sender.rate or house.rate
        granted = pace.take(key, rate=rate, want=limit)
        if not granted:
            total.throttled = True
            continue
        jobs, used = claim(sender=sender, house=house, at=at, limit=granted, done=total)
        if used < granted:
            pace.give_back(key, granted - used)
        if jobs:
            _hand_over(jobs, channel, house, at, total)
    return total


@transaction.atomic
def claim(
    *, sender: Sender, house: House, at: datetime, limit: int, done: Dispatched
) -> tuple[list[Job], int]:
    """Take queued deliveries and ask for the last time whether they may go.

    Returns:
        What may go, with a lease on it, and how many tokens that uses.
    """
    queued = list(
        Delivery.objects
        .select_for_update(skip_locked=True, of=("self",))
        .select_related(
            "message__current",
            "message__topic",
            "profile",
            "enrollment",
            "contact_point",
        )
        .filter(sender=sender, state=State.QUEUED, due_at__lte=at)
        .order_by("due_at", "pk")[:limit]
    )
    verdicts = _verdicts(queued, at)
    epoch = mark.epoch() if queued else ""
    jobs: list[Job] = []
    served: set[int] = set()
    for delivery, verdict in zip(queued, verdicts, strict=True):
        edition = delivery.message.current
        reason = verdict.reason
        if verdict.once and delivery.profile_id in served:
            reason = Reason.RHYTHM
        if delivery.expires_at <= at:
            reason = Reason.EXPIRED
        elif edition is None:
            reason = Reason.NO_EDITION
        if reason or edition is None or verdict.contact_point is None:
            delivery.state, delivery.reason = State.SKIPPED, reason
            continue
        served.add(delivery.profile_id)
        delivery.state, delivery.lease_until = State.SENDING, at + LEASE
        delivery.edition, delivery.contact_point = edition, verdict.contact_point
        delivery.mark_epoch, delivery.attempts = epoch, delivery.attempts + 1
        traits = {"email": verdict.contact_point.shown} | delivery.profile.traits
        run = delivery.enrollment
        values = Values(traits, (run.entry or {}).get("event") or {} if run else {})
        # Spares a question each: what is sent reads its channel there.
        edition.message = delivery.message
        who = sender.address or house.sender
        jobs.append(Job(delivery, edition, verdict.contact_point, values, who))
    Delivery.objects.bulk_update(
        queued,
        ["state", "reason", "lease_until", "edition", "contact_point", "mark_epoch", "attempts"],
    )
    done.claimed += len(queued)
    done.skipped += len(queued) - len(jobs)
    return jobs, len(jobs)


def _verdicts(queued: Sequence[Delivery], at: datetime) -> list[Verdict]:
    """Ask of each delivery whether it may go: questions to an address by another rule than news."""
    news = permit(asked={_asked(one) for one in queued if not one.confirms_id}, at=at)
    questions = permit_questions(points=[one.contact_point for one in queued if one.confirms_id])
    return [
        questions[one.contact_point_id] if one.confirms_id else news[_asked(one)] for one in queued
    ]


def _asked(delivery: Delivery) -> tuple[int, str]:
    topic = delivery.message.topic
    return delivery.profile_id, topic.slug if topic else ""


class _HandOver:
    """The parcels of a batch, each marked when the channel takes it, and the answers so far."""

    def __init__(self, jobs: Sequence[Job], house: House, at: datetime) -> None:
        self.jobs, self.house, self.at = jobs, house, at
        self.marks = mark.Marks()
        self.marking = bool(jobs[0].delivery.mark_epoch)
        self.stopped = False
        self.until = time.monotonic() + HAND_OVER_SECONDS
        self.receipts: dict[int, Receipt] = {}

    def parcels(self) -> Iterator[Parcel]:
        for number, job in enumerate(self.jobs):
            if self.stopped or time.monotonic() > self.until:
                return
            content = compose(
                edition=job.edition,
                values=job.values,
                recipient=job.contact_point.shown,
                sender=job.sender,
                delivery=job.delivery.pk,
                contact_point=job.contact_point.pk,
                house=self.house,
                at=job.delivery.queued_at,
                confirms=job.delivery.confirms_id,
            )
            self._mark(number, job.delivery.pk)
            sender = mime.address_of(job.sender)
            name = token(delivery=job.delivery.pk)
            yield Parcel(job.delivery.pk, sender, job.contact_point.shown, content, name)

    def _mark(self, number: int, delivery: int) -> None:
        if not self.marking:
            return
        try:
            self.marks.trying(delivery)
        except redis.RedisError as error:
            log.warning("No more marks in this batch: %s", error)
            self.marking = False
            rest = [job.delivery.pk for job in self.jobs[number:]]
            # From here on the reaper must know that silence proves nothing.
            Delivery.objects.filter(pk__in=rest, state=State.SENDING).update(mark_epoch="")

    def take(self, receipt: Receipt) -> None:
        """Keep an answer, and stop when the other side asks for patience."""
        self.receipts[receipt.key] = receipt
        sign = "ok" if receipt.outcome is Outcome.OK else "no"
        self.marks.answered(receipt.key, f"{sign}:{receipt.detail}")
        self.stopped = self.stopped or receipt.outcome is Outcome.THROTTLED


def _hand_over(
    jobs: Sequence[Job], channel: Adapter, house: House, at: datetime, total: Dispatched
) -> None:
    work = _HandOver(jobs, house, at)
    for receipt in channel.send(work.parcels()):
        work.take(receipt)
    _settle(jobs, work.receipts, at, total)


@transaction.atomic
def _settle(
    jobs: Sequence[Job], receipts: dict[int, Receipt], at: datetime, total: Dispatched
) -> None:
    """Write down how a batch went, with its events and the addresses that were refused.

    Events first: they lock the people, and whoever merges people locks them before deliveries too.
    """
    events, refused = [], []
    throttled = any(one.outcome is Outcome.THROTTLED for one in receipts.values())
    total.throttled = total.throttled or throttled
    for job in jobs:
        receipt = receipts.get(job.delivery.pk)
        job.delivery.lease_until = None
        job.delivery.mark_epoch = ""
        _judge(job.delivery, receipt, at, throttled=throttled)
        if job.delivery.state == State.SENT:
            total.sent += 1
            events.append(_event(job, "Message Sent", at))
        elif job.delivery.state == State.FAILED:
            total.failed += 1
            events.append(_event(job, "Message Failed", at))
        else:
            total.later += 1
        if receipt and receipt.recipient_refused:
            refused.append(
                Suppression(
                    contact_point=job.contact_point,
                    cause=Suppression.Cause.REFUSED,
                    detail=receipt.detail,
                    at=at,
                )
            )
    record.events(events, at=at)
    ours = [job.delivery.pk for job in jobs]
    # The reaper may have been faster with UNKNOWN; an answer in hand is better.
    open_still = set(
        Delivery.objects
        .select_for_update()
        .filter(pk__in=ours, state__in=[State.SENDING, State.UNKNOWN])
        .values_list("pk", flat=True)
    )
    Delivery.objects.bulk_update(
        [job.delivery for job in jobs if job.delivery.pk in open_still],
        [
            "state", "reason", "detail", "attempts", "due_at", "lease_until", "mark_epoch",
            "sent_at",
        ],
    )  # fmt: skip
    Suppression.objects.bulk_create(refused, ignore_conflicts=True)


def _judge(delivery: Delivery, receipt: Receipt | None, at: datetime, *, throttled: bool) -> None:
    """Say in a claimed delivery what its answer means; without one it was not handed over."""
    delivery.detail = receipt.detail if receipt else ""
    outcome = receipt.outcome if receipt else Outcome.THROTTLED
    if outcome is Outcome.OK:
        delivery.state, delivery.sent_at = State.SENT, at
    elif outcome is Outcome.PERMANENT:
        delivery.state, delivery.reason = State.FAILED, Reason.REFUSED
    elif outcome is Outcome.UNKNOWN:
        delivery.state, delivery.reason = State.UNKNOWN, Reason.NO_RECEIPT
    elif outcome is Outcome.THROTTLED:
        # Nobody looked at this message: no attempt is counted.
        delivery.state, delivery.attempts = State.QUEUED, delivery.attempts - 1
        delivery.due_at = at + SLOW_DOWN if throttled else at
    elif delivery.attempts >= MOST_ATTEMPTS:
        delivery.state, delivery.reason = State.FAILED, Reason.GAVE_UP
    else:
        delivery.state, delivery.due_at = State.QUEUED, at + _pause(delivery)


def _pause(delivery: Delivery) -> timedelta:
    """Return how long a temporary error waits: doubling up to an hour, spread by a fifth."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(delivery.attempts - 1, 10)
    spread = 0.8 + 0.4 * ids.bucket(f"retry:{delivery.attempts}", delivery.pk) / 10_000
    return min(doubled, LONGEST_RETRY) * spread


def _event(job: Job, name: str, at: datetime) -> New:
    delivery = job.delivery
    key = {"Message Sent": "message-sent", "Message Failed": "message-failed"}[name]
    return New(
        profile_id=delivery.profile_id,
        name=name,
        properties=delivery.about(),
        at=at,
        message_id=f"{key}:{delivery.pk}",
    )


def reap(*, at: datetime, limit: int = 1000) -> dict[str, int]:
    """Settle deliveries whose sender died, by their marks; return how many ended how.

    Answered: as answered. Never tried: back into the queue. Tried without an answer, or a Redis
    that forgot: unknown, and not sent again, because nobody wants the same advertisement twice.
    """
    found = {"sent": 0, "queued": 0, "unknown": 0}
    with transaction.atomic():
        over = list(
            Delivery.objects
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("message", "enrollment")
            .filter(state=State.SENDING, lease_until__lt=at)
            .order_by("lease_until")[:limit]
        )
        if not over:
            return found
        epoch = mark.epoch()
        try:
            marks = mark.read([delivery.pk for delivery in over])
        except redis.RedisError:
            # Redis is away for now: its memory may come back with it.
            return found
        for delivery in over:
            known = bool(delivery.mark_epoch) and delivery.mark_epoch == epoch
            found[_reap(delivery, marks.get(delivery.pk, ""), known, at)] += 1
        Delivery.objects.bulk_update(
            over,
            ["state", "reason", "detail", "due_at", "lease_until", "mark_epoch", "sent_at"],
        )
    _tell_reaped([delivery for delivery in over if delivery.state == State.SENT], at)
    return found


def _reap(delivery: Delivery, marked: str, known: bool, at: datetime) -> str:
    delivery.lease_until, delivery.mark_epoch = None, ""
    if marked.startswith("ok:"):
        delivery.state, delivery.sent_at, delivery.detail = State.SENT, at, marked[3:500]
        return "sent"
    if known and (not marked or marked.startswith("no:")):
        delivery.state, delivery.due_at, delivery.detail = State.QUEUED, at, marked[3:500]
        return "queued"
    delivery.state, delivery.reason = State.UNKNOWN, Reason.NO_RECEIPT
    return "unknown"


def _tell_reaped(sent: Sequence[Delivery], at: datetime) -> None:
    record.events(
        [
            New(
                profile_id=delivery.profile_id,
                name="Message Sent",
                properties=delivery.about(),
                at=at,
                message_id=f"message-sent:{delivery.pk}",
            )
            for delivery in sent
        ],
        at=at,
    )


def send_test(
    *, message: Message, address: str, channel: Adapter, house: House, at: datetime
) -> Receipt:
    """Send a message's draft to a colleague, filled for a sample person; nothing is counted."""
    sender = message.sender.address or house.sender
    content = trial(message=message, recipient=address, sender=sender, house=house, at=at)
    return next(iter(channel.send([Parcel(0, mime.address_of(sender), address, content)])))
