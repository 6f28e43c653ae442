"""What every kind of node answers. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dxp.lib.kinds import Registry


@dataclass(frozen=True, slots=True)
class Go:
    """The node is passed: what came out, where to go (None: the run is over), what to send."""

    outcome: str
    next: str | None
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """The run rests here for so many seconds, or until it hears one of these events."""

    seconds: int
    listens: tuple[str, ...] = ()


class Node(ABC):
    """One kind of node; its constructor gets the node's part of the graph."""

    name = ""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.next = str(data.get("next", ""))

    @abstractmethod
    def enter(self) -> Go | Rest:
        """Say what happens when a run comes here."""

    def leave(self, woke_by: str) -> Go:
        """Say what happens when a run that rested here is due; `woke_by` is empty if time came.

        Raises:
            NotImplementedError: nobody can rest at this kind of node.
        """
        raise NotImplementedError(f"Nobody rests at a {self.name}.")


NODES: Registry[Node] = Registry(Node)  # type: ignore[type-abstract]
