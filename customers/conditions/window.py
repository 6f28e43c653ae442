"""Periods of time: which days or moments of the past they hold, and when that changes."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from customers.conditions.base import Asking, RuleError, Words, gettext_noop

_ = gettext_noop

UNITS = ("hours", "days", "weeks", "months")
# The longest period in each unit: ten years, and a week of hours, which are looked up one by one.
LONGEST = {"hours": 168, "days": 3650, "weeks": 520, "months": 120}
UNIT_LABELS = (
    ("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks")), ("months", _("months")),
)  # fmt: skip
ONE = {"hours": _("hour"), "days": _("day"), "weeks": _("week"), "months": _("month")}
MANY = dict(UNIT_LABELS)


@dataclass(frozen=True, slots=True)
class Span:
    """So many hours, days or months. Weeks are read as days, so that there is one spelling."""

    n: int
    unit: str

    def after(self, day: date) -> date:
        """Return the day that is this span after another; clipped to the end of its month."""
        if self.unit == "days":
            return day + timedelta(days=self.n)
        months = day.year * 12 + day.month - 1 + self.n
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last))

    def first_inside(self, today: date) -> date:
        """Return the earliest day that is less than this span ago."""
        day = (
            today - timedelta(days=self.n)
            if self.unit == "days"
            else Span(-self.n, "months").after(today) - timedelta(days=4)
        )
        while self.after(day) <= today:
            day += timedelta(days=1)
        return day

    def sql(self, day: str, sign: str = "+") -> str:
        """Return the day or moment that is this span after (or before) one in SQL."""
        if self.unit == "hours":
            return f"({day} {sign} make_interval(hours => {int(self.n)}))"
        if self.unit == "days":
            return f"({day} {sign} {int(self.n)})"
        return f"({day} {sign} make_interval(months => {int(self.n)}))::date"

    def words(self, say: Words) -> str:
        """Return it in words."""
        if self.n == 1:
            return "1 " + say(ONE[self.unit])
        if self.unit == "days" and self.n % 7 == 0 and self.n > 7:
            return f"{self.n // 7} {say(MANY['weeks'])}"
        return f"{self.n} {say(MANY[self.unit])}"


def span(n: Any, unit: Any, path: str, least: int = 1) -> Span:
    """Return the span that JSON says.

    Raises:
        RuleError: it says none.
    """
    if unit not in UNITS:
        raise RuleError(path, _("Choose hours, days, weeks or months."))
    if not isinstance(n, int) or isinstance(n, bool) or not least <= n <= LONGEST[unit]:
        raise RuleError(path, _("Give a number of days from 1 to 3650, or of hours up to 168."))
    return Span(n * 7, "days") if unit == "weeks" else Span(n, unit)


@dataclass(frozen=True, slots=True)
class Window:
    """A period: all time, the last so much, from so much to so much ago, or fixed days.

    "The last 7 days" are today and the six days before, in the workspace's time zone; hours are
    counted back from this moment. Neighbors have no gap and no overlap: the last 30 days, then 30
    to 90 days ago.
    """

    last: Span | None = None
    until: Span | None = None
    first_day: date | None = None
    last_day: date | None = None

    @property
    def timed(self) -> bool:
        """Return whether time alone moves things out of it."""
        return self.last is not None

    @property
    def by_hour(self) -> bool:
        """Return whether days are too coarse for it."""
        return self.last is not None and self.last.unit == "hours"

    def days(self, today: date) -> tuple[date | None, date | None]:
        """Return its first and last day; None means open."""
        if self.last is None:
            return self.first_day, self.last_day
        newest = None
        if self.until is not None:
            newest = self.until.first_inside(today) - timedelta(days=1)
        return self.last.first_inside(today), newest

    def moments(self, asking: Asking) -> tuple[datetime | None, datetime | None]:
        """Return when it begins and ends; the end does not belong to it."""
        tick = timedelta(microseconds=1)
        if self.last is not None and self.last.unit == "hours":
            start = asking.at - timedelta(hours=self.last.n) + tick
            end = asking.at - timedelta(hours=self.until.n) + tick if self.until else None
            return start, end
        first, newest = self.days(asking.day)
        return (
            asking.midnight(first) if first else None,
            asking.midnight(Span(1, "days").after(newest)) if newest else None,
        )

    def plain(self) -> Any:
        """Return its one JSON spelling."""
        if self.last is not None and self.until is not None:
            return {"between": [self.until.n, self.last.n, self.last.unit]}
        if self.last is not None:
            return {"last": [self.last.n, self.last.unit]}
        told = {"from": self.first_day, "to": self.last_day}
        found = {key: day.isoformat() for key, day in told.items() if day is not None}
        return found or "all"

    def words(self, say: Words) -> str:
        """Return it in words, or nothing for all time."""
        if self.last is not None and self.until is not None:
            return say(_("%(a)s to %(b)s ago"), a=self.until.words(say), b=self.last.words(say))
        if self.last is not None:
            return say(_("in the last %(span)s"), span=self.last.words(say))
        if self.first_day and self.last_day:
            return say(_("from %(a)s to %(b)s"), a=self.first_day, b=self.last_day)
        if self.first_day:
            return say(_("since %(day)s"), day=self.first_day)
        return say(_("until %(day)s"), day=self.last_day) if self.last_day else ""


def window(raw: Any, path: str) -> Window:
    """Return the period that JSON says.

    Raises:
        RuleError: it says none.
    """
    if raw == "all":
        return Window()
    keys = set(raw) if isinstance(raw, Mapping) else set()
    if keys == {"last"}:
        n, unit = _many(raw["last"], 2, path)
        return Window(last=span(n, unit, path))
    if keys == {"between"}:
        newer, older, unit = _many(raw["between"], 3, path)
        if newer == 0 and not isinstance(newer, bool):
            return Window(last=span(older, unit, path))
        until, last = span(newer, unit, path), span(older, unit, path)
        if until.n >= last.n:
            raise RuleError(path, _("Give the shorter time first: from 30 to 90 days ago."))
        return Window(last=last, until=until)
    if keys and keys <= {"from", "to"}:
        first, last_day = (day(raw[key], path) if key in raw else None for key in ("from", "to"))
        if first and last_day and first > last_day:
            raise RuleError(path, _("The period ends before it begins."))
        return Window(first_day=first, last_day=last_day)
    raise RuleError(path, _("Choose a period, or all time."))


def day(raw: Any, path: str) -> date:
    """Return a day.

    Raises:
        RuleError: it is none.
    """
    try:
        return date.fromisoformat(raw) if len(raw) == 10 else _no_day(path)
    except (TypeError, ValueError):
        return _no_day(path)


def _no_day(path: str) -> date:
    raise RuleError(path, _("Give a date: year, month and day."))


def _many(raw: Any, length: int, path: str) -> list[Any]:
    if not isinstance(raw, (list, tuple)) or len(raw) != length:
        raise RuleError(path, _("Choose a period, or all time."))
    return list(raw)
