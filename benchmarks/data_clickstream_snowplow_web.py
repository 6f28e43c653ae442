"""A site's Snowplow events through collection and fold, held against Snowplow's own tables."""

from __future__ import annotations

import csv
import gzip
import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import sessions
from customers import agents, fold, ingest
from customers.conditions.matcher import Filter
from customers.models import Alias, BotEvent, Event, Source
from dxp.lib import clock

SOURCE = "Snowplow"
PAGE_ID = "contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"
# What makes a session in Snowplow's model; other events alone make none.
OPENERS = ("page_view", "page_ping")
Row = dict[str, str]


def run(folder: Path) -> dict[str, Any]:
    """Collect and fold the set, and return on how many rows of each table we agree."""
    events = list(_rows(folder / "source" / "snowplow_web_events.csv.gz"))
    load(events)
    store = _store()
    figures: dict[str, Any] = {
        "rows": len(events),
        "events": len(store),
        "known_events": len({row["event_id"] for row in events}),
        "bots": BotEvent.objects.count(),
        **_spiders(folder, events),
        **_sessions(list(_expected(folder, "sessions")), store),
        **_users(list(_expected(folder, "users")), store),
        **_page_views(list(_expected(folder, "page_views")), store),
        **_measured(folder),
    }
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def load(events: list[Row]) -> None:
    """Send the rows in the order in which Snowplow's collector received them."""
    source, _new = Source.objects.get_or_create(name=SOURCE)
    told: set[tuple[str, str]] = set()
    for row in sorted(events, key=lambda one: one["collector_tstamp"]):
        # Some say that they happened after they were received; we would not believe them.
        at = max(_moment(row["collector_tstamp"]), _moment(row["derived_tstamp"]))
        ingest.accept(source=source, events=list(_calls(row, told)), at=at)
    fold.drain(at=clock.now())


def _calls(row: Row, told: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield a row as an SDK would have sent it; who somebody is, is told once for each browser."""
    moment = _moment(row["derived_tstamp"]).isoformat()
    name, browser = row["user_id"], row["domain_userid"]
    call = {
        "userId": name or None, "anonymousId": browser or None, "timestamp": moment,
        "originalTimestamp": moment, "context": {"userAgent": row["useragent"]},
    }  # fmt: skip
    if name and (name, browser) not in told:
        told.add((name, browser))
        yield {**call, "type": "identify", "messageId": f"{row['event_id']}-who"}
    page = json.loads(row[PAGE_ID] or "[]")
    # Some rows hold the list of contexts within a list.
    while isinstance(page, list):
        page = page[0] if page else {}
    properties = {
        "session": row["domain_sessionid"], "kind": row["event_name"], "url": row["page_url"],
        "title": row["page_title"], "page_view": page.get("id"),
        "waited": _waited(row),
    }  # fmt: skip
    kind = "page" if row["event_name"] == "page_view" else "track"
    yield {
        **call, "type": kind, "event": row["event_name"], "messageId": row["event_id"],
        "properties": properties,
    }  # fmt: skip


def _waited(row: Row) -> float:
    """Return how many seconds an event lay on its device before it was sent."""
    created, sent = _moment(row["dvce_created_tstamp"]), _moment(row["dvce_sent_tstamp"])
    return (sent - created).total_seconds()


def _measured(folder: Path) -> dict[str, int]:
    """Return on how many sessions and page views the lake's measure agrees, by Snowplow's rules.

    A session is told of no longer than three days, what was sent more than three days late does not
    count, a heartbeat comes every ten seconds, the first after five.
    """
    at = clock.now()
    rules: dict[str, Any] = {
        "start": datetime(2020, 7, 3, tzinfo=UTC), "end": datetime(2100, 1, 1, tzinfo=UTC),
        "key": "session", "view": "page_view", "ping": "page_ping", "heartbeat": 10, "least": 5,
        "longest_days": 3, "only": (Filter("waited", "lte", 3 * 86_400),), "limit": 10_000,
    }  # fmt: skip
    figures: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as place:
        lake = Lake(Path(place))
        collect.seal(lake=lake, at=at)
        for each, table, number in (
            ("session", "sessions", "domain_sessionid"),
            ("view", "page_views", "page_view_id"),
        ):
            found = query.ask(sessions.numbered, lake=lake, at=at, each=each, **rules)
            theirs = sorted(map(_told_by(table, number), _expected(folder, table)))
            ours = (
                sorted(map(tuple, found.rows))
                if each == "session"
                else sorted((*row[:3], row[5]) for row in found.rows)
            )
            figures |= _compared(table, theirs, ours)
    return figures


def _told_by(table: str, number: str) -> Callable[[Row], tuple[Any, ...]]:
    def told(row: Row) -> tuple[Any, ...]:
        begun = _moment(row["start_tstamp"]).timestamp()
        times = row[number], begun, int(row["absolute_time_in_s"])
        engaged = int(row["engaged_time_in_s"])
        if table == "page_views":
            return *times, engaged
        return *times, int(row["page_views"]), int(row["total_events"]), engaged

    return told


def _compared(
    table: str, theirs: list[tuple[Any, ...]], ours: list[tuple[Any, ...]]
) -> dict[str, int]:
    # Their tables count how often a whole second begins.
    mine = {(*row[:2], math.floor(row[1] + row[2]) - math.floor(row[1]), *row[3:]) for row in ours}
    for row in sorted(set(theirs) - mine):
        _differ(f"measured {table}", row[0], str(row[1:]),
                str([one[1:] for one in mine if one[0] == row[0]]))  # fmt: skip
    for row in sorted(mine - set(theirs)):
        _differ(f"measured {table}", row[0], "none or another", str(row[1:]))
    return {
        f"measured_{table}": len(ours),
        f"measured_{table}_equal": len(mine & set(theirs)),
        f"measured_{table}_engaged_seconds": sum(row[-1] for row in ours),
    }


def _store() -> list[dict[str, Any]]:
    """Return what we keep of each event: its properties and whose it is now."""
    found: Any = Event.objects.exclude(type=Event.Type.IDENTIFY).with_owner()
    return [{**event.properties, "owner": event.owner} for event in found]


def _spiders(folder: Path, events: list[Row]) -> dict[str, int]:
    """Return on how many rows the IAB's list and ours agree about bots."""
    said = {
        row["root_id"]: row["spiderOrRobot"] == "true"
        for row in _rows(folder / "source" / "snowplow_web_spider_context.csv")
    }
    asked = [row for row in events if row["event_id"] in said]
    agreed = [row for row in asked if agents.is_bot(row["useragent"]) is said[row["event_id"]]]
    return {"spider_rows": len(asked), "spider_rows_agree": len(agreed)}


def _sessions(expected: list[Row], store: list[dict[str, Any]]) -> dict[str, int]:
    """Return on how many sessions we agree: their page views, their events, and whose they are."""
    ours = defaultdict(list)
    for event in store:
        ours[event["session"]].append(event)
    # Their tables' own names of sessions; the ones of people have more than one.
    known = {row["domain_sessionid"] for row in expected}
    opened = {
        name for name, some in ours.items() if name and any(one["kind"] in OPENERS for one in some)
    }
    counts = stitched = 0
    for row in expected:
        mine = ours[row["domain_sessionid"]]
        views, all_of = str(len(_views(mine))), str(len(mine))
        if (views, all_of) == (row["page_views"], row["total_events"]):
            counts += 1
        else:
            _differ("session", row["user_id"], f"{row['page_views']} views, "
                    f"{row['total_events']} events", f"{views} views, {all_of} events")  # fmt: skip
        owners = {one["owner"] for one in mine}
        whose = row["stitched_user_id"] or row["user_id"]
        if owners == {_owner("user", whose)}:
            stitched += 1
        else:
            _differ("whose session", row["user_id"], whose, f"{len(owners)} people")
    for name in sorted(opened - known):
        _differ("session", f"{name[:8]}…", "none", f"{len(ours[name])} events")
    return {
        "sessions_expected": len(expected), "sessions": len(opened),
        "sessions_agree": counts, "sessions_stitched_agree": stitched,
    }  # fmt: skip


def _users(expected: list[Row], store: list[dict[str, Any]]) -> dict[str, int]:
    """Return on how many users we agree: one person each, with as many sessions and page views."""
    ours = defaultdict(list)
    for event in store:
        ours[event["owner"]].append(event)
    seen, agreed = set(), 0
    for row in expected:
        owner = _owner("anonymous", row["domain_userid"])
        mine = ours[owner]
        sessions = {one["session"] for one in mine if one["kind"] in OPENERS}
        told = str(len(sessions)), str(len(_views(mine)))
        alone = owner not in seen
        seen.add(owner)
        if alone and told == (row["sessions"], row["page_views"]):
            agreed += 1
        else:
            _differ("user", row["user_id"], f"{row['sessions']} sessions, {row['page_views']} "
                    "views", f"{told[0]} sessions, {told[1]} views")  # fmt: skip
    return {"users_expected": len(expected), "users_apart": len(seen), "users_agree": agreed}


def _page_views(expected: list[Row], store: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many page views of theirs we have, and how many besides."""
    theirs = {row["page_view_id"] for row in expected}
    ours = {one["page_view"]: one for one in store if one["kind"] == "page_view"}
    for number in sorted(set(ours) - theirs, key=str):
        _differ("page view", str(number)[:8], "none", f"{ours[number]['session'][:8]}…")
    return {
        "page_views_expected": len(expected), "page_views_found": len(theirs & set(ours)),
        "page_views_besides": len(set(ours) - theirs),
    }  # fmt: skip


def _views(some: list[dict[str, Any]]) -> set[str]:
    return {one["page_view"] for one in some if one["kind"] == "page_view"}


def _owner(kind: str, value: str) -> Any:
    found = Alias.objects.filter(kind=kind, value=value)
    return found.values_list("profile__public_id", flat=True).first()


def _differ(what: str, which: str, theirs: str, ours: str) -> None:
    print(f"{what} of {which!r}: theirs {theirs}; ours {ours}")


def _expected(folder: Path, name: str) -> Iterator[Row]:
    yield from _rows(folder / "expected" / f"snowplow_web_{name}_expected.csv")


def _rows(path: Path) -> Iterator[Row]:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
