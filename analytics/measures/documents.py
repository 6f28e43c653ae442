"""Which documents were downloaded?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.traffic import SEEN, chosen, newest, reads
from analytics.measures.visits import scope, visits_told

DOWNLOADED = "Document Downloaded"
_NAMED = "name = $downloaded"
_KEPT = ("path", "title")


def _downloads(channel: str) -> str:
    told = "profile_id, happened_at, title, coalesce(path, '') AS document"
    if channel:
        acts = scope(basis="views", keep=_KEPT, along=_NAMED, channel=channel)
        return f"{acts},\n    downloads AS (SELECT {told} FROM acts WHERE {_NAMED})"
    return f"""downloads AS (
      SELECT {told} FROM ev WHERE happened_at >= $start AND happened_at < $end AND {_NAMED}
    )"""


def _columns(channel: str) -> tuple[str, ...]:
    if channel:
        return reads(*_KEPT, channel=channel)
    return ("happened_at", "profile_id", "name", *_KEPT)


def _top(*, start: datetime, end: datetime, channel: str = "", limit: int = 20) -> Statement:
    sql = f"""WITH {_downloads(channel)},
    counted AS (
      SELECT document, coalesce(max(title COLLATE "C"), '') AS title, count(*) AS downloads,
        count(DISTINCT profile_id) AS people
      FROM downloads GROUP BY document
    )
    SELECT document, title, downloads, people FROM counted
    ORDER BY downloads DESC, document COLLATE "C" LIMIT $limit"""
    asked = {"start": start, "end": end, "downloaded": DOWNLOADED, "limit": limit}
    return Statement(sql, chosen(asked, channel), _columns(channel), start, end)


def _people(
    *, start: datetime, end: datetime, path: str, channel: str = "", limit: int = 200
) -> Statement:
    sql = f"""WITH {_downloads(channel)}
    SELECT profile_id, {SEEN} FROM downloads WHERE document = $path
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    asked = {"start": start, "end": end, "downloaded": DOWNLOADED, "path": path, "limit": limit}
    return Statement(sql, chosen(asked, channel), _columns(channel), start, end)


# --- plain Python ---------------------------------------------------------------------------------


def _told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Told]:
    if channel := asked.get("channel"):
        visits = visits_told(
            events, basis="views", along=lambda one: one.name == DOWNLOADED, channel=channel
        )
        return [event for visit in visits for event in visit.beside]
    return [event for event in events if event.name == DOWNLOADED]


def _top_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    documents: dict[str, list[Told]] = defaultdict(list)
    for event in _told(events, asked):
        documents[event.columns["path"] or ""].append(event)
    rows = [
        (
            document,
            max((one.columns["title"] or "" for one in some), key=str.encode),
            len(some),
            len({one.profile_id for one in some}),
        )
        for document, some in documents.items()
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0].encode()))[: asked.get("limit", 20)]


def _people_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    found: dict[int, datetime] = {}
    for event in _told(events, asked):
        if (event.columns["path"] or "") == asked["path"]:
            before = found.get(event.profile_id, event.happened_at)
            found[event.profile_id] = max(before, event.happened_at)
    return newest(found, asked.get("limit", 200))


_DAY: list[Happened] = [
    (1, 0, "track", DOWNLOADED, {"path": "/documents/1/fees.pdf", "title": "Fees"}),
    (1, 1, "track", DOWNLOADED, {"path": "/documents/1/fees.pdf", "title": "Fees"}),
    (2, 5, "track", DOWNLOADED, {"path": "/documents/2/key.pdf", "title": "Key facts"}),
]
_WINDOW = "[start, end) by the event's own time"
_SOURCE = f"events called {DOWNLOADED}, by the `path` of the document"

top = Measure(
    name="documents",
    columns=("path", "title", "downloads", "people"),
    unit="downloads, and people who made them",
    window=_WINDOW,
    source=_SOURCE,
    ask=_top,
    example=Example(
        _DAY,
        {},
        [("/documents/1/fees.pdf", "Fees", 2, 1), ("/documents/2/key.pdf", "Key facts", 1, 1)],
    ),
    oracle=_top_told,
    tries=({}, {"limit": 1}, {"channel": "Direct"}),
)
people = Measure(
    name="document_people",
    columns=("profile_id", "seen"),
    unit="people, who did so last first, with the second (Unix time) of their last download",
    window=_WINDOW,
    source=_SOURCE,
    ask=_people,
    example=Example(_DAY, {"path": "/documents/1/fees.pdf"}, [(1, 1_709_251_260)]),
    oracle=_people_told,
    tries=({"path": "/a"}, {"path": "/", "channel": "Direct"}),
)
register(top, people)
