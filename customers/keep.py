"""What this floor keeps about people; in the order of erasing: what refers to others first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers import consent, ingest
from customers.models import (
    Alias,
    AliasOverride,
    AliasOwnership,
    BlockedValue,
    BotEvent,
    CannotLink,
    ComputedValue,
    ConsentEntry,
    ContactPoint,
    Event,
    EventDay,
    IdentityChange,
    IdentityLink,
    Inbox,
    MergeReview,
    Preference,
    Profile,
    Quarantine,
    Seen,
    SegmentDue,
    SegmentMember,
    TraitObservation,
)
from customers.rights import BITE, KEEPERS, Keeper, Person, Row, rows_of
from dxp.lib import rows
from dxp.users import once
from dxp.users.models import ApiCall

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


def _aliases(person: Person) -> Q:
    return Q(alias__in=person.alias_ids)


def _either(person: Person) -> Q:
    return Q(a__in=person.alias_ids) | Q(b__in=person.alias_ids)


def _named(person: Person) -> Q:
    found = Q(pk__in=[])
    for kind, value in person.names:
        found |= Q(kind=kind, value=value)
    return found


def _events_of(person: Person) -> Q:
    return Q(profile_id__in=_stamps(person), alias_id__in=person.alias_ids)


def _export_events(person: Person) -> Iterator[Row]:
    found = Event.objects.filter(_events_of(person)).order_by("at", "id")
    for row in found.values().iterator(chunk_size=BITE):
        yield dict(row)


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
            yield {"received_at": row.received_at, **ingest.as_sent(fact)}


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


def _by_bots(person: Person) -> Q:
    found = Q(pk__in=[])
    for kind, value in person.names:
        found |= Q(user_id=value) if kind == Alias.Kind.USER else Q(anonymous_id=value)
    return found


def _consents(person: Person) -> Q:
    return _aliases(person) | Q(contact_point__in=person.contact_point_ids)


def _erase_consents(person: Person, at: datetime) -> int:
    return consent.forget(contact_points=person.contact_point_ids, aliases=person.alias_ids, at=at)


def _of_events() -> tuple[Keeper, ...]:
    return (
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
            "bot_events", BotEvent, _by_bots, label=_("Events of programs"),
            about=_("What a program did under a name of yours."),
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
    )  # fmt: skip


def _of_groups() -> tuple[Keeper, ...]:
    return (
        rows_of(
            "segment_due", SegmentDue, _profiles, label=_("Segments to look at again"),
            about=_("When time alone may change which groups you belong to."),
        ),
        rows_of(
            "segments", SegmentMember, _profiles, label=_("Segments"),
            about=_("Groups that you were or are in, by rules that staff wrote."),
        ),
        rows_of(
            "computed_traits", ComputedValue, _profiles, label=_("What we counted"),
            about=_("Facts about you that were counted from what you did."),
        ),
        rows_of(
            "observations", TraitObservation, _aliases, label=_("What you told"),
            about=_("Facts about you, who told them, and when."),
        ),
        Keeper(
            "consents", (ConsentEntry,), rows_of("", ConsentEntry, _consents).export,
            _erase_consents,
            label=_("Consents"), about=_("What you allowed or refused, when, and how."),
        ),
        rows_of(
            "preferences", Preference,
            lambda person: Q(contact_point__in=person.contact_point_ids),
            label=_("Wishes"),
            about=_("How often you want to be written to, and in which language."),
        ),
    )  # fmt: skip


def _of_identity() -> tuple[Keeper, ...]:
    return (
        rows_of(
            "identity_changes", IdentityChange,
            lambda person: Q(kept__in=person.profile_ids) | Q(other__in=person.profile_ids)
            | Q(link__a__in=person.alias_ids) | Q(link__b__in=person.alias_ids),
            label=_("Merges"), about=_("When profiles of yours became one, or came apart."),
        ),
        rows_of(
            "merge_reviews", MergeReview, _either, label=_("Open questions"),
            about=_("Names that may be yours, and that somebody has to look at."),
        ),
        rows_of(
            "cannot_link", CannotLink, _either, label=_("Names that are not yours"),
            about=_("Names of which staff said that they are never the same person as you."),
        ),
        rows_of(
            "links", IdentityLink, _either, label=_("Links between names"),
            about=_("Why we think that several names of yours are one person."),
        ),
        rows_of(
            "devices", AliasOwnership,
            lambda person: _aliases(person) | Q(holder__in=person.alias_ids),
            label=_("Shared devices"), about=_("When a shared device was in your hands."),
        ),
        rows_of(
            "moved", AliasOverride, lambda person: _aliases(person) | _profiles(person),
            label=_("Names that moved"), about=_("Names that belonged to another profile before."),
        ),
        rows_of(
            "blocked", BlockedValue, _named, label=_("Blocked names"),
            about=_("Names of yours that too many people used."),
        ),
        # Last: everything else hangs on these.
        Keeper(
            "identity", (Profile, Alias, ContactPoint), _export_identity, _erase_identity,
            label=_("Who you are"),
            about=_("Your profile, the names you are known under, and your addresses."),
            columns=("customers.ErasureRequest.profile_ids",),
        ),
    )  # fmt: skip


def _erase_calls(person: Person, at: datetime) -> int:
    return once.forget_about(people=[UUID(one) for one in person.public_ids])


def _of_programs() -> tuple[Keeper, ...]:
    calls = rows_of("", ApiCall, lambda person: Q(about__overlap=list(person.public_ids)))
    return (
        Keeper(
            "api_calls", (ApiCall,), calls.export, _erase_calls,
            label=_("Answers to programs"),
            about=_("What programs of ours wrote about you within a day, and were answered."),
        ),
    )  # fmt: skip


def register() -> None:
    """Take the keepers of this floor in."""
    for keeper in (*_of_programs(), *_of_events(), *_of_groups(), *_of_identity()):
        KEEPERS.register(keeper)
