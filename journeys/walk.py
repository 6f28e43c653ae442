"""From where a run stands to where it rests next. Pure: the same input gives the same steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from journeys.nodes import NODES, Node, Rest

MOST_NODES = 1000


class Lost(Exception):
    """The graph leads nowhere from here: a node is missing, or a circle has no rest."""


@dataclass(slots=True)
class Walked:
    """Where a walk ended, and what happened on the way.

    `due_at` None means that the run is over, with `outcome`. Steps are (seq, node, outcome), sends
    are (seq, node, message).
    """

    node: str
    seq: int
    due_at: datetime | None = None
    listens: tuple[str, ...] = ()
    outcome: str = ""
    steps: list[tuple[int, str, str]] = field(default_factory=list)
    sends: list[tuple[int, str, int]] = field(default_factory=list)


def read(graph: Mapping[str, Any]) -> dict[str, Node]:
    """Return the nodes of a graph, ready to be walked."""
    return {name: NODES.get(data["type"])(data) for name, data in graph["nodes"].items()}


def walk(
    nodes: Mapping[str, Node], *, node: str, seq: int, resting: bool, woke_by: str, at: datetime
) -> Walked:
    """Walk to the next rest or to the end.

    Raises:
        Lost: a node is missing, or the way has no rest.
    """
    done = Walked(node, seq)
    for _ in range(MOST_NODES):
        try:
            here = nodes[done.node]
        except KeyError as error:
            raise Lost(f"There is no step {done.node!r}.") from error
        answer = here.leave(woke_by) if resting else here.enter()
        if isinstance(answer, Rest):
            done.due_at = at + timedelta(seconds=answer.seconds)
            done.listens = answer.listens
            return done
        resting = False
        done.seq += 1
        done.steps.append((done.seq, done.node, answer.outcome))
        if answer.message is not None:
            done.sends.append((done.seq, done.node, answer.message))
        if answer.next is None:
            done.outcome = answer.outcome
            return done
        done.node = answer.next
    raise Lost("The way goes in a circle without a rest.")
