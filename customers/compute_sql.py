"""The questions behind computed traits: one statement gives the values of many people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.utils import timezone

from customers import match, rollup
from customers.models import ComputedTrait
from dxp.lib import rows

_MOMENT = "to_jsonb(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))"
# From the counts per day. A window is whole days of the workspace, today the last one.
_COUNTED = {
    "count": "to_jsonb(sum(n))",
    "days": "to_jsonb(count(DISTINCT day))",
    "first": _MOMENT.format("min(first_at)"),
    "last": _MOMENT.format("max(last_at)"),
}
_BY_DAY = """
SELECT d.profile_id, (VALUE)::text, min(d.day) FROM customers_eventday d
JOIN customers_eventmatcher m ON m.id = d.matcher_id AND m."where" = '[]'
WHERE d.profile_id = ANY(%(people)s::bigint[]) AND m.event = %(event)s AND d.day >= %(since)s::date
GROUP BY 1
"""
# From the events themselves, since it is about one of their properties.
_TOLD = {
    "sum": "to_jsonb(sum(v))",
    "avg": "to_jsonb(round(avg(v), 6))",
    "min": "to_jsonb(min(v))",
    "max": "to_jsonb(max(v))",
    "first": "(array_agg(p ORDER BY at) FILTER (WHERE p IS NOT NULL))[1]",
    "last": "(array_agg(p ORDER BY at DESC) FILTER (WHERE p IS NOT NULL))[1]",
    "most_frequent": "mode() WITHIN GROUP (ORDER BY p) FILTER (WHERE p IS NOT NULL)",
    "unique_count": "to_jsonb(count(DISTINCT p) FILTER (WHERE p IS NOT NULL))",
}
_BY_EVENT = """OWNED, told AS (
  SELECT person, at, NULLIF(properties -> %(prop)s, 'null') AS p,
    CASE jsonb_typeof(properties -> %(prop)s)
      WHEN 'number' THEN (properties ->> %(prop)s)::numeric
      WHEN 'string' THEN CASE WHEN properties ->> %(prop)s ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$'
        THEN (properties ->> %(prop)s)::numeric END
    END AS v
  FROM owned WHERE name = %(event)s AND at >= %(begin)s::timestamptz
)
SELECT person, (VALUE)::text, min((at AT TIME ZONE %(zone)s)::date) FROM told GROUP BY 1
"""
ANCIENT = date(1, 1, 1)
NEEDS_PROPERTY = frozenset(_TOLD) - frozenset(_COUNTED)
NUMBERS = frozenset({"count", "days", "sum", "avg", "min", "max", "unique_count"})


def type_of(computed: ComputedTrait) -> str:
    """Return the type that a computed trait's values have."""
    if computed.metric in NUMBERS:
        return "number"
    return "text" if computed.prop else "moment"


def values(
    computed: ComputedTrait, *, profile_ids: Sequence[int], at: datetime
) -> dict[int, tuple[Any, datetime | None]]:
    """Return each one's value and when time alone may change it; who has none is left out."""
    day = match.today(at)
    since = ANCIENT if computed.days is None else day - timedelta(days=computed.days - 1)
    by_day = not computed.prop
    picked = (_COUNTED if by_day else _TOLD)[computed.metric]
    text = (_BY_DAY if by_day else _BY_EVENT).replace("VALUE", picked)
    text = text.replace("OWNED", rollup.OWNED, 1)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            text.encode(),
            {
                "people": rows.array(sorted(profile_ids)),
                "event": computed.event,
                "prop": computed.prop,
                "since": since,
                "begin": "-infinity"
                if computed.days is None
                else match.midnight(since).isoformat(),
                "zone": str(timezone.get_default_timezone()),
            },
        )
        return {
            profile: (orjson.loads(told), _changes(computed, oldest))
            for profile, told, oldest in cursor.fetchall()
            if told is not None
        }


def _changes(computed: ComputedTrait, oldest: date) -> datetime | None:
    if computed.days is None:
        return None
    return match.midnight(oldest + timedelta(days=computed.days))
