"""Lists of people: made, filled and emptied by hand or from a report, and what stands on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from customers import address, append, extend, rulebook, rules, segment
from customers.models import Alias, ContactPoint, Profile, ProfileList, Segment, SegmentMember
from dxp.lib import rows

# So many people are held at once: whoever records an event about one of them waits.
BITE = 2000
PHONE = re.compile(r"[+(]?[0-9][0-9 ()/.\-\u2011\u00a0]{4,40}")
PUBLIC_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class InUse(Exception):
    """Something stands on this list: `uses` says what."""

    def __init__(self, found: Sequence[extend.Use]) -> None:
        super().__init__(", ".join(f"{one.kind} {one.name}" for one in found))
        self.uses = found


def create(
    *,
    name: str,
    profile_ids: Iterable[int],
    at: datetime,
    by: AbstractBaseUser | None = None,
    origin: str = "",
    description: str = "",
) -> ProfileList:
    """Make a list of these people; all of them are on it, or there is no list.

    Args:
        name: nobody else's.
        profile_ids: one that was merged away stands for its owner.
        at: when.
        by: who makes it.
        origin: where the people come from, in words.
        description: what it is for.
    """
    with transaction.atomic():
        made = ProfileList.objects.create(
            name=name, description=description, origin=origin, created_at=at,
            created_by_id=by.pk if by else None,
        )  # fmt: skip
        # Nothing can stand on it yet: nobody has to be judged.
        _put(made.pk, set(append.hold(profile_ids=profile_ids).values()), at)
    return made


def add(*, list: ProfileList, profile_ids: Iterable[int], at: datetime) -> int:
    """Put people on a list, some at a time; return how many were not on it before.

    Segments that ask for the list take them in at once.
    """
    found = 0
    for bite in _bites(profile_ids):
        with transaction.atomic():
            held = set(append.hold(profile_ids=bite).values())
            rulebook.lock(shared=True)
            new = _put(list.pk, held, at)
            _judge(list.pk, new, at)
        found += len(new)
    return found


def remove(*, list: ProfileList, profile_ids: Iterable[int], at: datetime) -> int:
    """Take people off a list, some at a time; return how many were on it.

    Segments that ask for the list let them go at once.
    """
    found = 0
    for bite in _bites(profile_ids):
        with transaction.atomic():
            held = set(append.hold(profile_ids=bite).values())
            rulebook.lock(shared=True)
            gone = _take(list.pk, held)
            _judge(list.pk, gone, at)
        found += len(gone)
    return found


def delete(*, list: ProfileList) -> None:
    """Delete a list that nothing stands on.

    Raises:
        InUse: something stands on it.
    """
    with transaction.atomic():
        rulebook.lock(shared=False)
        found = uses(list=list)
        if found:
            raise InUse(found)
        list.delete()


def segment_of(*, list: ProfileList, name: str, at: datetime) -> Segment:
    """Make a segment of whoever stands on a list, now and later."""
    rule = {"v": rules.VERSION, "root": {"op": "list", "id": list.pk}}
    return segment.create(name=name, rule=rule, at=at)


def uses(*, list: ProfileList) -> Sequence[extend.Use]:
    """Return what stands on a list, here and on the floors above."""
    mine = [
        extend.Use(
            gettext("Segment"), one.name, reverse("customers_segments:inspect", args=[one.pk])
        )
        for one in Segment.objects.order_by("name")
        if list.pk in asked_for(one.rule)
    ]
    others = extend.customers_list_uses(list_id=list.pk)
    return mine + [use for found in others for use in found]


def asked_for(rule: Any) -> set[int]:
    """Return the lists that a stored rule asks for; one that can't be read asks for none."""
    try:
        return rules.deps(rule).lists
    except rules.RuleError:
        return set()


def _bites(profile_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    wanted = sorted(set(profile_ids))
    for first in range(0, len(wanted), BITE):
        yield wanted[first : first + BITE]


def _put(list_id: int, profile_ids: set[int], at: datetime) -> list[int]:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_profilelistentry (list_id, profile_id, added_at) "
            "SELECT %s, id, %s FROM customers_profile "
            "WHERE id = ANY(%s::bigint[]) AND state = 'ACTIVE' "
            "ON CONFLICT DO NOTHING RETURNING profile_id",
            [list_id, at, rows.array(profile_ids)],
        )
        return sorted(number for (number,) in cursor.fetchall())


def _take(list_id: int, profile_ids: set[int]) -> list[int]:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_profilelistentry "
            "WHERE list_id = %s AND profile_id = ANY(%s::bigint[]) RETURNING profile_id",
            [list_id, rows.array(profile_ids)],
        )
        return sorted(number for (number,) in cursor.fetchall())


def _judge(list_id: int, profile_ids: list[int], at: datetime) -> None:
    recorded = segment.touched(
        profile_ids=profile_ids, names=set(), traits=False, lists=frozenset({list_id}),
        cause=SegmentMember.Cause.LIST, at=at,
    )  # fmt: skip
    if recorded:
        extend.customers_events_recorded(events=recorded, at=at)


@dataclass(frozen=True, slots=True)
class Found:
    """Who the lines of a file are, and which lines are nobody's: their numbers and texts."""

    profile_ids: list[int]
    unknown: list[tuple[int, str]]


def find(*, lines: Sequence[tuple[int, str]]) -> Found:
    """Return the people of these lines: ids of profiles, user ids, e-mail addresses or numbers.

    Args:
        lines: each with its number.
    """
    asked = {number: text.strip() for number, text in lines if text.strip()}
    known: dict[str, int] = {}
    texts = sorted(set(asked.values()))
    for first in range(0, len(texts), BITE):
        known |= _known(texts[first : first + BITE])
    unknown = [(number, text) for number, text in asked.items() if text not in known]
    return Found(sorted({known[text] for text in asked.values() if text in known}), unknown)


def _known(texts: Sequence[str]) -> dict[str, int]:
    """Return whose each text is; an id of a profile goes before a user's, that before an address's.

    A user's id may look like anything.
    """
    normals = {form: text for text in texts for form in _normal(text)}
    points = ContactPoint.objects.filter(value__in=list(normals)).values_list("value", "profile")
    found = {normals[value]: profile for value, profile in points}
    names = Alias.objects.filter(kind=Alias.Kind.USER, value__in=texts)
    found |= dict(names.values_list("value", "profile"))
    ids = {text.lower(): text for text in texts if PUBLIC_ID.fullmatch(text)}
    people = Profile.objects.filter(public_id__in=list(ids)).values_list("public_id", "pk")
    return found | {ids[str(public)]: number for public, number in people}


def _normal(text: str) -> Iterator[str]:
    # To parse what is no address takes a millisecond.
    channel = address.EMAIL if "@" in text else address.PHONE
    if channel == address.EMAIL or PHONE.fullmatch(text):
        with suppress(address.BadAddress):
            yield address.normal(channel=channel, address=text)
