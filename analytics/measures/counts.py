"""How often did one thing happen, day by day?"""

from __future__ import annotations

from datetime import datetime

from analytics.measures.base import Example, Measure, Statement, register


def _per_day(*, start: datetime, end: datetime, zone: str, name: str) -> Statement:
    sql = """WITH dated AS (
      SELECT profile_id, cast(happened_at AT TIME ZONE $zone AS date) AS on_day
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND name = $name
    )
    SELECT cast(on_day AS varchar), count(*), count(DISTINCT profile_id)
    FROM dated GROUP BY on_day ORDER BY on_day"""
    parameters = {"start": start, "end": end, "zone": zone, "name": name}
    return Statement(sql, parameters, ("happened_at", "profile_id", "name"), start, end)


per_day = Measure(
    name="events_per_day",
    columns=("day", "events", "people"),
    unit="events of one name, and people who did it, a day",
    window="[start, end) by the event's own time; days begin at midnight of `zone`",
    source="every event of that name",
    ask=_per_day,
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
