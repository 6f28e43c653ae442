"""What this floor keeps about people; in the order of erasing: what refers to others first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import ModelLogEntry

from customers import consent, sift
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
    ProfileListEntry,
    Quarantine,
    Seen,
    SegmentDue,
    SegmentMember,
    TraitObservation,
)
from customers.rights import KEEPERS, Keeper, Person, Row, rows_of
from dxp.users import once
from dxp.users.models import ApiCall


def _profiles(person: Person) -> Q:
    return Q(profile__in=person.profile_ids)


def _aliases(person: Person) -> Q:
    return Q(alias__in=person.alias_ids)


def _own(person: Person) -> set[int]:
    return set(person.alias_ids) - sift.shared_by(person)


def _either(person: Person) -> Q:
    return Q(a__in=person.alias_ids) | Q(b__in=person.alias_ids)


def _named(person: Person) -> Q:
    found = Q(pk__in=[])
    for kind, value in person.names:
        found |= Q(kind=kind, value=value)
    return found


def _export_identity(person: Person) -> Iterator[Row]:
    for profile in Profile.objects.filter(pk__in=person.profile_ids).order_by("pk").values():
        yield {"what": "profile", **profile}
    for alias in Alias.objects.filter(pk__in=person.alias_ids).order_by("pk").values():
        yield {"what": "alias", **alias}
    for point in ContactPoint.objects.filter(pk__in=person.contact_point_ids).values():
        yield {"what": "address", **point}


def _erase_identity(person: Person, at: datetime) -> int:
    gone = ContactPoint.objects.filter(profile__in=person.profile_ids).delete()[0]
    for alias in Alias.objects.filter(pk__in=sift.shared_by(person)):
        # Events of others hang on it: the device becomes theirs, without its name.
        hand = AliasOwnership.objects.filter(alias=alias).exclude(holder__in=person.alias_ids)
        theirs = hand.order_by("-valid").values_list("holder__profile_id", flat=True)[0]
        alias.home_profile_id = alias.profile_id = theirs
        alias.value = f"erased:{alias.pk}"
        alias.save()
        gone += 1
    gone += Alias.objects.filter(pk__in=person.alias_ids, profile__in=person.profile_ids).delete()[
        0
    ]
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
            "inbox", (Inbox,), sift.waiting, sift.drop_waiting,
            label=_("Events that wait"),
            about=_("What arrived a moment ago and was not sorted yet."),
        ),
        Keeper(
            "rejected", (Quarantine,), sift.rejected, sift.delete_rejected,
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
            "events", (Event, Seen), sift.stored, sift.delete_stored,
            label=_("Events"), about=_("What you did, and what was sent to you."),
            stores=("table:customers_event_y*m*", "table:customers_event_gone_*"),
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
            "lists", ProfileListEntry, _profiles, label=_("Lists"),
            about=_("Lists that staff put you on, by hand or from a report."),
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
            lambda person: Q(alias__in=_own(person)) | Q(holder__in=person.alias_ids),
            label=_("Shared devices"), about=_("When a shared device was in your hands."),
        ),
        rows_of(
            "moved", AliasOverride,
            lambda person: Q(alias__in=_own(person)) | _profiles(person),
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


def _in_log(person: Person) -> Q:
    """Return where the log of what staff did tells their name."""
    found = Q(
        content_type__app_label="customers", content_type__model="profile",
        object_id__in=[str(one) for one in person.profile_ids],
    )  # fmt: skip
    for _kind, value in (*person.names, *person.addresses):
        found |= Q(label__iendswith=value)
    return found


def _of_programs() -> tuple[Keeper, ...]:
    calls = rows_of("", ApiCall, lambda person: Q(about__overlap=list(person.public_ids)))
    return (
        Keeper(
            "api_calls", (ApiCall,), calls.export, _erase_calls,
            label=_("Answers to programs"),
            about=_("What programs of ours wrote about you within a day, and were answered."),
        ),
        rows_of(
            "staff_log", ModelLogEntry, _in_log, label=_("What staff did"),
            about=_("When somebody who works here changed something about you."),
        ),
    )  # fmt: skip


def register() -> None:
    """Take the keepers of this floor in."""
    for keeper in (*_of_programs(), *_of_events(), *_of_groups(), *_of_identity()):
        KEEPERS.register(keeper)
