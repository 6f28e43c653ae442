"""Send a message: leave a row in the outbox and go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journeys.nodes.base import NODES, Go, Here, Node


@NODES.register
class Send(Node):
    name = "send"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.message = int(data["message"])

    def enter(self, here: Here) -> Go:
        """Go on, with a message to send."""
        return Go("", self.next, self.message)
