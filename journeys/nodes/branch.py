"""Take the first way whose condition the person matches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journeys.nodes.base import NODES, Go, Here, Node


@NODES.register
class Branch(Node):
    name = "branch"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.arms = [(str(key), str(arm), str(next)) for key, arm, next in data["arms"]]
        self.otherwise = str(data["else"])

    def enter(self, here: Here) -> Go:
        """Ask the conditions in their order."""
        for key, arm, onward in self.arms:
            if here.rule(key):
                return Go(arm, onward, why=key)
        return Go("else", self.otherwise)
