"""Whether events say what somebody listens for: asked of the database, as segments ask."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import connection

from customers.conditions.base import Sql
from customers.record import Recorded
from dxp.lib.rows import array
from journeys.charts import Listen

LONGEST_KEY = 64
# The id of the newest event; a sequence that was never used names one that nobody got.
NEWEST = "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM customers_event_id)"


def key_of(told: str) -> str:
    """Return the key under which a run enters: what is too long for it, as its hash."""
    if len(told) <= LONGEST_KEY:
        return told
    return hashlib.sha256(told.encode()).hexdigest()


def key_in(row: str, path: str) -> Sql:
    """Return the same of a property of an event in SQL, NULL where it is no plain value."""
    steps = path.split(".")
    text = f"({row}.properties #>> %s::text[])"
    return Sql(
        f"CASE WHEN jsonb_typeof({row}.properties #> %s::text[]) IN ('string', 'number', 'boolean')"
        f" THEN CASE WHEN length({text}) > {LONGEST_KEY}"
        f" THEN encode(sha256(convert_to({text}, 'UTF8')), 'hex') ELSE {text} END END",
        [steps] * 4,
    )


def asked(listen: Listen, row: str, path: str = "") -> tuple[Sql, Sql]:
    """Return the key that an event tells, and whether its filters hold, in SQL."""
    prop = path or listen.same
    value = key_in(row, prop) if prop else Sql("NULL::text")
    return value, listen.matcher.filters(row) if listen.matcher else Sql("true")


def among(listen: Listen, events: Sequence[Recorded], *, path: str = "") -> dict[int, str | None]:
    """Return the ids of the events that are meant, each with the key that it tells.

    Args:
        listen: what is listened for.
        events: all of that name.
        path: the property that holds the key, where it isn't `listen.same`.
    """
    if listen.plain and not path:
        return {event.id: None for event in events}
    value, filters = asked(listen, "ev", path)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ev.id, {value.text} FROM unnest(%s::bigint[], %s::jsonb[]) "
            f"ev(id, properties) WHERE {filters.text}",
            [
                *value.values,
                array(event.id for event in events),
                array(event.raw_properties.decode() for event in events),
                *filters.values,
            ],
        )
        return dict(cursor.fetchall())
