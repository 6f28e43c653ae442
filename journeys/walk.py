"""From where a run stands to where it rests next. Pure: the same input gives the same steps.

A walk goes in rounds: where a node asks for a fact that nobody brought yet, `walk` returns with
`need`, the engine answers for the whole batch at once, and the walk goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from journeys.nodes import NODES, Go, Here, Missing, Need, Node, Rest

MOST_NODES = 1000
GOAL, EXIT = "goal", "exit"


class Lost(Exception):
    """The graph leads nowhere from here: a node is missing, or a circle has no rest."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A graph, ready to be walked. Who hears one of `goals` or `exits` at any rest is done."""

    nodes: Mapping[str, Node]
    goals: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


class Passed(NamedTuple):
    """One node that was passed."""

    seq: int
    node: str
    outcome: str
    why: str = ""


class Send(NamedTuple):
    """One message to leave in the outbox."""

    seq: int
    node: str
    message: int


@dataclass(slots=True)
class Walked:
    """How far a walk has come, and what happened on the way.

    One of three: `need` is set (bring it and walk on), `due_at` is set (it rests), or it is over,
    with `outcome`.
    """

    node: str
    seq: int
    resting: bool
    need: Need | None = None
    due_at: datetime | None = None
    until: datetime | None = None
    listens: tuple[str, ...] = ()
    outcome: str = ""
    steps: list[Passed] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    traits: dict[str, Any] = field(default_factory=dict)


def read(graph: Mapping[str, Any]) -> Chart:
    """Return a graph of `journeys.graph`, ready to be walked."""
    nodes = {
        name: NODES.get(data["type"])({**data, "id": name}) for name, data in graph["nodes"].items()
    }
    return Chart(nodes, tuple(graph.get("goals", ())), tuple(graph.get("exits", ())))


def walk(chart: Chart, done: Walked, here: Here) -> Walked:
    """Walk on to the next rest, to the end, or to where a fact is missing.

    Raises:
        Lost: a node is missing, or the way has no rest.
    """
    done.need = None
    if done.resting and _is_over(chart, done, here):
        return done
    while len(done.steps) < MOST_NODES:
        try:
            node = chart.nodes[done.node]
        except KeyError as error:
            raise Lost(f"There is no step {done.node!r}.") from error
        try:
            answer = node.leave(here) if done.resting else node.enter(here)
        except Missing as missing:
            done.need = missing.need
            return done
        if isinstance(answer, Rest):
            return _rests(chart, done, answer)
        _passes(done, answer)
        if answer.next is None:
            return done
    raise Lost("The way goes in a circle without a rest.")


def _is_over(chart: Chart, done: Walked, here: Here) -> bool:
    outcome = ""
    if here.woke_by in chart.goals:
        outcome = GOAL
    elif here.woke_by in chart.exits:
        outcome = EXIT
    if outcome:
        _passes(done, Go(outcome, None, why=here.woke_by))
    return bool(outcome)


def _rests(chart: Chart, done: Walked, rest: Rest) -> Walked:
    done.resting, done.due_at, done.until = True, rest.due_at, rest.until
    # Where an event says several of them, the first one hears it.
    done.listens = tuple(dict.fromkeys((*chart.goals, *chart.exits, *rest.listens)))
    done.traits |= rest.traits or {}
    return done


def _passes(done: Walked, answer: Go) -> None:
    done.resting = False
    done.seq += 1
    done.steps.append(Passed(done.seq, done.node, answer.outcome, answer.why))
    if answer.message is not None:
        done.sends.append(Send(done.seq, done.node, answer.message))
    done.traits |= answer.traits or {}
    if answer.next is None:
        done.outcome = answer.outcome
    else:
        done.node = answer.next
