"""The only place that asks what time it is; everything below the doors is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return timezone.now()


@dataclass(frozen=True)
class Window:
    """A period [start, end): the end is excluded, and may be None for 'still going'."""

    start: datetime
    end: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)
