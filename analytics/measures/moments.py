"""Hours, days, weeks and months of a place, as answers name them; in SQL and in Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY = ("hour", "day", "week", "month", "all")
"""How finely time is cut; `all` does not cut it."""
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def written(every: str, column: str = "happened_at") -> str:
    """Return the hour, day, week or month of a moment in SQL, as text."""
    local = f"{column} AT TIME ZONE $zone"
    match every:
        case "all":
            return "''"
        case "hour":
            return f"cast(date_trunc('hour', {local}) AS varchar)"
        case "day":
            return f"cast(cast({local} AS date) AS varchar)"
        case _:
            return f"cast(cast(date_trunc('{every}', {local}) AS date) AS varchar)"


def of(at: datetime, zone: str, every: str) -> str:
    """Return the hour, day, week or month of a moment, as the measure names it."""
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    match every:
        case "all":
            return ""
        case "hour":
            return str(local.replace(minute=0, second=0, microsecond=0))
        case "week":
            return str(local.date() - timedelta(days=local.weekday()))
        case "month":
            return str(local.date().replace(day=1))
        case _:
            return str(local.date())


def between(first: date, last: date, every: str) -> list[str]:
    """Return every hour, day, week or month from the first day to the last, in order."""
    if every == "all":
        return [""]
    at = datetime.fromisoformat(of(datetime.combine(first, time(), UTC), "UTC", every))
    end = datetime.combine(last, time(23))
    found = []
    while at <= end:
        found.append(str(at) if every == "hour" else str(at.date()))
        if every == "month":
            at = (at + timedelta(days=32)).replace(day=1)
        else:
            at += STEPS[every]
    return found


def fitting(first: date, last: date) -> str:
    """Return how finely to cut so many days, so that a chart of them can be read."""
    days = (last - first).days + 1
    if days <= 2:
        return "hour"
    return "day" if days <= 92 else "week" if days <= 730 else "month"
