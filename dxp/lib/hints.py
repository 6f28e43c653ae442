"""A hint tells the worker to look now instead of at its next tick; losing one only delays."""

from __future__ import annotations

import logging
from functools import lru_cache

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)
# A message that a killed worker had taken is believed to wait so long.
WAITS_MS = 5_000
EXPIRES_SECONDS = 60


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """Return this process's connections to Redis; timeouts are short, nothing waits for it."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        health_check_interval=30,
        # The library's own three tries take seconds, in which a visitor would wait for a hint.
        retry=Retry(NoBackoff(), 0),
    )


def after_commit(task: str) -> None:
    """Hint at a task once this transaction has committed, at most once in a while."""
    transaction.on_commit(lambda: now(task), robust=True)


def now(task: str) -> None:
    """Hint at a task by its name, unless a hint or tick of it is waiting."""
    try:
        if first(task):
            current_app.send_task(task, expires=EXPIRES_SECONDS, ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001 - a lost hint delays; the next tick looks anyway
        log.warning("No hint for %s: %s", task, error)


def first(task: str) -> bool:
    """Return whether no message of this task waits, and note that one does from now on.

    So no task fills the queue, and all get their turn also where there is more to do than the
    workers can: of each one message waits, or one more for every five seconds that it waits.

    Raises:
        redis.RedisError: Redis is away.
    """
    return bool(client().set(f"hint:{task}", 1, nx=True, px=WAITS_MS))


def looking(task: str) -> None:
    """Say that the worker is about to look, so that a later hint is sent again."""
    try:
        client().delete(f"hint:{task}")
    except redis.RedisError as error:
        log.warning("Redis did not take note of %s: %s", task, error)
