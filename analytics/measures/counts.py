"""How often did one thing happen, day by day?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.measures.base import Example, Measure, Row, Statement, Told, register


def _per_day(*, start: datetime, end: datetime, zone: str, name: str) -> Statement:
    sql = """WITH dated AS (
      SELECT profile_id, cast(happened_at AT TIME ZONE $zone AS date) AS on_day
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND name = $name
    )
    SELECT cast(on_day AS varchar), count(*), count(DISTINCT profile_id)
    FROM dated GROUP BY on_day ORDER BY on_day"""
    parameters = {"start": start, "end": end, "zone": zone, "name": name}
    return Statement(sql, parameters, ("happened_at", "profile_id", "name"), start, end)


def _oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    days: dict[str, list[int]] = defaultdict(list)
    for one in events:
        if one.name == parameters["name"]:
            day = one.happened_at.astimezone(ZoneInfo(parameters["zone"])).date()
            days[str(day)].append(one.profile_id)
    return [(day, len(found), len(set(found))) for day, found in sorted(days.items())]


per_day = Measure(
    name="events_per_day",
    columns=("day", "events", "people"),
    unit="events of one name, and people who did it, a day",
    window="[start, end) by the event's own time; days begin at midnight of `zone`",
    source="every event of that name",
    ask=_per_day,
    oracle=_oracle,
    tries=(
        {"zone": "Asia/Shanghai", "name": "Page Viewed"},
        {"zone": "America/New_York", "name": "Message Sent"},
    ),
    example=Example(
        [
            (1, 0, "track", "Message Sent", {}),
            (1, 9, "track", "Message Sent", {}),
            (2, 9, "track", "Message Clicked", {}),
        ],
        {"zone": "UTC", "name": "Message Sent"},
        [("2024-03-01", 2, 1)],
    ),
)
register(per_day)
