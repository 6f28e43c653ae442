"""Which days a question looks at, and which days it compares them with; told as JSON."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from analytics.questions.base import Days, QuestionError
from customers.conditions.base import gettext_noop as _

UNITS = ("days", "weeks", "months")
LONGEST = 1100
# Beyond these no event is accepted, and calendars come to their ends.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
COMPARISONS = ("", "before", "year")
MOST = {"days": LONGEST, "weeks": 156, "months": 36}


@dataclass(frozen=True, slots=True)
class Period:
    """Days that move with today (`last` with the current one, `past` without), or fixed ones.

    Weeks begin on Monday; weeks and months are those of the calendar.
    """

    how: str
    count: int = 30
    unit: str = "days"
    first: date = EARLIEST
    last: date = EARLIEST

    def plain(self) -> dict[str, Any]:
        """Return its one JSON spelling."""
        if self.how == "own":
            return {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return {self.how: [self.count, self.unit]}

    def days(self, *, zone: str, at: datetime) -> Days:
        """Return its days as of a moment."""
        today = at.astimezone(ZoneInfo(zone)).date()
        if self.how == "own":
            return days(self.first, self.last, zone, today)
        begun = _begin(today, self.unit, 0)
        if self.how == "past":
            return days(_begin(today, self.unit, self.count), begun - timedelta(days=1), zone)
        return days(_begin(today, self.unit, self.count - 1), today, zone, today)


LAST_30_DAYS = Period("last")


def days(first: date, last: date, zone: str, today: date | None = None) -> Days:
    """Return whole days of a zone; `today` is not over yet, if it is one of them."""
    still = today if today is not None and first <= today <= last else None
    return Days(first, last, zone, _midnight(first, zone), _midnight(last, zone, 1), still)


def parse(raw: Any) -> Period:
    """Return the period that JSON says; nothing says the last 30 days.

    Raises:
        QuestionError: it says none.
    """
    if raw is None or raw == {}:
        return LAST_30_DAYS
    if not isinstance(raw, Mapping):
        raise QuestionError("period", _("This is no period."))
    if "from" in raw or "to" in raw:
        return _own(raw.get("from"), raw.get("to"))
    how = "past" if "past" in raw else "last"
    told = raw.get(how)
    if not isinstance(told, list | tuple) or len(told) != 2 or told[1] not in UNITS:
        raise QuestionError("period", _("Say how many days, weeks or months."))
    count, unit = told
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST[unit]:
        raise QuestionError("period", _("At least one, and at most three years."))
    return Period(how, count, unit)


def before(now: Days, compare: str, at: datetime) -> Days | None:
    """Return the days to compare with: as many right before, or the same ones a year earlier.

    While the last day is still going on, they end at the same time of day, so that half a day is
    not compared with a whole one.
    """
    if not compare:
        return None
    length = (now.last - now.first).days
    if compare == "year":
        first = _year_earlier(now.first)
        last = first + timedelta(days=length)
    else:
        first, last = now.first - timedelta(days=length + 1), now.first - timedelta(days=1)
    found = days(first, last, now.zone)
    begun = _midnight(now.last, now.zone)
    if not begun <= at < now.end:
        return found
    # To the minute, so that an answer can be kept for one.
    passed = at.replace(second=0, microsecond=0) - begun
    end = max(_midnight(last, now.zone) + passed, found.start)
    return Days(first, last, now.zone, found.start, end)


def _own(first: Any, last: Any) -> Period:
    try:
        begins, ends = date.fromisoformat(str(first)), date.fromisoformat(str(last))
    except ValueError as error:
        raise QuestionError("period.from", _("Choose both days.")) from error
    if begins > ends:
        raise QuestionError("period.from", _("The first day lies after the last one."))
    if (ends - begins).days >= LONGEST:
        raise QuestionError("period.from", _("At most three years."))
    if begins < EARLIEST or ends > LATEST:
        raise QuestionError("period.from", _("These days are too far away."))
    return Period("own", first=begins, last=ends)


def _begin(today: date, unit: str, back: int) -> date:
    """Return the day on which the unit began that many ago; 0 is the current one."""
    if unit == "days":
        return today - timedelta(days=back)
    if unit == "weeks":
        return today - timedelta(days=today.weekday() + 7 * back)
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _year_earlier(day: date) -> date:
    longest = calendar.monthrange(day.year - 1, day.month)[1]
    return day.replace(year=day.year - 1, day=min(day.day, longest))


def _midnight(day: date, zone: str, after: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=after), time(), ZoneInfo(zone))
