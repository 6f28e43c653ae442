"""How many people came, how often, and how much did they look at?"""

from __future__ import annotations

from datetime import datetime

from analytics.measures.base import Example, Happened, Measure, Statement, register
from analytics.measures.visits import openings, visits

READS = ("id", "happened_at", "profile_id", "type", "name")


def _per_day(*, start: datetime, end: datetime, zone: str, basis: str = "views") -> Statement:
    sql = f"""WITH {openings(basis=basis)},
    dated AS (
      SELECT *, cast(happened_at AT TIME ZONE $zone AS date) AS on_day FROM opened
    )
    SELECT cast(on_day AS varchar), count(DISTINCT profile_id), cast(sum(opens) AS bigint),
      count(CASE WHEN type IN ('page', 'screen') THEN 1 END)
    FROM dated GROUP BY on_day ORDER BY on_day"""
    return Statement(sql, {"start": start, "end": end, "zone": zone}, READS, start, end)


def _totals(*, start: datetime, end: datetime, basis: str = "views") -> Statement:
    sql = f"""WITH {visits(basis=basis)},
    whole AS (
      SELECT profile_id, visit, count(*) AS n,
        count(CASE WHEN type IN ('page', 'screen') THEN 1 END) AS views
      FROM acts GROUP BY profile_id, visit
    )
    SELECT count(DISTINCT profile_id), count(*), cast(coalesce(sum(views), 0) AS bigint),
      count(CASE WHEN n = 1 THEN 1 END)
    FROM whole"""
    return Statement(sql, {"start": start, "end": end}, READS, start, end)


_DAY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {}),
    (1, 30, "page", "Page Viewed", {}),
    (1, 60.5, "page", "Page Viewed", {}),
    (2, 5, "page", "Page Viewed", {}),
    (2, 6, "track", "Article Viewed", {}),
    (3, 5, "track", "Segment Entered", {}),
]

per_day = Measure(
    name="traffic_per_day",
    columns=("day", "visitors", "visits", "views"),
    unit="people, visits and views a day; a person is a profile as it is owned now",
    window="[start, end) by the event's own time; days begin at midnight of `zone`",
    source="a visit ends after 30 minutes of silence and counts on the day it began",
    ask=_per_day,
    example=Example(_DAY, {"zone": "UTC"}, [("2024-03-01", 2, 3, 4)]),
)
totals = Measure(
    name="traffic_totals",
    columns=("visitors", "visits", "views", "bounces"),
    unit="people, visits, views, and visits of a single act",
    window="[start, end) by the event's own time",
    source="people are counted once over the whole window, so that days do not add up to it",
    ask=_totals,
    example=Example(_DAY, {"basis": "events"}, [(2, 3, 4, 1)]),
)
register(per_day, totals)
