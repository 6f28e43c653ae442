"""What did people search for on the site, and what was not found?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analytics.measures import values
from analytics.measures.base import Example, Happened, Measure, Row, Statement, Told, register
from analytics.measures.channels import lower
from analytics.measures.channels import small as small_letters
from analytics.measures.traffic import SEEN, chosen, newest, reads
from analytics.measures.visits import scope, visits_told

# Our own site's event, and the one of Segment's vocabulary for shops.
SEARCHED = ("Searched", "Products Searched")
_NAMED = "name IN ({})".format(", ".join(f"'{name}'" for name in SEARCHED))


def _searches(channel: str, parameters: dict[str, Any]) -> str:
    """Return the CTE `searches`: each search for something, with its term and its results."""
    term = f"trim({small_letters(values.text('query', parameters))})"
    told = f"{term} AS term, {values.text('results', parameters)} AS results"
    if channel:
        acts = scope(basis="views", keep=["properties"], along=_NAMED, channel=channel)
        found = f"SELECT profile_id, happened_at, {told} FROM acts WHERE {_NAMED}"
        return f"{acts},\n    found AS ({found}),\n    {_SAID}"
    return f"""found AS (
      SELECT profile_id, happened_at, {told} FROM ev
      WHERE happened_at >= $start AND happened_at < $end AND {_NAMED}
    ),
    {_SAID}"""


_SAID = "searches AS (SELECT * FROM found WHERE term <> '')"


def _columns(channel: str) -> tuple[str, ...]:
    if channel:
        return reads("properties", channel=channel)
    return ("happened_at", "profile_id", "name", "properties")


def _top(
    *,
    start: datetime,
    end: datetime,
    channel: str = "",
    without_results: bool = False,
    limit: int = 20,
) -> Statement:
    parameters = chosen({"start": start, "end": end, "limit": limit}, channel)
    sql = f"""WITH {_searches(channel, parameters)},
    counted AS (
      SELECT term, count(*) AS searches, count(DISTINCT profile_id) AS people,
        count(CASE WHEN results = '0' THEN 1 END) AS empty
      FROM searches GROUP BY term
    )
    SELECT term, searches, people, empty FROM counted{" WHERE empty > 0" if without_results else ""}
    ORDER BY {"empty DESC, " if without_results else ""}searches DESC, term COLLATE "C"
    LIMIT $limit"""
    return Statement(sql, parameters, _columns(channel), start, end)


def _people(
    *,
    start: datetime,
    end: datetime,
    term: str,
    channel: str = "",
    without_results: bool = False,
    limit: int = 200,
) -> Statement:
    parameters = chosen({"start": start, "end": end, "term": term, "limit": limit}, channel)
    sql = f"""WITH {_searches(channel, parameters)}
    SELECT profile_id, {SEEN} FROM searches
    WHERE term = $term{" AND results = '0'" if without_results else ""}
    GROUP BY profile_id ORDER BY seen DESC, profile_id LIMIT $limit"""
    return Statement(sql, parameters, _columns(channel), start, end)


# --- plain Python ---------------------------------------------------------------------------------


def _told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[tuple[str, Told]]:
    if channel := asked.get("channel"):
        events = [
            event
            for visit in visits_told(
                events, basis="views", along=lambda one: one.name in SEARCHED, channel=channel
            )
            for event in visit.beside
        ]
    found = [event for event in events if event.name in SEARCHED]
    terms = [
        (lower(values.text_of(event.properties, "query") or "").strip(" "), event)
        for event in found
    ]
    return [(term, event) for term, event in terms if term]


def _is_empty(event: Told) -> bool:
    return values.text_of(event.properties, "results") == "0"


def _top_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    terms: dict[str, list[Told]] = defaultdict(list)
    for term, event in _told(events, asked):
        terms[term].append(event)
    rows = [
        (term, len(some), len({one.profile_id for one in some}), sum(map(_is_empty, some)))
        for term, some in terms.items()
    ]
    rows.sort(key=lambda row: (-row[1], row[0].encode()))
    if asked.get("without_results"):
        rows = sorted((row for row in rows if row[3]), key=lambda row: -row[3])
    return rows[: asked.get("limit", 20)]


def _people_told(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    found: dict[int, datetime] = {}
    for term, event in _told(events, asked):
        if term == asked["term"] and (_is_empty(event) or not asked.get("without_results")):
            before = found.get(event.profile_id, event.happened_at)
            found[event.profile_id] = max(before, event.happened_at)
    return newest(found, asked.get("limit", 200))


_DAY: list[Happened] = [
    (1, 0, "track", "Searched", {"query": "Fund", "results": 3}),
    (1, 1, "track", "Searched", {"query": "fund ", "results": 3}),
    (2, 5, "track", "Products Searched", {"query": "fund"}),
    (2, 6, "track", "Searched", {"query": "zeppelin", "results": 0}),
    (2, 7, "track", "Searched", {"query": ""}),
]
_WINDOW = "[start, end) by the event's own time"
_SOURCE = f"events called {' or '.join(SEARCHED)}, by their `query` in small letters"
_TRIES: tuple[Mapping[str, Any], ...] = (
    {}, {"limit": 1}, {"without_results": True}, {"channel": "Direct"},
)  # fmt: skip

top = Measure(
    name="searches",
    columns=("term", "searches", "people", "without_results"),
    unit="searches, people who made them, and those that found nothing (where `results` tells)",
    window=_WINDOW,
    source=_SOURCE,
    ask=_top,
    example=Example(_DAY, {}, [("fund", 3, 2, 0), ("zeppelin", 1, 1, 1)]),
    oracle=_top_told,
    tries=_TRIES,
)
people = Measure(
    name="search_people",
    columns=("profile_id", "seen"),
    unit="people, who searched last first, with the second (Unix time) of their last search",
    window=_WINDOW,
    source=_SOURCE,
    ask=_people,
    example=Example(_DAY, {"term": "fund"}, [(2, 1_709_251_500), (1, 1_709_251_260)]),
    oracle=_people_told,
    tries=[{"term": "tea", **one} for one in _TRIES],
)
register(top, people)
