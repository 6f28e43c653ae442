"""Which days a report looks at, and which days it compares them with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from analytics.draw import DASH

PRESETS = [("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days"))]
LONGEST = 1100
# Beyond these no event is accepted, and calendars come to their ends.
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the workspace, first to last, and the same number of days before them.

    While the last day is still going on, the days before end at the same time of day, so that half
    a day is not compared with a whole one.
    """

    first: date
    last: date
    zone: str
    at: datetime
    preset: str = ""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def window(self) -> dict[str, datetime]:
        return {"start": self._begin(self.first), "end": self._begin(self.last, 1)}

    @property
    def before(self) -> dict[str, datetime]:
        start = self._begin(self.first, -self.days)
        end = self._begin(self.first)
        if self.unfinished:
            # To the minute, so that an answer can be kept for one.
            passed = self.at.replace(second=0, microsecond=0) - self._begin(self.last)
            end = self._begin(self.last, -self.days) + passed
        return {"start": start, "end": max(end, start)}

    @property
    def unfinished(self) -> bool:
        return self._begin(self.last) <= self.at < self._begin(self.last, 1)

    @property
    def label(self) -> str:
        return f"{date_format(self.first, 'j M Y')} {DASH} {date_format(self.last, 'j M Y')}"

    @property
    def before_label(self) -> str:
        first = self.first - timedelta(days=self.days)
        last = self.first - timedelta(days=1)
        return f"{date_format(first, 'j M')} {DASH} {date_format(last, 'j M')}"

    def _begin(self, day: date, after: int = 0) -> datetime:
        return datetime.combine(day + timedelta(days=after), time(), ZoneInfo(self.zone))


class DayInput(forms.DateInput):
    """The browser's own date field, which works without a script."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """Asks for the days: a preset, else from and to; without an answer the last 30."""

    days = forms.ChoiceField(choices=PRESETS, required=False, widget=forms.HiddenInput)
    first = forms.DateField(label=_("From"), required=False, widget=DayInput)
    last = forms.DateField(label=_("To"), required=False, widget=DayInput)

    def clean(self) -> dict[str, Any]:
        """Return the cleaned values; days of one's own must be two, in order, and not too many."""
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if found.get("days") or self.errors or not (first or last):
            return found
        if not first or not last:
            self.add_error("first", _("Choose both days."))
        elif first > last:
            self.add_error("first", _("The first day lies after the last one."))
        elif (last - first).days >= LONGEST:
            self.add_error("first", _("At most three years."))
        elif first < EARLIEST or last > LATEST:
            self.add_error("first", _("These days are too far away."))
        return found

    def period(self, *, zone: str, at: datetime) -> Period:
        """Return the days that were asked for, else the last 30."""
        today = at.astimezone(ZoneInfo(zone)).date()
        found = self.cleaned_data if self.is_valid() else {}
        if not found.get("days") and found.get("first"):
            return Period(found["first"], found["last"], zone, at)
        days = int(found.get("days") or 30)
        return Period(today - timedelta(days=days - 1), today, zone, at, preset=str(days))
