"""Count events per profile, matcher and day as they come, and anew from the raw events."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from customers.match import today
from dxp.lib import rows

AMOUNTS = ("revenue", "value", "total")
BIGGEST_AMOUNT = 10**12
SMALL_AMOUNT = 10**9
NOTHING, CENT = Decimal(0), Decimal("0.0001")

# Ids of matchers that were committed, for as long as this process keeps its connection: another
# connection may lead to another database.
_IDS: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()


class Countable(Protocol):
    """What is counted of an event."""

    profile_id: int
    name: str
    at: datetime
    raw_properties: bytes

    @property
    def properties(self) -> dict[str, Any]:
        """What the event tells."""


class _Day(msgspec.Struct, gc=False):
    """What one person did of one kind on one day; worth in ten-thousandths."""

    n: int
    worth: int
    first_at: datetime
    last_at: datetime


def key_of(event: str, where: Sequence[Any] = ()) -> str:
    """Return what tells a matcher from others: one for each meaning."""
    told = json.dumps(list(where), ensure_ascii=False, sort_keys=True) if where else ""
    return hashlib.sha256(f"{event}\n{told}".encode()).hexdigest()


def count(*, new: Sequence[Countable]) -> None:
    """Count events that were just appended, in the same transaction."""
    ids = plain_ids(names={row.name for row in new})
    days: dict[tuple[int, int, date], _Day] = {}
    for row in new:
        at, worth = row.at, _worth(row)
        key = (row.profile_id, ids[row.name], today(at))
        day = days.get(key)
        if day is None:
            days[key] = _Day(1, worth, at, at)
            continue
        day.n += 1
        day.worth += worth
        if at < day.first_at:
            day.first_at = at
        elif at > day.last_at:
            day.last_at = at
    _add(days)


def plain_ids(*, names: Iterable[str]) -> dict[str, int]:
    """Return the matcher of each event name, made where it is new."""
    connection.ensure_connection()
    known = _IDS.setdefault(connection.connection, {})
    found = {name: known[name] for name in names if name in known}
    missing = sorted(set(names) - set(found))
    if missing:
        found |= (fresh := _ensure(missing))
        # What this transaction made may still be rolled back.
        transaction.on_commit(lambda: known.update(fresh))
    return found


def rebuild(*, profile_ids: Sequence[int]) -> None:
    """Count these profiles anew from the raw events that belong to them now.

    Inside the caller's transaction, which holds the profiles.
    """
    with rows.raw_cursor() as cursor:
        people = rows.array(sorted(set(profile_ids)))
        cursor.execute(
            "DELETE FROM customers_eventday WHERE profile_id = ANY(%s::bigint[])", [people]
        )
        cursor.execute(f"{OWNED} SELECT DISTINCT name FROM owned", {"people": people})
        plain_ids(names=[name for (name,) in cursor.fetchall()])
        cursor.execute(_REBUILD, {"people": people, "zone": str(timezone.get_default_timezone())})


def _worth(row: Countable) -> int:
    raw = row.raw_properties
    # Reading JSON costs more than looking for the three words that matter here.
    if not (b'"revenue"' in raw or b'"value"' in raw or b'"total"' in raw):
        return 0
    properties = row.properties
    value = properties.get("revenue")
    if (type(value) is float or type(value) is int) and abs(value) < SMALL_AMOUNT:
        # Most prices have few decimals, and need no decimal arithmetic to be exact.
        whole = round(value * 10_000)
        if abs(value * 10_000 - whole) < 0.001:
            return whole
    return int(amount(properties).scaleb(4))


def amount(properties: dict[str, Any]) -> Decimal:
    """Return what an event is worth: its revenue, else its value, else its total, else nothing."""
    for key in AMOUNTS:
        value = properties.get(key)
        if isinstance(value, bool):
            continue
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < BIGGEST_AMOUNT:
            return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)
    return NOTHING


def _ensure(names: Sequence[str]) -> dict[str, int]:
    keys = {key_of(name): name for name in names}
    with rows.raw_cursor() as cursor:
        find = "SELECT key, id FROM customers_eventmatcher WHERE key = ANY(%s::text[])"
        cursor.execute(find, [rows.array(keys)])
        found = dict(cursor.fetchall())
        missing = sorted(set(keys) - set(found))
        if missing:
            cursor.execute(
                'INSERT INTO customers_eventmatcher (event, "where", key, counted_at) '
                "SELECT e, '[]', k, statement_timestamp() FROM unnest(%s::text[], %s::text[]) "
                "AS t(e, k) ON CONFLICT DO NOTHING",
                [rows.array(keys[key] for key in missing), rows.array(missing)],
            )
            cursor.execute(find, [rows.array(keys)])
            found = dict(cursor.fetchall())
    return {keys[key]: number for key, number in found.items()}


def _add(days: dict[tuple[int, int, date], _Day]) -> None:
    # In the order of the key, so that two transactions never wait for each other's rows.
    keys = sorted(days)
    told = [days[key] for key in keys]
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_eventday AS d "
            "(profile_id, matcher_id, day, n, amount, first_at, last_at) "
            "SELECT p, m, d, n, w * 0.0001, f, l FROM unnest(%s::bigint[], %s::int[], %s::date[], "
            "%s::int[], %s::numeric[], %s::timestamptz[], %s::timestamptz[]) "
            "AS t(p, m, d, n, w, f, l) "
            "ON CONFLICT (profile_id, matcher_id, day) DO UPDATE SET n = d.n + excluded.n, "
            "amount = d.amount + excluded.amount, "
            "first_at = LEAST(d.first_at, excluded.first_at), "
            "last_at = GREATEST(d.last_at, excluded.last_at)",
            [
                *map(rows.array, zip(*keys, strict=True)),
                rows.array([one.n for one in told]),
                rows.array([one.worth for one in told]),
                rows.array([one.first_at for one in told]),
                rows.array([one.last_at for one in told]),
            ],
        )


# The events of people, whoever they belonged to when they came: found by their stamps, owned by
# what overlays these.
OWNED = """
WITH stamps AS (
  SELECT p AS person, p AS stamp FROM unnest(%(people)s::bigint[]) AS p
  UNION SELECT profile_id, unnest(stamps) FROM customers_aliasoverride
  WHERE profile_id = ANY(%(people)s::bigint[])
), owned AS (
  SELECT s.person, e.name, e.at, e.properties FROM stamps s
  JOIN customers_event e ON e.profile_id = s.stamp
  LEFT JOIN customers_aliasoverride o ON o.alias_id = e.alias_id AND o.valid @> e.at
  WHERE COALESCE(o.profile_id, e.profile_id) = s.person
)
"""

# The same as `amount`, digit by digit.
_NUMBER = (
    "CASE jsonb_typeof(e.properties -> '{key}') "
    "WHEN 'number' THEN (e.properties ->> '{key}')::numeric "
    "WHEN 'string' THEN CASE WHEN e.properties ->> '{key}' ~ '^\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)"
    "([eE][+-]?\\d{{1,3}})?\\s*$' THEN (e.properties ->> '{key}')::numeric END END"
)
AMOUNT_SQL = (
    "COALESCE("
    + ", ".join(
        f"(SELECT round(v, 4) FROM (SELECT {_NUMBER.format(key=key)} AS v) w "
        f"WHERE abs(v) < {BIGGEST_AMOUNT})"
        for key in AMOUNTS
    )
    + ", 0)"
)
_REBUILD = f"""
{OWNED}
INSERT INTO customers_eventday (profile_id, matcher_id, day, n, amount, first_at, last_at)
SELECT e.person, m.id, (e.at AT TIME ZONE %(zone)s)::date, count(*), sum({AMOUNT_SQL}),
  min(e.at), max(e.at)
FROM owned e JOIN customers_eventmatcher m ON m.event = e.name AND m."where" = '[]'
GROUP BY 1, 2, 3
"""
