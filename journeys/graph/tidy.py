"""Drafts from the browser, with nothing in them but what the grammar knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from journeys.graph import kinds
from journeys.graph.fields import ID, is_number
from journeys.graph.kinds import OFFERED
from journeys.graph.outline import (
    DEEPEST,
    ENTRIES,
    KINDS,
    MOST_ARMS,
    MOST_STEPS,
    BadOutline,
    Fault,
)

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
    if kept.get("type") in OFFERED:
        own = {name: kept[name] for name in ("id", "type", "name") if name in kept}
        return own | kinds.kept(OFFERED[kept["type"]], step)
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
    if not isinstance(found, str) or not ID.match(found):
        raise BadOutline([Fault("", "shape")])
    return found


def _tidy_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, most in _TEXTS.items():
        if isinstance(told.get(name), str):
            kept[name] = told[name].replace("\x00", "")[:most]
    for name in _NUMBERS:
        if is_number(told.get(name)) and abs(told[name]) < 2**31:
            kept[name] = told[name]
    if isinstance(told.get("weekdays"), list):
        days = {day for day in told["weekdays"] if type(day) is int and 0 <= day <= 6}
        kept["weekdays"] = sorted(days)
    if isinstance(told.get("yearly"), bool):
        kept["yearly"] = told["yearly"]
    if isinstance(told.get("where"), list) and len(json.dumps(told["where"])) <= BIGGEST_RULE:
        kept["where"] = told["where"]
    return kept
