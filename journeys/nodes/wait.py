"""Wait until the person does something, or for so long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journeys.nodes.base import NODES, Go, Node, Rest


@NODES.register
class Wait(Node):
    name = "wait"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.rest = Rest(int(data["seconds"]), tuple(str(name) for name in data["events"]))
        self.happened = str(data["happened"])
        self.timeout = str(data["timeout"])

    def enter(self) -> Rest:
        """Rest until an event comes or the time is over."""
        return self.rest

    def leave(self, woke_by: str) -> Go:
        """Take the branch of the event, or that of the timeout."""
        return Go(woke_by, self.happened) if woke_by else Go("timeout", self.timeout)
