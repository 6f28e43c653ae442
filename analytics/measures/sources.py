"""Where did visits come from, and what did they lead to?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.traffic import SEEN, chosen, newest, reads, told_of
from analytics.measures.visits import Visit, scope, visits_told
from analytics.measures.where import Act, act, holds, said

WAYS = ("source", "medium", "campaign", "channel")
COUNTS = ("visits", "visitors", "bounces", "conversions")
_WINDOW = "[start, end) by the event's own time"
_SOURCE = (
    "the first act of a visit: its campaign, else the referring host unless it is our own;"
    " conversions are events that `goal` means, within visits"
)


@dataclass(frozen=True, slots=True)
class _Goal:
    """What counts as a conversion, as SQL: a condition, what it binds, the columns it reads."""

    sql: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @property
    def keep(self) -> tuple[str, ...]:
        return tuple(name for name in self.reads if name == "properties")


def _goal(goal: Act | None) -> _Goal:
    if goal is None:
        return _Goal()
    parameters: dict[str, Any] = {}
    return _Goal(holds(goal, parameters), parameters, goal.reads)


def _by(*ways: str) -> Callable[..., Statement]:
    # Campaigns are listed where links name one; everything else is listed as nothing, too.
    named = " WHERE campaign <> ''" if ways == ("campaign",) else ""

    def ask(
        *,
        start: datetime,
        end: datetime,
        basis: str = "views",
        goal: Act | None = None,
        channel: str = "",
        limit: int = 20,
    ) -> Statement:
        listed = ", ".join(ways)
        sorted_by = ", ".join(f'{way} COLLATE "C"' for way in ways)
        meant = _goal(goal)
        met = f"count(CASE WHEN {meant.sql} THEN 1 END)" if goal else "0"
        acts = scope(basis=basis, keep=meant.keep, along=meant.sql, channel=channel, landed=True)
        sql = f"""WITH {acts},
        stays AS (
          SELECT profile_id, visit, sum(counts) AS n, {met} AS met
          FROM acts WHERE visit > 0 GROUP BY profile_id, visit
        )
        SELECT {listed}, count(*) AS visits, count(DISTINCT landed.profile_id),
          count(CASE WHEN n = 1 THEN 1 END), cast(sum(met) AS bigint)
        FROM landed
        JOIN stays ON stays.profile_id = landed.profile_id AND stays.visit = landed.visit{named}
        GROUP BY {listed} ORDER BY visits DESC, {sorted_by} LIMIT $limit"""
        parameters = {"start": start, "end": end, "limit": limit, **meant.parameters}
        columns = reads(*meant.reads, channel=channel, landed=True)
        return Statement(sql, chosen(parameters, channel), columns, start, end)

    return ask


def _per_day(
    *, start: datetime, end: datetime, zone: str, basis: str = "views", channel: str = ""
) -> Statement:
    sql = f"""WITH {scope(basis=basis, channel=channel, landed=True)},
    dated AS (
      SELECT profile_id, channel, cast(happened_at AT TIME ZONE $zone AS date) AS on_day
      FROM landed
    )
    SELECT cast(on_day AS varchar), channel, count(*), count(DISTINCT profile_id)
    FROM dated GROUP BY on_day, channel ORDER BY on_day, channel COLLATE "C" """
    parameters = chosen({"start": start, "end": end, "zone": zone}, channel)
    return Statement(sql, parameters, reads(channel=channel, landed=True), start, end)


def _people(
    *,
    start: datetime,
    end: datetime,
    basis: str = "views",
    goal: Act | None = None,
    way: Mapping[str, str] | None = None,
    channel: str = "",
    met: bool = False,
    limit: int = 200,
) -> Statement:
    """Ask for the people of one row of a table of ways; `met` keeps who reached the goal."""
    way = way or {}
    tests = "".join(f" AND landed.{name} = $way_{name}" for name in WAYS if name in way)
    meant = _goal(goal)
    reached = f" AND {meant.sql}" if met and goal else ""
    acts = scope(basis=basis, keep=meant.keep, along=meant.sql, channel=channel, landed=True)
    sql = f"""WITH {acts},
    reached AS (SELECT profile_id, visit, happened_at FROM acts WHERE visit > 0{reached}),
    rows_of AS (
      SELECT reached.profile_id, reached.happened_at FROM reached
      JOIN landed ON landed.profile_id = reached.profile_id AND landed.visit = reached.visit{tests}
    )
    SELECT profile_id, {SEEN} FROM rows_of
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    parameters: dict[str, Any] = {"start": start, "end": end, "limit": limit}
    parameters |= {f"way_{name}": way[name] for name in WAYS if name in way}
    parameters |= meant.parameters
    columns = reads(*meant.reads, channel=channel, landed=True)
    return Statement(sql, chosen(parameters, channel), columns, start, end)


# --- plain Python ---------------------------------------------------------------------------------


def _told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Visit]:
    goal = asked.get("goal")
    found = visits_told(
        events, along=lambda one: goal is not None and said(goal, one), **told_of(asked)
    )
    return [visit for visit in found if visit.acts]


def _met(visit: Visit, goal: Act | None) -> list[Told]:
    return [one for one in visit.acts + visit.beside if goal is not None and said(goal, one)]


def _by_told(*ways: str) -> Callable[[Sequence[Told], Mapping[str, Any]], list[Row]]:
    def oracle(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
        groups: dict[tuple[str, ...], list[Visit]] = {}
        for visit in _told(events, asked):
            way = dict(zip(WAYS, visit.way, strict=True))
            if ways != ("campaign",) or way["campaign"]:
                groups.setdefault(tuple(way[name] for name in ways), []).append(visit)
        goal = asked.get("goal")
        rows: list[Row] = [
            (
                *group,
                len(visits),
                len({visit.profile_id for visit in visits}),
                sum(len(visit.acts) == 1 for visit in visits),
                sum(len(_met(visit, goal)) for visit in visits),
            )
            for group, visits in groups.items()
        ]
        rows.sort(key=lambda row: (-row[len(ways)], *(str(one).encode() for one in row)))
        return rows[: asked.get("limit", 20)]

    return oracle


def _per_day_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    days: dict[tuple[str, str], list[int]] = {}
    for visit in _told(events, asked):
        at = visit.acts[0].happened_at.astimezone(ZoneInfo(asked["zone"]))
        days.setdefault((at.date().isoformat(), visit.way[-1]), []).append(visit.profile_id)
    return [(*key, len(people), len(set(people))) for key, people in sorted(days.items())]


def _people_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    way = asked.get("way") or {}
    found: dict[int, datetime] = {}
    for visit in _told(events, asked):
        told = dict(zip(WAYS, visit.way, strict=True))
        if any(told[name] != value for name, value in way.items()):
            continue
        of = _met(visit, asked["goal"]) if asked.get("met") else visit.acts + visit.beside
        for event in of:
            before = found.get(event.profile_id, event.happened_at)
            found[event.profile_id] = max(before, event.happened_at)
    return newest(found, asked.get("limit", 200))


_STORY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {"campaign_source": "News", "campaign_medium": "email",
                                   "campaign_name": "March"}),
    (1, 9, "page", "Page Viewed", {"referrer": "https://other.example/"}),
    (1, 10, "track", "Signed Up", {}),
    (2, 0, "page", "Page Viewed",
     {"referrer": "https://www.Google.com:443/?q=a", "url": "https://us.example/"}),
    (2, 50, "track", "Signed Up", {}),
    (3, 0, "page", "Page Viewed",
     {"referrer": "https://us.example/a", "url": "https://us.example/"}),
]  # fmt: skip
_GOAL = {"goal": Act("Signed Up")}
_FILTERED = act(
    {"event": "Product Viewed", "where": [{"prop": "country", "cmp": "eq", "value": "ES"}]}, "goal"
)
_TRIES: tuple[Mapping[str, Any], ...] = (
    {},
    {"basis": "events", "goal": Act("Order Completed"), "limit": 3},
    {"goal": _FILTERED},
    {"channel": "Direct", "goal": Act("Signed Up")},
)

by_channel = Measure(
    name="channels",
    columns=("channel", *COUNTS),
    unit="visits, people who made them, visits of a single act, and conversions",
    window=_WINDOW,
    source=f"{_SOURCE}; Google Analytics' default channel grouping",
    ask=_by("channel"),
    example=Example(
        _STORY,
        _GOAL,
        [("Direct", 1, 1, 1, 0), ("Email", 1, 1, 0, 1), ("Organic Search", 1, 1, 1, 0)],
    ),
    oracle=_by_told("channel"),
    tries=_TRIES,
)
by_source = Measure(
    name="sources",
    columns=("source", "medium", *COUNTS),
    unit="visits, people who made them, visits of a single act, and conversions; an empty source"
    " came directly",
    window=_WINDOW,
    source=_SOURCE,
    ask=_by("source", "medium"),
    example=Example(
        _STORY,
        _GOAL,
        [
            ("", "", 1, 1, 1, 0),
            ("google.com", "referral", 1, 1, 1, 0),
            ("news", "email", 1, 1, 0, 1),
        ],
    ),
    oracle=_by_told("source", "medium"),
    tries=_TRIES,
)
by_campaign = Measure(
    name="campaigns",
    columns=("campaign", *COUNTS),
    unit="visits, people who made them, visits of a single act, and conversions",
    window=_WINDOW,
    source=f"{_SOURCE}; visits without a campaign are left out",
    ask=_by("campaign"),
    example=Example(_STORY, _GOAL, [("March", 1, 1, 0, 1)]),
    oracle=_by_told("campaign"),
    tries=_TRIES,
)
per_day = Measure(
    name="channels_per_day",
    columns=("day", "channel", "visits", "visitors"),
    unit="visits, and people who made them, a day",
    window=f"{_WINDOW}; days begin at midnight of `zone`",
    source=f"{_SOURCE}; a visit counts on the day it began",
    ask=_per_day,
    example=Example(
        _STORY,
        {"zone": "UTC"},
        [
            ("2024-03-01", "Direct", 1, 1),
            ("2024-03-01", "Email", 1, 1),
            ("2024-03-01", "Organic Search", 1, 1),
        ],
    ),
    oracle=_per_day_told,
    tries=[{"zone": "UTC"}, {"zone": "Asia/Kathmandu", "basis": "events"}],
)
people = Measure(
    name="source_people",
    columns=("profile_id", "seen"),
    unit="people, who came last first, with the second (Unix time) of their last such act",
    window=_WINDOW,
    source=f"{_SOURCE}; `way` names what their visits came by, `met` keeps who converted",
    ask=_people,
    example=Example(_STORY, _GOAL | {"way": {"channel": "Email"}, "met": True},
                    [(1, 1_709_251_800)]),
    oracle=_people_told,
    tries=[
        {},
        {"way": {"channel": "Direct"}, "limit": 3},
        {"way": {"source": "google", "medium": "cpc"}, "basis": "events"},
        {"way": {"campaign": "spring"}, "goal": _FILTERED, "met": True},
        {"channel": "Direct", "goal": Act("Signed Up"), "met": True},
    ],
)  # fmt: skip
register(by_channel, by_source, by_campaign, per_day, people)
