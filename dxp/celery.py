"""The worker's app and the clock: everything that runs by time is listed here.

A tick is a hint that says "look": it expires, may be lost, and carries no state. No second one of
its task is sent while it waits.
"""

import os
from typing import Any

from celery import Celery, signals
from celery.beat import PersistentScheduler
from redis import RedisError

from dxp.lib import hints

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dxp.settings.dev")
app = Celery("dxp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict[str, object]:
    """Return a schedule entry whose messages die after a while."""
    expires = max(seconds, hints.EXPIRES_SECONDS)
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}


class Ticks(PersistentScheduler):  # type: ignore[misc]
    """The clock, which waits for what it sent before."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send a tick unless a message of its task is waiting."""
        try:
            if not hints.first(entry.task):
                return
        except RedisError:
            # The queue is away as well: what it says about that is said below.
            pass
        super().apply_entry(entry, producer)


@signals.task_prerun.connect
def begins(task: Any, **_more: Any) -> None:
    """Have what comes from now on hinted at again: this look may miss it."""
    hints.looking(task.name)


app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=5000,
    broker_connection_retry_on_startup=True,
    beat_scheduler="dxp.celery:Ticks",
    worker_hijack_root_logger=False,
    task_default_queue="default",
    beat_schedule={
        "fold": every(1, "customers.tasks.fold"),
        "retry": every(10, "customers.tasks.retry"),
        "sweep": every(30, "customers.tasks.sweep"),
        "fill": every(30, "customers.tasks.fill"),
        "compute": every(2, "customers.tasks.compute"),
        "cut_blocked": every(60, "customers.tasks.cut_blocked"),
        "reconcile": every(86_400, "customers.tasks.reconcile"),
        "consents": every(86_400, "customers.tasks.consents"),
        "partitions": every(3_600, "customers.tasks.partitions"),
        "erase": every(60, "customers.tasks.erase"),
        "prune": every(86_400, "customers.tasks.prune"),
        "forget_answers": every(86_400, "content.tasks.forget_answers"),
        "withdraw": every(600, "content.tasks.withdraw"),
        "forget_calls": every(3_600, "users.tasks.forget_calls"),
        "tasks": every(5, "content.tasks.background"),
        "check_drafts": every(5, "content.tasks.examine"),
        "remind": every(600, "content.tasks.remind"),
        "forget_tasks": every(3_600, "content.tasks.prune"),
        "scheduled": every(10, "content.tasks.scheduled"),
        "bulk": every(5, "content.tasks.bulk"),
        "absorb": every(10, "content.tasks.absorb"),
        "settle": every(10, "content.tasks.settle"),
        "read": every(2, "content.tasks.read"),
        "study": every(600, "content.tasks.study"),
        "end_grants": every(30, "content.tasks.end_grants"),
        "advance": every(1, "journeys.tasks.advance"),
        "dispatch": every(1, "journeys.tasks.dispatch"),
        "reap": every(30, "journeys.tasks.reap"),
        "bounces": every(60, "journeys.tasks.bounces"),
        "calendar": every(30, "journeys.tasks.calendar"),
        "transfer": every(5, "journeys.tasks.transfer"),
        "let_in": every(5, "journeys.tasks.fill"),
        "count": every(30, "journeys.tasks.count"),
        "retire": every(3_600, "journeys.tasks.retire"),
        "seal": every(5, "analytics.tasks.seal"),
        "compact": every(3_600, "analytics.tasks.compact"),
        "verify": every(86_400, "analytics.tasks.verify"),
        "rewrite": every(86_400, "analytics.tasks.rewrite"),
        "popular": every(3_600, "analytics.tasks.popular"),
    },
)
