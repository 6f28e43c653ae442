"""What an event says, as lines that anybody can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from customers.admin import wording

MOST = 200
LONGEST = 500


def facts(told: Any) -> list[tuple[str, str]]:
    """Return an event's fields, those of inner objects with dots in their names."""
    found: list[tuple[str, str]] = []
    for name, value in _leaves("", told):
        if len(found) == MOST:
            break
        text = wording.shown(value)
        found.append((name, text if len(text) <= LONGEST else f"{text[:LONGEST]}…"))
    return found


def as_json(told: Any) -> str:
    """Return an event for developers."""
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _leaves(f"{name}.{key}" if name else str(key), one)
    else:
        yield name or "event", value
