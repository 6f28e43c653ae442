"""Visits: a person's acts without 30 minutes of silence between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from analytics.measures import channels
from analytics.measures.base import OWN_EVENTS, Told

QUIET = timedelta(minutes=30)
SILENCE = "INTERVAL '30 minutes'"
VIEWS = "type IN ('page', 'screen')"
EVENTS = "type IN ('page', 'screen', 'track') AND name NOT IN ({})".format(
    ", ".join(f"'{name}'" for name in OWN_EVENTS)
)
BASES = {"views": VIEWS, "events": EVENTS}
# What the first act of a visit says about where it came from.
ARRIVAL = ("referrer", "url", "campaign_source", "campaign_medium", "campaign_name")


def openings(*, basis: str, keep: str = "", only: str = "") -> str:
    """Return the CTE `opened`: each act, with `opens` = 1 where it begins a visit.

    A visit that began before the window counts from its first act inside it.

    Args:
        basis: what counts as an act: `views` (pages and screens) or `events` (all but our own).
        keep: further columns to carry along, each after a comma.
        only: a further condition, after AND; it must keep or leave a person's acts together.

    Raises:
        KeyError: there is no such basis.
    """
    chosen = BASES[basis]
    return f"""
    timed AS (
      SELECT profile_id, id, happened_at, type, name{keep},
        lag(happened_at) OVER (PARTITION BY profile_id ORDER BY happened_at, id) AS earlier
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND {chosen}{only}
    ),
    opened AS (
      SELECT *, CASE WHEN earlier IS NULL OR happened_at > earlier + {SILENCE} THEN 1 ELSE 0 END
        AS opens
      FROM timed
    )"""


def visits(*, basis: str) -> str:
    """Return the CTE `acts`: each act with the number of the person's visit it belongs to."""
    return f"""{openings(basis=basis)},
    acts AS (
      SELECT *, sum(opens) OVER (
        PARTITION BY profile_id ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) AS visit
      FROM opened
    )"""


def scope(
    *,
    basis: str,
    keep: Sequence[str] = (),
    along: str = "",
    channel: str = "",
    landed: bool = False,
) -> str:
    """Return CTEs ending in `acts`: each act with its visit, and what happened besides.

    `acts` has profile_id, id, happened_at, type, name, what is kept, counts (1 for an act), opens
    (1 where a visit begins) and visit (0 for what happened outside of any).

    Args:
        basis: what counts as an act.
        keep: further columns of `ev` to carry along.
        along: a condition on events that are no acts, yet belong to the visit they fall into.
        channel: only visits that this channel brought; the text then asks for `$channel`.
        landed: whether to make `landed` as well: one row for each visit, as its first act tells,
            with source, medium, campaign and channel.
    """
    sourced = bool(channel) or landed
    carried = dict.fromkeys([*keep, *(ARRIVAL if sourced else ())])
    kept = "".join(f", {name}" for name in carried)
    numbered = _numbered(basis, kept, along, into="all_acts" if channel else "acts")
    if not sourced:
        return numbered
    every = "all_acts" if channel else "acts"
    into = "came" if channel else "landed"
    text = f"""{numbered},
    arrived AS (
      SELECT profile_id, visit, happened_at{kept} FROM {every} WHERE opens = 1
    ),{channels.named(of="arrived", into=into)}"""
    if not channel:
        return text
    return f"""{text},
    landed AS (SELECT * FROM came WHERE channel = $channel),
    acts AS (
      SELECT a.* FROM all_acts a
      JOIN landed l ON l.profile_id = a.profile_id AND l.visit = a.visit
    )"""


def _numbered(basis: str, kept: str, along: str, *, into: str) -> str:
    chosen = BASES[basis]
    if not along:
        return f"""{openings(basis=basis, keep=kept)},
    {into} AS (
      SELECT *, 1 AS counts, sum(opens) OVER (
        PARTITION BY profile_id ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) AS visit
      FROM opened
    )"""
    return f"""
    timed AS (
      SELECT profile_id, id, happened_at, type, name{kept},
        CASE WHEN {chosen} THEN 1 ELSE 0 END AS counts,
        max(CASE WHEN {chosen} THEN happened_at END) OVER (
          PARTITION BY profile_id ORDER BY happened_at, id
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
      FROM ev WHERE happened_at >= $start AND happened_at < $end AND ({chosen} OR {along})
    ),
    opened AS (
      SELECT *,
        CASE WHEN counts = 1 AND (earlier IS NULL OR happened_at > earlier + {SILENCE})
          THEN 1 ELSE 0 END AS opens,
        CASE WHEN counts = 1 OR happened_at <= earlier + {SILENCE} THEN 1 ELSE 0 END AS inside
      FROM timed
    ),
    {into} AS (
      SELECT *, CASE WHEN inside = 1 THEN sum(opens) OVER (
        PARTITION BY profile_id ORDER BY happened_at, id ROWS UNBOUNDED PRECEDING) ELSE 0 END
        AS visit
      FROM opened
    )"""


@dataclass(slots=True)
class Visit:
    """A visit as an oracle sees it; one without acts holds what happened outside of visits."""

    profile_id: int
    acts: list[Told] = field(default_factory=list)
    beside: list[Told] = field(default_factory=list)

    @property
    def way(self) -> tuple[str, str, str, str]:
        """Return its source, medium, campaign and channel."""
        told = self.acts[0].columns
        led, here = channels.host_of(told["referrer"]), channels.host_of(told["url"])
        campaign = told["campaign_name"] or ""
        known = told["campaign_source"], told["campaign_medium"]
        return (
            *channels.origin(*known, led, here),
            campaign,
            channels.channel_of(*known, campaign, led, here),
        )


def visits_told(
    events: Sequence[Told],
    *,
    basis: str,
    along: Callable[[Told], bool] = lambda _event: False,
    channel: str = "",
) -> list[Visit]:
    """Return the visits that `scope` numbers in SQL, those without acts at the end."""
    found = list(_visits(events, basis, along))
    if channel:
        return [one for one in found if one.acts and one.way[-1] == channel]
    return sorted(found, key=lambda one: not one.acts)


def is_act(event: Told, basis: str) -> bool:
    """Return whether an event is an act: what BASES say in SQL."""
    if basis == "views":
        return event.type in {"page", "screen"}
    return event.type in {"page", "screen", "track"} and event.name not in OWN_EVENTS


def _visits(events: Sequence[Told], basis: str, along: Callable[[Told], bool]) -> Iterator[Visit]:
    by_person: dict[int, list[Told]] = {}
    for event in sorted(events, key=lambda one: (one.happened_at, one.id)):
        by_person.setdefault(event.profile_id, []).append(event)
    for person, mine in by_person.items():
        outside = Visit(person)
        now = outside
        for event in mine:
            within = bool(now.acts) and event.happened_at <= now.acts[-1].happened_at + QUIET
            if is_act(event, basis):
                if not within:
                    now = Visit(person)
                    yield now
                now.acts.append(event)
            elif along(event):
                (now if within else outside).beside.append(event)
        if outside.beside:
            yield outside
