"""Visits: a person's acts without 30 minutes of silence between them."""

from __future__ import annotations

from analytics.measures.base import OWN_EVENTS

SILENCE = "INTERVAL '30 minutes'"
VIEWS = "type IN ('page', 'screen')"
EVENTS = "type IN ('page', 'screen', 'track') AND name NOT IN ({})".format(
    ", ".join(f"'{name}'" for name in OWN_EVENTS)
)
BASES = {"views": VIEWS, "events": EVENTS}


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
