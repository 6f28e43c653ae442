"""What single fields of a step must say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from customers import rules
from customers.conditions import matcher as matchers
from journeys.graph.outline import FINISH, LONGEST, MOST_ARMS, MOST_STEPS, SECONDS, Fault, Known

ID = re.compile(r"^[a-z][a-z0-9]{0,19}$")
NAME = re.compile(r"^[^\x00-\x1f\x7f]{1,200}$")
TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


class Fields:
    """Collects faults, rules and what is listened to, field by field."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.nodes: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, Any] = {}
        self.listens: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.seen: set[str] = set()
        self.ids: set[str] = set()

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
        if isinstance(found, str) and TIME.match(found):
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
        if isinstance(found, str) and NAME.match(found) and len(found) <= 100:
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

    def _has_id(self, step: Any) -> bool:
        found = step.get("id") if isinstance(step, dict) else None
        if not isinstance(found, str) or not ID.match(found) or found == FINISH:
            self.faults.append(Fault("", "shape"))
            return False
        if found in self.seen or len(self.seen) >= MOST_STEPS:
            self.faults.append(Fault(found, "twice" if found in self.seen else "too_many"))
            return False
        self.seen.add(found)
        return True

    def _arms(self, step: dict[str, Any], name: str) -> list[dict[str, Any]]:
        arms = step.get(name)
        if not isinstance(arms, list) or len(arms) > MOST_ARMS:
            self.faults.append(Fault(step["id"], "too_many_arms" if arms else "no_arm", name))
            return []
        return [arm for arm in arms if self._has_id(arm)]

    def _rule(self, arm: Mapping[str, Any], owner: str) -> str:
        try:
            told = rules.canonical(arm.get("rule"))
        except rules.RuleError as error:
            self.faults.append(Fault(owner, "rule", "rule", error.path))
            return ""
        for number in rules.deps(told).segments:
            if number not in self.known.segments:
                self.faults.append(Fault(owner, "segment", "rule"))
        if rules.deps(told).lists - set(self.known.lists):
            self.faults.append(Fault(owner, "list", "rule"))
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
        if not isinstance(event, str) or not NAME.match(event.strip()):
            self.faults.append(Fault(owner, "no_event", "event"))
            return ""
        where = self._where(told, owner)
        prop = told.get("same") or ""
        if prop and (not same or not isinstance(prop, str) or not NAME.match(prop)):
            self.faults.append(Fault(owner, "same", "same"))
            prop = ""
        listen = {"event": event.strip(), "where": where, "same": prop}
        key = event.strip() if not where and not prop else _key(listen)
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


def is_number(value: Any) -> bool:
    """Return whether a value is a number that can be compared."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _digest(told: Any) -> str:
    said = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def _key(listen: Mapping[str, Any]) -> str:
    return f"{listen['event'][:180]}#{_digest(listen)}"
