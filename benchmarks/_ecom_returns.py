"""Who came back to the shop, and what follows what there: asked through the reports' door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.measures import paths, retention
from analytics.measures.base import Measure, Row

MONTHS: dict[str, Any] = {
    "start": datetime(2024, 1, 1, tzinfo=UTC),
    "end": datetime(2024, 6, 1, tzinfo=UTC),
}


def told(ask: Callable[[Measure, dict[str, Any]], Sequence[Row]]) -> dict[str, Any]:
    """Return the figures about coming back and about ways."""
    cells = ask(retention.retention, MONTHS | {"zone": "UTC", "every": "month"})
    triangle: dict[str, list[int]] = {}
    for _place, _part, cohort, _slot, people in cells:
        triangle.setdefault(cohort[:7], []).append(people)
    pairs = ask(paths.transitions, MONTHS | {"shown": "events", "limit": 5})
    return {
        "retention": triangle,
        "transitions": {f"{source}>{target}": times for source, target, times, _people in pairs},
    }
