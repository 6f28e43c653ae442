"""How often did a few things happen, day by day?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.measures.base import Example, Measure, Row, Statement, Told, register


def _per_day(*, start: datetime, end: datetime, zone: str, names: Sequence[str]) -> Statement:
    told = {f"name{place}": name for place, name in enumerate(names)}
    sql = f"""WITH dated AS (
      SELECT name, profile_id, cast(happened_at AT TIME ZONE $zone AS date) AS on_day
      FROM ev WHERE happened_at >= $start AND happened_at < $end
        AND name IN ({", ".join(f"${key}" for key in told)})
    )
    SELECT name, cast(on_day AS varchar), count(*), count(DISTINCT profile_id)
    FROM dated GROUP BY name, on_day ORDER BY name COLLATE "C", on_day"""
    parameters = {"start": start, "end": end, "zone": zone, **told}
    return Statement(sql, parameters, ("happened_at", "profile_id", "name"), start, end)


def _oracle(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in events:
        if one.name in parameters["names"]:
            day = one.happened_at.astimezone(ZoneInfo(parameters["zone"])).date()
            days[one.name, str(day)].append(one.profile_id)
    return [(*key, len(found), len(set(found))) for key, found in sorted(days.items())]


per_day = Measure(
    name="events_per_day",
    columns=("name", "day", "events", "people"),
    unit="events of some names, and people who did them, a day",
    window="[start, end) by the event's own time; days begin at midnight of `zone`",
    source="every event of these names",
    ask=_per_day,
    oracle=_oracle,
    tries=(
        {"zone": "Asia/Shanghai", "names": ("Page Viewed",)},
        {"zone": "America/New_York", "names": ("Message Sent", "Page Viewed", "nothing")},
    ),
    example=Example(
        [
            (1, 0, "track", "Message Sent", {}),
            (1, 9, "track", "Message Sent", {}),
            (2, 9, "track", "Bought", {}),
        ],
        {"zone": "UTC", "names": ("Message Sent", "Bought")},
        [("Bought", "2024-03-01", 1, 1), ("Message Sent", "2024-03-01", 2, 1)],
    ),
)
register(per_day)
