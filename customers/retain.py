"""How long events are kept: what is older goes, whole months at once where nothing else is left.

Age counts from when an event was received. A rule for its name comes before one for its type, that
before the general term; closed stays in segments go with the events "Segment Left", and what is
kept only to sort events goes after a month. Rollups follow: they count what is there.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction

from customers import append, partitions, rollup
from customers.models import BotEvent, Quarantine, RetentionRule, SegmentMember
from dxp.lib import rows

log = logging.getLogger(__name__)
# A retry comes within days; what nobody replayed for a month is not missed.
SEEN_FOR = timedelta(days=30)
REJECTED_FOR = timedelta(days=30)
BITE = 5000
PEOPLE = 500
LEFT = "Segment Left"
_MONTH = re.compile(r"customers_event_y(\d{4})m(\d{2})")


@dataclass(frozen=True, slots=True)
class Term:
    """Events of a class received before a moment go; without name and type: all others."""

    before: datetime
    name: str = ""
    type: str = ""


def terms(*, at: datetime, default_days: int) -> list[Term]:
    """Return what is too old at a moment, the most particular first.

    Args:
        at: the moment.
        default_days: how long all other events are kept; 0 keeps them.
    """
    found = [
        Term(
            at - timedelta(days=rule.keep_days),
            **{"name" if rule.kind == RetentionRule.Kind.NAME else "type": rule.value},
        )
        for rule in RetentionRule.objects.order_by("kind", "value")
    ]
    if default_days:
        found.append(Term(at - timedelta(days=default_days)))
    return sorted(found, key=lambda term: (not term.name, not term.type))


def overdue(terms: Sequence[Term]) -> tuple[str, dict[str, Any]]:
    """Return the SQL that says whether an event is too old, and its values.

    Written for PostgreSQL; DuckDB reads it with other marks for the values.
    """
    values: dict[str, Any] = {}
    cases = []
    for place, term in enumerate(terms):
        values[f"before{place}"] = term.before
        then = f"THEN received_at < %(before{place})s"
        if term.name or term.type:
            values[f"class{place}"] = term.name or term.type
            column = "name" if term.name else "type"
            cases.append(f"WHEN {column} = %(class{place})s {then}")
        else:
            cases.append(f"WHEN true {then}")
    return (f"coalesce(CASE {' '.join(cases)} END, false)" if cases else "false"), values


def preview(*, at: datetime, default_days: int) -> dict[tuple[str, str], int]:
    """Return how many events would go at a moment, by (type, name)."""
    due = terms(at=at, default_days=default_days)
    if not due:
        return {}
    where, values = overdue(due)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            f"SELECT type, name, count(*) FROM customers_event "
            f"WHERE received_at < %(latest)s AND {where} GROUP BY type, name ORDER BY 3 DESC",
            {**values, "latest": max(term.before for term in due)},
        )
        return {(kind, name): n for kind, name, n in cursor.fetchall()}


def prune(*, at: datetime, default_days: int) -> Counter[str]:
    """Remove what is too old; return how much went, by what it was.

    A crash loses nothing but time: the next night goes on.
    """
    gone: Counter[str] = Counter()
    due = terms(at=at, default_days=default_days)
    if due:
        latest = max(term.before for term in due)
        for part in list(_parts(until=latest)):
            gone += _prune_part(part, due, at)
        ours = next((one for one in due if one.name == LEFT or _is_wide(one)), None)
        if ours:
            gone["stays"] += SegmentMember.objects.filter(left_at__lt=ours.before).delete()[0]
    _finish()
    gone += _sort_out(at)
    return +gone


def _is_wide(term: Term) -> bool:
    """Return whether a term without a name is about events of our own."""
    return not term.name and term.type in {"", "track"}


def _parts(*, until: datetime) -> Iterator[str]:
    """Yield the monthly parts that begin before a moment, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'customers_event'::regclass ORDER BY 1"
        )
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        found = _MONTH.fullmatch(name)
        if found and datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC) < until:
            yield name


def _end(part: str) -> datetime:
    found = _MONTH.fullmatch(part)
    year, month = partitions.after(*(int(one) for one in found.groups())) if found else (9999, 1)
    return datetime(year, month, 1, tzinfo=UTC)


def _prune_part(part: str, due: Sequence[Term], at: datetime) -> Counter[str]:
    where, values = overdue(due)
    gone: Counter[str] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {part} WHERE NOT ({where}))", values)
        (is_needed,) = cursor.fetchone() or (True,)
    if not is_needed and _end(part) <= at:
        found = _detach(part)
        if found is not None:
            _finish()
            return Counter(months=1, events=found)
    while bite := _delete(part, where, values):
        gone["events"] += bite
    return gone


def _detach(part: str) -> int | None:
    """Take a month out of which nothing has to stay; None where others hold the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(max(id), 0) FROM {part}")
        found, newest = cursor.fetchone() or (0, 0)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Readers of other months wait behind us: not for long.
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute("LOCK TABLE ONLY customers_event IN ACCESS EXCLUSIVE MODE")
            cursor.execute(f"SELECT EXISTS (SELECT FROM {part} WHERE id > %s)", [newest])
            if (cursor.fetchone() or (True,))[0]:
                return None
            cursor.execute(f"ALTER TABLE customers_event DETACH PARTITION {part}")
            cursor.execute(f"ALTER TABLE {part} RENAME TO {_aside(part)}")
    except OperationalError as error:
        log.warning("%s goes another night: %s", part, error)
        return None
    return int(found)


def _finish() -> None:
    """Count anew who is in months that were taken out, and drop these: also after a crash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)",
            [_aside("")],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT DISTINCT profile_id FROM {table} UNION SELECT DISTINCT a.profile_id "
                f"FROM {table} e JOIN customers_alias a ON a.id = e.alias_id"
            )
            people = [profile for (profile,) in cursor.fetchall()]
            for start in range(0, len(people), PEOPLE):
                with transaction.atomic():
                    _count_again(people[start : start + PEOPLE])
            cursor.execute(f"DROP TABLE {table}")


def _aside(part: str) -> str:
    return f"customers_event_gone{part.removeprefix('customers_event')}"


def _delete(part: str, where: str, values: dict[str, Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.ctid::text, e.profile_id, a.profile_id FROM {part} e "
            f"LEFT JOIN customers_alias a ON a.id = e.alias_id WHERE e.ctid = ANY(ARRAY("
            f"SELECT ctid FROM {part} WHERE {where} LIMIT {BITE}))",
            values,
        )
        found = cursor.fetchall()
        if not found:
            return 0
        # Before the rows go: who folds at this moment for the same people is waited for.
        people = append.hold(profile_ids={one for row in found for one in row[1:] if one})
        cursor.execute(
            f"DELETE FROM {part} WHERE ctid = ANY(%s::tid[])", [[row[0] for row in found]]
        )
        _count_again({*people, *people.values()})
        return len(found)


def _count_again(people: Iterable[int]) -> None:
    held = append.hold(profile_ids=people)
    if held:
        rollup.rebuild(profile_ids=sorted({*held, *held.values()}))


def _sort_out(at: datetime) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_seen WHERE seen_at < %s", [at - SEEN_FOR])
        seen = cursor.rowcount
    old = at - REJECTED_FOR
    return Counter(
        message_ids=seen,
        rejected=Quarantine.objects.filter(received_at__lt=old).delete()[0],
        bot_events=BotEvent.objects.filter(received_at__lt=old).delete()[0],
    )
