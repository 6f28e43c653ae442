"""Traits that are counted from what people did: for everybody on saving, then for who is due."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import DatabaseError, transaction

from customers import append, compute_sql, extend, match, segment
from customers.append import Recorded
from customers.models import ComputedTrait, ComputedValue, SegmentMember, TraitDef
from dxp.lib import rows

log = logging.getLogger(__name__)
LOCK = "customers.compute"
BITE = 500
STATE = ComputedTrait.State


class BadDefinition(ValueError):
    """This can't be counted; the message says why."""


def save(*, computed: ComputedTrait, key: str, label: str, description: str, at: datetime) -> None:
    """Make a computed trait, or change one, and have it counted for everybody.

    Raises:
        BadDefinition: the key is told by people already, or the measure lacks its property.
    """
    if computed.metric in compute_sql.NEEDS_PROPERTY and not computed.prop:
        raise BadDefinition("This measure needs the property that it measures.")
    with transaction.atomic():
        known = TraitDef.objects.filter(key=key).first()
        if computed.pk is None:
            if known is not None:
                raise BadDefinition("There is a trait of that key already.")
            known = TraitDef(key=key, created_at=at)
            known.type = compute_sql.type_of(computed)
        elif known is None:
            raise BadDefinition("The key of a computed trait can't be changed.")
        known.label, known.description = label, description
        known.save()
        computed.trait = known
        computed.state, computed.failure = STATE.COMPUTING, ""
        computed.done, computed.computed_to = 0, 0
        computed.save()
        computed.total = len(_next(computed, 0, None))
        computed.save(update_fields=["total"])


def remove(*, computed: ComputedTrait, at: datetime) -> None:
    """Stop counting a trait, and take its values away from everybody."""
    with transaction.atomic():
        people = list(computed.values.values_list("profile_id", flat=True))
        append.hold(profile_ids=people)
        key = computed.trait.key
        _tell(_put(key, dict.fromkeys(people)), SegmentMember.Cause.EDIT, at)
        computed.trait.delete()


def advance(*, at: datetime) -> bool:
    """Count one bite of the first computed trait that is not ready; return whether there was one.

    Who enters a segment by it did so by the first fill: no journey starts.
    """
    with transaction.atomic():
        if not rows.advisory_lock(LOCK):
            return False
        computed = ComputedTrait.objects.filter(state=STATE.COMPUTING).order_by("id").first()
        if computed is None:
            return False
        people = _next(computed, computed.computed_to, BITE)
        try:
            with transaction.atomic():
                _settle(computed, people, cause=SegmentMember.Cause.FILL, at=at)
        except DatabaseError as error:
            log.exception("The computed trait %s failed.", computed)
            computed.state, computed.failure = STATE.FAILED, str(error)[:500]
        else:
            computed.done += len(people)
            computed.computed_to = max(people, default=computed.computed_to)
            if len(people) < BITE:
                computed.state, computed.computed_at = STATE.LIVE, at
                computed.total = computed.done
        computed.save()
    return True


def refresh(*, at: datetime, limit: int = BITE) -> int:
    """Count anew for whom events or the end of a window made it due; return how many were."""
    with transaction.atomic():
        if not rows.advisory_lock(LOCK):
            return 0
        due = ComputedValue.objects.filter(due_at__lte=at).order_by("due_at", "profile_id")
        found = list(due.values_list("computed_id", "profile_id", "due_at")[:limit])
        every = {one.pk: one for one in ComputedTrait.objects.select_related("trait")}
        # People first, then rules: the order of all who judge segments.
        append.hold(profile_ids={profile for _, profile, _ in found})
        for number in sorted({number for number, _, _ in found}):
            mine = [(profile, when) for one, profile, when in found if one == number]
            # At midnight windows end and nobody does anything; else somebody just did.
            by_clock = [profile for profile, when in mine if _is_midnight(when)]
            by_event = sorted({profile for profile, _ in mine} - set(by_clock))
            _settle(every[number], by_event, cause=SegmentMember.Cause.TRAIT, at=at)
            _settle(every[number], by_clock, cause=SegmentMember.Cause.CLOCK, at=at)
        return len(found)


def touch(*, events: Iterable[Recorded], at: datetime) -> None:
    """Mark the values that new events change; the worker counts them a moment later.

    Inside the fold's transaction: one short question, and one statement where something counts.
    """
    did: dict[str, set[int]] = {}
    for event in events:
        did.setdefault(event.name, set()).add(event.profile_id)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT id, event FROM customers_computedtrait WHERE event = ANY(%s::text[])",
            [rows.array(did)],
        )
        found = cursor.fetchall()
    _mark([(number, profile) for number, name in found for profile in did[name]], at)


def moved(*, profile_ids: Sequence[int], at: datetime) -> None:
    """Mark everything counted of profiles that merged or parted."""
    every = ComputedTrait.objects.values_list("pk", flat=True)
    _mark([(number, profile) for number in every for profile in profile_ids], at)


def _mark(pairs: Iterable[tuple[int, int]], at: datetime) -> None:
    pairs = sorted(pairs)
    if not pairs:
        return
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_computedvalue AS v "
            "(computed_id, profile_id, value, computed_at, due_at) "
            "SELECT c, p, NULL, %s, %s FROM unnest(%s::bigint[], %s::bigint[]) AS t(c, p) "
            "ON CONFLICT (computed_id, profile_id) DO UPDATE "
            "SET due_at = LEAST(v.due_at, excluded.due_at)",
            [at, at, *(rows.array(column) for column in zip(*pairs, strict=True))],
        )


def _next(computed: ComputedTrait, after: int, limit: int | None) -> list[int]:
    """Return the next people whom a trait may say something about, by rising id."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT profile_id FROM (SELECT d.profile_id FROM customers_eventday d "
            "JOIN customers_eventmatcher m ON m.id = d.matcher_id AND m.\"where\" = '[]' "
            "WHERE m.event = %s AND d.profile_id > %s "
            "UNION SELECT profile_id FROM customers_computedvalue "
            "WHERE computed_id = %s AND profile_id > %s) AS w ORDER BY 1 LIMIT %s",
            [computed.event, after, computed.pk, after, limit],
        )
        return [one for (one,) in cursor.fetchall()]


def _settle(
    computed: ComputedTrait, profile_ids: Sequence[int], *, cause: str, at: datetime
) -> None:
    """Count a trait for these people, write what is new, and judge their segments."""
    if not profile_ids:
        return
    append.hold(profile_ids=profile_ids)
    found = compute_sql.values(computed, profile_ids=profile_ids, at=at)
    people = sorted(profile_ids)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_computedvalue (computed_id, profile_id, value, computed_at, "
            "due_at) SELECT %s, p, v::jsonb, %s, d FROM unnest(%s::bigint[], %s::text[], "
            "%s::timestamptz[]) AS t(p, v, d) ON CONFLICT (computed_id, profile_id) DO UPDATE "
            "SET value = excluded.value, computed_at = excluded.computed_at, "
            "due_at = excluded.due_at",
            [
                computed.pk,
                at,
                rows.array(people),
                rows.array(_json(found[one][0]) if one in found else None for one in people),
                rows.array(found[one][1] if one in found else None for one in people),
            ],
        )
    values = {one: found[one][0] if one in found else None for one in people}
    _tell(_put(computed.trait.key, values), cause, at)


def _put(key: str, values: Mapping[int, Any]) -> list[int]:
    """Write a trait's values into profiles, None takes it away; return whose changed."""
    people = sorted(values)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE customers_profile p SET traits = CASE WHEN t.value IS NULL "
            "THEN p.traits - %(key)s::text "
            "ELSE p.traits || jsonb_build_object(%(key)s::text, t.value) END "
            "FROM unnest(%(people)s::bigint[], %(values)s::jsonb[]) AS t(id, value) "
            "WHERE p.id = t.id AND p.state = 'ACTIVE' "
            "AND p.traits -> %(key)s::text IS DISTINCT FROM t.value RETURNING p.id",
            {
                "key": key,
                "people": rows.array(people),
                "values": rows.array(_json(values[one]) for one in people),
            },
        )
        return sorted(one for (one,) in cursor.fetchall())


def _tell(profile_ids: Sequence[int], cause: str, at: datetime) -> None:
    recorded = segment.touched(
        profile_ids=profile_ids, names=set(), traits=True, cause=cause, at=at
    )
    if recorded:
        extend.customers_events_recorded(events=recorded, at=at)


def _is_midnight(moment: datetime | None) -> bool:
    return moment is not None and moment == match.midnight(match.today(moment))


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
