"""Forget a person: everything that any floor keeps about them goes, and does not come back.

The order, each step a transaction of its own, so that a crash between any two is gone on from:

1. `request` writes the journal row.
2. `_begin`, in the fold's turn: all that is linked is found; keyed digests of the names are kept
   (from here on the fold drops what comes under them); the profile is ERASED and without traits.
3. Each keeper erases what it holds (`customers.rights`): upper floors first, the lake's list of
   erased aliases the very first, and who they are the last. With that, `customers_profile_erased`.
4. The journal row says DONE, with the rows counted by keeper, and forgets whom it was about.

The lake's files are written anew during the night; readers leave the person out from step 3 on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import QuerySet

from customers import append, extend, fold, forgotten
from customers.models import Alias, ContactPoint, ErasureRequest, Profile
from customers.rights import BITE, KEEPERS, Keeper, Person
from dxp.lib import crypto

log = logging.getLogger(__name__)
SUBJECT = "customers.subject"
State = ErasureRequest.State
# The last keeper: everything else hangs on it, and it knows the names that others look for.
IDENTITY = "identity"


def request(person: Person, *, by: AbstractBaseUser | None, at: datetime) -> ErasureRequest:
    """Write down that a person shall be forgotten; the worker does it, or `run` at once.

    Asked twice while there is work left, it is the same request.
    """
    subject = crypto.digest(SUBJECT, person.public_id)
    with transaction.atomic():
        ErasureRequest.objects.bulk_create(
            [
                ErasureRequest(
                    subject=subject, profile_ids=list(person.profile_ids),
                    requested_by_id=by.pk if by else None, requested_at=at,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        return ErasureRequest.objects.exclude(state=State.DONE).get(subject=subject)


def requests_for(public_id: str) -> list[ErasureRequest]:
    """Return the requests about somebody, newest first, for those who still know their id."""
    found = ErasureRequest.objects.filter(subject__in=list(crypto.digests(SUBJECT, [public_id])))
    return list(found)


def run(request: ErasureRequest, *, at: datetime) -> ErasureRequest:
    """Do what a request asks, from wherever an earlier try stopped; return it as it is now.

    Done twice, it does nothing the second time.

    Raises:
        Exception: what a keeper stumbled over; the request is FAILED and can be run again.
    """
    try:
        while (person := _begin(request.pk, at)) is not None:
            for keeper in KEEPERS:
                _erase(keeper, person, request.pk, at)
            _finish(request.pk, at)
    except Exception as error:
        # The kind of error only: its words may speak of the person.
        failure = f"{type(error).__module__}.{type(error).__name__}"
        ErasureRequest.objects.exclude(state=State.DONE).filter(pk=request.pk).update(
            state=State.FAILED, failure=failure[:200]
        )
        raise
    request.refresh_from_db()
    return request


def work(*, at: datetime) -> int:
    """Run every request that is not done, also those that another process died over."""
    done = 0
    for one in ErasureRequest.objects.exclude(state=State.DONE).order_by("requested_at", "id"):
        try:
            run(one, at=at)
        except Exception:
            log.exception("Request %s to be forgotten failed; it is tried again.", one.pk)
        else:
            done += 1
    return done


def again(*, at: datetime) -> int:
    """Forget everybody who stands here under an erased name; return how many.

    For after a restore: the backup was made before they were erased.
    """
    found = 0
    for batch in _batches(Alias.objects.order_by("pk").values_list("kind", "value", "profile_id")):
        known = forgotten.among(names=[(kind, value) for kind, value, _ in batch])
        people = {profile for kind, value, profile in batch if (kind, value) in known}
        for profile in sorted(people):
            run(request(Person.of(profile), by=None, at=at), at=at)
        found += len(people)
    return found


def _batches(rows: QuerySet[Any, Any]) -> Iterator[list[Any]]:
    iterator = rows.iterator(chunk_size=BITE)
    while batch := list(islice(iterator, BITE)):
        yield batch


def _begin(pk: int, at: datetime) -> Person | None:
    with transaction.atomic():
        # In the fold's turn: what it has in hand is finished, and nothing new comes in meanwhile.
        _take_turn()
        journal = ErasureRequest.objects.select_for_update().get(pk=pk)
        if journal.state == State.DONE:
            return None
        # What was linked meanwhile belongs to them too.
        person = Person.under(journal.profile_ids)
        append.hold(profile_ids=person.profile_ids)
        shown = ContactPoint.objects.filter(pk__in=person.contact_point_ids)
        forgotten.remember(
            names=person.names,
            addresses={value for _channel, value in person.addresses}
            | set(shown.values_list("shown", flat=True)),
            request=journal,
        )
        Profile.objects.filter(pk__in=person.profile_ids).update(
            state=Profile.State.ERASED, traits={}, is_known=False
        )
        journal.state, journal.failure = State.RUNNING, ""
        journal.attempts += 1
        journal.profile_ids = list(person.profile_ids)
        journal.save()
    return person


def _erase(keeper: Keeper, person: Person, pk: int, at: datetime) -> None:
    with transaction.atomic():
        if keeper.name == IDENTITY:
            _take_turn()
            extend.customers_profile_erased(
                profile_ids=person.profile_ids, alias_ids=person.alias_ids,
                contact_points=person.contact_point_ids, at=at,
            )  # fmt: skip
        gone = keeper.erase(person, at)
        journal = ErasureRequest.objects.select_for_update().get(pk=pk)
        journal.counts[keeper.name] = journal.counts.get(keeper.name, 0) + gone
        journal.save(update_fields=["counts"])


def _finish(pk: int, at: datetime) -> None:
    ErasureRequest.objects.filter(pk=pk, state=State.RUNNING).update(
        state=State.DONE, profile_ids=[], failure="", ended_at=at
    )


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [fold.LOCK])
