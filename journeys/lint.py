"""What a message will lack for the people it is written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dxp.lib.rows import raw_cursor
from journeys import wording
from journeys.compose import draft_of
from journeys.models import Message

_COUNT = """
SELECT count(*), {gaps}
FROM customers_segmentmember m JOIN customers_profile p ON p.id = m.profile_id
WHERE m.segment_id = %s AND m.left_at IS NULL
"""
# What `wording` puts into a message: words and numbers, not lists, and nothing empty.
_FILLED = "(jsonb_typeof(p.traits #> %s) IN ('string', 'number') AND p.traits #>> %s <> '')"
_ADDRESS = """EXISTS (SELECT FROM customers_contactpoint c
WHERE c.profile_id = p.id AND c.channel = 'email')"""


@dataclass(frozen=True, slots=True)
class Gap:
    """A variable without a fallback, and how many people have nothing to put there."""

    variable: str
    missing: int
    of: int


def gaps(*, message: Message, segment_id: int, at: datetime) -> list[Gap]:
    """Return what members of a segment lack of what a message names without a fallback."""
    needed = wording.needs(draft_of(message).texts())
    names = [name for name in needed if not name.startswith("event.")]
    if not names:
        return []
    counts, bound = [], []
    for name in names:
        filled = []
        for path in wording.paths(name):
            filled.append(_FILLED)
            bound += [path, path]
        if name == "email":
            filled.append(_ADDRESS)
        counts.append(f"count(*) FILTER (WHERE NOT coalesce({' OR '.join(filled)}, false))")
    with raw_cursor() as cursor:
        cursor.execute(_COUNT.format(gaps=", ".join(counts)), [*bound, segment_id])  # type: ignore[arg-type]
        of, *missing = cursor.fetchone() or (0,)
    return [Gap(name, lack, of) for name, lack in zip(names, missing, strict=True) if lack]
