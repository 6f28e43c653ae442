"""Which pages were looked at most, where did visits begin, and where did they end?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.traffic import SEEN, chosen, newest, reads
from analytics.measures.visits import VIEWS, scope, visits_told

EDGES = ("entry", "exit")
_KEPT = ("path", "title")
_PAGE = "coalesce(path, '') AS page"


def _views(channel: str) -> str:
    """Return the CTE `viewed`: each view with its page and title."""
    if channel:
        acts = scope(basis="views", keep=_KEPT, channel=channel)
        return f"{acts},\n    viewed AS (SELECT *, {_PAGE} FROM acts)"
    return f"""viewed AS (
      SELECT profile_id, happened_at, title, {_PAGE}
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND {VIEWS}
    )"""


def _columns(channel: str) -> tuple[str, ...]:
    if channel:
        return reads(*_KEPT, channel=channel)
    return ("happened_at", "profile_id", "type", *_KEPT)


def _top(*, start: datetime, end: datetime, channel: str = "", limit: int = 20) -> Statement:
    sql = f"""WITH {_views(channel)},
    counted AS (
      SELECT page, coalesce(max(title COLLATE "C"), '') AS title, count(*) AS views,
        count(DISTINCT profile_id) AS visitors
      FROM viewed GROUP BY page
    )
    SELECT page, title, views, visitors FROM counted
    ORDER BY views DESC, page COLLATE "C" LIMIT $limit"""
    parameters = chosen({"start": start, "end": end, "limit": limit}, channel)
    return Statement(sql, parameters, _columns(channel), start, end)


def _viewers(
    *, start: datetime, end: datetime, path: str, channel: str = "", limit: int = 200
) -> Statement:
    sql = f"""WITH {_views(channel)}
    SELECT profile_id, {SEEN} FROM viewed WHERE page = $path
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    parameters = chosen({"start": start, "end": end, "path": path, "limit": limit}, channel)
    return Statement(sql, parameters, _columns(channel), start, end)


def _edge(edge: str) -> str:
    """Return the CTE `edges`: each view with `at_edge` = 1 where its visit begins or ends.

    Raises:
        ValueError: there is no such edge.
    """
    if edge not in EDGES:
        raise ValueError(f"A visit has an entry and an exit, and no {edge}.")
    order = "" if edge == "entry" else " DESC"
    return f"""edges AS (
      SELECT *, {_PAGE}, count(*) OVER (PARTITION BY profile_id, visit) AS n,
        CASE WHEN row_number() OVER (PARTITION BY profile_id, visit
          ORDER BY happened_at{order}, id{order}) = 1 THEN 1 ELSE 0 END AS at_edge
      FROM acts
    )"""


def _edges(
    *, start: datetime, end: datetime, edge: str = "entry", channel: str = "", limit: int = 20
) -> Statement:
    sql = f"""WITH {scope(basis="views", keep=_KEPT, channel=channel)}, {_edge(edge)},
    counted AS (
      SELECT page, coalesce(max(title COLLATE "C"), '') AS title,
        cast(sum(at_edge) AS bigint) AS visits,
        count(DISTINCT CASE WHEN at_edge = 1 THEN profile_id END) AS visitors,
        count(CASE WHEN at_edge = 1 AND n = 1 THEN 1 END) AS bounces, count(*) AS views
      FROM edges GROUP BY page
    )
    SELECT page, title, visits, visitors, bounces, views FROM counted WHERE visits > 0
    ORDER BY visits DESC, page COLLATE "C" LIMIT $limit"""
    parameters = chosen({"start": start, "end": end, "limit": limit}, channel)
    return Statement(sql, parameters, reads(*_KEPT, channel=channel), start, end)


def _edge_people(
    *,
    start: datetime,
    end: datetime,
    path: str,
    edge: str = "entry",
    channel: str = "",
    limit: int = 200,
) -> Statement:
    sql = f"""WITH {scope(basis="views", keep=_KEPT, channel=channel)}, {_edge(edge)}
    SELECT profile_id, {SEEN} FROM edges WHERE at_edge = 1 AND page = $path
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    parameters = chosen({"start": start, "end": end, "path": path, "limit": limit}, channel)
    return Statement(sql, parameters, reads(*_KEPT, channel=channel), start, end)


# --- plain Python ---------------------------------------------------------------------------------


def _page(event: Told) -> str:
    return event.columns["path"] or ""


def _titles(events: Sequence[Told]) -> str:
    known = [event.columns["title"] for event in events if event.columns["title"] is not None]
    return max(known, key=str.encode, default="")


def _viewed(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Told]:
    found = visits_told(events, basis="views", channel=asked.get("channel", ""))
    return [act for visit in found for act in visit.acts]


def _top_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    pages: dict[str, list[Told]] = defaultdict(list)
    for event in _viewed(events, asked):
        pages[_page(event)].append(event)
    rows = [
        (page, _titles(seen), len(seen), len({event.profile_id for event in seen}))
        for page, seen in pages.items()
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0].encode()))[: asked.get("limit", 20)]


def _viewers_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    found: dict[int, datetime] = {}
    for event in _viewed(events, asked):
        if _page(event) == asked["path"]:
            before = found.get(event.profile_id, event.happened_at)
            found[event.profile_id] = max(before, event.happened_at)
    return newest(found, asked.get("limit", 200))


def _edges_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    place = -1 if asked.get("edge") == "exit" else 0
    visits = visits_told(events, basis="views", channel=asked.get("channel", ""))
    views: dict[str, list[Told]] = defaultdict(list)
    at_edge: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for visit in visits:
        at_edge[_page(visit.acts[place])].append((visit.profile_id, len(visit.acts) == 1))
        for act in visit.acts:
            views[_page(act)].append(act)
    rows = [
        (
            page, _titles(views[page]), len(found), len({person for person, _ in found}),
            sum(bounced for _, bounced in found), len(views[page]),
        )
        for page, found in at_edge.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row[2], row[0].encode()))[: asked.get("limit", 20)]


def _edge_people_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    place = -1 if asked.get("edge") == "exit" else 0
    found: dict[int, datetime] = {}
    for visit in visits_told(events, basis="views", channel=asked.get("channel", "")):
        event = visit.acts[place]
        if _page(event) == asked["path"]:
            before = found.get(event.profile_id, event.happened_at)
            found[event.profile_id] = max(before, event.happened_at)
    return newest(found, asked.get("limit", 200))


_DAY: list[Happened] = [
    (1, 0, "page", "Page Viewed", {"path": "/funds/", "title": "Funds"}),
    (1, 9, "page", "Page Viewed", {"path": "/funds/", "title": "Funds"}),
    (2, 5, "page", "Page Viewed", {"path": "/", "title": "Home"}),
    (2, 5, "track", "Product Viewed", {"path": "/"}),
    (3, 6, "page", "Page Viewed", {"path": "/", "title": "Home"}),
    (3, 7, "page", "Page Viewed", {"path": "/funds/", "title": "Funds"}),
]
_WINDOW = "[start, end) by the event's own time"
_SOURCE = "page and screen events; a page is its path, without host and query"
_TRIES: tuple[Mapping[str, Any], ...] = ({}, {"limit": 2}, {"channel": "Direct"})
_OF_PAGES: tuple[Mapping[str, Any], ...] = (
    {"path": "/a"}, {"path": "", "limit": 2}, {"path": "/É", "channel": "Direct"},
)  # fmt: skip

top = Measure(
    name="top_pages",
    columns=("path", "title", "views", "visitors"),
    unit="views, and people who viewed it",
    window=_WINDOW,
    source=_SOURCE,
    ask=_top,
    example=Example(_DAY, {}, [("/funds/", "Funds", 3, 2), ("/", "Home", 2, 2)]),
    oracle=_top_told,
    tries=_TRIES,
)
viewers = Measure(
    name="page_people",
    columns=("profile_id", "seen"),
    unit="people, who came last first, with the second (Unix time) of their last view",
    window=_WINDOW,
    source=_SOURCE,
    ask=_viewers,
    example=Example(_DAY, {"path": "/"}, [(3, 1_709_251_560), (2, 1_709_251_500)]),
    oracle=_viewers_told,
    tries=_OF_PAGES,
)
edges = Measure(
    name="edge_pages",
    columns=("path", "title", "visits", "visitors", "bounces", "views"),
    unit="visits that began (or ended) on the page, people who made them, those of a single view,"
    " and all views of the page",
    window=_WINDOW,
    source=f"{_SOURCE}; a visit ends after 30 minutes without a view",
    ask=_edges,
    example=Example(
        _DAY,
        {"edge": "exit"},
        [("/funds/", "Funds", 2, 2, 0, 3), ("/", "Home", 1, 1, 1, 2)],
    ),
    oracle=_edges_told,
    tries=[{"edge": edge, **one} for edge in EDGES for one in _TRIES],
)
edge_people = Measure(
    name="edge_people",
    columns=("profile_id", "seen"),
    unit="people, who came last first, with the second (Unix time) of their last such view",
    window=_WINDOW,
    source=f"{_SOURCE}; a visit ends after 30 minutes without a view",
    ask=_edge_people,
    example=Example(_DAY, {"path": "/", "edge": "exit"}, [(2, 1_709_251_500)]),
    oracle=_edge_people_told,
    tries=[{"edge": edge, **one} for edge in EDGES for one in _OF_PAGES],
)
register(top, viewers, edges, edge_people)
