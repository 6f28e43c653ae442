"""How many people came, how often, how long, and how much did they look at?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.visits import ARRIVAL, VIEWS, openings, scope, visits_told

READS = ("id", "happened_at", "profile_id", "type", "name")
# The tracker tells once, as a page is left, for how many seconds it was read.
LEFT = "Page Left"
SECONDS = "'^[0-9]{1,5}$'"


def reads(*further: str, channel: str = "", landed: bool = False) -> tuple[str, ...]:
    """Return the columns that visits need, and those that tell where they came from."""
    return tuple(dict.fromkeys((*READS, *(ARRIVAL if channel or landed else ()), *further)))


def _per_day(
    *, start: datetime, end: datetime, zone: str, basis: str = "views", channel: str = ""
) -> Statement:
    acts = scope(basis=basis, channel=channel) if channel else openings(basis=basis)
    sql = f"""WITH {acts},
    dated AS (
      SELECT *, cast(happened_at AT TIME ZONE $zone AS date) AS on_day
      FROM {"acts" if channel else "opened"}
    )
    SELECT cast(on_day AS varchar), count(DISTINCT profile_id), cast(sum(opens) AS bigint),
      count(CASE WHEN {VIEWS} THEN 1 END)
    FROM dated GROUP BY on_day ORDER BY on_day"""
    parameters = {"start": start, "end": end, "zone": zone}
    return Statement(sql, chosen(parameters, channel), reads(channel=channel), start, end)


def _totals(
    *, start: datetime, end: datetime, basis: str = "views", channel: str = ""
) -> Statement:
    sql = f"""WITH {scope(basis=basis, channel=channel)},
    whole AS (
      SELECT profile_id, visit, count(*) AS n, count(CASE WHEN {VIEWS} THEN 1 END) AS views
      FROM acts GROUP BY profile_id, visit
    )
    SELECT count(DISTINCT profile_id), count(*), cast(coalesce(sum(views), 0) AS bigint),
      count(CASE WHEN n = 1 THEN 1 END)
    FROM whole"""
    parameters = chosen({"start": start, "end": end}, channel)
    return Statement(sql, parameters, reads(channel=channel), start, end)


def _stays(*, start: datetime, end: datetime, basis: str = "views", channel: str = "") -> Statement:
    sql = f"""WITH {scope(basis=basis, keep=["properties"], along="name = $left", channel=channel)},
    told AS (
      SELECT profile_id, visit, happened_at,
        CASE WHEN name = $left THEN properties ->> 'seconds' END AS seconds
      FROM acts WHERE visit > 0
    ),
    whole AS (
      SELECT cast(extract(epoch FROM max(happened_at) - min(happened_at)) AS double precision)
          AS lasted,
        sum(CASE WHEN seconds ~ {SECONDS} THEN cast(seconds AS bigint) END) AS engaged
      FROM told GROUP BY profile_id, visit
    )
    SELECT count(*), cast(coalesce(sum(lasted), 0) AS double precision), count(engaged),
      cast(coalesce(sum(engaged), 0) AS bigint)
    FROM whole"""
    parameters = chosen({"start": start, "end": end, "left": LEFT}, channel)
    return Statement(sql, parameters, reads("properties", channel=channel), start, end)


def _visitors(
    *,
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    basis: str = "views",
    channel: str = "",
    day: str = "",
    limit: int = 200,
) -> Statement:
    on_day = " WHERE cast(happened_at AT TIME ZONE $zone AS date) = cast($day AS date)"
    sql = f"""WITH {scope(basis=basis, channel=channel)}
    SELECT profile_id, {SEEN} FROM acts{on_day if day else ""}
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    parameters: dict[str, Any] = {"start": start, "end": end, "limit": limit}
    parameters |= {"zone": zone, "day": day} if day else {}
    return Statement(sql, chosen(parameters, channel), reads(channel=channel), start, end)


SEEN = "cast(floor(extract(epoch FROM max(happened_at))) AS bigint) AS seen"


def chosen(parameters: dict[str, Any], channel: str) -> dict[str, Any]:
    """Return parameters with the channel, where one is chosen: a text binds only what it names."""
    return parameters | ({"channel": channel} if channel else {})


def newest(found: Mapping[int, datetime], limit: int) -> list[Row]:
    """Return people as measures list them: who came last first, with the second."""
    rows = [(person, int(at.timestamp() // 1)) for person, at in found.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:limit]


# --- plain Python ---------------------------------------------------------------------------------


def _day(event: Told, zone: str) -> str:
    return event.happened_at.astimezone(ZoneInfo(zone)).date().isoformat()


def _is_view(event: Told) -> bool:
    return event.type in {"page", "screen"}


def told_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an oracle's visits."""
    return {"basis": asked.get("basis", "views"), "channel": asked.get("channel", "")}


def _per_day_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    days: dict[str, tuple[set[int], list[int]]] = defaultdict(lambda: (set(), [0, 0]))
    for visit in visits_told(events, **told_of(asked)):
        for number, act in enumerate(visit.acts):
            people, counts = days[_day(act, asked["zone"])]
            people.add(act.profile_id)
            counts[0] += number == 0
            counts[1] += _is_view(act)
    return [(day, len(people), *counts) for day, (people, counts) in sorted(days.items())]


def _totals_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    found = visits_told(events, **told_of(asked))
    views = sum(_is_view(act) for visit in found for act in visit.acts)
    bounces = sum(len(visit.acts) == 1 for visit in found)
    return [(len({visit.profile_id for visit in found}), len(found), views, bounces)]


def _stays_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    visits, lasted, with_time, engaged = 0, 0.0, 0, 0
    for visit in visits_told(events, along=lambda one: one.name == LEFT, **told_of(asked)):
        if not visit.acts:
            continue
        inside = visit.acts + visit.beside
        moments = [event.happened_at for event in inside]
        visits += 1
        lasted += (max(moments) - min(moments)).total_seconds()
        told = [str(one.properties.get("seconds")) for one in inside if one.name == LEFT]
        told = [one for one in told if one.isdecimal() and len(one) <= 5]
        with_time += bool(told)
        engaged += sum(map(int, told))
    return [(visits, lasted, with_time, engaged)]


def _visitors_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    found: dict[int, datetime] = {}
    for visit in visits_told(events, **told_of(asked)):
        for act in visit.acts:
            if not asked.get("day") or _day(act, asked["zone"]) == asked["day"]:
                found[act.profile_id] = max(found.get(act.profile_id, act.happened_at),
                                            act.happened_at)  # fmt: skip
    return newest(found, asked.get("limit", 200))


_DAY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {}),
    (1, 30, "page", "Page Viewed", {}),
    (1, 31, "track", LEFT, {"seconds": 45}),
    (1, 60.5, "page", "Page Viewed", {}),
    (2, 5, "page", "Page Viewed", {"campaign_source": "news", "campaign_medium": "email"}),
    (2, 6, "track", "Article Viewed", {}),
    (3, 5, "track", "Segment Entered", {}),
]
_TRIES: tuple[Mapping[str, Any], ...] = (
    {},
    {"basis": "events"},
    {"channel": "Direct"},
    {"basis": "events", "channel": "Email"},
)

per_day = Measure(
    name="traffic_per_day",
    columns=("day", "visitors", "visits", "views"),
    unit="people, visits and views a day; a person is a profile as it is owned now",
    window="[start, end) by the event's own time; days begin at midnight of `zone`",
    source="a visit ends after 30 minutes of silence and counts on the day it began",
    ask=_per_day,
    example=Example(_DAY, {"zone": "UTC"}, [("2024-03-01", 2, 3, 4)]),
    oracle=_per_day_told,
    tries=[{"zone": zone, **one} for one in _TRIES for zone in ("UTC", "Asia/Kathmandu")],
)
totals = Measure(
    name="traffic_totals",
    columns=("visitors", "visits", "views", "bounces"),
    unit="people, visits, views, and visits of a single act",
    window="[start, end) by the event's own time",
    source="people are counted once over the whole window, so that days do not add up to it",
    ask=_totals,
    example=Example(_DAY, {"basis": "events"}, [(2, 3, 4, 1)]),
    oracle=_totals_told,
    tries=_TRIES,
)
stays = Measure(
    name="traffic_stays",
    columns=("visits", "seconds", "told", "engaged_seconds"),
    unit="visits, seconds from the first to the last sign of them, visits of which the tracker told"
    " how long pages were read, and those seconds",
    window="[start, end) by the event's own time",
    source=f"a visit of one act lasts no time, unless a “{LEFT}” follows; its `seconds` count while"
    " the page is to be seen and somebody moves, types or scrolls",
    ask=_stays,
    example=Example(_DAY, {}, [(3, 1860.0, 1, 45)]),
    oracle=_stays_told,
    tries=_TRIES,
)
visitors = Measure(
    name="traffic_visitors",
    columns=("profile_id", "seen"),
    unit="people, who came last first, with the second (Unix time) of their last act",
    window="[start, end) by the event's own time, or one `day` of it",
    source="as visitors are counted",
    ask=_visitors,
    example=Example(_DAY, {"channel": "Email"}, [(2, 1_709_251_500)]),
    oracle=_visitors_told,
    tries=[*_TRIES, {"zone": "Asia/Kathmandu", "day": "2024-03-02", "limit": 3}],
)
register(per_day, totals, stays, visitors)
