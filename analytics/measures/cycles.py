"""Days, weeks and months of the workspace as whole numbers that follow each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)
# The first of January 1970 was a Thursday; weeks begin on Monday.
MONDAY = 4
SHORTEST = timedelta(seconds=1)
# Before it no event is accepted.
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
EVERY = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Cycles:
    """The days, weeks or months between two moments.

    The zone's changes of clock are bound as numbers: reading eight times as many events a second as
    `AT TIME ZONE` does, on which DuckDB spends more than on everything else.
    """

    every: str
    zone: str
    start: datetime
    end: datetime

    def sql(self, parameters: dict[str, Any]) -> str:
        """Return the number of the cycle in which a row of `ev` between the moments happened."""
        offset = "0"
        for number, (until, seconds) in enumerate(reversed(self._offsets())):
            name = f"offset_{number}"
            parameters[name] = seconds
            if number:
                parameters[f"until_{number}"] = until
                offset = f"CASE WHEN happened_at < $until_{number} THEN ${name} ELSE {offset} END"
            else:
                offset = f"${name}"
        epoch = "cast(extract(epoch FROM happened_at) AS double precision)"
        day = f"cast(floor(({epoch} + {offset}) / 86400) AS integer)"
        if self.every == "day":
            return day
        if self.every == "week":
            return f"cast(floor(({day} + {7 - MONDAY}) / 7.0) AS integer)"
        dated = f"(DATE '1970-01-01' + {day})"
        return f"cast(extract(year FROM {dated}) * 12 + extract(month FROM {dated}) - 1 AS integer)"

    def of(self, moment: datetime) -> int:
        """Return the number of the cycle in which a moment lies."""
        return self.number(moment.astimezone(ZoneInfo(self.zone)).date())

    def number(self, day: date) -> int:
        """Return the number of the cycle in which a day lies."""
        if self.every == "month":
            return day.year * 12 + day.month - 1
        days = (day - EPOCH).days
        return (days + 7 - MONDAY) // 7 if self.every == "week" else days

    def first(self, number: int) -> date:
        """Return the first day of a cycle."""
        if self.every == "month":
            return date(number // 12, number % 12 + 1, 1)
        days = number * 7 - (7 - MONDAY) if self.every == "week" else number
        return EPOCH + timedelta(days=days)

    def last(self, number: int) -> date:
        """Return the last day of a cycle."""
        return self.first(number + 1) - timedelta(days=1)

    def begins(self, number: int) -> datetime:
        """Return the moment at which a cycle begins."""
        return datetime.combine(self.first(number), time(), ZoneInfo(self.zone))

    @property
    def ends(self) -> tuple[int, int]:
        """Return the first and the last cycle that have a part between the moments."""
        return self.of(self.start), self.of(max(self.start, self.end - SHORTEST))

    def _offsets(self) -> list[tuple[datetime, int]]:
        """Return how far the zone's clocks are ahead of UTC in seconds, and until when."""
        found: list[tuple[datetime, int]] = []
        here, at = _ahead(self.start, self.zone), self.start
        while at < self.end:
            after = min(at + timedelta(days=1), self.end)
            ahead = _ahead(after, self.zone)
            if ahead != here:
                found.append((_change(at, after, self.zone), here))
                here = ahead
            at = after
        return [*found, (self.end, here)]


def _ahead(moment: datetime, zone: str) -> int:
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    """Return the second in which the clocks changed between two moments."""
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    old = _ahead(before, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _ahead(datetime.fromtimestamp(middle, UTC), zone) == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
