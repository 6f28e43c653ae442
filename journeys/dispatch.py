"""The outbox: claim, hand over, settle.

A delivery changes hands three times: claimed (one transaction, where consent is asked for the last
time), handed over (between two marks), settled (one transaction with its events). Whatever dies in
between leaves a lease, which the reaper reads together with the marks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from journeys import announce, mark, pace, settle, ways
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt, Unusable
from journeys.channels.email import mime
from journeys.claim import Claimed, Job, claim
from journeys.compose import House, compose, token, trial
from journeys.links import return_path
from journeys.models import Delivery, Message, Sender

log = logging.getLogger(__name__)
BATCH = 100
HAND_OVER_SECONDS = 120.0
State = Delivery.State
# How a sender opens its way out; tests and rehearsals bring their own.
Ways = Callable[[Sender, House], Adapter]


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


def dispatch(
    *, house: House, at: datetime, limit: int = BATCH, channels: Ways = ways.open_way
) -> Dispatched:
    """Send up to `limit` queued messages of each sender, as fast as the sender may."""
    total = Dispatched()
    for sender in ways.with_work(at=at):
        _dispatch(sender, house, at, limit, channels, total)
    if total.sent or total.failed:
        announce.announce(at=at)
    return total


def _dispatch(
    sender: Sender, house: House, at: datetime, limit: int, channels: Ways, total: Dispatched
) -> None:
    began = time.monotonic()
    try:
        adapter = channels(sender, house)
    except Unusable as error:
        log.warning("The sender %s can't be used: %s", sender.name, error)
        ways.rest_of(sender, str(error), at=at)
        total.throttled = True
        return
    limit = ways.may_take(sender, limit, at=at)
    key, rate = f"sender:{sender.pk}", sender.rate or house.rate
    granted = pace.take(key, rate=rate, want=limit, burst=sender.burst) if limit else 0
    if not granted:
        total.throttled = True
        return
    done = claim(sender=sender, house=house, at=at, limit=granted)
    if len(done.jobs) < granted:
        pace.give_back(key, granted - len(done.jobs))
    total.claimed += done.looked
    total.skipped += done.skipped
    if not done.jobs:
        if sender.failures >= ways.OPENS:
            # The trial did not take place.
            ways.learn(sender, ways.Health(), at=at)
        return
    work = HandOver(done, house, at, until=began + HAND_OVER_SECONDS)
    try:
        work.run(adapter)
        _finish(sender, work, adapter, total)
    finally:
        work.marks.close()


def _finish(sender: Sender, work: HandOver, adapter: Adapter, total: Dispatched) -> None:
    try:
        found = settle.settle(
            jobs=work.jobs, lease=work.lease, receipts=work.receipts, broken=work.broken,
            idempotent=adapter.idempotent, at=work.at,
        )  # fmt: skip
    except BaseException:
        # The reaper reads what we know.
        work.marks.flush()
        raise
    work.marks.drop()
    total.sent += found.sent
    total.failed += found.failed
    total.later += found.later
    slow = any(one.outcome is Outcome.THROTTLED for one in work.receipts.values())
    total.throttled = total.throttled or slow or work.stopped
    ways.learn(sender, work.health, at=work.at)
    pace.adapt(f"sender:{sender.pk}", slower=slow)


class HandOver:
    """The parcels of a batch, each marked when the channel takes it, and the answers so far."""

    def __init__(self, claimed: Claimed, house: House, at: datetime, *, until: float) -> None:
        self.jobs, self.lease = claimed.jobs, claimed.lease
        self.house, self.at, self.until = house, at, until
        self.marks = mark.Marks(claimed.lease)
        self.marking = not claimed.lease.startswith(".")
        self.stopped = False
        self.receipts: dict[int, Receipt] = {}
        self.broken: dict[int, str] = {}
        self.health = ways.Health()
        self.trying: int | None = None

    def run(self, adapter: Adapter) -> None:
        """Hand over, one parcel after the other."""
        try:
            for receipt in adapter.send(self._parcels()):
                self._take(receipt)
        except Exception as error:
            # An adapter must not raise; one that does anyway keeps nobody from settling.
            log.exception("An adapter broke down")
            if self.trying is not None:
                self._take(Receipt(self.trying, Outcome.UNKNOWN, f"{type(error).__name__}"))

    def _parcels(self) -> Iterator[Parcel]:
        for number, job in enumerate(self.jobs):
            if self.stopped:
                return
            try:
                content = self._compose(job)
            except Exception as error:
                # One message that can't be filled keeps nobody else's from going.
                log.exception("Delivery %s can't be composed", job.id)
                self.broken[job.id] = f"{type(error).__name__}: {error}"
                continue
            if time.monotonic() > self.until or not self._mark(number, job.id):
                return
            self.trying = job.id
            name = token(delivery=job.id)
            sender = return_path(sender=job.sender, name=name, house=self.house)
            yield Parcel(job.id, sender, job.recipient, content, name)

    def _compose(self, job: Job) -> Any:
        return compose(
            edition=job.edition,
            values=job.values,
            recipient=job.recipient,
            sender=job.sender,
            delivery=job.id,
            contact_point=job.contact_point_id,
            house=self.house,
            at=job.queued_at,
            confirms=job.confirms_id,
        )

    def _mark(self, number: int, delivery: int) -> bool:
        """Leave the mark; return False if our lease is over, by which the rest is somebody's."""
        if not self.marking:
            return True
        try:
            return self.marks.trying(delivery)
        except redis.RedisError as error:
            log.warning("No more marks in this batch: %s", error)
            self.marking = False
            rest = [job.id for job in self.jobs[number:]]
            # From here on the reaper must know that silence proves nothing.
            left = Delivery.objects.filter(pk__in=rest, state=State.SENDING, mark_epoch=self.lease)
            return left.update(mark_epoch=mark.without_marks(self.lease)) == len(rest)

    def _take(self, receipt: Receipt) -> None:
        """Keep an answer, and stop when the other side asks for patience or fails and fails."""
        self.receipts[receipt.key] = receipt
        self.trying = None
        sign = "ok" if receipt.outcome is Outcome.OK else "no"
        if receipt.outcome is not Outcome.UNKNOWN:
            self.marks.answered(receipt.key, f"{sign}:{receipt.detail}")
        worked = receipt.outcome is Outcome.OK or receipt.recipient_refused
        self.health.saw(worked=worked, detail=receipt.detail)
        if receipt.outcome is Outcome.THROTTLED:
            self.health.retry_after = receipt.retry_after
            self.stopped = True
        self.stopped = self.stopped or self.health.streak >= ways.OPENS


def send_test(
    *, message: Message, address: str, house: House, at: datetime, channels: Ways = ways.make
) -> Receipt:
    """Send a message's draft to a colleague, filled for a sample person; nothing is counted.

    Raises:
        Unusable: the message's sender can't be used.
    """
    sender = message.sender.address or house.sender
    content = trial(message=message, recipient=address, sender=sender, house=house, at=at)
    adapter = channels(message.sender, house)
    try:
        return next(iter(adapter.send([Parcel(0, mime.address_of(sender), address, content)])))
    finally:
        adapter.close()
