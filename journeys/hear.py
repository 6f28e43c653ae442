"""What happened lets people in, and wakes those who wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from customers.record import Recorded
from journeys import charts, enroll, heard, wake
from journeys.enroll import Start
from journeys.models import Journey

# First fills, edits of a rule, merges and repairs move people without their doing anything.
STARTS = frozenset({"event", "trait", "clock"})
CHANGES = {"Segment Entered": "entered", "Segment Left": "left"}


def hear(*, events: Sequence[Recorded], at: datetime) -> int:
    """Begin the runs that these events let in, wake those that wait for one; return how many.

    Runs inside the transaction that records the events. People also enter a paused journey: they
    wait at its door until it goes on.
    """
    if not events:
        return 0
    entered = enroll.enter(starts=list(_starts(events)), at=at)
    return len(entered) + wake.wake(events=events, at=at)


def _starts(events: Sequence[Recorded]) -> Iterator[Start]:
    said: dict[str, list[Recorded]] = {}
    for event in events:
        said.setdefault(event.name, []).append(event)
    open_now = Journey.objects.filter(state__in=enroll.OPEN).order_by("pk")
    for journey in open_now.defer("outline", "entry", "goals", "exits"):
        entry = charts.of(journey.current_id or 0).entry
        if entry["type"] == "segment":
            yield from _changed(journey, said)
        elif entry["type"] == "event" and entry["listen"]["event"] in said:
            yield from _did(journey, said[entry["listen"]["event"]])


def _changed(journey: Journey, said: dict[str, list[Recorded]]) -> Iterator[Start]:
    entry = charts.of(journey.current_id or 0).entry
    for name, change in CHANGES.items():
        for event in said.get(name, ()) if change == entry["change"] else ():
            told = event.properties
            if told.get("segment_id") == entry["segment"] and told.get("cause") in STARTS:
                yield Start(event.profile_id, journey, event.id)


def _did(journey: Journey, events: Sequence[Recorded]) -> Iterator[Start]:
    entry = charts.of(journey.current_id or 0).entry
    path = str(entry["key"])
    found = heard.among(charts.listen(entry["listen"]), events, path=path)
    for event in events:
        if event.id not in found:
            continue
        key = found[event.id] or ""
        # An event without the key tells nobody which run it means.
        if key or not path:
            about = {"by": "event", "event": event.properties}
            yield Start(event.profile_id, journey, event.id, key, about)
