"""The real worker on the benchmark's database, and how long people wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from customers import record
from customers.record import New
from journeys.models import Enrollment

ROOT = Path(__file__).resolve().parent.parent
PACE = 0.05


@contextmanager
def worker() -> Iterator[None]:
    """Run the worker and its clock as `serve` does, with two processes."""
    env = {**os.environ, "REDIS_URL": settings.REDIS_URL, "SECRET_KEY": settings.SECRET_KEY,
           "DJANGO_SETTINGS_MODULE": "dxp.settings.dev"}  # fmt: skip
    Path(os.environ["VAR_DIR"]).mkdir(parents=True, exist_ok=True)
    celery = [str(Path(sys.executable).parent / "celery"), "--quiet", "-A", "dxp.celery", "worker",
              "--beat", "-s", str(Path(os.environ["VAR_DIR"]) / "beat"), "--loglevel", "ERROR",
              "--without-gossip", "--without-mingle", "--concurrency", "2"]  # fmt: skip
    running = subprocess.Popen(celery, cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(30)


def latencies(people: Sequence[int], name: str, journey: int) -> list[float]:
    """Let people do something, one after the other; return the milliseconds until each has ended.

    Raises:
        TimeoutError: somebody still waits after a minute.
    """
    began: dict[int, float] = {}
    found: list[float] = []
    todo, next_at = list(people), time.monotonic()
    deadline = next_at + 60 + PACE * len(todo)
    while todo or began:
        now = time.monotonic()
        if todo and now >= next_at:
            one, at = todo.pop(), datetime.now(UTC)
            next_at = now + PACE
            record.events([New(one, name, {}, at, f"{name}:{one}:{journey}")], at=at)
            began[one] = time.monotonic()
        over = Enrollment.objects.filter(profile__in=list(began), journey=journey)
        done = list(over.filter(ended_at__isnull=False).values_list("profile", flat=True))
        found += [(time.monotonic() - began.pop(one)) * 1000 for one in done]
        if now > deadline:
            raise TimeoutError(f"{len(began)} people still wait.")
        time.sleep(0.002)
    return found


def percentile(found: Sequence[float], share: float) -> float:
    """Return the value that so many do not exceed."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
