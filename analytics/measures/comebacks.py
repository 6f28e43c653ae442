"""What can be asked about coming back, and its answer in plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from analytics.measures import dimensions
from analytics.measures.base import Row, Told
from analytics.measures.cycles import Cycles
from analytics.measures.dimensions import Dimension
from analytics.measures.where import Act, said

MODES = ("nth", "rolling", "brackets")
COUNTING = ("first", "ever", "every")
MOST_BRACKETS = 12
MOST_LATER = 60
ANYTHING = Act("")


class RetentionError(ValueError):
    """This asks nothing about coming back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who begins, what counts as coming back, and how it is counted.

    Args:
        start: the window's beginning.
        end: its end.
        zone: where days begin.
        first: what makes a person begin.
        again: what counts as coming back.
        every: day, week or month.
        mode: nth (in just that cycle), rolling (in that one or later), brackets.
        brackets: the last cycle of each bracket after the first, ascending.
        counting: a person begins when they do it for the first time in the window (first), for the
            first time at all (ever), or in each cycle in which they do it (every).
        by: a dimension of the act they begin with, the first one of that cycle.
        most: how many of its values stand for themselves.
    """

    start: datetime
    end: datetime
    zone: str
    first: Act = ANYTHING
    again: Act = ANYTHING
    every: str = "week"
    mode: str = "nth"
    brackets: Sequence[int] = ()
    counting: str = "first"
    by: str = ""
    most: int = 5

    def __post_init__(self) -> None:
        edges = list(self.brackets)
        fit = edges == sorted(set(edges)) and all(1 <= edge <= MOST_LATER for edge in edges)
        if not fit or len(edges) > MOST_BRACKETS or bool(edges) != (self.mode == "brackets"):
            raise RetentionError("Brackets end one after the other, at most sixty cycles later.")
        if self.mode not in MODES or self.counting not in COUNTING:
            raise RetentionError("There is no such way to count.")

    @property
    def cycles(self) -> Cycles:
        return Cycles(self.every, self.zone, self.start, self.end)

    @property
    def dimension(self) -> Dimension | None:
        return dimensions.dimension(self.by) if self.by else None

    @property
    def slots(self) -> list[tuple[int, int]]:
        """Return the first and last cycle of each bracket."""
        edges = list(self.brackets)
        return [(low + 1, high) for low, high in zip([0, *edges], edges, strict=False)]

    def reach(self, slot: int) -> tuple[int, int]:
        """Return the first and last cycle after the first in which coming back fills a slot."""
        if not slot or self.mode == "nth":
            return slot, slot
        if self.mode == "rolling":
            return slot, MOST_LATER * 1000
        return self.slots[slot - 1] if slot <= len(self.slots) else (1, 0)


@dataclass(frozen=True, slots=True)
class Begun:
    """One person in one cohort: each cycle in which they came back, with the first moment of it."""

    person: int
    cohort: int
    place: int
    part: str | None
    since: datetime
    back: Mapping[int, datetime]


def cells(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `retention` says about these events."""
    asked = Asked(**told)
    found: dict[tuple[int, Any, int, int], int] = {}
    for one in walk(events, asked):
        for slot in range(MOST_LATER + 1):
            low, high = asked.reach(slot)
            if not slot or any(low <= later <= high for later in one.back):
                key = (one.place, one.part, one.cohort, slot)
                found[key] = found.get(key, 0) + 1
    order = sorted(found, key=lambda key: (key[0] == dimensions.REST, key[0], *key[2:]))
    return [
        (
            place,
            part,
            asked.cycles.first(cohort).isoformat(),
            slot,
            found[place, part, cohort, slot],
        )
        for place, part, cohort, slot in order
    ]


def people(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `retention_people` says about these events."""
    own = ("cohort", "slot", "place", "part", "stayed", "limit")
    asked = Asked(**{key: value for key, value in told.items() if key not in own})
    cohort = told["cohort"] and asked.cycles.number(date.fromisoformat(told["cohort"]))
    low, high = asked.reach(told["slot"])
    begun: dict[int, datetime] = {}
    back: dict[int, datetime] = {}
    for one in walk(events, asked):
        if (told["cohort"] and one.cohort != cohort) or told.get("part") not in (None, one.part):
            continue
        if told.get("part") is None and told.get("place") not in (None, one.place):
            continue
        begun[one.person] = min(one.since, begun.get(one.person, one.since))
        for later, at in one.back.items():
            if low <= later <= high:
                back[one.person] = min(at, back.get(one.person, at))
    chosen = back if told["slot"] else begun
    if not told.get("stayed", True):
        chosen = {person: at for person, at in begun.items() if person not in chosen}
    found = [(person, int(at.timestamp() // 1)) for person, at in chosen.items()]
    return sorted(found, key=lambda row: (-row[1], row[0]))[: told.get("limit", 200)]


def walk(events: Sequence[Told], asked: Asked) -> Iterator[Begun]:
    """Yield everybody who began, once for each cohort they are in."""
    inside = [one for one in events if asked.start <= one.happened_at < asked.end]
    values = dimensions.values_of(asked.dimension, inside)
    old = {
        one.profile_id for one in events if one.happened_at < asked.start and said(asked.first, one)
    }
    begun: dict[tuple[int, int], Told] = {}
    back: dict[int, dict[int, datetime]] = {}
    for one in inside:
        cycle = asked.cycles.of(one.happened_at)
        if said(asked.first, one) and not (asked.counting == "ever" and one.profile_id in old):
            begun.setdefault((one.profile_id, cycle), one)
        if said(asked.again, one):
            back.setdefault(one.profile_id, {}).setdefault(cycle, one.happened_at)
    if asked.counting != "every":
        begun = {key: one for key, one in begun.items() if key == min(_own(begun, key[0]))}
    place = dimensions.places((values[one.id] for one in begun.values()), asked.most)
    for (person, cohort), one in begun.items():
        nth = place(values[one.id]) if asked.by else dimensions.NOTHING
        later = {cycle - cohort: at for cycle, at in back.get(person, {}).items() if cycle > cohort}
        part = values[one.id] if nth > 0 else None
        yield Begun(person, cohort, nth, part, one.happened_at, later)


def _own(begun: Mapping[tuple[int, int], Told], person: int) -> list[tuple[int, int]]:
    return [key for key in begun if key[0] == person]
