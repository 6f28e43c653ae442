"""Single visits: ours, one by one, and those that another tracker has numbered itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures import values
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.channels import CHANNELS
from analytics.measures.traffic import chosen, reads, told_of
from analytics.measures.visits import VIEWS, scope, visits_told

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
        limit: at most so many sessions.
    """
    parameters: dict[str, Any] = {
        "start": start, "end": end, "ping": ping, "heartbeat": heartbeat, "least": least,
        "limit": limit,
    }  # fmt: skip
    session, seen = values.text(key, parameters), values.text(view, parameters)
    sql = f"""WITH told AS (
      SELECT {session} AS session, {seen} AS seen, happened_at,
        CASE WHEN {VIEWS} OR name = $ping THEN 1 ELSE 0 END AS opens,
        CASE WHEN name = $ping THEN 1 ELSE 0 END AS beats,
        cast(floor(cast(extract(epoch FROM happened_at) AS double precision) / $heartbeat)
          AS bigint) AS turn
      FROM ev WHERE happened_at >= $start AND happened_at < $end
        AND type IN ('page', 'screen', 'track')
    ),
    counted AS (
      SELECT session, {_BEGUN}, {_LASTED}, max(opens) AS opened, count(*) AS events,
        count(DISTINCT CASE WHEN opens = 1 THEN seen END) AS views,
        count(DISTINCT CASE WHEN beats = 1 THEN seen END) AS lively,
        count(DISTINCT CASE WHEN beats = 1 THEN seen || ' ' || cast(turn AS varchar) END) AS turns
      FROM told WHERE session <> '' GROUP BY session
    )
    SELECT session, begun, lasted, views, events,
      cast($heartbeat * (turns - lively) + $least * lively AS bigint)
    FROM counted WHERE opened = 1 ORDER BY begun, session COLLATE "C" LIMIT $limit"""
    return Statement(sql, parameters, ("happened_at", "type", "name", "properties"), start, end)


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
    sessions: dict[str, list[Told]] = defaultdict(list)
    for event in events:
        session = values.text_of(event.properties, asked["key"])
        if session and event.type in {"page", "screen", "track"}:
            sessions[session].append(event)
    ping, heartbeat = asked.get("ping", PING), asked.get("heartbeat", 10)
    rows: list[Row] = []
    for session, mine in sessions.items():
        beats = [event for event in mine if event.name == ping]
        opened = beats + [event for event in mine if event.type in {"page", "screen"}]
        if not opened:
            continue
        views = {values.text_of(event.properties, asked["view"]) for event in opened} - {None}
        turns = {
            (
                values.text_of(event.properties, asked["view"]),
                event.happened_at.timestamp() // heartbeat,
            )
            for event in beats
        }
        turns = {turn for turn in turns if turn[0] is not None}
        lively = {view for view, _turn in turns}
        begun, ended = mine[0].happened_at, mine[-1].happened_at
        engaged = heartbeat * (len(turns) - len(lively)) + asked.get("least", 5) * len(lively)
        rows.append((
            session, begun.timestamp(), (ended - begun).total_seconds(), len(views), len(mine),
            engaged,
        ))  # fmt: skip
    return sorted(rows, key=lambda row: (row[1], row[0].encode()))[: asked.get("limit", 200)]


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
    " seconds, each further turn of `heartbeat` seconds in which there is one of as many more",
    ask=_numbered,
    example=Example(
        _DAY,
        _KEYS,
        [("a", _MIDNIGHT, 300.0, 2, 4, 15), ("b", _MIDNIGHT + 3000, 0.0, 1, 1, 0)],
    ),
    oracle=_numbered_told,
    tries=(
        {"key": "session", "view": "product", "ping": "Product Viewed"},
        {"key": "country", "view": "path", "ping": "Searched", "heartbeat": 700, "limit": 2},
    ),
)
register(visits, numbered)
