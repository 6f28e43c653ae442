"""What this floor keeps about people; in the order of erasing: what refers to others first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import orjson
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers import ingest
from customers.models import (
    Alias,
    AliasOverride,
    ConsentEntry,
    ContactPoint,
    Event,
    EventDay,
    IdentityLink,
    Inbox,
    Profile,
    Quarantine,
    Seen,
    SegmentDue,
    SegmentMember,
)
from customers.rights import BITE, KEEPERS, Keeper, Person, Row, rows_of
from dxp.lib import rows

# Stamps of events are homes of aliases that were ever linked: also by a link revoked since.
_STAMPS = """
WITH RECURSIVE linked(id) AS (
  SELECT unnest(%(aliases)s::bigint[])
  UNION
  SELECT CASE WHEN l.a_id = linked.id THEN l.b_id ELSE l.a_id END
  FROM linked JOIN customers_identitylink l ON (l.a_id = linked.id OR l.b_id = linked.id)
)
SELECT home_profile_id FROM linked JOIN customers_alias a USING (id)
UNION SELECT unnest(%(profiles)s::bigint[])
"""


def _profiles(person: Person) -> Q:
    return Q(profile__in=person.profile_ids)


def _stamps(person: Person) -> list[int]:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            _STAMPS, {"aliases": list(person.alias_ids), "profiles": list(person.profile_ids)}
        )
        return [stamp for (stamp,) in cursor.fetchall()]


def _events_of(person: Person) -> Q:
    return Q(profile_id__in=_stamps(person), alias_id__in=person.alias_ids)


def _export_events(person: Person) -> Iterator[Row]:
    found = Event.objects.filter(_events_of(person)).order_by("at", "id")
    yield from found.values().iterator(chunk_size=BITE)


def _erase_events(person: Person, at: datetime) -> int:
    with rows.raw_cursor() as cursor:
        # The message ids go too: a sender chooses them, and may put an address into one.
        cursor.execute(
            "WITH gone AS (DELETE FROM customers_event WHERE profile_id = ANY(%s::bigint[]) "
            "AND alias_id = ANY(%s::bigint[]) RETURNING source_id, message_id), "
            "forgotten AS (DELETE FROM customers_seen s USING gone g "
            "WHERE s.source_id = g.source_id AND s.message_id = g.message_id) "
            "SELECT count(*) FROM gone",
            [_stamps(person), list(person.alias_ids)],
        )
        (gone,) = cursor.fetchone() or (0,)
    return int(gone)


def speaks_of(value: Any, needles: frozenset[str]) -> bool:
    """Return whether any text inside a JSON value is one of these, whatever its case."""
    if isinstance(value, str):
        return value.strip().casefold() in needles
    if isinstance(value, dict):
        return any(speaks_of(one, needles) for one in value.values())
    if isinstance(value, list | tuple):
        return any(speaks_of(one, needles) for one in value)
    return False


def _needles(person: Person) -> frozenset[str]:
    return frozenset(value.casefold() for _kind, value in (*person.names, *person.addresses))


def _waiting(person: Person) -> Iterator[tuple[Inbox, list[Any], list[Any]]]:
    """Yield the inbox rows that speak of a person: the row, the facts about them, the others."""
    needles = _needles(person)
    # Few rows wait, and each is small; a text search in PostgreSQL would miss escaped letters.
    for row in Inbox.objects.order_by("id").iterator(chunk_size=100):
        theirs: list[Any] = []
        others: list[Any] = []
        for fact in ingest.read_body(bytes(row.body)):
            told = (fact.user_id, fact.anonymous_id, fact.previous_id, fact.properties,
                    fact.context)  # fmt: skip
            (theirs if speaks_of(told, needles) else others).append(fact)
        if theirs:
            yield row, theirs, others


def _export_inbox(person: Person) -> Iterator[Row]:
    for row, theirs, _others in _waiting(person):
        for fact in theirs:
            told = {name: getattr(fact, name) for name in fact.__struct_fields__}
            yield {"received_at": row.received_at, **told}


def _erase_inbox(person: Person, at: datetime) -> int:
    gone = 0
    for row, theirs, others in _waiting(person):
        gone += len(theirs)
        # The fold may have taken the row meanwhile: then it dropped what is erased by itself.
        same = Inbox.objects.filter(pk=row.pk)
        if others:
            same.update(body=msgspec.json.encode(others))
        else:
            same.delete()
    return gone


def _rejected(person: Person) -> Iterator[Quarantine]:
    needles = _needles(person)
    for one in Quarantine.objects.order_by("id").iterator(chunk_size=500):
        body = one.body
        # What could not be read is kept as text: there it is enough that a name occurs.
        loose = orjson.dumps(body).decode().casefold()
        if speaks_of(body, needles) or any(
            len(needle) > 5 and needle in loose for needle in needles
        ):
            yield one


def _export_rejected(person: Person) -> Iterator[Row]:
    for one in _rejected(person):
        yield {"id": one.pk, "received_at": one.received_at, "reason": one.reason, "body": one.body}


def _erase_rejected(person: Person, at: datetime) -> int:
    found = [one.pk for one in _rejected(person)]
    return int(Quarantine.objects.filter(pk__in=found).delete()[0])


def _export_identity(person: Person) -> Iterator[Row]:
    for profile in Profile.objects.filter(pk__in=person.profile_ids).order_by("pk").values():
        yield {"what": "profile", **profile}
    for alias in Alias.objects.filter(pk__in=person.alias_ids).order_by("pk").values():
        yield {"what": "alias", **alias}
    for point in ContactPoint.objects.filter(pk__in=person.contact_point_ids).values():
        yield {"what": "address", **point}


def _erase_identity(person: Person, at: datetime) -> int:
    gone = ContactPoint.objects.filter(profile__in=person.profile_ids).delete()[0]
    gone += Alias.objects.filter(pk__in=person.alias_ids).delete()[0]
    homes = Alias.objects.filter(home_profile__in=person.profile_ids)
    mine = set(person.profile_ids) - set(homes.values_list("home_profile_id", flat=True))
    return int(gone + Profile.objects.filter(pk__in=mine).delete()[0])


def register() -> None:
    """Take the keepers of this floor in."""
    for keeper in (
        Keeper(
            "inbox", (Inbox,), _export_inbox, _erase_inbox,
            label=_("Events that wait"),
            about=_("What arrived a moment ago and was not sorted yet."),
        ),
        Keeper(
            "rejected", (Quarantine,), _export_rejected, _erase_rejected,
            label=_("Rejected events"),
            about=_("Events that could not be accepted, with the reason."),
        ),
        rows_of(
            "segment_due", SegmentDue, _profiles, label=_("Segments to look at again"),
            about=_("When time alone may change which groups you belong to."),
        ),
        rows_of(
            "segments", SegmentMember, _profiles, label=_("Segments"),
            about=_("Groups that you were or are in, by rules that staff wrote."),
        ),
        rows_of(
            "event_days", EventDay, _profiles, label=_("Counts per day"),
            about=_("How often you did something on a day."),
        ),
        Keeper(
            "events", (Event, Seen), _export_events, _erase_events,
            label=_("Events"), about=_("What you did, and what was sent to you."),
            stores=("table:customers_event_y*m*",),
        ),
        rows_of(
            "consents", ConsentEntry,
            lambda person: Q(alias__in=person.alias_ids)
            | Q(contact_point__in=person.contact_point_ids),
            label=_("Consents"), about=_("What you allowed or refused, when, and how."),
        ),
        rows_of(
            "links", IdentityLink,
            lambda person: Q(a__in=person.alias_ids) | Q(b__in=person.alias_ids),
            label=_("Links between names"),
            about=_("Why we think that several names of yours are one person."),
        ),
        rows_of(
            "moved", AliasOverride,
            lambda person: Q(alias__in=person.alias_ids) | _profiles(person),
            label=_("Names that moved"), about=_("Names that belonged to another profile before."),
        ),
        # Last: everything else hangs on these.
        Keeper(
            "identity", (Profile, Alias, ContactPoint), _export_identity, _erase_identity,
            label=_("Who you are"),
            about=_("Your profile, the names you are known under, and your addresses."),
        ),
    ):  # fmt: skip
        KEEPERS.register(keeper)
