"""The outbox: claim, hand over, settle.

A delivery changes hands three times: claimed (one transaction, where consent is asked for the last
time), handed over (between two marks), settled (one transaction with its events). Whatever dies in
between leaves a lease, which the reaper reads together with the marks.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from journeys import announce, mark, pace, settle, ways
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt, Unusable
from journeys.channels.email import mime
from journeys.claim import claim
from journeys.compose import House, trial
from journeys.deliver import Batch, Ways, deliver
from journeys.models import Message, Sender

log = logging.getLogger(__name__)
# A batch costs some forty questions to the database, whatever its size.
BATCH = 250
HAND_OVER_SECONDS = 120.0


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
    work = Batch(done, house, at, until=began + HAND_OVER_SECONDS)
    deliver(work, sender=sender, adapter=adapter, channels=channels)
    _finish(sender, work, adapter, total)


def _finish(sender: Sender, work: Batch, adapter: Adapter, total: Dispatched) -> None:
    try:
        found = settle.settle(
            jobs=work.jobs, lease=work.lease, receipts=work.receipts, broken=work.broken,
            idempotent=adapter.idempotent, at=work.at,
        )  # fmt: skip
    except BaseException:
        # The reaper reads what we know.
        mark.Marks(work.lease).tell(work.answers)
        raise
    mark.Marks(work.lease).drop()
    total.sent += found.sent
    total.failed += found.failed
    total.later += found.later
    slow = any(one.outcome is Outcome.THROTTLED for one in work.receipts.values())
    total.throttled = total.throttled or slow or work.stop.is_set()
    ways.learn(sender, work.health, at=work.at)
    pace.adapt(f"sender:{sender.pk}", slower=slow)


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
