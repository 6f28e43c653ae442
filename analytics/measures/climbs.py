"""The way through a funnel in plain Python: every attempt is walked by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analytics.measures import dimensions, values, where
from analytics.measures.attempts import Way
from analytics.measures.base import OWN_EVENTS, Told


@dataclass(slots=True)
class Unit:
    """One unit: whose it is, when it first completed each step, and its value."""

    profile_id: int
    firsts: list[datetime | None]
    value: str | None = None
    rows: list[Told] = field(default_factory=list)


def climb(the: Way, events: Sequence[Told]) -> tuple[list[Unit], int]:
    """Return the units, and how many events of the steps were left out for want of a unit."""
    visit = _visits(events)
    shown = dimensions.values_of(the.by, events)
    found: dict[Any, Unit] = {}
    left_out = 0
    for one in sorted(events, key=lambda one: (one.happened_at, one.id)):
        part: Any = {"people": 0, "visits": visit.get(one.id)}.get(the.unit)
        if the.key:
            part = values.text_of(one.properties, the.key)
        if part is None:
            left_out += bool(the.key) and any(where.said(act, one) for act in the.steps)
            continue
        unit = found.setdefault(
            (one.profile_id, part), Unit(one.profile_id, [None] * len(the.steps))
        )
        unit.rows.append(one)
    for unit in found.values():
        walk = {"ordered": _ordered, "strict": _strict, "any": _any}[the.order]
        walk(the, unit)
        firsts = [one for one in unit.rows if _is_first(the, one)]
        unit.value = shown[firsts[0].id] if firsts else None
    return list(found.values()), left_out


def _is_first(the: Way, one: Told) -> bool:
    return where.said(the.steps[0], one)


def _reach(unit: Unit, step: int, at: datetime) -> None:
    before = unit.firsts[step]
    unit.firsts[step] = at if before is None else min(before, at)


def _breaks(the: Way, one: Told) -> bool:
    return any(where.said(act, one) for act in the.without) and not any(
        where.said(act, one) for act in the.steps
    )


def _in_time(the: Way, begun: datetime, at: datetime) -> bool:
    return the.within is None or at <= begun + timedelta(seconds=the.within)


def _ordered(the: Way, unit: Unit) -> None:
    for start, first in enumerate(unit.rows):
        if not where.said(the.steps[0], first):
            continue
        _reach(unit, 0, first.happened_at)
        step = 1
        for one in unit.rows[start + 1 :]:
            if step == len(the.steps) or _breaks(the, one):
                break
            if where.said(the.steps[step], one):
                if not _in_time(the, first.happened_at, one.happened_at):
                    break
                _reach(unit, step, one.happened_at)
                step += 1


def _strict(the: Way, unit: Unit) -> None:
    rows = [
        one for one in unit.rows
        if any(where.said(act, one) for act in the.steps)
        or (one.type in where.ACT_TYPES and one.name not in OWN_EVENTS)
    ]  # fmt: skip
    for start, first in enumerate(rows):
        for step, one in enumerate(rows[start : start + len(the.steps)]):
            if not where.said(the.steps[step], one):
                break
            if not _in_time(the, first.happened_at, one.happened_at):
                break
            _reach(unit, step, one.happened_at)


def _any(the: Way, unit: Unit) -> None:
    latest: dict[int, datetime] = {}
    for one in unit.rows:
        if _breaks(the, one):
            latest.clear()
            continue
        fits = [step for step, act in enumerate(the.steps) if where.said(act, one)]
        if not fits:
            continue
        latest[fits[0]] = one.happened_at
        for step in range(len(the.steps)):
            done = [latest.get(i) for i in range(step + 1)]
            begun = min((at for at in done if at is not None), default=None)
            if None in done or begun is None or not _in_time(the, begun, one.happened_at):
                break
            _reach(unit, step, one.happened_at)


def _visits(events: Sequence[Told]) -> dict[int, int]:
    number: dict[int, int] = defaultdict(int)
    latest: dict[int, datetime] = {}
    found: dict[int, int] = {}
    for one in sorted(events, key=lambda one: (one.happened_at, one.id)):
        if one.type not in where.ACT_TYPES or one.name in OWN_EVENTS:
            continue
        before = latest.get(one.profile_id)
        if before is None or one.happened_at > before + dimensions.SILENCE:
            number[one.profile_id] += 1
        latest[one.profile_id] = one.happened_at
        found[one.id] = number[one.profile_id]
    return found


def percentile(found: Sequence[float], part: float) -> float | None:
    """Return the value below which so large a part lies, between two if need be."""
    if not found:
        return None
    ordered = sorted(found)
    place = part * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), 6)
