"""The worker's doors: look, and do what is there. They carry no state and may be lost."""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.db import connection

from customers import fold as folding
from customers import partitions as parts
from customers import segment
from dxp.lib import clock, hints

FOLD = "customers.tasks.fold"
SWEEP = "customers.tasks.sweep"
PATIENCE = 2.0
SEEN_FOR = timedelta(days=30)
AHEAD = timedelta(days=40)


@shared_task(name=FOLD)
def fold() -> None:
    """Fold what waits; after two seconds let other tasks run and come back."""
    hints.looking(FOLD)
    until = time.monotonic() + PATIENCE
    while folding.fold(at=clock.now(), wait=False):
        if time.monotonic() > until:
            hints.now(FOLD)
            return


@shared_task(name=SWEEP)
def sweep() -> None:
    """Move the people whom time moves; after two seconds let other tasks run."""
    hints.looking(SWEEP)
    until = time.monotonic() + PATIENCE
    while segment.sweep(at=clock.now()):
        if time.monotonic() > until:
            hints.now(SWEEP)
            return


@shared_task(name="customers.tasks.reconcile")
def reconcile() -> None:
    """Ask everybody about every segment once a day, and repair what had drifted."""
    segment.reconcile(at=clock.now())


@shared_task(name="customers.tasks.partitions")
def partitions() -> None:
    """Have next month's part ready, and forget message ids of a month ago."""
    now = clock.now()
    parts.ensure(moments=[now, now + AHEAD])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_seen WHERE seen_at < %s", [now - SEEN_FOR])
