"""Wake the runs that listen to what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from customers.record import Recorded
from dxp.lib.rows import array, raw_cursor
from journeys import charts, heard
from journeys.charts import Route

LISTENED = """
SELECT DISTINCT name FROM journeys_version v, unnest(v.listens) name
WHERE v.retired_at IS NULL AND v.listens && %s::varchar[]"""
LOCK = """
SELECT e.id, e.profile_id, e.version_id, e.listens, e.heard_event_id,
  COALESCE(e.entry ->> 'key', e.entry_key), e.resting AND e.woke_by = ''
FROM journeys_enrollment e
WHERE e.profile_id = ANY(%s::bigint[]) AND e.ended_at IS NULL ORDER BY e.id FOR UPDATE"""
WAKE = """
UPDATE journeys_enrollment e SET due_at = %s, woke_by = v.key, heard_event_id = v.event_id,
  lane = CASE WHEN e.lane < 0 THEN e.lane ELSE 0 END
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) v(id, event_id, key)
WHERE e.id = v.id"""


class _Run(NamedTuple):
    id: int
    profile: int
    version: int
    listens: list[str] | None
    heard: int
    key: str
    quiet: bool


def wake(*, events: Sequence[Recorded], at: datetime) -> int:
    """Wake the runs that listen to one of these events; return how many.

    Runs inside the transaction that records the events. The lock waits for a batch in progress and
    reads where that batch left its runs; batches skip locked rows and never wait, so nobody waits
    in a circle.
    """
    if not events:
        return 0
    with raw_cursor() as cursor:
        names = array(sorted({event.name for event in events}))
        listened = {row[0] for row in cursor.execute(LISTENED, [names]).fetchall()}
        said = [event for event in events if event.name in listened]
        if not said:
            return 0
        people = sorted({event.profile_id for event in said})
        rows = cursor.execute(LOCK, [array(people)]).fetchall()
        runs = [run for run in map(_Run._make, rows) if run.quiet and run.listens]
        hits = _hits(runs, said)
        if hits:
            columns = (array(column) for column in zip(*hits, strict=True))
            cursor.execute(WAKE, [at, *columns])
    return len(hits)


def _hits(runs: Sequence[_Run], events: Sequence[Recorded]) -> list[tuple[int, int, str]]:
    """Return (run, event, key) of those that wake: by the first event, and its first key."""
    theirs: dict[int, list[Recorded]] = {}
    for event in events:
        theirs.setdefault(event.profile_id, []).append(event)
    told = _told(runs, events)
    found = []
    for run in runs:
        route = charts.of(run.version)
        for event in theirs.get(run.profile, ()):
            key = _key(run, route, event, told)
            if key:
                found.append((run.id, event.id, key))
                break
    return found


def _told(runs: Sequence[_Run], events: Sequence[Recorded]) -> dict[str, Mapping[int, str | None]]:
    """Return what the events say to each listening key that asks for more than a name."""
    said: dict[str, list[Recorded]] = {}
    for event in events:
        said.setdefault(event.name, []).append(event)
    found: dict[str, Mapping[int, str | None]] = {}
    for version in {run.version for run in runs}:
        for key, listen in charts.of(version).listens.items():
            if key not in found and not listen.plain and listen.event in said:
                found[key] = heard.among(listen, said[listen.event])
    return found


def _key(
    run: _Run, route: Route, event: Recorded, told: Mapping[str, Mapping[int, str | None]]
) -> str:
    for key in run.listens or ():
        listen = route.listens.get(key)
        if listen is None or listen.event != event.name:
            continue
        # An answer comes after the question; a goal is one whenever it comes.
        if key in route.arms and event.id <= run.heard:
            continue
        if listen.plain:
            return key
        if event.id in told[key] and (not listen.same or told[key][event.id] == run.key):
            return key
    return ""
