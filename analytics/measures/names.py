"""Which events are there to ask about?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures.base import Example, Measure, Row, Statement, Told, register


def _seen(*, start: datetime, end: datetime, limit: int = 500) -> Statement:
    sql = """SELECT name, count(*) AS events, count(DISTINCT profile_id) AS people
    FROM ev WHERE happened_at >= $start AND happened_at < $end
    GROUP BY name ORDER BY events DESC, name COLLATE "C" LIMIT $limit"""
    parameters = {"start": start, "end": end, "limit": limit}
    return Statement(sql, parameters, ("happened_at", "name", "profile_id"), start, end)


def _oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    found: dict[str, list[int]] = defaultdict(list)
    for one in events:
        found[one.name].append(one.profile_id)
    rows = [(name, len(people), len(set(people))) for name, people in found.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[: parameters.get("limit", 500)]


seen = Measure(
    name="event_names",
    columns=("name", "events", "people"),
    unit="events, and people who did it",
    window="[start, end) by the event's own time",
    source="every event, our own included",
    ask=_seen,
    oracle=_oracle,
    tries=({}, {"limit": 3}),
    example=Example(
        [
            (1, 0, "track", "Signed Up", {}),
            (1, 1, "page", "Page Viewed", {}),
            (2, 1, "page", "Page Viewed", {}),
        ],
        {},
        [("Page Viewed", 2, 2), ("Signed Up", 1, 1)],
    ),
)
register(seen)
