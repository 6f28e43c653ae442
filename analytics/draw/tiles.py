"""One number with its change and a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analytics.draw.numbers import DASH, decimals, number, share

WIDTH, HEIGHT = 120, 32


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
    amount = decimals(abs(change) * 100, 1)
    if trend == "same":
        return _("unchanged"), trend
    if percent:
        words = _("up %(n)s points") if trend == "up" else _("down %(n)s points")
    else:
        words = _("up %(n)s %%") if trend == "up" else _("down %(n)s %%")
    return words % {"n": amount}, trend
