"""The words of the grammar, and small questions about outlines and graphs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from customers import rules

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
LONGEST = 366 * 86_400
MOST_STEPS = 200
MOST_ARMS = 10
DEEPEST = 6
FINISH = "finish"
COMPLETED = "completed"
MODES = ("for", "time", "weekday", "date")
KINDS = ("delay", "wait", "branch", "split", "send", "update", "jump", "end")
ENTRIES = ("segment", "event", "date", "schedule", "api", "hand")
EVERY = ("once", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one step: `code` names the sentence that the editor shows.

    `step` is a step's or an arm's id; empty: the journey itself, where `field` is `entry`, `goals`,
    `exits` or empty. `where` is a place inside a rule or a filter, as `RuleError.path`.
    """

    step: str
    code: str
    field: str = ""
    where: str = ""


class BadOutline(ValueError):
    """An outline that no engine can walk, with every fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(f"{fault.step or '-'}: {fault.code}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Known:
    """What exists: messages that are published, segments, lists, traits that may be written."""

    messages: Collection[int] = ()
    segments: Collection[int] = ()
    lists: Collection[int] = ()
    # None: any name will do.
    traits: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a marketer draws: where people enter, what they walk, when they are done."""

    outline: Any
    entry: Any = field(default_factory=lambda: {"type": "hand"})
    goals: Any = ()
    exits: Any = ()


def lists_of(step: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the lists of steps inside a step, each with the name of its way out."""
    kind = step.get("type")
    for name in ("for", "arms"):
        arms = step.get(name)
        if kind in ("wait", "branch", "split") and isinstance(arms, list):
            for arm in arms:
                if isinstance(arm, dict):
                    yield str(arm.get("id", "")), arm.get("steps", [])
    if kind == "wait":
        yield "timeout", step.get("timeout", [])
    if kind == "branch":
        yield "else", step.get("else", [])


def steps_of(outline: Any) -> Iterator[dict[str, Any]]:
    """Yield every step of an outline, arms included, top to bottom."""
    for step in outline if isinstance(outline, list) else []:
        if isinstance(step, dict):
            yield step
            for _name, steps in lists_of(step):
                yield from steps_of(steps)


def ends(step: Mapping[str, Any]) -> bool:
    """Return whether nothing can come after this step."""
    if step.get("type") in ("end", "jump"):
        return True
    ways = [steps for _name, steps in lists_of(step)]
    if step.get("type") == "split" or not ways:
        ways = ways or [[]]
    return all(
        isinstance(steps, list) and bool(steps) and isinstance(steps[-1], dict) and ends(steps[-1])
        for steps in ways
    )


def nexts_of(node: Mapping[str, Any]) -> list[str]:
    """Return where a node of a graph may lead."""
    arms = [*node.get("arms", []), *node.get("events", []), *node.get("rules", [])]
    found = [str(arm[2]) for arm in arms]
    return found + [str(node[name]) for name in ("next", "timeout", "else") if name in node]


def heard_names(graph: Mapping[str, Any]) -> set[str]:
    """Return every event name that a graph listens to while people are under way."""
    return {str(listen["event"]) for listen in graph["listens"].values()}


def segments_of(graph: Mapping[str, Any]) -> set[int]:
    """Return the ids of all segments that a graph asks for."""
    found = {number for rule in graph["rules"].values() for number in rules.deps(rule).segments}
    entered = graph["entry"].get("segment")
    return {*found, entered} if entered else found


def drawn_segments(plan: Plan) -> set[int]:
    """Return the ids of all segments that a draft asks for, complete or not."""
    found = set().union(*(deps.segments for deps in _drawn_deps(plan)))
    entry = plan.entry.get("segment") if isinstance(plan.entry, Mapping) else None
    return {*found, entry} if type(entry) is int else found


def people_lists_of(graph: Mapping[str, Any]) -> set[int]:
    """Return the ids of all lists of people that a graph asks for."""
    return {number for rule in graph["rules"].values() for number in rules.deps(rule).lists}


def drawn_people_lists(plan: Plan) -> set[int]:
    """Return the ids of all lists of people that a draft asks for, complete or not."""
    return set().union(*(deps.lists for deps in _drawn_deps(plan)))


def _drawn_deps(plan: Plan) -> Iterator[rules.Deps]:
    for step in steps_of(plan.outline):
        for name in ("for", "arms"):
            arms = step.get(name)
            for arm in arms if isinstance(arms, list) else []:
                if isinstance(arm, Mapping) and arm.get("rule"):
                    with suppress(rules.RuleError):
                        yield rules.deps(arm["rule"])
