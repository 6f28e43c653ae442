"""The grammar of journeys: from the outline that people draw to the graph that the engine walks.

Pure. An outline is a list of steps, each with an id that stays the same through all versions:
`{"id", "type": "delay", "amount", "unit"}`, `{"id", "type": "send", "message"}`,
`{"id", "type": "wait", "event", "amount", "unit", "happened": [steps], "timeout": [steps]}` and
`{"id", "type": "end", "outcome"}`. A branch that doesn't end goes on with the step below the wait.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
LONGEST = 366 * 86_400
MOST_STEPS = 200
DEEPEST = 6
FINISH = "finish"
COMPLETED = "completed"
_ID = re.compile(r"^[a-z][a-z0-9]{0,19}$")
BRANCHES = ("happened", "timeout")
KINDS = ("delay", "wait", "send", "end")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one step: `code` names the sentence that the editor shows."""

    step: str
    code: str
    field: str = ""


class BadOutline(ValueError):
    """An outline that no engine can walk, with every fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(f"{fault.step or '-'}: {fault.code}" for fault in faults))
        self.faults = faults


def steps_of(outline: Any) -> Iterator[dict[str, Any]]:
    """Yield every step of an outline, branches included, top to bottom."""
    for step in outline if isinstance(outline, list) else []:
        if isinstance(step, dict):
            yield step
            for branch in BRANCHES:
                yield from steps_of(step.get(branch))


def compile_outline(outline: Any, *, messages: Collection[int]) -> dict[str, Any]:
    """Return the graph of an outline.

    Args:
        outline: the steps as they were drawn; anything may be in it.
        messages: the ids of messages that exist and are published.

    Raises:
        BadOutline: with every fault found.
    """
    work = _Compiler(messages)
    first = work.chain(outline, after=FINISH, depth=0)
    if not work.seen:
        work.faults.append(Fault("", "empty"))
    if work.faults:
        raise BadOutline(work.faults)
    work.nodes[FINISH] = {"type": "end", "outcome": COMPLETED}
    return {"v": 1, "first": first, "nodes": work.nodes}


class _Compiler:
    """Collects nodes and faults in one pass."""

    def __init__(self, messages: Collection[int]) -> None:
        self.messages = messages
        self.nodes: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.seen: set[str] = set()

    def chain(self, steps: Any, *, after: str, depth: int) -> str:
        """Compile a list of steps that goes on with `after`; return where it begins."""
        if not isinstance(steps, list) or depth > DEEPEST:
            self.faults.append(Fault("", "shape"))
            return after
        sound = [step for step in steps if self._has_id(step)]
        for step, follower in pairwise(sound):
            if ends(step):
                self.faults.append(Fault(follower["id"], "unreachable"))
        for step, following in zip(sound, [*(one["id"] for one in sound[1:]), after], strict=False):
            self._node(step, following, depth)
        return str(sound[0]["id"]) if sound else after

    def _has_id(self, step: Any) -> bool:
        found = step.get("id") if isinstance(step, dict) else None
        if not isinstance(found, str) or not _ID.match(found) or found == FINISH:
            self.faults.append(Fault("", "shape"))
            return False
        if found in self.seen or len(self.seen) >= MOST_STEPS:
            self.faults.append(Fault(found, "twice" if found in self.seen else "too_many"))
            return False
        self.seen.add(found)
        return True

    def _node(self, step: dict[str, Any], following: str, depth: int) -> None:
        kind, name = step.get("type"), str(step["id"])
        if kind == "delay":
            self.nodes[name] = {"type": kind, "seconds": self._seconds(step), "next": following}
        elif kind == "send":
            self.nodes[name] = {"type": kind, "message": self._message(step), "next": following}
        elif kind == "wait":
            self.nodes[name] = {
                "type": kind,
                "events": [self._text(step, "event", 200)],
                "seconds": self._seconds(step),
                "happened": self.chain(step.get("happened", []), after=following, depth=depth + 1),
                "timeout": self.chain(step.get("timeout", []), after=following, depth=depth + 1),
            }
        elif kind == "end":
            self.nodes[name] = {"type": kind, "outcome": self._text(step, "outcome", 40)}
        else:
            self.faults.append(Fault(name, "kind"))

    def _seconds(self, step: dict[str, Any]) -> int:
        amount, unit = step.get("amount"), step.get("unit")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            self.faults.append(Fault(step["id"], "amount", "amount"))
        elif not isinstance(unit, str) or unit not in SECONDS:
            self.faults.append(Fault(step["id"], "unit", "unit"))
        elif amount * SECONDS[unit] > LONGEST:
            self.faults.append(Fault(step["id"], "too_long", "amount"))
        else:
            return amount * SECONDS[unit]
        return 0

    def _message(self, step: dict[str, Any]) -> int:
        found = step.get("message")
        if isinstance(found, int) and not isinstance(found, bool) and found in self.messages:
            return found
        self.faults.append(Fault(step["id"], "message" if found else "no_message", "message"))
        return 0

    def _text(self, step: dict[str, Any], field: str, most: int) -> str:
        found = step.get(field)
        if isinstance(found, str) and found.strip() and len(found) <= most and "\x00" not in found:
            return found.strip()
        self.faults.append(Fault(step["id"], f"no_{field}", field))
        return ""


def ends(step: dict[str, Any]) -> bool:
    """Return whether nothing can come after this step."""
    if step.get("type") == "end":
        return True
    if step.get("type") != "wait":
        return False
    branches = [step.get(name) for name in BRANCHES]
    return all(
        isinstance(branch, list)
        and bool(branch)
        and isinstance(branch[-1], dict)
        and ends(branch[-1])
        for branch in branches
    )


def heard_names(graph: dict[str, Any]) -> set[str]:
    """Return every event name that some wait of a graph listens to."""
    return {name for node in graph["nodes"].values() for name in node.get("events", [])}


_TEXTS = {"unit": 20, "event": 200, "outcome": 40}


def tidy(outline: Any, *, depth: int = 0) -> list[dict[str, Any]]:
    """Return a draft with nothing in it but what the grammar knows; it may still be incomplete.

    Raises:
        BadOutline: it isn't a list of steps with ids, or it is too deep or too long.
    """
    if not isinstance(outline, list) or depth > DEEPEST or len(outline) > MOST_STEPS:
        raise BadOutline([Fault("", "shape")])
    return [_tidy_step(step, depth) for step in outline]


def _tidy_step(step: Any, depth: int) -> dict[str, Any]:
    found = step.get("id") if isinstance(step, dict) else None
    if not isinstance(found, str) or not _ID.match(found) or step.get("type") not in KINDS:
        raise BadOutline([Fault("", "shape")])
    kept: dict[str, Any] = {"id": found, "type": step["type"]}
    for name, most in _TEXTS.items():
        if isinstance(step.get(name), str):
            kept[name] = step[name].replace("\x00", "")[:most]
    for name in ("amount", "message"):
        if isinstance(step.get(name), int) and abs(step[name]) < 2**31:
            kept[name] = step[name]
    if step["type"] == "wait":
        for branch in BRANCHES:
            kept[branch] = tidy(step.get(branch, []), depth=depth + 1)
    return kept
