"""Single visits: ours, one by one, and those that another tracker has numbered itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import values
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.channels import CHANNELS
from analytics.measures.traffic import chosen, reads, told_of
from analytics.measures.visits import VIEWS, scope, visits_told
from customers.conditions.matcher import Filter

_LASTED = (
    "cast(extract(epoch FROM max(happened_at) - min(happened_at)) AS double precision) AS lasted"
)
_BEGUN = "cast(extract(epoch FROM min(happened_at)) AS double precision) AS begun"
PING = "page_ping"


def _listed(
    *, start: datetime, end: datetime, basis: str = "views", channel: str = "", limit: int = 200
) -> Statement:
    sql = f"""WITH {scope(basis=basis, keep=["path"], channel=channel, landed=True)},
    placed AS (
      SELECT *, row_number() OVER (
          PARTITION BY profile_id, visit ORDER BY happened_at DESC, id DESC) AS from_end
      FROM acts
    ),
    whole AS (
      SELECT profile_id, visit, {_BEGUN}, {_LASTED}, count(CASE WHEN {VIEWS} THEN 1 END) AS views,
        count(*) AS done, coalesce(max(CASE WHEN opens = 1 THEN path END), '') AS entered,
        coalesce(max(CASE WHEN from_end = 1 THEN path END), '') AS left_from
      FROM placed GROUP BY profile_id, visit
    )
    SELECT whole.profile_id, begun, lasted, channel, views, done, entered, left_from
    FROM whole
    JOIN landed ON landed.profile_id = whole.profile_id AND landed.visit = whole.visit
    ORDER BY begun DESC, whole.profile_id LIMIT $limit"""
    parameters = chosen({"start": start, "end": end, "limit": limit}, channel)
    return Statement(sql, parameters, reads("path", channel=channel, landed=True), start, end)


def _numbered(
    *,
    start: datetime,
    end: datetime,
    key: str,
    view: str,
    ping: str = PING,
    heartbeat: int = 10,
    least: int = 5,
    longest_days: int = 3,
    only: Sequence[Filter] = (),
    each: str = "session",
    limit: int = 200,
) -> Statement:
    """Ask for sessions as a tracker numbers them, with the time its heartbeats tell.

    Args:
        start: the first moment.
        end: the moment after the last.
        key: the property that numbers a session.
        view: the property that numbers a view of a page.
        ping: the name of the heartbeat's events.
        heartbeat: so many seconds lie between two heartbeats.
        least: so many seconds lie between a view and its first heartbeat.
        longest_days: what a session is told of later than so many days after its beginning.
        only: what the properties of an event must say for it to count.
        each: a row for each `session`, or for each `view` in one.
        limit: at most so many rows.
    """
    parameters: dict[str, Any] = {
        "start": start, "end": end, "ping": ping, "heartbeat": heartbeat, "least": least,
        "longest": longest_days * 86_400, "limit": limit,
    }  # fmt: skip
    session, seen = values.text(key, parameters), values.text(view, parameters)
    filters = "".join(f" AND {values.passes(one, parameters)}" for one in only)
    sql = f"""WITH told AS (
      SELECT {session} AS session, {seen} AS seen, happened_at,
        CASE WHEN {VIEWS} THEN 1 ELSE 0 END AS looks, CASE WHEN name = $ping THEN 1 ELSE 0 END
          AS beats,
        CASE WHEN name = $ping THEN happened_at - INTERVAL '1 second' * $least ELSE happened_at END
          AS since,
        cast(floor(cast(extract(epoch FROM happened_at) AS double precision) / $heartbeat)
          AS bigint) AS turn
      FROM ev WHERE happened_at >= $start AND happened_at < $end
        AND type IN ('page', 'screen', 'track'){filters}
    ),
    begun AS (
      SELECT *, min(since) OVER (PARTITION BY session) AS first FROM told WHERE session <> ''
    ),
    kept AS (SELECT * FROM begun WHERE happened_at <= first + INTERVAL '1 second' * $longest)
    {_SESSIONS if each == "session" else _LOOKS}"""
    columns = ("happened_at", "type", "name", "properties")
    return Statement(sql, parameters, columns, start, end)


def _engaged(beaten: str) -> str:
    turns = f"count(DISTINCT CASE WHEN beats = 1 THEN {beaten} END)"
    lively = "count(DISTINCT CASE WHEN beats = 1 THEN seen END)"
    return f"cast($heartbeat * ({turns} - {lively}) + $least * {lively} AS bigint)"


_TIMES = """cast(extract(epoch FROM min(since)) AS double precision) AS begun,
      cast(extract(epoch FROM max(happened_at) - min(since)) AS double precision)"""
_SESSIONS = f"""SELECT session, {_TIMES},
      count(DISTINCT CASE WHEN looks = 1 OR beats = 1 THEN seen END), count(*),
      {_engaged("seen || ' ' || cast(turn AS varchar)")}
    FROM kept GROUP BY session
    HAVING count(CASE WHEN looks = 1 OR beats = 1 THEN seen END) > 0
    ORDER BY begun, session COLLATE "C" LIMIT $limit"""
# A view lasts until its last heartbeat; that it was told of twice makes it no longer.
_LOOKS = f"""SELECT seen, cast(extract(epoch FROM min(since)) AS double precision) AS begun,
      cast(extract(epoch FROM coalesce(max(CASE WHEN beats = 1 THEN happened_at END), min(since))
        - min(since)) AS double precision), 1, count(*), {_engaged("turn")}
    FROM kept WHERE seen IS NOT NULL AND (looks = 1 OR beats = 1) GROUP BY session, seen
    HAVING max(looks) = 1
    ORDER BY begun, seen COLLATE "C", session COLLATE "C" LIMIT $limit"""


# --- plain Python ---------------------------------------------------------------------------------


def _listed_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for visit in visits_told(events, **told_of(asked)):
        first, last = visit.acts[0], visit.acts[-1]
        rows.append((
            visit.profile_id,
            first.happened_at.timestamp(),
            (last.happened_at - first.happened_at).total_seconds(),
            visit.way[-1],
            sum(act.type in {"page", "screen"} for act in visit.acts),
            len(visit.acts),
            first.columns["path"] or "",
            last.columns["path"] or "",
        ))
    rows.sort(key=lambda row: (-row[1], row[0]))
    return rows[: asked.get("limit", 200)]


def _numbered_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    def number(event: Told, name: str) -> str | None:
        return values.text_of(event.properties, asked[name])

    def since(event: Told) -> datetime:
        return event.happened_at - timedelta(seconds=least if event.name == ping else 0)

    ping, least = asked.get("ping", PING), asked.get("least", 5)
    heartbeat, longest = asked.get("heartbeat", 10), timedelta(days=asked.get("longest_days", 3))
    sessions: dict[str, list[Told]] = defaultdict(list)
    for event in events:
        told = all(values.fits(one, event.properties) for one in asked.get("only", ()))
        if told and event.type in {"page", "screen", "track"}:
            sessions[number(event, "key") or ""].append(event)
    sessions.pop("", None)
    rows: list[tuple[Any, ...]] = []
    for session, mine in sessions.items():
        first = min(map(since, mine))
        mine = [event for event in mine if event.happened_at <= first + longest]
        seen: dict[str, list[Told]] = defaultdict(list)
        for event in mine:
            if event.name == ping or event.type in {"page", "screen"}:
                view = number(event, "view")
                if view is not None:
                    seen[view].append(event)
        engaged = {}
        for view, some in seen.items():
            beats = {one.happened_at.timestamp() // heartbeat for one in some if one.name == ping}
            engaged[view] = heartbeat * (len(beats) - 1) + least if beats else 0
        if asked.get("each") == "view":
            rows += [
                (view, *_times(some, since, ping), 1, len(some), engaged[view], session)
                for view, some in seen.items()
                if any(one.type in {"page", "screen"} for one in some)
            ]
        elif seen:
            told_of_it = len(seen), len(mine), sum(engaged.values())
            rows.append((session, *_times(mine, since), *told_of_it, session))
    rows.sort(key=lambda row: (row[1], row[0].encode(), row[-1].encode()))
    return [row[:-1] for row in rows[: asked.get("limit", 200)]]


def _times(
    events: Sequence[Told], since: Callable[[Told], datetime], ping: str = ""
) -> tuple[float, float]:
    begun = min(map(since, events))
    until = [event.happened_at for event in events if not ping or event.name == ping]
    ended = max(until, default=begun)
    return begun.timestamp(), (ended - begun).total_seconds()


_DAY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {"path": "/", "session": "a", "view": 1}),
    (1, 0.1, "track", PING, {"session": "a", "view": 1}),
    (1, 0.3, "track", PING, {"session": "a", "view": 1}),
    (1, 5, "page", "Page Viewed", {"path": "/funds/", "session": "a", "view": 2}),
    (1, 50, "page", "Page Viewed", {"path": "/", "session": "b", "view": 3}),
    (2, 60, "track", "Signed Up", {"session": "c"}),
]
_MIDNIGHT = 1_709_251_200.0
_WINDOW = "[start, end) by the event's own time"
_KEYS = {"key": "session", "view": "view"}

visits = Measure(
    name="visits",
    columns=("profile_id", "begun", "seconds", "channel", "views", "acts", "entry", "exit"),
    unit="visits, newest first: when it began (Unix time), how many seconds lie between its first"
    " and last act, what brought it, how much was viewed and done, and where it began and ended",
    window=_WINDOW,
    source="a visit ends after 30 minutes of silence; a page is its path",
    ask=_listed,
    example=Example(
        _DAY,
        {},
        [
            (1, _MIDNIGHT + 3000, 0.0, CHANNELS[0], 1, 1, "/", "/"),
            (1, _MIDNIGHT, 300.0, CHANNELS[0], 2, 2, "/", "/funds/"),
        ],
    ),
    oracle=_listed_told,
    tries=({}, {"basis": "events", "limit": 5}, {"channel": "Direct"}),
)
numbered = Measure(
    name="numbered_sessions",
    columns=("session", "begun", "seconds", "views", "events", "engaged_seconds"),
    unit="sessions by the number their tracker gave them: when it began (Unix time), how long it"
    " lasted, its views, its events, and the seconds that heartbeats tell of",
    window=_WINDOW,
    source="a session has a view or a heartbeat; the first heartbeat of a view tells of `least`"
    " seconds before it, each further turn of `heartbeat` seconds in which there is one of as many",
    ask=_numbered,
    example=Example(
        _DAY,
        _KEYS,
        [("a", _MIDNIGHT, 300.0, 2, 4, 15), ("b", _MIDNIGHT + 3000, 0.0, 1, 1, 0)],
    ),
    oracle=_numbered_told,
    tries=(
        {"key": "session", "view": "product", "ping": "Product Viewed"},
        {"key": "session", "view": "product", "ping": "Product Viewed", "each": "view"},
        {
            "key": "country",
            "view": "path",
            "ping": "Searched",
            "heartbeat": 700,
            "limit": 2,
            "longest_days": 1,
            "only": (Filter("quantity", "lte", 2),),
        },
    ),
)
register(visits, numbered)
