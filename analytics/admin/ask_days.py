"""The controls for days: presets that move with today, so many units, or days of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from analytics.questions.base import Days

PRESETS = [
    ("last-7-days", lazy("Last 7 days")),
    ("last-30-days", lazy("Last 30 days")),
    ("last-90-days", lazy("Last 90 days")),
    ("last-1-weeks", lazy("This week")),
    ("past-1-weeks", lazy("Last week")),
    ("last-1-months", lazy("This month")),
    ("past-1-months", lazy("Last month")),
    ("last-12-months", lazy("Last 12 months")),
    ("last", lazy("The last …")),
    ("own", lazy("Days of your own")),
]
UNITS = [("days", lazy("days")), ("weeks", lazy("weeks")), ("months", lazy("months"))]
COMPARISONS = [
    ("", lazy("Nothing")),
    ("before", lazy("The days before")),
    ("year", lazy("The same days last year")),
]


@dataclass(frozen=True, slots=True)
class PeriodControl:
    """What the controls for days show."""

    chosen: str
    count: str
    unit: str
    first: str
    last: str
    presets: list[tuple[str, Any]]
    units: list[tuple[str, Any]]


def period_control(told: Any, days: Days) -> PeriodControl:
    """Return the controls with what was told, even where it is no period."""
    chosen, count, unit = "last-30-days", str((days.last - days.first).days + 1), "days"
    first, last = days.first.isoformat(), days.last.isoformat()
    if isinstance(told, Mapping) and "from" in told:
        chosen, first, last = "own", str(told["from"]), str(told.get("to"))
    elif isinstance(told, Mapping):
        how = "past" if "past" in told else "last"
        listed = told.get(how)
        if isinstance(listed, list | tuple) and len(listed) == 2:
            count, unit = str(listed[0]), str(listed[1])
            chosen = f"{how}-{count}-{unit}"
            if chosen not in dict(PRESETS):
                chosen = "last"
    return PeriodControl(chosen, count, unit, first, last, PRESETS, UNITS)


def compared(told: Any) -> list[tuple[str, str, bool]]:
    """Return what can be compared with, and which of it is chosen."""
    return [(value, _(str(label)), value == (told or "")) for value, label in COMPARISONS]
