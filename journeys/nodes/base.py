"""What every kind of node answers. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from dxp.lib.kinds import Registry
from journeys.graph import OFFERED, Ask, Kind


@dataclass(frozen=True, slots=True)
class Need:
    """Something a walk must know before it can go on.

    `kind` is "person" (all traits), "zone", "rule" (`key` names one of the graph's rules), "sent"
    (what became of the message this run sent last) or "told" (whether its last trait is written).
    """

    kind: str
    key: str = ""


class Missing(Exception):
    """A node asked for a fact that the engine has not brought yet."""

    def __init__(self, need: Need) -> None:
        super().__init__(f"{need.kind} {need.key}")
        self.need = need


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: still `waiting` in the outbox, sent at a moment, or never."""

    waiting: bool
    at: datetime | None = None


@dataclass(slots=True)
class Facts:
    """What the engine brought so far for one walk; None means not asked yet."""

    traits: Mapping[str, Any] | None = None
    zone: ZoneInfo | None = None
    sent: Sent | None = None
    told: bool | None = None
    rules: dict[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Here:
    """One run at one moment: what nodes may look at.

    `woke_by` is the listening key of the event that woke the run, empty if its time came; `until`
    is the moment at which a wait gives up, remembered from the rest before.
    """

    at: datetime
    person: int
    woke_by: str = ""
    until: datetime | None = None
    facts: Facts = field(default_factory=Facts)

    def rule(self, key: str) -> bool:
        """Return whether the person matches one of the graph's rules.

        Raises:
            Missing: nobody asked yet.
        """
        if key not in self.facts.rules:
            raise Missing(Need("rule", key))
        return self.facts.rules[key]

    def trait(self, name: str) -> Any:
        """Return one of the person's traits, None where there is none.

        Raises:
            Missing: nobody asked yet.
        """
        if self.facts.traits is None:
            raise Missing(Need("person"))
        return self.facts.traits.get(name)

    def zone(self) -> ZoneInfo:
        """Return the person's time zone.

        Raises:
            Missing: nobody asked yet.
        """
        if self.facts.zone is None:
            raise Missing(Need("zone"))
        return self.facts.zone

    def sent(self) -> Sent:
        """Return what became of the message that this run sent last.

        Raises:
            Missing: nobody asked yet.
        """
        if self.facts.sent is None:
            raise Missing(Need("sent"))
        return self.facts.sent

    def told(self) -> bool:
        """Return whether the trait that this run set last is written.

        Raises:
            Missing: nobody asked yet.
        """
        if self.facts.told is None:
            raise Missing(Need("told"))
        return self.facts.told


@dataclass(frozen=True, slots=True)
class Go:
    """The node is passed: what came out and why, where to go, what to leave on the way.

    `next` None: the run is over. `message` is to be sent; `traits` are to be written.
    """

    outcome: str
    next: str | None
    message: int | None = None
    traits: Mapping[str, Any] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """The run rests here: until a moment, or until it hears one of these keys.

    `until` is when a wait gives up, where that is later than `due_at`, at which it only looks.
    """

    due_at: datetime
    listens: tuple[str, ...] = ()
    until: datetime | None = None
    traits: Mapping[str, Any] | None = None


class Node(ABC):
    """One kind of node; its constructor gets the node's part of the graph.

    A kind that is offered (`offer`) also says what the outline editor asks for (`asks`, each an
    attribute of the node's part of the graph), and how a step of it is told in words.

    Everything it may know comes through `Here`; it has no clock, no chance and no database, so that
    a walk that is repeated takes the same way.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""
    asks: ClassVar[Sequence[Ask]] = ()

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.id = str(data.get("id", ""))
        self.next = str(data.get("next", ""))

    @classmethod
    def sentence(cls, step: Mapping[str, Any]) -> str:
        """Return a step of this kind in words."""
        return str(cls.label)

    @abstractmethod
    def enter(self, here: Here) -> Go | Rest:
        """Say what happens when a run comes here."""

    def leave(self, here: Here) -> Go | Rest:
        """Say what happens when a run that rested here is due or was woken.

        Raises:
            NotImplementedError: nobody can rest at this kind of node.
        """
        raise NotImplementedError(f"Nobody rests at a {self.name}.")


NODES: Registry[Node] = Registry(Node)  # type: ignore[type-abstract]


def offer(node: type[Node]) -> type[Node]:
    """Take a kind of node in and let marketers draw it; usable as a decorator."""
    NODES.register(node)
    OFFERED[node.name] = Kind(node.name, node.label, node.help, node.asks, node.sentence)
    return node
