"""Find what speaks of a person among events that wait, were rejected, or lie in the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import orjson
from django.db.models import Q

from customers import forgotten, ingest
from customers.models import AliasOwnership, Event, Inbox, Quarantine
from customers.rights import BITE, Person, Row
from dxp.lib import rows

# An id of so few letters occurs in texts by chance.
SHORT = 5
# Stamps of events are homes of aliases that were ever linked, also by a link that was revoked or
# refused, and what overrides remember.
_STAMPS = """
WITH RECURSIVE linked(id) AS (
  SELECT unnest(%(aliases)s::bigint[])
  UNION
  SELECT CASE WHEN l.a_id = linked.id THEN l.b_id ELSE l.a_id END
  FROM linked JOIN customers_identitylink l ON (l.a_id = linked.id OR l.b_id = linked.id)
)
SELECT home_profile_id FROM linked JOIN customers_alias a USING (id)
UNION SELECT unnest(%(profiles)s::bigint[])
UNION SELECT unnest(stamps) FROM customers_aliasoverride
  WHERE profile_id = ANY(%(profiles)s::bigint[])
"""
# In others' events a shared browser's id is all that speaks of this person.
_BLANK = """
UPDATE customers_event
SET anonymous_id = CASE WHEN anonymous_id = ANY(%(names)s::text[]) THEN NULL ELSE anonymous_id END,
  previous_id = CASE WHEN previous_id = ANY(%(names)s::text[]) THEN NULL ELSE previous_id END
WHERE profile_id = ANY(%(stamps)s::bigint[])
  AND (anonymous_id = ANY(%(names)s::text[]) OR previous_id = ANY(%(names)s::text[]))
"""


def stamps_of(person: Person) -> list[int]:
    """Return the profiles that events of a person may bear."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            _STAMPS, {"aliases": list(person.alias_ids), "profiles": list(person.profile_ids)}
        )
        return [stamp for (stamp,) in cursor.fetchall()]


def shared_by(person: Person) -> set[int]:
    """Return the person's devices that were in other hands at times."""
    hands = AliasOwnership.objects.filter(alias__in=person.alias_ids)
    others = hands.exclude(holder__in=person.alias_ids)
    return set(others.values_list("alias_id", flat=True))


def stored(person: Person) -> Iterator[Row]:
    """Yield the person's events as PostgreSQL holds them."""
    for row in _of(person, stamps_of(person)).order_by("at", "id").values().iterator(BITE):
        yield dict(row)


def delete_stored(person: Person, at: datetime) -> int:
    """Delete the person's events, their message ids, and their browser's id in others' events."""
    stamps = stamps_of(person)
    gone = 0
    while bite := list(
        _of(person, stamps).values_list("id", "received_at", "source_id", "message_id")[:BITE]
    ):
        received = [row[1] for row in bite]
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "DELETE FROM customers_event WHERE id = ANY(%s) AND received_at BETWEEN %s AND %s",
                [[row[0] for row in bite], min(received), max(received)],
            )
            # A sender chooses them, and may put an address into one.
            cursor.execute(
                "DELETE FROM customers_seen s USING unnest(%s::bigint[], %s::text[]) AS t(s, m) "
                "WHERE s.source_id = t.s AND s.message_id = t.m",
                [[row[2] for row in bite], [row[3] for row in bite]],
            )
        gone += len(bite)
    with rows.raw_cursor() as cursor:
        cursor.execute(_BLANK, {"names": [name for _, name in person.names], "stamps": stamps})
    return gone


def waiting(person: Person) -> Iterator[Row]:
    """Yield what waits for the fold and speaks of the person."""
    needles = _needles(person)
    for row in Inbox.objects.order_by("id").iterator(chunk_size=100):
        for fact in ingest.read_body(bytes(row.body)):
            told = ingest.as_sent(fact)
            if _speaks_of(told, needles):
                yield {"received_at": row.received_at, **told}


def drop_waiting(person: Person, at: datetime) -> int:
    """Take out of the inbox what the fold would drop by now, before it comes to it."""
    gone = 0
    for row in Inbox.objects.order_by("id").iterator(chunk_size=100):
        facts = ingest.read_body(bytes(row.body))
        before = [fact.anonymous_id for fact in facts]
        dropped = forgotten.spare(facts=facts, at=at)
        # The fold may have taken the row meanwhile: then it dropped the same by itself.
        same = Inbox.objects.filter(pk=row.pk)
        left = [fact for place, fact in enumerate(facts) if place not in dropped]
        if not left:
            same.delete()
        elif dropped or before != [fact.anonymous_id for fact in facts]:
            same.update(body=msgspec.json.encode(left))
        gone += len(dropped)
    return gone


def rejected(person: Person) -> Iterator[Row]:
    """Yield the rejected events that speak of the person."""
    for one in _rejected(person):
        yield {"id": one.pk, "received_at": one.received_at, "reason": one.reason, "body": one.body}


def delete_rejected(person: Person, at: datetime) -> int:
    """Delete the rejected events that speak of the person."""
    found = [one.pk for one in _rejected(person)]
    return int(Quarantine.objects.filter(pk__in=found).delete()[0])


def _of(person: Person, stamps: list[int]) -> Any:
    own = set(person.alias_ids) - shared_by(person)
    return Event.objects.overlaid().filter(
        Q(alias_id__in=own) | Q(owner_id__in=person.profile_ids), profile_id__in=stamps
    )


def _rejected(person: Person) -> Iterator[Quarantine]:
    needles = _needles(person)
    long = [needle for needle in needles if len(needle) > SHORT]
    for one in Quarantine.objects.order_by("id").iterator(chunk_size=500):
        # What could not be read is kept as text: there it is enough that a name occurs.
        text = orjson.dumps([one.body, one.reason]).decode().casefold()
        if _speaks_of(one.body, needles) or any(needle in text for needle in long):
            yield one


def _needles(person: Person) -> frozenset[str]:
    return frozenset(value.casefold() for _kind, value in (*person.names, *person.addresses))


def _speaks_of(value: Any, needles: frozenset[str]) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in needles
    if isinstance(value, dict):
        return any(_speaks_of(one, needles) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_speaks_of(one, needles) for one in value)
    return False
