"""Hours, days, weeks and months of a place, as answers name them; in SQL and in Python."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EVERY = ("hour", "day", "week", "month", "all")
"""How finely time is cut; `all` does not cut it."""


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
