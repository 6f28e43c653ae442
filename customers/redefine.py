"""Change what a trait means, and bring everybody's values in line with it, a bite at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from django.db import transaction

from customers import append, define, extend, segment, survive, trait
from customers.models import Profile, SegmentMember, TraitDef
from dxp.lib import rows

LOCK = "customers.redefine"
BITE = 2000
# What changes a value; the rest is only about how it is shown.
MATTERS = ("type", "survivorship", "ranks")


def save(*, changed: TraitDef) -> bool:
    """Save a definition; return whether everybody's values have to follow, which takes a while."""
    before = TraitDef.objects.get(pk=changed.pk)
    follows = any(getattr(before, name) != getattr(changed, name) for name in MATTERS)
    if follows:
        changed.settled_to = 0
    changed.save()
    return follows


def advance(*, at: datetime) -> bool:
    """Settle one bite of the profiles for a definition that changed; return whether there was one.

    Who enters a segment by it did so by an edit: no journey starts.
    """
    with transaction.atomic():
        if not rows.advisory_lock(LOCK):
            return False
        meaning = TraitDef.objects.filter(settled_to__isnull=False).order_by("id").first()
        if meaning is None:
            return False
        every = Profile.objects.filter(pk__gt=meaning.settled_to or 0).order_by("pk")
        bite = list(every.values_list("pk", flat=True)[:BITE])
        people = _who_told(meaning.key, bite)
        append.hold(profile_ids=people)
        _flag(meaning.key, people)
        changed = trait.recompute(profile_ids=people)
        recorded = segment.touched(
            profile_ids=sorted(changed), names=set(), traits=True,
            cause=SegmentMember.Cause.EDIT, at=at,
        )  # fmt: skip
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)
        meaning.settled_to = bite[-1] if len(bite) == BITE else None
        meaning.save(update_fields=["settled_to"])
    return True


def _who_told(key: str, profile_ids: Sequence[int]) -> list[int]:
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.profile_id FROM customers_alias a "
            "JOIN customers_traitobservation o ON o.alias_id = a.id AND o.key = %s "
            "WHERE a.profile_id = ANY(%s::bigint[]) ORDER BY 1",
            [key, rows.array(profile_ids)],
        )
        return [one for (one,) in cursor.fetchall()]


def _flag(key: str, profile_ids: Sequence[int]) -> None:
    """Say anew of each observation whether it fits."""
    meaning = define.meanings(keys=[key])[key]
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.value::text, o.is_fit FROM customers_alias a "
            "JOIN customers_traitobservation o ON o.alias_id = a.id AND o.key = %s "
            "WHERE a.profile_id = ANY(%s::bigint[])",
            [key, rows.array(profile_ids)],
        )
        wrong = [number for number, text, is_fit in cursor.fetchall()
                 if _fits(meaning, text) is not is_fit]  # fmt: skip
        cursor.execute(
            "UPDATE customers_traitobservation SET is_fit = NOT is_fit "
            "WHERE id = ANY(%s::bigint[])",
            [rows.array(wrong)],
        )


def _fits(meaning: define.Meaning, text: str | None) -> bool:
    try:
        meaning.fitted(None if text is None else orjson.loads(text))
    except survive.Misfit:
        return False
    return True
