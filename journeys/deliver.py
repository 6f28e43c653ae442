"""Hand a claimed batch over: each message between two marks, over as many lines as it takes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any

import redis
from django.db import connections

from journeys import mark, ways
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt, Unusable
from journeys.claim import Claimed, Job
from journeys.compose import House, compose, token
from journeys.links import return_path
from journeys.models import Delivery, Sender

log = logging.getLogger(__name__)
State = Delivery.State
# How a sender opens its way out; tests and rehearsals bring their own.
Ways = Callable[[Sender, House], Adapter]
# Who answers later than this is far away, and is asked over several connections at once.
NEAR_SECONDS = 0.005
# How long a message took last, by sender: this process's own experience.
_took: dict[int, float] = {}


class Batch:
    """What is handed over together, and what is known of it so far."""

    def __init__(self, claimed: Claimed, house: House, at: datetime, *, until: float) -> None:
        self.jobs, self.lease = claimed.jobs, claimed.lease
        self.house, self.at, self.until = house, at, until
        self.stop = threading.Event()
        self.receipts: dict[int, Receipt] = {}
        self.broken: dict[int, str] = {}
        self.health = ways.Health()
        self.lock = threading.Lock()

    @property
    def answers(self) -> dict[int, str]:
        """The answers as marks tell them."""
        told = {pk: _answer(receipt) for pk, receipt in self.receipts.items()}
        return {pk: answer for pk, answer in told.items() if answer}

    def take(self, receipt: Receipt) -> None:
        """Keep an answer, and stop when the other side asks for patience or fails and fails."""
        with self.lock:
            self.receipts[receipt.key] = receipt
            worked = receipt.outcome is Outcome.OK or receipt.recipient_refused
            self.health.saw(worked=worked, detail=receipt.detail)
            if receipt.outcome is Outcome.THROTTLED:
                self.health.retry_after = receipt.retry_after
                self.stop.set()
            if self.health.streak >= ways.OPENS:
                self.stop.set()


def deliver(batch: Batch, *, sender: Sender, adapter: Adapter, channels: Ways) -> None:
    """Hand over all that there is time for."""
    began = time.monotonic()
    number = _connections(sender, batch)
    if number == 1:
        _Line(batch, batch.jobs).run(adapter)
    else:
        parts = [batch.jobs[place::number] for place in range(number)]
        list(_crew(os.getpid()).map(lambda jobs: _beside(batch, jobs, sender, channels), parts))
    done = len(batch.receipts) / number
    if done >= 1:
        _took[sender.pk] = (time.monotonic() - began) / done


def _connections(sender: Sender, batch: Batch) -> int:
    wanted = int(_took.get(sender.pk, 0.0) / NEAR_SECONDS) + 1
    return max(1, min(wanted, batch.house.connections, len(batch.jobs)))


@lru_cache(maxsize=1)
def _crew(process: int) -> ThreadPoolExecutor:
    """Return this process's threads; each keeps its connections open (`ways`)."""
    return ThreadPoolExecutor(64, thread_name_prefix=f"deliver-{process}")


def _beside(batch: Batch, jobs: Sequence[Job], sender: Sender, channels: Ways) -> None:
    try:
        _Line(batch, jobs).run(channels(sender, batch.house))
    except Unusable as error:
        log.warning("One more connection can't be opened: %s", error)
    finally:
        # Those of this thread, if an adapter asked for one.
        connections.close_all()


class _Line:
    """Messages that go one after the other over one connection."""

    def __init__(self, batch: Batch, jobs: Sequence[Job]) -> None:
        self.batch, self.jobs = batch, jobs
        self.marks = mark.Marks(batch.lease)
        self.marking = not batch.lease.startswith(".")
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
                self._take(Receipt(self.trying, Outcome.UNKNOWN, type(error).__name__))
        finally:
            self.marks.close()

    def _take(self, receipt: Receipt) -> None:
        self.trying = None
        self.batch.take(receipt)
        if answer := _answer(receipt):
            self.marks.answered(receipt.key, answer)

    def _parcels(self) -> Iterator[Parcel]:
        house = self.batch.house
        for number, job in enumerate(self.jobs):
            if self.batch.stop.is_set():
                return
            try:
                content = self._compose(job)
            except Exception as error:
                # One message that can't be filled keeps nobody else's from going.
                log.exception("Delivery %s can't be composed", job.id)
                self.batch.broken[job.id] = f"{type(error).__name__}: {error}"
                continue
            if time.monotonic() > self.batch.until or not self._mark(number, job.id):
                return
            self.trying = job.id
            name = token(delivery=job.id)
            sender = return_path(sender=job.sender, name=name, house=house)
            yield Parcel(job.id, sender, job.recipient, content, name)

    def _compose(self, job: Job) -> Any:
        if job.edition is None:
            return job.mail
        return compose(
            edition=job.edition,
            values=job.values,
            recipient=job.recipient,
            sender=job.sender,
            delivery=job.id,
            contact_point=job.contact_point_id,
            house=self.batch.house,
            at=job.queued_at,
            confirms=job.confirms_id,
        )

    def _mark(self, number: int, delivery: int) -> bool:
        """Leave the mark; return False if our lease is over, by which the rest is somebody's."""
        if not self.marking:
            return True
        lease = self.batch.lease
        try:
            return self.marks.trying(delivery)
        except redis.RedisError as error:
            log.warning("No more marks in this batch: %s", error)
            self.marking = False
            rest = [job.id for job in self.jobs[number:]]
            # From here on the reaper must know that silence proves nothing.
            left = Delivery.objects.filter(pk__in=rest, state=State.SENDING, mark_epoch=lease)
            return left.update(mark_epoch=mark.without_marks(lease)) == len(rest)


def _answer(receipt: Receipt) -> str:
    """Return an answer as its mark tells it; a doubt is told by silence."""
    if receipt.outcome is Outcome.UNKNOWN:
        return ""
    return f"{'ok' if receipt.outcome is Outcome.OK else 'no'}:{receipt.detail}"
