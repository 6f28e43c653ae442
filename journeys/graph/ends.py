"""Where people enter, and what ends their way early."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from journeys.graph.fields import NAME, Fields
from journeys.graph.outline import ENTRIES, EVERY, MOST_ARMS, Fault


class Ends(Fields):
    """Checks entries, goals and exits."""

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
            if key and (not isinstance(key, str) or not NAME.match(key)):
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
