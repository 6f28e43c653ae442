"""Let time pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journeys.nodes.base import NODES, Go, Node, Rest


@NODES.register
class Delay(Node):
    name = "delay"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.seconds = int(data["seconds"])

    def enter(self) -> Rest:
        """Rest until the time is over."""
        return Rest(self.seconds)

    def leave(self, woke_by: str) -> Go:
        """Go on."""
        return Go("", self.next)
