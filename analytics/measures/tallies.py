"""Trends in plain Python: each event is put onto its heap, and each heap is counted."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.measures import dimensions, moments, where
from analytics.measures.base import Row, Told
from analytics.measures.counting import MOST, asked


@dataclass(frozen=True, slots=True)
class _Counted:
    profile_id: int
    at: datetime
    moment: str
    value: str | None
    place: int
    number: Decimal | None


def _counted(events: Sequence[Told], parameters: Mapping[str, Any]) -> Iterator[_Counted]:
    said = {key: parameters[key] for key in SAID if key in parameters}
    what = asked(**said)
    found = dimensions.values_of(what.by, events)
    meant = [one for one in events if where.said(what.act, one)]
    place = dimensions.places((found[one.id] for one in meant), parameters.get("most", MOST))
    for one in meant:
        moment = moments.of(one.happened_at, parameters["zone"], what.every)
        value = found[one.id]
        yield _Counted(
            one.profile_id, one.happened_at, moment, value, place(value), what.number_of(one)
        )


SAID = ("act", "count", "prop", "every", "by")


def trend(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    """Return a trend: what `trends.trend` says in SQL."""
    count = parameters.get("count", "events")
    groups: dict[tuple[str, int], list[_Counted]] = defaultdict(list)
    known: set[tuple[int, int]] = set()
    for one in sorted(_counted(events, parameters), key=lambda one: one.moment):
        if count != "new" or (one.profile_id, one.place) not in known:
            groups[one.moment, one.place].append(one)
        known.add((one.profile_id, one.place))
    rows = [
        (moment, place, min(of.value or "" for of in group) if place > 0 else None,
         ORACLES[count](group))
        for (moment, place), group in groups.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row[0], dimensions.order(row[1])))


def _numbers(group: Sequence[_Counted]) -> list[Decimal]:
    return [one.number for one in group if one.number is not None]


def _over(how: Callable[[list[Decimal]], Any]) -> Callable[[Sequence[_Counted]], float | None]:
    def total(group: Sequence[_Counted]) -> float | None:
        found = _numbers(group)
        return round(float(how(found)), 6) if found else None

    return total


ORACLES: dict[str, Callable[[Sequence[_Counted]], Any]] = {
    "events": len,
    "people": lambda group: len({one.profile_id for one in group}),
    "new": len,
    "per_person": lambda group: round(len(group) / len({one.profile_id for one in group}), 6),
    "revenue": _over(sum),
    "sum": _over(sum),
    "average": _over(statistics.mean),
    "median": _over(statistics.median),
}


def people(events: Sequence[Told], parameters: Mapping[str, Any]) -> list[Row]:
    """Return who is behind a number: what `trends.people` says in SQL."""
    wanted, value = parameters.get("place", ""), parameters.get("value", "")
    chosen = [
        one
        for one in _counted(events, parameters)
        if dimensions.is_at(wanted, value, one.value, one.place)
    ]
    moment = parameters.get("moment")
    latest: dict[int, datetime] = {}
    firsts: dict[int, str] = {}
    for one in chosen:
        firsts[one.profile_id] = min(one.moment, firsts.get(one.profile_id, one.moment))
    for one in chosen:
        at = firsts[one.profile_id] if parameters.get("count") == "new" else one.moment
        if moment in (None, at):
            latest[one.profile_id] = max(one.at, latest.get(one.profile_id, one.at))
    rows = [(person, int(at.timestamp() // 1)) for person, at in latest.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[: parameters.get("limit", 200)]
