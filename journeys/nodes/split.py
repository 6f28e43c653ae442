"""Send so many of a hundred each way: by a hash, so that a repeated walk takes the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dxp.lib import ids
from journeys.nodes.base import NODES, Go, Here, Node


@NODES.register
class Split(Node):
    name = "split"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        # (upper bound of 10,000, arm, next), rising.
        self.arms = [(int(upto), str(arm), str(next)) for upto, arm, next in data["arms"]]

    def enter(self, here: Here) -> Go:
        """Go the way of the person's bucket.

        Raises:
            ValueError: the graph is not one of ours.
        """
        bucket = ids.bucket(f"split:{self.id}", here.person)
        for upto, arm, onward in self.arms:
            if bucket < upto:
                return Go(arm, onward, why=str(bucket))
        raise ValueError("The shares of a split leave somebody out.")
