"""Local times of people: delays, quiet hours, dates. Pure.

A time that the clocks skip (spring) becomes the moment at which they jump; one that comes twice
(autumn) is the first of both.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# Where people's programs tell their zone.
ZONE_TRAITS = ("timezone", "timeZone", "time_zone")
# No schedule is longer without an occurrence than this.
FARTHEST = 62


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def zone_of(traits: Mapping[str, Any], default: ZoneInfo) -> ZoneInfo:
    """Return the zone that a person's traits name, else the default."""
    for name in ZONE_TRAITS:
        told = traits.get(name)
        found = _zone(told) if isinstance(told, str) and 0 < len(told) < 64 else None
        if found:
            return found
    return default


def moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which a clock on the wall shows this time of this day."""
    wall = datetime.combine(day, clock, tzinfo=zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    # Skipped by the clocks: its two readings lie on both sides of the jump.
    return _jump(wall.replace(fold=1).astimezone(UTC), found, zone)


def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second after `low` at which the zone's offset is that of `high`."""
    after = high.astimezone(zone).utcoffset()
    first, last = int(low.timestamp()), int(high.timestamp())
    while last - first > 1:
        middle = (first + last) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == after:
            last = middle
        else:
            first = middle
    return datetime.fromtimestamp(last, UTC)


def next_time(since: datetime, zone: ZoneInfo, clock: time, *, after: int = 0) -> datetime:
    """Return when it is this time next, so many days later; never `since` itself."""
    today = since.astimezone(zone).date()
    found = moment(today + timedelta(days=after), clock, zone)
    return found if found > since else moment(today + timedelta(days=after + 1), clock, zone)


def next_weekday(
    since: datetime, zone: ZoneInfo, clock: time, weekdays: Collection[int]
) -> datetime:
    """Return when it is this time on one of these weekdays next (0: Monday).

    Raises:
        ValueError: there is no such weekday.
    """
    today = since.astimezone(zone).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        found = moment(day, clock, zone)
        if day.weekday() in weekdays and found > since:
            return found
    raise ValueError("No weekday was chosen.")


def day_of_trait(told: Any, zone: ZoneInfo, clock: time, offset: timedelta) -> datetime | None:
    """Return the moment at which a trait's day, moved by whole days, shows this time.

    Args:
        told: a day or a moment in ISO 8601; of a moment the day in the person's zone counts.
        zone: the person's.
        clock: the time of day.
        offset: negative: before that day.
    """
    day = as_day(told, zone)
    if day is None:
        return None
    try:
        return moment(day + offset, clock, zone)
    except OverflowError:
        return None


def as_day(told: Any, zone: ZoneInfo) -> date | None:
    """Return the day that a trait names, or None."""
    if not isinstance(told, str) or len(told) > 40:
        return None
    try:
        if len(told) == 10:
            return date.fromisoformat(told)
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return (found.astimezone(zone) if found.tzinfo else found).date()


def quiet_until(
    at: datetime, zone: ZoneInfo, begins: time, ends: time, weekdays: Collection[int] = range(7)
) -> datetime | None:
    """Return when quiet hours that hold at this moment end, or None if they don't.

    Args:
        at: the moment.
        zone: the person's.
        begins: on the clock on the wall; later than `ends`: over midnight.
        ends: on the clock on the wall.
        weekdays: on which they begin (0: Monday).
    """
    today = at.astimezone(zone).date()
    for back in (1, 0):
        day = today - timedelta(days=back)
        if day.weekday() not in weekdays or begins == ends:
            continue
        first = moment(day, begins, zone)
        last = moment(day + timedelta(days=1) if ends <= begins else day, ends, zone)
        if first <= at < last:
            return last
    return None


def next_occurrence(
    entry: Mapping[str, Any], *, after: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return when a schedule occurs next, strictly after a moment; None if never again.

    A month that lacks the day has it on its last one.

    Args:
        entry: `{"every", "on", "time", "weekdays"?}` as compiled; `on` is the first day.
        after: the moment.
        zone: the workspace's.
    """
    first, clock = date.fromisoformat(entry["on"]), time.fromisoformat(entry["time"])
    if entry["every"] == "once":
        found = moment(first, clock, zone)
        return found if found > after else None
    day = max(first, after.astimezone(zone).date())
    for ahead in range(FARTHEST):
        one = day + timedelta(days=ahead)
        if _occurs(entry, first, one):
            found = moment(one, clock, zone)
            if found > after:
                return found
    return None


def _occurs(entry: Mapping[str, Any], first: date, day: date) -> bool:
    if entry["every"] == "day":
        return True
    if entry["every"] == "week":
        return day.weekday() in entry["weekdays"]
    return day.day == min(first.day, monthrange(day.year, day.month)[1])


def anniversary(day: date, year: int) -> date:
    """Return a day of a year; the 29th of February is the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
