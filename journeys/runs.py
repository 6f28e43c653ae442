"""One run while a batch moves it, and all that the batch will write."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from journeys.charts import Route
from journeys.nodes import Here
from journeys.walk import Walked


@dataclass(slots=True)
class Run:
    """A claimed run: where it stood, how far it walked, and how it will rest.

    `before` is the newest event it had used when it was claimed, `heard` when it rests: what came
    before a message is no answer to it.
    """

    id: int
    profile: int
    journey: int
    version: int
    name: str
    key: str
    before: int
    heard: int
    began: datetime
    since: datetime
    route: Route
    here: Here
    done: Walked
    woke_by: str = ""

    @property
    def over(self) -> bool:
        """Return whether it has come to its end."""
        return self.done.due_at is None


@dataclass(slots=True)
class Note:
    """An event or traits to be left behind (`models.Notice`)."""

    profile: int
    message_id: str
    about: str
    name: str = ""
    traits: str | None = None
    run: int | None = None


@dataclass(slots=True)
class Batch:
    """What one batch will write."""

    claimed: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    parked: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    passed: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    sends: list[tuple[Any, ...]] = field(default_factory=list)
