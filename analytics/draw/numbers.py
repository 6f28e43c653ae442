"""Values as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DASH = "\N{EN DASH}"


def number(value: float) -> str:
    """Return a whole number with the locale's separators."""
    return number_format(round(value), force_grouping=True)


def share(value: float | None) -> str:
    """Return a share as percent with one decimal, or a dash."""
    return DASH if value is None else f"{decimals(value * 100, 1)} %"


def decimals(value: float, places: int) -> str:
    """Return a number rounded to so many places; Django's own formatting cuts them off."""
    return number_format(round(value, places), places, force_grouping=True)


def ratio(part: float, whole: float) -> float | None:
    """Return part of whole, or None where there is no whole."""
    return part / whole if whole else None


def duration(seconds: float | None) -> str:
    """Return a span in its largest fitting unit."""
    if seconds is None:
        return DASH
    if seconds < 60:
        return _("%(n)s s") % {"n": round(seconds)}
    if seconds < 3600:
        return _("%(n)s min") % {"n": round(seconds / 60)}
    if seconds < 86_400:
        return _("%(n)s h") % {"n": decimals(seconds / 3600, 1)}
    days = seconds / 86_400
    return ngettext("%(n)s day", "%(n)s days", round(days)) % {"n": decimals(days, 1)}


def shown(value: Any, kind: str) -> str:
    """Return a value as people read it; what is unknown is a dash."""
    if value is None:
        return DASH
    if kind == "day":
        moment = moment_of(value)
        is_hour = isinstance(moment, datetime)
        return date_format(moment, "D j M Y, H:i" if is_hour else "D j M Y")
    if kind == "share":
        return share(value)
    if kind == "seconds":
        return duration(value)
    if kind == "money":
        return decimals(value, 2)
    if kind == "number":
        whole = float(value).is_integer()
        return number(value) if whole else decimals(value, 2)
    return str(value)


def moment_of(value: Any) -> date:
    """Return the day, or the moment, that a value says."""
    if isinstance(value, date):
        return value
    text = str(value)
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def every_day(
    rows: Sequence[Sequence[Any]], first: date, days: int, width: int
) -> list[tuple[date, tuple[int, ...]]]:
    """Return one row for each day, zeros where nothing happened; rows begin with an ISO day."""
    known = {row[0]: tuple(row[1:]) for row in rows}
    wanted = [first + timedelta(days=i) for i in range(days)]
    return [(day, known.get(day.isoformat(), (0,) * width)) for day in wanted]


def day_label(day: date) -> str:
    """Return a day as the axis of a chart shows it."""
    return date_format(day, "j M")
