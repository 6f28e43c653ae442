"""The worker's doors: look, and do what is there. They carry no state and may be lost."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from customers import compute as computing
from customers import consent as ledger
from customers import erase as erasing
from customers import fold as folding
from customers import ingest, redefine, retain, segment
from customers import partitions as parts
from customers import prove as proving
from customers import retry as retrying
from customers import split as splitting
from dxp.lib import clock, hints

log = logging.getLogger(__name__)
FOLD = "customers.tasks.fold"
SWEEP = "customers.tasks.sweep"
FILL = "customers.tasks.fill"
COMPUTE = "customers.tasks.compute"
ERASE = "customers.tasks.erase"
RETRY = "customers.tasks.retry"
PATIENCE = 2.0
AHEAD = timedelta(days=40)
REPEATS_FOR = timedelta(days=1)


@shared_task(name=FOLD)
def fold() -> None:
    """Fold what waits; after two seconds let other tasks run and come back."""
    until = time.monotonic() + PATIENCE
    while folding.fold(at=clock.now(), wait=False):
        if time.monotonic() > until:
            hints.now(FOLD)
            return


@shared_task(name=SWEEP)
def sweep() -> None:
    """Move the people whom time moves; after two seconds let other tasks run."""
    until = time.monotonic() + PATIENCE
    while segment.sweep(at=clock.now()):
        if time.monotonic() > until:
            hints.now(SWEEP)
            return


@shared_task(name=FILL)
def fill() -> None:
    """Fill the segments whose older events have to be counted first."""
    segment.compute_waiting(at=clock.now())


@shared_task(name=COMPUTE)
def compute() -> None:
    """Count the traits that are new, changed or due; after two seconds let other tasks run."""
    until = time.monotonic() + PATIENCE
    while (
        computing.refresh(at=clock.now())
        or computing.advance(at=clock.now())
        or redefine.advance(at=clock.now())
    ):
        if time.monotonic() > until:
            hints.now(COMPUTE)
            return


@shared_task(name=RETRY)
def retry() -> None:
    """Try rejected events again where somebody asked for it; hand over after two seconds."""
    until = time.monotonic() + PATIENCE
    while retrying.step(at=clock.now()):
        hints.now(FOLD)
        if time.monotonic() > until:
            hints.now(RETRY)
            return


@shared_task(name="customers.tasks.cut_blocked")
def cut_blocked() -> None:
    """Undo the links of names that were blocked by themselves."""
    splitting.cut_blocked(at=clock.now())


@shared_task(name="customers.tasks.reconcile")
def reconcile() -> None:
    """Ask everybody about every segment once a day, and repair what had drifted."""
    segment.reconcile(at=clock.now())


@shared_task(name="customers.tasks.consents")
def consents() -> None:
    """Write down which permissions ended by time, then verify the ledger."""
    now = clock.now()
    ledger.expire(at=now)
    audit = proving.verify(at=now)
    if audit.broken_id is not None:
        log.error("The ledger of consents is broken at entry %s. %s", audit.broken_id, audit.words)


@shared_task(name="customers.tasks.partitions")
def partitions() -> None:
    """Have next month's part ready, and forget yesterday's copies."""
    now = clock.now()
    parts.ensure(moments=[now, now + AHEAD])
    ingest.forget_repeats(before=now - REPEATS_FOR)


@shared_task(name=ERASE)
def erase() -> None:
    """Forget those who asked for it, also where an earlier try died."""
    erasing.work(at=clock.now())


@shared_task(name="customers.tasks.prune")
def prune() -> None:
    """Remove what is too old, once a day."""
    retain.prune(at=clock.now(), default_days=settings.EVENT_KEEP_DAYS)
