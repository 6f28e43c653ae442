"""Touches: what may have led a person somewhere, each with the one word it is counted under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.measures import channels
from analytics.measures.base import Told
from analytics.measures.dimensions import Dimension, dimension
from analytics.measures.visits import ARRIVAL, openings, visits_told
from analytics.measures.where import Act, holds, said
from customers.conditions.base import RuleError, gettext_noop

VISITS = ("channel", "source", "medium", "campaign")


@dataclass(frozen=True, slots=True)
class Touches:
    """Which events touch: visits by where they came from, or acts by what a property says.

    Args:
        by: channel, source, medium or campaign of a visit; or the dimension of the act, as
            `dimensions` spell it ("property:ad", "path"). Without a value an act touches nobody.
        act: the act; without one, visits touch.
        unnamed: the word that "last named" passes over; left out, the direct channel of visits
            and what has no name.
    """

    by: str
    act: Act | None = None
    unnamed: str | None = None

    @property
    def is_visit(self) -> bool:
        return self.act is None

    @property
    def passed(self) -> str:
        """Return the word that "last named" passes over."""
        if self.unnamed is not None:
            return self.unnamed
        return channels.DIRECT if self.is_visit and self.by == "channel" else ""


def told_by(by: Touches) -> Dimension:
    """Return what tells acts apart.

    Raises:
        RuleError: it is nothing that the act itself says.
    """
    found = dimension(by.by, "by")
    if found.of_visit or found.fact:
        raise RuleError("by", gettext_noop("Choose something that the event itself says."))
    return found


def sql(by: Touches, parameters: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return CTEs ending in `touched` (profile_id, id, happened_at, touch), and what they read.

    They look at the people of `bought` only, and at what happened from `$start` to `$end`.

    Raises:
        RuleError: they are not told by this.
    """
    buyers = " AND profile_id IN (SELECT profile_id FROM bought)"
    if by.act is not None:
        word = told_by(by)
        parameters |= word.parameters
        found = f"""touching AS (
      SELECT profile_id, id, happened_at, {word.sql} AS touch
      FROM ev WHERE happened_at >= $start AND happened_at < $end
        AND {holds(by.act, parameters)}{buyers}
    ),
    touched AS (SELECT * FROM touching WHERE touch IS NOT NULL)"""
        return found, ("id", "happened_at", "profile_id", *word.reads, *by.act.reads)
    if by.by not in VISITS:
        raise RuleError("by", gettext_noop("Choose what to tell visits apart by."))
    keep = "".join(f", {name}" for name in ARRIVAL)
    found = f"""{openings(basis="views", keep=keep, only=buyers)},
    landed AS (SELECT * FROM opened WHERE opens = 1),
    {channels.named(of="landed", into="came")},
    touched AS (SELECT profile_id, id, happened_at, {by.by} AS touch FROM came)"""
    return found, ("id", "happened_at", "profile_id", "type", "name", *ARRIVAL)


def of(by: Touches, events: Sequence[Told]) -> Iterator[tuple[Told, str]]:
    """Yield each touch among events by time, with its word: what `sql` finds."""
    if by.act is None:
        place = (*VISITS[1:], VISITS[0]).index(by.by)
        opened = [(one.acts[0], one.way[place]) for one in visits_told(events, basis="views")]
        yield from sorted(opened, key=lambda one: (one[0].happened_at, one[0].id))
        return
    of_act = told_by(by).of
    for told in events:
        word = of_act(told) if said(by.act, told) else None
        if word is not None:
            yield told, word
