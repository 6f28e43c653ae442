"""Touches: what may have led a person somewhere, each with the one word it is counted under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from analytics.measures import channels
from analytics.measures.base import Told
from analytics.measures.dimensions import Dimension, dimension
from analytics.measures.visits import openings
from analytics.measures.where import Act, holds, said
from customers.conditions.base import RuleError, gettext_noop

VISITS = ("channel", "source", "medium", "campaign")
CARRIED = ("referrer", "url", "campaign_source", "campaign_medium", "campaign_name")
SILENCE = timedelta(minutes=30)


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
    keep = "".join(f", {name}" for name in CARRIED)
    found = f"""{openings(basis="views", keep=keep, only=buyers)},
    landed AS (SELECT * FROM opened WHERE opens = 1),
    {channels.named(of="landed", into="came")},
    touched AS (SELECT profile_id, id, happened_at, {by.by} AS touch FROM came)"""
    return found, ("id", "happened_at", "profile_id", "type", "name", *CARRIED)


def of(by: Touches, events: Sequence[Told]) -> Iterator[tuple[Told, str]]:
    """Yield each touch among events by time, with its word: what `sql` finds."""
    latest: dict[int, Told] = {}
    for told in events:
        if by.act is not None:
            word = told_by(by).of(told) if said(by.act, told) else None
            if word is not None:
                yield told, word
            continue
        if told.type not in {"page", "screen"}:
            continue
        before = latest.get(told.profile_id)
        latest[told.profile_id] = told
        if before is None or told.happened_at > before.happened_at + SILENCE:
            yield told, _word(by.by, told)


def _word(by: str, told: Told) -> str:
    at = told.columns
    here, host = channels.host_of(at["url"]), channels.host_of(at["referrer"])
    name = at["campaign_name"]
    if by == "channel":
        return channels.channel_of(at["campaign_source"], at["campaign_medium"], name, host, here)
    if by == "campaign":
        return str(name or "")
    source, medium = channels.origin(at["campaign_source"], at["campaign_medium"], host, here)
    return source if by == "source" else medium
