"""From the outline to the graph: one pass that collects nodes and faults."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from journeys.graph.circles import in_circles, surely_rests
from journeys.graph.ends import Ends
from journeys.graph.fields import is_number
from journeys.graph.kinds import OFFERED, answered
from journeys.graph.outline import (
    COMPLETED,
    DEEPEST,
    FINISH,
    MODES,
    BadOutline,
    Fault,
    Known,
    Plan,
    ends,
    nexts_of,
    steps_of,
)


def compile_plan(plan: Plan, *, known: Known) -> dict[str, Any]:
    """Return the graph of a plan: plain JSON.

    `nodes` by id, `first`, `rules` by key, `listens` by key (`{"event", "where", "same"}`), the
    listening keys of `goals` and `exits`, and the checked `entry`.

    Raises:
        BadOutline: with every fault found.
    """
    work = _Compiler(known)
    work.count(plan.outline)
    first = work.chain(plan.outline, after=FINISH, depth=0)
    if not work.seen:
        work.faults.append(Fault("", "empty"))
    work.nodes[FINISH] = {"type": "end", "outcome": COMPLETED}
    entry = work.entry(plan.entry)
    goals = work.endings(plan.goals, "goals")
    exits = work.endings(plan.exits, "exits")
    if not work.faults:
        work.check_circles(first)
    if work.faults:
        raise BadOutline(work.faults)
    return {
        "v": 2, "first": first, "nodes": work.nodes, "rules": work.rules, "listens": work.listens,
        "goals": goals, "exits": exits, "entry": entry,
    }  # fmt: skip


class _Compiler(Ends):
    """Turns steps into nodes."""

    def count(self, outline: Any) -> None:
        """Note all ids first: jumps may lead forward."""
        try:
            self.ids = {
                str(step.get("id")) for step in steps_of(outline) if step.get("type") != "jump"
            }
        except RecursionError:
            self.faults.append(Fault("", "shape"))

    def chain(self, steps: Any, *, after: str, depth: int) -> str:
        """Compile a list of steps that goes on with `after`; return where it begins."""
        if not isinstance(steps, list) or depth > DEEPEST:
            self.faults.append(Fault("", "shape"))
            return after
        sound = [step for step in steps if self._has_id(step)]
        for step, follower in pairwise(sound):
            if ends(step):
                self.faults.append(Fault(follower["id"], "unreachable"))
        starts = [self._start(step) for step in sound]
        following = [*starts[1:], after][: len(starts)]
        before = ""
        for step, then in zip(sound, following, strict=True):
            self._node(step, then, depth, after_send=before == "send")
            before = str(step.get("type"))
        return starts[0] if starts else after

    def _start(self, step: Mapping[str, Any]) -> str:
        """Return the node at which a step begins: a jump begins where it leads."""
        to = step.get("to") if step.get("type") == "jump" else None
        return to if isinstance(to, str) and to in self.ids else str(step["id"])

    def _node(self, step: dict[str, Any], following: str, depth: int, *, after_send: bool) -> None:
        kind, name = step.get("type"), str(step["id"])
        if kind == "delay":
            self.nodes[name] = self._delay(step, following, after_send=after_send)
        elif kind == "send":
            self.nodes[name] = {"type": kind, "message": self._message(step), "next": following}
        elif kind == "update":
            self.nodes[name] = {"type": kind, **self._update(step), "next": following}
        elif kind == "wait":
            self.nodes[name] = self._wait(step, following, depth)
        elif kind == "branch":
            self.nodes[name] = self._branch(step, following, depth)
        elif kind == "split":
            self.nodes[name] = self._split(step, following, depth)
        elif kind == "jump":
            self._jump(step)
        elif kind == "end":
            self.nodes[name] = {"type": kind, "outcome": self._text(step, "outcome", 40)}
        elif isinstance(kind, str) and kind in OFFERED:
            told = answered(OFFERED[kind], step, self)
            self.nodes[name] = {"type": kind, **told, "next": following}
        else:
            self.faults.append(Fault(name, "kind"))

    def _delay(self, step: dict[str, Any], following: str, *, after_send: bool) -> dict[str, Any]:
        mode = step.get("mode", "for")
        node: dict[str, Any] = {"type": "delay", "mode": mode, "next": following}
        if after_send and mode != "date":
            node["after_send"] = True
        if mode == "for":
            return node | {"seconds": self._seconds(step)}
        if mode not in MODES:
            self.faults.append(Fault(step["id"], "mode", "mode"))
            return node
        node["time"] = self._time(step)
        if mode == "time":
            return node | {"after": self._whole(step, "after", 0, 366)}
        if mode == "weekday":
            return node | {"weekdays": self._weekdays(step)}
        return node | {"trait": self._trait(step), "seconds": self._offset(step)}

    def _wait(self, step: dict[str, Any], following: str, depth: int) -> dict[str, Any]:
        name = str(step["id"])
        node: dict[str, Any] = {
            "type": "wait", "events": [], "rules": [], "listens": [],
            "seconds": self._seconds(step),
        }  # fmt: skip
        listens: set[str] = set()
        for arm in self._arms(step, "for"):
            then = self.chain(arm.get("steps", []), after=following, depth=depth + 1)
            if "rule" in arm:
                key = self._rule(arm, str(arm["id"]))
                node["rules"].append([key, arm["id"], then])
                listens |= self._heard_by(key)
            else:
                key = self._listen(arm, str(arm["id"]), same=True)
                if any(key == told[0] for told in node["events"]):
                    self.faults.append(Fault(str(arm["id"]), "same_event", "event"))
                node["events"].append([key, arm["id"], then])
                listens.add(key)
        node["listens"] = sorted(listens)
        timeout = step.get("timeout", [])
        node["timeout"] = self.chain(timeout, after=following, depth=depth + 1)
        if not node["events"] and not node["rules"]:
            self.faults.append(Fault(name, "no_arm", "for"))
        return node

    def _branch(self, step: dict[str, Any], following: str, depth: int) -> dict[str, Any]:
        arms = [
            [
                self._rule(arm, str(arm["id"])),
                arm["id"],
                self.chain(arm.get("steps", []), after=following, depth=depth + 1),
            ]
            for arm in self._arms(step, "arms")
        ]
        if not arms:
            self.faults.append(Fault(step["id"], "no_arm", "arms"))
        otherwise = self.chain(step.get("else", []), after=following, depth=depth + 1)
        return {"type": "branch", "arms": arms, "else": otherwise}

    def _split(self, step: dict[str, Any], following: str, depth: int) -> dict[str, Any]:
        arms, upto = [], 0
        for arm in self._arms(step, "arms"):
            upto += self._percent(arm)
            then = self.chain(arm.get("steps", []), after=following, depth=depth + 1)
            arms.append([upto, arm["id"], then])
        if len(arms) < 2:
            self.faults.append(Fault(step["id"], "few_arms", "arms"))
        elif upto != 10_000:
            self.faults.append(Fault(step["id"], "sum", "arms"))
        return {"type": "split", "arms": arms}

    def _percent(self, arm: dict[str, Any]) -> int:
        """Return hundredths of a percent."""
        percent = arm.get("percent")
        if isinstance(percent, (int, float)) and is_number(percent) and 0 <= percent <= 100:
            return round(percent * 100)
        self.faults.append(Fault(str(arm["id"]), "percent", "percent"))
        return 0

    def _jump(self, step: dict[str, Any]) -> None:
        to = step.get("to")
        if not isinstance(to, str) or to not in self.ids or to == step["id"]:
            self.faults.append(Fault(step["id"], "no_target", "to"))

    def check_circles(self, first: str) -> None:
        """Refuse circles without a rest, and steps that nobody can come to."""
        onward = {name: nexts_of(node) for name, node in self.nodes.items()}
        reached, todo = set(), [first]
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                todo += onward.get(name, [])
        for name in self.nodes:
            if name not in reached and name != FINISH:
                self.faults.append(Fault(name, "unreachable"))
        hurried = {
            name: [then for then in thens if not surely_rests(self.nodes[then])]
            for name, thens in onward.items()
            if not surely_rests(self.nodes[name])
        }
        self.faults += [Fault(name, "circle") for name in in_circles(hurried)]
