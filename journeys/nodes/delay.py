"""Let time pass: for a while, or until a time of day, a weekday, or a date of the person's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from journeys import timing
from journeys.nodes.base import NODES, Go, Here, Node, Rest

# How often a run looks again at a message that has not left the outbox.
LOOK = timedelta(minutes=15)


@NODES.register
class Delay(Node):
    name = "delay"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.mode = str(data.get("mode", "for"))
        self.seconds = int(data.get("seconds", 0))
        self.time = time.fromisoformat(data["time"]) if data.get("time") else None
        self.after = int(data.get("after", 0))
        self.weekdays = tuple(int(day) for day in data.get("weekdays", ()))
        self.trait = str(data.get("trait", ""))
        self.after_send = bool(data.get("after_send"))

    def enter(self, here: Here) -> Go | Rest:
        """Rest until the time is over; a date that is missing or past keeps nobody."""
        due_at = self._due(here, here.at)
        if due_at is None:
            return Go("no_date", self.next)
        if self.mode == "date" and due_at <= here.at:
            return Go("past", self.next)
        return Rest(due_at)

    def leave(self, here: Here) -> Go | Rest:
        """Go on; after a message only when so much time has passed since it really went out."""
        if not self.after_send or self.mode == "date":
            return Go("", self.next)
        sent = here.sent()
        if sent.waiting:
            return Rest(here.at + min(LOOK, timedelta(seconds=self.seconds or 900)))
        if sent.at is None:
            return Go("", self.next)
        due_at = self._due(here, sent.at)
        return Rest(due_at) if due_at and due_at > here.at else Go("", self.next)

    def _due(self, here: Here, since: datetime) -> datetime | None:
        if self.mode == "for":
            return since + timedelta(seconds=self.seconds)
        assert self.time is not None
        if self.mode == "time":
            return timing.next_time(since, here.zone(), self.time, after=self.after)
        if self.mode == "weekday":
            return timing.next_weekday(since, here.zone(), self.time, self.weekdays)
        return timing.day_of_trait(
            here.trait(self.trait), here.zone(), self.time, timedelta(seconds=self.seconds)
        )
