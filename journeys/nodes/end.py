"""The run is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journeys.nodes.base import NODES, Go, Here, Node


@NODES.register
class End(Node):
    name = "end"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.outcome = str(data["outcome"])

    def enter(self, here: Here) -> Go:
        """End with an outcome."""
        return Go(self.outcome, None)
