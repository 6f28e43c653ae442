"""Two profiles become one: what was counted and kept under the one moves to the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from customers import extend
from customers.models import SegmentMember
from dxp.lib import rows


def merge(*, kept: int, absorbed: int, at: datetime) -> None:
    """Move what belongs to a profile over to the one that its aliases belong to now.

    The aliases themselves and the link were written before; events are never rewritten: readers
    overlay `AliasOverride`. Inside the fold's transaction, which holds both profiles.
    """
    with rows.raw_cursor() as cursor:
        for statement in _MOVES:
            cursor.execute(
                statement,
                {"kept": kept, "absorbed": absorbed, "at": at, "merge": SegmentMember.Cause.MERGE},
            )
        cursor.execute(
            "SELECT id, traits::text, is_known, created_at, last_seen_at FROM customers_profile "
            "WHERE id = ANY(%s)",
            [[kept, absorbed]],
        )
        people = {row[0]: (orjson.loads(row[1]), *row[2:]) for row in cursor.fetchall()}
        cursor.execute(
            "UPDATE customers_profile SET state = 'ACTIVE', traits = %s::jsonb, is_known = %s, "
            "created_at = %s, last_seen_at = %s WHERE id = %s",
            [
                orjson.dumps(survivors(people[kept], people[absorbed])).decode(),
                people[kept][1] or people[absorbed][1],
                min(people[kept][2], people[absorbed][2]),
                max(people[kept][3], people[absorbed][3]),
                kept,
            ],
        )
    extend.customers_profiles_merged(kept=kept, absorbed=absorbed, at=at)


def survivors(kept: tuple[Any, ...], absorbed: tuple[Any, ...]) -> Mapping[str, Any]:
    """Return the traits of both: those of a known person win, else those seen last.

    Args:
        kept: (traits, is known, first seen, last seen), and
        absorbed: the same of the other.
    """
    stronger, weaker = (
        (absorbed, kept) if (absorbed[1], absorbed[3]) > (kept[1], kept[3]) else (kept, absorbed)
    )
    return {**weaker[0], **stronger[0]}


_MOVES = (
    "INSERT INTO customers_eventday AS d "
    "(profile_id, matcher_id, day, n, amount, first_at, last_at) "
    "SELECT %(kept)s, matcher_id, day, n, amount, first_at, last_at FROM customers_eventday "
    "WHERE profile_id = %(absorbed)s ON CONFLICT (profile_id, matcher_id, day) DO UPDATE "
    "SET n = d.n + excluded.n, amount = d.amount + excluded.amount, "
    "first_at = LEAST(d.first_at, excluded.first_at), "
    "last_at = GREATEST(d.last_at, excluded.last_at)",
    "DELETE FROM customers_eventday WHERE profile_id = %(absorbed)s",
    "UPDATE customers_contactpoint SET profile_id = %(kept)s WHERE profile_id = %(absorbed)s",
    # A stay goes on under the other profile; where both stay, one of the two ends.
    "UPDATE customers_segmentmember m SET profile_id = %(kept)s "
    "WHERE profile_id = %(absorbed)s AND left_at IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM customers_segmentmember o WHERE o.segment_id = m.segment_id "
    "AND o.profile_id = %(kept)s AND o.left_at IS NULL)",
    "UPDATE customers_segmentmember SET left_at = GREATEST(%(at)s, entered_at), "
    "left_cause = %(merge)s WHERE profile_id = %(absorbed)s AND left_at IS NULL",
    "DELETE FROM customers_segmentdue WHERE profile_id = %(absorbed)s",
    "UPDATE customers_profile SET state = 'ABSORBED' WHERE id = %(absorbed)s",
)
