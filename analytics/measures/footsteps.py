"""What can be asked about ways through the site, and its answer in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from analytics.measures.base import OWN_EVENTS, Row, Told
from analytics.measures.visits import QUIET
from analytics.measures.where import Act, said

SHOWN = ("pages", "events", "both")
DEEPEST, MOST_BRANCHES = 8, 20


class PathsError(ValueError):
    """This asks for no way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which ways are meant.

    Args:
        start: the window's beginning.
        end: its end.
        anchor: where a way begins, at its first such act; None: with a visit.
        to: whether ways lead to the anchor instead, to the last such act, and are walked backwards.
        shown: pages by their path, events by their name, or both.
        within: so many seconds around the anchor; None: within the visit.
        depth: how many steps after the anchor.
        most: how many places of each step stand for themselves.
        collapse: whether a place repeated right away is one step.
    """

    start: datetime
    end: datetime
    anchor: Act | None = None
    to: bool = False
    shown: str = "pages"
    within: int | None = None
    depth: int = 4
    most: int = 5
    collapse: bool = True

    def __post_init__(self) -> None:
        if self.shown not in SHOWN or not 1 <= self.depth <= DEEPEST:
            raise PathsError("A way has one to eight steps.")
        if self.within is not None and (self.anchor is None or self.within <= 0):
            raise PathsError("Time is counted from an anchor.")


@dataclass(frozen=True, slots=True)
class Edge:
    """One step of a way; a place is None where it is one of the rest."""

    step: int
    source: str | None
    target: str | None
    ends: int
    person: int
    moment: datetime


def edges(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `paths` says about these events."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for one in _folded(events, Asked(**told)):
        key = (one.step, one.source, one.target, one.ends)
        found.setdefault(key, []).append(one.person)
    rows = [(*key, len(who), len(set(who))) for key, who in found.items()]
    return sorted(rows, key=edge_order)


def edge_order(row: Row) -> tuple[Any, ...]:
    """Return where an edge stands: by step, the busiest first, the rest after them."""
    step, source, target, ends, times, _people = row
    return step, -times, source is None, source or "", ends, target is None, target or ""


def people(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `paths_people` says about these events."""
    own = ("step", "source", "target", "ends", "limit")
    wanted = told["step"], told.get("source"), told.get("target"), int(told.get("ends", False))
    asked = Asked(**{key: value for key, value in told.items() if key not in own})
    return _newest(
        (
            (one.person, one.moment)
            for one in _folded(events, asked)
            if (one.step, one.source, one.target, one.ends) == wanted
        ),
        told,
    )


def pairs(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `transitions` says about these events."""
    found: dict[tuple[str, str], list[int]] = {}
    for source, target in _steps(events, told):
        key = (place(source, told), place(target, told))
        found.setdefault(key, []).append(source.profile_id)
    rows = [(*key, len(who), len(set(who))) for key, who in found.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))[: told.get("limit", 50)]


def pair_people(events: Sequence[Told], told: Mapping[str, Any]) -> list[Row]:
    """Return what the measure `transition_people` says about these events."""
    wanted = (told["source"], told["target"])
    return _newest(
        (
            (target.profile_id, target.happened_at)
            for source, target in _steps(events, told)
            if (place(source, told), place(target, told)) == wanted
        ),
        told,
    )


def place(told: Told, asked: Mapping[str, Any]) -> str:
    """Return the name of the place where an act happened."""
    shown = asked.get("shown", "pages")
    is_page = told.type in ("page", "screen") and shown != "events"
    return (told.columns["path"] or "") if is_page else told.name


def _folded(events: Sequence[Told], asked: Asked) -> Iterator[Edge]:
    ways = list(_ways(events, asked))
    seen: dict[int, Counter[str]] = {}
    for way in ways:
        for step, one in enumerate(way[: asked.depth + 1]):
            seen.setdefault(step, Counter())[place(one, {"shown": asked.shown})] += 1
    top = {
        step: sorted(counts, key=lambda word: (-counts[word], word))[: asked.most]
        for step, counts in seen.items()
    }

    def named(step: int, told: Told) -> str | None:
        word = place(told, {"shown": asked.shown})
        return word if word in top[step] else None

    for way in ways:
        for step, one in enumerate(way[: asked.depth]):
            source, after = named(step, one), way[step + 1] if step + 1 < len(way) else None
            if after is None:
                yield Edge(step, source, None, 1, one.profile_id, one.happened_at)
            else:
                target = named(step + 1, after)
                yield Edge(step, source, target, 0, one.profile_id, after.happened_at)


def _ways(events: Sequence[Told], asked: Asked) -> Iterator[list[Told]]:
    """Yield each way from its anchor on, backwards if it leads there."""
    for unit in _units(events, asked.shown, by_visit=asked.within is None):
        way = unit[::-1] if asked.to else unit
        if asked.anchor is not None:
            begun = [i for i, one in enumerate(way) if said(asked.anchor, one)]
            way = way[begun[0] :] if begun else []
        if asked.within is not None and way:
            far = timedelta(seconds=asked.within)
            way = [one for one in way if abs(one.happened_at - way[0].happened_at) <= far]
        if asked.collapse:
            way = [
                next(same)
                for _word, same in groupby(way, lambda e: place(e, {"shown": asked.shown}))
            ]
        if way:
            yield way


def _steps(events: Sequence[Told], asked: Mapping[str, Any]) -> Iterator[tuple[Told, Told]]:
    inside = [one for one in events if asked["start"] <= one.happened_at < asked["end"]]
    for visit in _units(inside, asked.get("shown", "pages"), by_visit=True):
        for source, target in pairwise(visit):
            if not (asked.get("collapse") and place(source, asked) == place(target, asked)):
                yield source, target


def _units(events: Sequence[Told], shown: str, *, by_visit: bool) -> Iterator[list[Told]]:
    """Yield the acts of each visit, or of each person."""
    kinds = ("page", "screen") if shown == "pages" else ("page", "screen", "track")
    acts: dict[int, list[Told]] = {}
    for one in sorted(events, key=lambda one: (one.happened_at, one.id)):
        if one.type in kinds and (shown == "pages" or one.name not in OWN_EVENTS):
            acts.setdefault(one.profile_id, []).append(one)
    for mine in acts.values():
        unit = mine[:1]
        for one in mine[1:]:
            if by_visit and one.happened_at > unit[-1].happened_at + QUIET:
                yield unit
                unit = []
            unit.append(one)
        yield unit


def _newest(found: Any, told: Mapping[str, Any]) -> list[Row]:
    latest: dict[int, int] = {}
    for person, moment in found:
        second = int(moment.timestamp() // 1)
        latest[person] = max(second, latest.get(person, second))
    rows = sorted(latest.items(), key=lambda row: (-row[1], row[0]))
    return rows[: told.get("limit", 200)]
