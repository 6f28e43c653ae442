"""Count events per profile, matcher and day as they come, and anew from the raw events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import msgspec
from django.db import connection, transaction

from customers import recount
from customers.compile import today
from customers.conditions.compare import NUMERIC
from customers.conditions.matcher import AMOUNTS, BIGGEST_AMOUNT, Matcher
from customers.models import EventDay, EventMatcher
from customers.recount import rebuild
from dxp.lib import rows

__all__ = ["OWNED", "amount", "ask_for", "count", "drop_all_but", "plain_ids", "rebuild"]

SMALL_AMOUNT = 10**9
NOTHING, CENT = Decimal(0), Decimal("0.0001")
_SPELLED = re.compile(NUMERIC).fullmatch

# Ids of matchers that were committed, for as long as this process keeps its connection: another
# connection may lead to another database.
_IDS: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()
_FILTERS: WeakKeyDictionary[Any, dict[int, Matcher]] = WeakKeyDictionary()


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


def count(*, new: Sequence[Countable]) -> None:
    """Count events that were just appended, in the same transaction."""
    ids = plain_ids(names={row.name for row in new})
    days: dict[tuple[int, int, date], _Day] = {}
    for row, number in chain(((row, ids[row.name]) for row in new), _fitting(new)):
        at, worth = row.at, _worth(row)
        key = (row.profile_id, number, today(at))
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


def ask_for(*, matchers: Iterable[Matcher]) -> bool:
    """Have these events counted from now on; return whether the older ones are counted too."""
    wanted = {one.key(): one for one in matchers}
    plain_ids(names={one.event for one in wanted.values() if not one.where})
    filtered = {key: one for key, one in wanted.items() if one.where}
    EventMatcher.objects.bulk_create(
        (
            EventMatcher(event=one.event, where=one.plain()["where"], key=key)
            for key, one in sorted(filtered.items())
        ),
        ignore_conflicts=True,
    )
    return not EventMatcher.objects.filter(key__in=filtered, counted_at=None).exists()


def drop_all_but(*, matchers: Iterable[Matcher]) -> int:
    """Drop filtered matchers and their counts that no rule asks for; return how many."""
    asked = [one.key() for one in matchers if one.where]
    unused = EventMatcher.objects.exclude(where=[]).exclude(key__in=asked)
    numbers = list(unused.values_list("pk", flat=True))
    if numbers:
        EventDay.objects.filter(matcher_id__in=numbers).delete()
        unused.delete()
    return len(numbers)


def _filters() -> dict[str, list[tuple[int, Matcher]]]:
    """Return the filtered matchers by event; they are read again only when there are others."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(id ORDER BY id) FROM customers_eventmatcher WHERE \"where\" <> '[]'"
        )
        row = cursor.fetchone()
    ids = tuple(row[0] or ()) if row else ()
    if not ids:
        return {}
    known = _FILTERS.setdefault(connection.connection, {})
    if set(ids) - known.keys():
        known |= recount.filtered()
    found: dict[str, list[tuple[int, Matcher]]] = {}
    for number in ids:
        found.setdefault(known[number].event, []).append((number, known[number]))
    return found


def _fitting(new: Sequence[Countable]) -> Iterator[tuple[Countable, int]]:
    """Yield the events that filtered matchers speak of, each with the number of its matcher."""
    filters = _filters()
    meant = [row for row in new if row.name in filters] if filters else []
    if not meant:
        return
    asked = [one for name in {row.name for row in meant} for one in filters[name]]
    conditions = [one.filters() for _, one in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.place, {', '.join(one.text for one in conditions)} "
            "FROM unnest(%s::int[], %s::jsonb[]) AS e(place, properties)",
            [
                *(value for one in conditions for value in one.values),
                rows.array(range(len(meant))),
                rows.array([row.raw_properties.decode() for row in meant]),
            ],
        )
        for place, *fits in cursor.fetchall():
            for (number, one), fit in zip(asked, fits, strict=True):
                if fit and one.event == meant[place].name:
                    yield meant[place], number


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
        value: Any = properties.get(key)
        if isinstance(value, bool):
            continue
        if isinstance(value, str):
            value = Decimal(value) if _SPELLED(value) else None
        number = Decimal(str(value)) if isinstance(value, (int, float, Decimal)) else None
        if number is not None and abs(number) < BIGGEST_AMOUNT:
            return number.quantize(CENT, ROUND_HALF_UP)
    return NOTHING


def _ensure(names: Sequence[str]) -> dict[str, int]:
    keys = {Matcher(name).key(): name for name in names}
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
