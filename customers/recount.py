"""Count events anew from the raw ones: of some people, or for a matcher that is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from customers.compile import THEIR_EVENTS
from customers.conditions.base import Sql
from customers.conditions.matcher import Matcher, matcher, worth
from customers.models import EventMatcher
from dxp.lib import rows

# People counted in one transaction: enough to spare round trips, few enough to hold nobody up.
CHUNK = 2000
TRIES = 1200


def rebuild(*, profile_ids: Sequence[int]) -> None:
    """Count these profiles anew from the raw events that belong to them now.

    Inside the caller's transaction, which holds the profiles.
    """
    people = sorted(set(profile_ids))
    events = Sql(THEIR_EVENTS.format(who="= ANY(%s)"), [people, people])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_eventday WHERE profile_id = ANY(%s)", [people])
        # A name without a matcher is one whose events were never counted.
        cursor.execute(
            'INSERT INTO customers_eventmatcher (event, "where", key, counted_at) '
            "SELECT name, '[]', encode(sha256(convert_to(name || E'\\n', 'UTF8')), 'hex'), "
            f"statement_timestamp() FROM (SELECT DISTINCT e.name FROM {events.text}) AS names "
            "ON CONFLICT DO NOTHING",
            events.values,
        )
    _count(people, asked=filtered(), plain=True)


def backfill(*, matchers: Iterable[Matcher], at: datetime) -> None:
    """Count the older events of matchers that are new, some people at a time.

    Outside of any transaction: from the moment a matcher was committed, whoever appends counts it
    too, and each chunk replaces what was counted so far while it holds its people.

    Raises:
        OperationalError: somebody has been writing for so long that we gave up.
    """
    keys = [one.key() for one in matchers if one.where]
    new = EventMatcher.objects.filter(key__in=keys, counted_at=None)
    for row in new:
        if not connection.in_atomic_block:
            _wait_for_older()
        for people in _chunks(row.event):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM customers_profile WHERE id = ANY(%s) ORDER BY id "
                    "FOR NO KEY UPDATE",
                    [people],
                )
                cursor.execute(
                    "DELETE FROM customers_eventday WHERE matcher_id = %s AND profile_id = ANY(%s)",
                    [row.pk, people],
                )
                _count(people, asked=dict([_read(row)]), plain=False)
        EventMatcher.objects.filter(pk=row.pk).update(counted_at=at)


def _count(people: Sequence[int], *, asked: Mapping[int, Matcher], plain: bool) -> None:
    events = Sql(THEIR_EVENTS.format(who="= ANY(%s)"), [people, people])
    fits = Sql("m.\"where\" = '[]'" if plain else "false")
    if asked:
        fits.add(" OR CASE m.id")
        for number, meant in asked.items():
            part = meant.filters()
            fits.add(f" WHEN %s THEN {part.text}", number, *part.values)
        fits.add(" ELSE false END")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_eventday "
            "(profile_id, matcher_id, day, n, amount, first_at, last_at) "
            "SELECT e.person, m.id, (e.at AT TIME ZONE %s)::date, count(*), "
            f"sum(COALESCE({worth()}, 0)), min(e.at), max(e.at) FROM {events.text} "
            f"JOIN customers_eventmatcher m ON m.event = e.name AND ({fits.text}) GROUP BY 1, 2, 3",
            [str(timezone.get_default_timezone()), *events.values, *fits.values],
        )


def filtered() -> dict[int, Matcher]:
    """Return the matchers that look at properties, by number."""
    return dict(_read(row) for row in EventMatcher.objects.exclude(where=[]).order_by("pk"))


def _read(row: EventMatcher) -> tuple[int, Matcher]:
    return row.pk, matcher({"event": row.event, "where": row.where}, "")


def _chunks(event: str) -> Iterator[list[int]]:
    """Yield the people who did it, by rising id."""
    last = 0
    while True:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT d.profile_id FROM customers_eventday d "
                "JOIN customers_eventmatcher m ON m.id = d.matcher_id "
                "WHERE m.event = %s AND m.\"where\" = '[]' AND d.profile_id > %s "
                "ORDER BY 1 LIMIT %s",
                [event, last, CHUNK],
            )
            people = [number for (number,) in cursor.fetchall()]
        if not people:
            return
        yield people
        last = people[-1]


def _wait_for_older() -> None:
    """Wait until everybody who may not have seen the matcher has finished writing.

    Raises:
        OperationalError: somebody has been writing for too long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        mine = cursor.fetchone()[0]
        for _try in range(TRIES):
            cursor.execute(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [mine]
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    raise OperationalError("Somebody has been writing for more than a minute.")
