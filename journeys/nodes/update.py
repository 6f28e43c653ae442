"""Write a trait. The run rests until it is written, so that the next step sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from journeys.nodes.base import NODES, Go, Here, Node, Rest

# Whoever writes it says so; this is for where that got lost.
LOOK = timedelta(seconds=30)


@NODES.register
class Update(Node):
    name = "update"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.trait = str(data["trait"])
        self.value = data["value"]

    def enter(self, here: Here) -> Rest:
        """Leave the trait to be written and rest until it is."""
        return Rest(here.at + LOOK, traits={self.trait: self.value})

    def leave(self, here: Here) -> Go | Rest:
        """Go on once it is written."""
        return Go("", self.next) if here.told() else Rest(here.at + LOOK)
