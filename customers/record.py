"""Append events of our own: besides the fold, the only way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from customers import append, extend, partitions, segment
from customers.append import New, Recorded
from customers.models import Profile

__all__ = ["New", "NoAlias", "Recorded", "events"]


class NoAlias(LookupError):
    """A profile without any alias can't carry events."""


def events(new: Sequence[New], *, at: datetime) -> list[Recorded]:
    """Append what was not recorded before, judge segments, and tell the floors above.

    Joins the caller's transaction. A profile that was merged away passes its events to its owner;
    of one that was erased nothing is recorded.

    Raises:
        NoAlias: a profile has no alias.
    """
    if not new:
        return []
    with transaction.atomic():
        # First, while nobody's row is held: making a partition waits for all writers.
        partitions.ensure(moments=[at])
        source = append.own_source()
        fresh = append.once(keys=[(source, one.message_id) for one in new], at=at)
        first: dict[str, New] = {}
        for one in new:
            if (source, one.message_id) in fresh:
                first.setdefault(one.message_id, one)
        owners = append.hold(profile_ids=[one.profile_id for one in first.values()])
        todo = _of_the_living(list(first.values()), owners)
        aliases = append.oldest_aliases(profile_ids=owners.values())
        strangers = {one.profile_id for one in todo if owners.get(one.profile_id) not in aliases}
        if strangers:
            raise NoAlias(f"No alias belongs to the profiles {sorted(strangers)}.")
        todo = [
            New(owners[one.profile_id], one.name, one.properties, one.at, one.message_id)
            for one in todo
        ]
        recorded = append.append(new=append.own(new=todo, aliases=aliases, at=at))
        recorded += segment.touched(
            profile_ids=sorted({one.profile_id for one in todo}),
            names={one.name for one in todo},
            traits=False,
            cause="event",
            at=at,
        )
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)
        return recorded


def _of_the_living(new: list[New], owners: dict[int, int]) -> list[New]:
    """Leave out who is erased: a message may have been on its way to them."""
    being_erased = set(
        Profile.objects.filter(pk__in=owners.values(), state=Profile.State.ERASED).values_list(
            "pk", flat=True
        )
    )
    return [
        one
        for one in new
        if one.profile_id in owners and owners[one.profile_id] not in being_erased
    ]
