"""The grammar of journeys: from the outline that people draw to the graph that the engine walks.

Pure. An outline is a list of steps, each with an id that stays the same through all versions:

- `{"id", "type": "delay", "mode": "for", "amount", "unit"}`,
  `{… "mode": "time", "time": "09:30", "after": 1}` (so many days later, in the person's zone),
  `{… "mode": "weekday", "weekdays": [0], "time"}`,
  `{… "mode": "date", "trait", "amount", "unit", "side": "before" | "after", "time"}`
- `{"id", "type": "wait", "for": [{"id", "event", "where": [], "same": "", "steps": []} |
  {"id", "rule": {}, "steps": []}], "amount", "unit", "timeout": [steps]}`: `same` names a property
  that must equal the key under which the run entered
- `{"id", "type": "branch", "arms": [{"id", "name", "rule", "steps": []}], "else": [steps]}`
- `{"id", "type": "split", "arms": [{"id", "name", "percent", "steps": []}]}`
- `{"id", "type": "send", "message"}`, `{"id", "type": "update", "trait", "value"}`
- `{"id", "type": "jump", "to": step id}`, `{"id", "type": "end", "outcome"}`

An arm that doesn't end goes on with the step below. Every step and arm may have a `name`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from itertools import pairwise
from typing import Any

from customers import rules
from customers.conditions import matcher as matchers

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
_ID = re.compile(r"^[a-z][a-z0-9]{0,19}$")
_NAME = re.compile(r"^[^\x00-\x1f\x7f]{1,200}$")
_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


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
    """What exists: messages that are published, segments, keys of traits that may be written."""

    messages: Collection[int] = ()
    segments: Collection[int] = ()
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


class _Compiler:
    """Collects nodes and faults in one pass."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.nodes: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, Any] = {}
        self.listens: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.seen: set[str] = set()
        self.ids: set[str] = set()

    def count(self, outline: Any) -> None:
        """Note all ids first: jumps may lead forward."""
        try:
            self.ids = {str(step.get("id")) for step in steps_of(outline)}
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
        for place, (step, then) in enumerate(zip(sound, following, strict=True)):
            before = sound[place - 1] if place else None
            self._node(step, then, depth, after_send=bool(before) and before["type"] == "send")
        return starts[0] if starts else after

    def _start(self, step: Mapping[str, Any]) -> str:
        """Return the node at which a step begins: a jump begins where it leads."""
        if step.get("type") == "jump" and step.get("to") in self.ids:
            return str(step["to"])
        return str(step["id"])

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
            percent = arm.get("percent")
            if not _number(percent) or not 0 <= percent <= 100:
                self.faults.append(Fault(arm["id"], "percent", "percent"))
                percent = 0
            upto += round(percent * 100)
            then = self.chain(arm.get("steps", []), after=following, depth=depth + 1)
            arms.append([upto, arm["id"], then])
        if len(arms) < 2:
            self.faults.append(Fault(step["id"], "few_arms", "arms"))
        elif upto != 10_000:
            self.faults.append(Fault(step["id"], "sum", "arms"))
        return {"type": "split", "arms": arms}

    def _arms(self, step: dict[str, Any], name: str) -> list[dict[str, Any]]:
        arms = step.get(name)
        if not isinstance(arms, list) or len(arms) > MOST_ARMS:
            self.faults.append(Fault(step["id"], "too_many_arms" if arms else "no_arm", name))
            return []
        return [arm for arm in arms if self._has_id(arm)]

    def _jump(self, step: dict[str, Any]) -> None:
        to = step.get("to")
        if not isinstance(to, str) or to not in self.ids or to == step["id"]:
            self.faults.append(Fault(step["id"], "no_target", "to"))

    def _rule(self, arm: Mapping[str, Any], owner: str) -> str:
        try:
            told = rules.canonical(arm.get("rule"))
        except rules.RuleError as error:
            self.faults.append(Fault(owner, "rule", "rule", error.path))
            return ""
        for number in rules.deps(told).segments:
            if number not in self.known.segments:
                self.faults.append(Fault(owner, "segment", "rule"))
        key = _digest(told)
        self.rules[key] = told
        return key

    def _heard_by(self, rule: str) -> set[str]:
        """Return what may change a rule's answer at once: the events it names, and new traits."""
        if not rule:
            return set()
        deps = rules.deps(self.rules[rule])
        names = {*deps.names, "Identified"}
        if deps.segments:
            names |= {"Segment Entered", "Segment Left"}
        for name in names:
            self.listens.setdefault(name, {"event": name, "where": [], "same": ""})
        return names

    def _listen(self, told: Mapping[str, Any], owner: str, *, same: bool) -> str:
        """Take in what is listened to; return its key: the event's name, if that is all."""
        event = told.get("event")
        if not isinstance(event, str) or not _NAME.match(event.strip()):
            self.faults.append(Fault(owner, "no_event", "event"))
            return ""
        where = self._where(told, owner)
        prop = told.get("same") or ""
        if prop and (not same or not isinstance(prop, str) or not _NAME.match(prop)):
            self.faults.append(Fault(owner, "same", "same"))
            prop = ""
        listen = {"event": event.strip(), "where": where, "same": prop}
        key = listen["event"] if not where and not prop else _key(listen)
        self.listens[key] = listen
        return key

    def _where(self, told: Mapping[str, Any], owner: str) -> list[dict[str, Any]]:
        where = told.get("where", [])
        try:
            # Segments' changes can be heard by name, but rules ask for the segment itself.
            plain = matchers.matcher({"event": "any", "where": where}, "").plain()
        except rules.RuleError as error:
            self.faults.append(Fault(owner, "where", "where", error.path))
            return []
        return list(plain.get("where", []))

    def entry(self, told: Any) -> dict[str, Any]:
        """Check where people enter; return it with nothing else in it."""
        kind = told.get("type") if isinstance(told, Mapping) else None
        if kind not in ENTRIES:
            self.faults.append(Fault("", "entry_kind", "entry"))
            return {}
        found: dict[str, Any] = {"type": kind}
        if kind == "segment":
            change = told.get("change", "entered")
            if change not in ("entered", "left"):
                self.faults.append(Fault("", "entry_change", "entry"))
            return found | {"segment": self._segment(told), "change": change}
        if kind == "event":
            key = told.get("key") or ""
            if key and (not isinstance(key, str) or not _NAME.match(key)):
                self.faults.append(Fault("", "entry_key", "entry"))
            return found | {"listen": self._entry_listen(told), "key": key}
        if kind == "date":
            segment = self._segment(told) if told.get("segment") else None
            return found | {
                "trait": self._trait(told), "seconds": self._offset(told), "segment": segment,
                "time": self._time(told), "yearly": told.get("yearly") is True,
            }  # fmt: skip
        if kind == "schedule":
            return found | self._schedule(told)
        return found

    def _entry_listen(self, told: Mapping[str, Any]) -> dict[str, Any]:
        before = len(self.faults)
        key = self._listen({**told, "same": ""}, "", same=False)
        for place in range(before, len(self.faults)):
            one = self.faults[place]
            self.faults[place] = Fault("", f"entry_{one.code}", "entry", one.where)
        return self.listens.pop(key, {}) if key else {}

    def _schedule(self, told: Mapping[str, Any]) -> dict[str, Any]:
        every, on = told.get("every"), told.get("on")
        if every not in EVERY:
            self.faults.append(Fault("", "entry_every", "entry"))
        if not isinstance(on, str) or not re.match(r"^20\d\d-[01]\d-[0-3]\d$", on):
            self.faults.append(Fault("", "entry_on", "entry"))
        found = {"segment": self._segment(told), "every": every, "on": on, "time": self._time(told)}
        if every == "week":
            found["weekdays"] = self._weekdays(told)
        return found

    def endings(self, told: Any, name: str) -> list[str]:
        """Check goals or exits; return their listening keys."""
        if not isinstance(told, (list, tuple)) or len(told) > MOST_ARMS:
            self.faults.append(Fault("", "shape", name))
            return []
        keys = []
        for one in told:
            before = len(self.faults)
            key = self._listen(one if isinstance(one, Mapping) else {}, "", same=True)
            for place in range(before, len(self.faults)):
                fault = self.faults[place]
                self.faults[place] = Fault("", fault.code, name, fault.where)
            keys.append(key)
        return keys

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
            name: [then for then in thens if not _surely_rests(self.nodes[then])]
            for name, thens in onward.items()
            if not _surely_rests(self.nodes[name])
        }
        self.faults += [Fault(name, "circle") for name in _in_circles(hurried)]

    def _segment(self, told: Mapping[str, Any]) -> int:
        found = told.get("segment")
        if isinstance(found, int) and not isinstance(found, bool) and found in self.known.segments:
            return found
        self.faults.append(Fault("", "entry_segment", "entry"))
        return 0

    def _seconds(self, step: Mapping[str, Any]) -> int:
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

    def _offset(self, step: Mapping[str, Any]) -> int:
        """Return whole days before (negative) or after a date, in seconds."""
        amount, unit, side = step.get("amount", 0), step.get("unit", "days"), step.get("side")
        owner, place = (str(step["id"]), "amount") if "id" in step else ("", "entry")
        sound = isinstance(amount, int) and not isinstance(amount, bool) and amount >= 0
        if not sound or unit not in ("days", "weeks") or amount * SECONDS[unit] > LONGEST:
            self.faults.append(Fault(owner, "amount", place))
            return 0
        if side not in ("before", "after"):
            self.faults.append(Fault(owner, "side", "side" if owner else "entry"))
        return int(amount * SECONDS[unit]) * (-1 if side == "before" else 1)

    def _time(self, step: Mapping[str, Any]) -> str:
        found = step.get("time")
        if isinstance(found, str) and _TIME.match(found):
            return time.fromisoformat(found).isoformat("minutes")
        owner = str(step.get("id", ""))
        self.faults.append(Fault(owner, "time", "time" if owner else "entry"))
        return "00:00"

    def _weekdays(self, step: Mapping[str, Any]) -> list[int]:
        found = step.get("weekdays")
        if isinstance(found, list) and found and all(type(one) is int for one in found):
            days = sorted(set(found))
            if days[0] >= 0 and days[-1] <= 6:
                return days
        owner = str(step.get("id", ""))
        self.faults.append(Fault(owner, "weekdays", "weekdays" if owner else "entry"))
        return []

    def _whole(self, step: Mapping[str, Any], name: str, least: int, most: int) -> int:
        found = step.get(name, least)
        if isinstance(found, int) and not isinstance(found, bool) and least <= found <= most:
            return found
        self.faults.append(Fault(step["id"], "amount", name))
        return least

    def _trait(self, step: Mapping[str, Any]) -> str:
        found = step.get("trait")
        if isinstance(found, str) and _NAME.match(found) and len(found) <= 100:
            return found
        owner = str(step.get("id", ""))
        self.faults.append(Fault(owner, "no_trait", "trait" if owner else "entry"))
        return ""

    def _update(self, step: dict[str, Any]) -> dict[str, Any]:
        trait, value = self._trait(step), step.get("value")
        if trait and self.known.traits is not None and trait not in self.known.traits:
            self.faults.append(Fault(step["id"], "trait", "trait"))
        plain = value is None or isinstance(value, (bool, int, float, str))
        if not plain or (isinstance(value, str) and (len(value) > 500 or "\x00" in value)):
            self.faults.append(Fault(step["id"], "value", "value"))
            value = None
        return {"trait": trait, "value": value}

    def _message(self, step: dict[str, Any]) -> int:
        found = step.get("message")
        if isinstance(found, int) and not isinstance(found, bool) and found in self.known.messages:
            return found
        self.faults.append(Fault(step["id"], "message" if found else "no_message", "message"))
        return 0

    def _text(self, step: dict[str, Any], field: str, most: int) -> str:
        found = step.get(field)
        if isinstance(found, str) and found.strip() and len(found) <= most and "\x00" not in found:
            return found.strip()
        self.faults.append(Fault(step["id"], f"no_{field}", field))
        return ""


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


def _surely_rests(node: Mapping[str, Any]) -> bool:
    """Return whether everybody rests here: a date may be past, a condition may hold already."""
    if node["type"] == "delay":
        return bool(node["mode"] != "date")
    return bool(node["type"] == "wait" and not node["rules"])


def _in_circles(onward: Mapping[str, list[str]]) -> list[str]:
    """Return the first node of each circle found."""
    state: dict[str, int] = {}
    found = []
    for root in onward:
        if root in state:
            continue
        path = [(root, iter(onward[root]))]
        state[root] = 1
        while path:
            name, rest = path[-1]
            then = next(rest, None)
            if then is None:
                state[name] = 2
                path.pop()
            elif state.get(then) == 1:
                found.append(then)
            elif then not in state and then in onward:
                state[then] = 1
                path.append((then, iter(onward[then])))
    return found


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _digest(told: Any) -> str:
    said = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def _key(listen: Mapping[str, Any]) -> str:
    return f"{listen['event'][:180]}#{_digest(listen)}"


_TEXTS = {
    "unit": 20, "event": 200, "outcome": 40, "mode": 20, "time": 5, "trait": 100, "side": 10,
    "name": 80, "same": 200, "to": 20, "type": 20, "change": 10, "key": 200, "every": 10, "on": 10,
}  # fmt: skip
_NUMBERS = ("amount", "message", "after", "percent", "segment")
BIGGEST_RULE = 20_000


def tidy(outline: Any, *, depth: int = 0) -> list[dict[str, Any]]:
    """Return a draft with nothing in it but what the grammar knows; it may still be incomplete.

    Raises:
        BadOutline: it isn't a list of steps with ids, or it is too deep or too long.
    """
    if not isinstance(outline, list) or depth > DEEPEST or len(outline) > MOST_STEPS:
        raise BadOutline([Fault("", "shape")])
    return [_tidy_step(step, depth) for step in outline]


def tidy_entry(entry: Any) -> dict[str, Any]:
    """Return where people enter, with nothing in it but what the grammar knows.

    Raises:
        BadOutline: it is none of the ways in.
    """
    if not isinstance(entry, dict) or entry.get("type") not in ENTRIES:
        raise BadOutline([Fault("", "entry_kind", "entry")])
    return _tidy_fields(entry)


def tidy_endings(told: Any) -> list[dict[str, Any]]:
    """Return goals or exits, with nothing in them but what the grammar knows.

    Raises:
        BadOutline: it isn't a short list of events.
    """
    if not isinstance(told, list) or len(told) > MOST_ARMS:
        raise BadOutline([Fault("", "shape")])
    if not all(isinstance(one, dict) for one in told):
        raise BadOutline([Fault("", "shape")])
    return [_tidy_fields(one) for one in told]


def _tidy_step(step: Any, depth: int) -> dict[str, Any]:
    kept = {"id": _tidy_id(step), **_tidy_fields(step)}
    if kept.get("type") not in KINDS:
        raise BadOutline([Fault("", "shape")])
    for name, arms in (("for", ("wait",)), ("arms", ("branch", "split"))):
        if kept["type"] in arms:
            told = step.get(name, [])
            if not isinstance(told, list) or len(told) > MOST_ARMS:
                raise BadOutline([Fault("", "shape")])
            kept[name] = [_tidy_arm(arm, depth) for arm in told]
    for name, kind in (("timeout", "wait"), ("else", "branch")):
        if kept["type"] == kind:
            kept[name] = tidy(step.get(name, []), depth=depth + 1)
    if kept["type"] == "update":
        value = step.get("value")
        if isinstance(value, str):
            value = value.replace("\x00", "")[:500]
        kept["value"] = value if value is None or isinstance(value, (bool, int, float, str)) else ""
    return kept


def _tidy_arm(arm: Any, depth: int) -> dict[str, Any]:
    found = {"id": _tidy_id(arm), **_tidy_fields(arm)}
    if "rule" in arm:
        rule = arm["rule"]
        found["rule"] = rule if len(json.dumps(rule)) <= BIGGEST_RULE else {}
    return found | {"steps": tidy(arm.get("steps", []), depth=depth + 1)}


def _tidy_id(step: Any) -> str:
    found = step.get("id") if isinstance(step, dict) else None
    if not isinstance(found, str) or not _ID.match(found):
        raise BadOutline([Fault("", "shape")])
    return found


def _tidy_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, most in _TEXTS.items():
        if isinstance(told.get(name), str):
            kept[name] = told[name].replace("\x00", "")[:most]
    for name in _NUMBERS:
        if _number(told.get(name)) and abs(told[name]) < 2**31:
            kept[name] = told[name]
    if isinstance(told.get("weekdays"), list):
        days = {day for day in told["weekdays"] if type(day) is int and 0 <= day <= 6}
        kept["weekdays"] = sorted(days)
    if isinstance(told.get("yearly"), bool):
        kept["yearly"] = told["yearly"]
    if isinstance(told.get("where"), list) and len(json.dumps(told["where"])) <= BIGGEST_RULE:
        kept["where"] = told["where"]
    return kept
