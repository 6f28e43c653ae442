"""Published versions, ready to be walked and listened by; each is read once, since none changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from customers import rules
from customers.conditions import matcher as matchers
from customers.conditions.matcher import Matcher
from journeys.models import Version
from journeys.walk import Chart, read


@dataclass(frozen=True, slots=True)
class Listen:
    """What one listening key means.

    `matcher` is None where the event's name is all; `same` names the property that must equal the
    key under which the run entered.
    """

    event: str
    matcher: Matcher | None
    same: str

    @property
    def plain(self) -> bool:
        """Return whether every event of that name is meant."""
        return self.matcher is None and not self.same


@dataclass(frozen=True, slots=True)
class Route:
    """A version: its chart, its rules by key, what its listening keys mean, where it begins.

    `arms` are the keys that are answers to something; what came before the last message is none.
    `asks` are the rules that a node may ask for.
    """

    chart: Chart
    rules: Mapping[str, rules.Node]
    listens: Mapping[str, Listen]
    arms: frozenset[str]
    asks: Mapping[str, tuple[str, ...]]
    first: str
    entry: Mapping[str, Any]


def listen(told: Mapping[str, Any]) -> Listen:
    """Return what `{"event", "where", "same"}` means."""
    # Changes of segments can be heard by name, which no rule asks for.
    found = matchers.matcher({**told, "event": "any"}, "") if told.get("where") else None
    return Listen(str(told["event"]), found, str(told.get("same") or ""))


@lru_cache(maxsize=500)
def of(version: int) -> Route:
    """Return a version by its number.

    Raises:
        Version.DoesNotExist: there is none.
    """
    graph = Version.objects.values_list("graph", flat=True).get(pk=version)
    endings = {*graph["goals"], *graph["exits"]}
    arms = {arm[0] for node in graph["nodes"].values() for arm in node.get("events", ())}
    return Route(
        chart=read(graph),
        rules={key: rules.parse(rule) for key, rule in graph["rules"].items()},
        listens={key: listen(told) for key, told in graph["listens"].items()},
        arms=frozenset(arms - endings),
        asks={name: _asked_by(node) for name, node in graph["nodes"].items()},
        first=str(graph["first"]),
        entry=graph["entry"],
    )


def _asked_by(node: Mapping[str, Any]) -> tuple[str, ...]:
    arms = node.get("arms", ()) if node["type"] == "branch" else node.get("rules", ())
    return tuple(dict.fromkeys(str(arm[0]) for arm in arms))
