"""Numbers as people read them: gaps filled, changes in words, small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WIDTH, HEIGHT = 120, 32
DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its change since the period before; `trend` is up, down or same."""

    label: str
    value: str
    change: str
    trend: str
    hint: str = ""
    line: str = ""


def tile(
    label: str,
    now: float | None,
    before: float | None,
    *,
    percent: bool = False,
    hint: str = "",
    line: Sequence[float] = (),
) -> Tile:
    """Return a tile; without anything to compare with it says so."""
    shown = DASH if now is None else share(now) if percent else number(now)
    change, trend = _change(now, before, percent)
    return Tile(label, shown, change, trend, hint, points(line))


def number(value: float) -> str:
    """Return a whole number with the locale's separators."""
    return number_format(round(value), force_grouping=True)


def share(value: float | None) -> str:
    """Return a share as percent with one decimal, or a dash."""
    return DASH if value is None else f"{number_format(value * 100, 1)} %"


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
        return _("%(n)s h") % {"n": number_format(seconds / 3600, 1)}
    days = seconds / 86_400
    return ngettext("%(n)s day", "%(n)s days", round(days)) % {"n": number_format(days, 1)}


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


def points(values: Sequence[float]) -> str:
    """Return the points of a sparkline, an SVG polyline of 120 by 32."""
    if len(values) < 2:
        return ""
    top = max(values) or 1
    step = WIDTH / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{HEIGHT - 2 - value / top * (HEIGHT - 4):.1f}"
        for i, value in enumerate(values)
    )


def _change(now: float | None, before: float | None, percent: bool) -> tuple[str, str]:
    if now is None or before is None or (not percent and not before):
        return _("nothing to compare with"), "same"
    change = now - before if percent else (now - before) / before
    trend = "up" if change > 0.0005 else "down" if change < -0.0005 else "same"
    amount = number_format(abs(change) * 100, 1)
    if trend == "same":
        return _("unchanged"), trend
    if percent:
        words = _("up %(n)s points") if trend == "up" else _("down %(n)s points")
    else:
        words = _("up %(n)s %%") if trend == "up" else _("down %(n)s %%")
    return words % {"n": amount}, trend
