"""What every channel answers."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class Outcome(enum.Enum):
    """How the other side answered: done, perhaps later, never, not so fast; or nobody knows."""

    OK = "ok"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go. `key` comes back in the receipt."""

    key: int
    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer. `recipient_refused` says that the address itself was refused for good."""

    key: int
    outcome: Outcome
    detail: str = ""
    recipient_refused: bool = False


class Channel(ABC):
    """A way out. It knows its server, and neither settings nor database."""

    name = ""

    @abstractmethod
    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per parcel, in order; the next is taken only when one was answered."""

    def close(self) -> None:
        """Let go of what is kept open."""
        return None
