"""Wait until the person does one of several things or matches a condition, or for so long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from journeys.nodes.base import NODES, Go, Here, Node, Rest

# Events wake whoever waits for a condition; what changes without an event is seen at this pace.
LOOK = timedelta(minutes=15)


@NODES.register
class Wait(Node):
    name = "wait"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.seconds = int(data["seconds"])
        self.timeout = str(data["timeout"])
        self.events = {str(key): (str(arm), str(next)) for key, arm, next in data["events"]}
        self.rules = [(str(key), str(arm), str(next)) for key, arm, next in data["rules"]]
        self.listens = tuple(dict.fromkeys((*self.events, *map(str, data["listens"]))))

    def enter(self, here: Here) -> Go | Rest:
        """Rest, unless a condition holds already."""
        return self._matched(here) or self._rest(here, here.at + timedelta(seconds=self.seconds))

    def leave(self, here: Here) -> Go | Rest:
        """Take the branch of what happened, that of a condition that holds, or the timeout's."""
        if here.woke_by in self.events:
            arm, onward = self.events[here.woke_by]
            return Go(arm, onward, why=here.woke_by)
        matched = self._matched(here)
        if matched:
            return matched
        until = here.until or here.at
        return Go("timeout", self.timeout) if here.at >= until else self._rest(here, until)

    def _matched(self, here: Here) -> Go | None:
        for key, arm, onward in self.rules:
            if here.rule(key):
                return Go(arm, onward, why=key)
        return None

    def _rest(self, here: Here, until: datetime) -> Rest:
        due_at = min(until, here.at + LOOK) if self.rules else until
        return Rest(due_at, self.listens, until)
