"""Let people in by the calendar: at the times of a schedule, and on dates of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.db import transaction
from django.utils import timezone

from dxp.lib.rows import raw_cursor
from journeys import enroll, timing
from journeys.enroll import Start
from journeys.models import Journey
from journeys.models.enrollments import Lane

log = logging.getLogger(__name__)
# Dates are looked up so far ahead; who is found waits for the very moment.
AHEAD = timedelta(minutes=15)
# What a house that stood still has missed for longer is not made up for.
LATE = timedelta(days=1)
BITE = 5000

MEMBERS = """
SELECT m.profile_id FROM customers_segmentmember m
WHERE m.segment_id = %(segment)s AND m.left_at IS NULL AND m.profile_id > %(after)s
  AND NOT EXISTS (SELECT 1 FROM journeys_enrollment e
    WHERE e.profile_id = m.profile_id AND e.journey_id = %(journey)s
      AND e.entry ->> 'on' = %(on)s)
ORDER BY m.profile_id LIMIT %(limit)s"""
DATED = """
SELECT p.id, p.traits FROM customers_profile p
WHERE p.state = 'ACTIVE' AND {part} = ANY(%(days)s::text[])
  AND (%(segment)s::bigint IS NULL OR EXISTS (SELECT 1 FROM customers_segmentmember m
    WHERE m.segment_id = %(segment)s AND m.profile_id = p.id AND m.left_at IS NULL))
ORDER BY p.id"""
PARTS = {True: "substr(p.traits ->> %(trait)s, 6, 5)", False: "left(p.traits ->> %(trait)s, 10)"}
SEEN = """
SELECT profile_id, entry ->> 'on' FROM journeys_enrollment
WHERE journey_id = %s AND profile_id = ANY(%s) AND entry ? 'on'"""


def run(*, at: datetime) -> int:
    """Let in whose time has come, in every live journey; return how many entered.

    A killed worker loses nothing: the calendar moves on only when everybody is in, and nobody
    enters twice on the same occasion.
    """
    entered = 0
    due = Journey.objects.filter(state=Journey.State.LIVE, next_at__lte=at, current__isnull=False)
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        after: int | None = 0
        while after is not None:
            some, after = _bite(pk, after, at)
            entered += some
    return entered


def _bite(pk: int, after: int, at: datetime) -> tuple[int, int | None]:
    """Let in one bite of people whose number is greater; return how many, and where to go on."""
    with transaction.atomic():
        journey = (
            Journey.objects
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("current")
            .filter(pk=pk, state=Journey.State.LIVE, next_at__lte=at)
            .first()
        )
        if journey is None or journey.current is None or journey.next_at is None:
            return 0, None
        entry, onward = journey.current.graph["entry"], None
        starts: list[Start] = []
        if entry["type"] == "schedule":
            starts, onward = _scheduled(journey, entry, journey.next_at, after, at)
        elif entry["type"] == "date":
            starts = _dated(journey, entry, journey.next_at, at)
        entered = len(enroll.enter(starts=starts, at=at, lane=Lane.BULK)) if starts else 0
        if onward is None:
            journey.next_at = _next(entry, journey.next_at, at)
            journey.save(update_fields=["next_at"])
    return entered, onward


def _next(entry: Mapping[str, Any], done: datetime, at: datetime) -> datetime | None:
    if entry["type"] == "schedule":
        return timing.next_occurrence(entry, after=max(done, at - LATE), zone=_zone())
    return at + AHEAD if entry["type"] == "date" else None


def _scheduled(
    journey: Journey, entry: Mapping[str, Any], occasion: datetime, after: int, at: datetime
) -> tuple[list[Start], int | None]:
    """Return the next bite of a schedule's people, and behind whom the one after it begins."""
    if occasion < at - LATE:
        log.warning("%s missed its time %s.", journey, occasion.isoformat())
        return [], None
    on = occasion.astimezone(_zone()).strftime("%Y-%m-%dT%H:%M")
    with raw_cursor() as cursor:
        rows = cursor.execute(
            MEMBERS,
            {
                "segment": entry["segment"], "journey": journey.pk, "on": on, "after": after,
                "limit": BITE,
            },
        ).fetchall()  # fmt: skip
    told = {"by": "schedule", "on": on}
    starts = [Start(profile, journey, key=on, entry=told) for (profile,) in rows]
    return starts, rows[-1][0] if len(rows) == BITE else None


def _dated(
    journey: Journey, entry: Mapping[str, Any], since: datetime, at: datetime
) -> list[Start]:
    """Return whose date comes between the last look and the next one."""
    since, until = max(since, at - LATE), at + AHEAD
    offset, clock = timedelta(seconds=entry["seconds"]), time.fromisoformat(entry["time"])
    days = list(_days(since - offset, until - offset))
    wanted = [day.strftime("%m-%d" if entry["yearly"] else "%Y-%m-%d") for day in days]
    if entry["yearly"] and any((day.month, day.day) == (2, 28) for day in days):
        wanted.append("02-29")
    query = DATED.format(part=PARTS[entry["yearly"]])
    with raw_cursor() as cursor:
        rows = cursor.execute(
            query, {"days": wanted, "trait": entry["trait"], "segment": entry["segment"]}
        ).fetchall()
        seen = set(cursor.execute(SEEN, (journey.pk, [row[0] for row in rows])).fetchall())
    starts = []
    for profile, told in rows:
        traits = orjson.loads(told)
        zone = timing.zone_of(traits, _zone())
        day = timing.as_day(traits.get(entry["trait"]), zone)
        for moment in _moments(day, days, entry["yearly"], offset, clock, zone):
            on = moment.astimezone(zone).date().isoformat()
            if since <= moment < until and (profile, on) not in seen:
                how = {"by": "date", "on": on}
                starts.append(Start(profile, journey, key=on, entry=how, due_at=moment))
    return starts


def _moments(
    day: date | None, days: Sequence[date], yearly: bool, offset: timedelta, clock: time,
    zone: ZoneInfo,
) -> set[datetime]:  # fmt: skip
    if day is None:
        return set()
    meant = {timing.anniversary(day, year) for year in {one.year for one in days}}
    return {timing.moment(one + offset, clock, zone) for one in (meant if yearly else {day})}


def _days(first: datetime, last: datetime) -> Iterator[date]:
    """Yield every day that some zone may have between two moments, told in UTC."""
    day = first.date() - timedelta(days=2)
    while day <= last.date() + timedelta(days=2):
        yield day
        day += timedelta(days=1)


def _zone() -> ZoneInfo:
    return ZoneInfo(str(timezone.get_default_timezone()))
