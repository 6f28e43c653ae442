"""Who is in a segment: first fill, edits, changes by events, by traits and by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify

from customers import append, extend, match, rulebook, rules, stay
from customers.append import Recorded
from customers.models import Segment, SegmentDue, SegmentMember
from customers.rulebook import Known
from customers.stay import Changes
from dxp.lib import ids

SAMPLE_BUCKETS = 64
ALL_BUCKETS = 1024
SMALL = 20_000
FEW_HITS = 50


@dataclass(frozen=True, slots=True)
class Size:
    """How many people a rule picks; an estimate where `exact` is False."""

    count: int
    exact: bool


def create(
    *, name: str, rule: Any, at: datetime, description: str = "", slug: str | None = None
) -> Segment:
    """Make a segment and fill it with everybody who matches now; journeys hear of later changes.

    Raises:
        RuleError: the rule is not valid.
    """
    root = rules.parse(rule)
    with transaction.atomic():
        rulebook.lock(shared=False)
        rulebook.check_references(root, None)
        made = Segment.objects.create(
            name=name, slug=slug or _free_slug(name), description=description, rule=rule
        )
        fill(segment=made, cause=SegmentMember.Cause.FILL, at=at)
    return made


def edit(*, segment: Segment, rule: Any, at: datetime) -> Segment:
    """Give a segment another rule: whom it no longer picks leaves, whom it picks now enters.

    Raises:
        RuleError: the rule is not valid, or leads back to this segment.
    """
    root = rules.parse(rule)
    with transaction.atomic():
        rulebook.lock(shared=False)
        rulebook.check_references(root, segment.pk)
        segment.rule = rule
        segment.save(update_fields=["rule"])
        SegmentDue.objects.filter(segment_id=segment.pk).delete()
        fill(segment=segment, cause=SegmentMember.Cause.EDIT, at=at)
    return segment


def fill(*, segment: Segment, cause: str, at: datetime) -> int:
    """Ask everybody anew and put the difference right; return how many people moved.

    The caller holds the lock of all segments (`create`, `edit`, `reconcile` do).
    """
    known = rulebook.read(segment)
    answers = [
        match.Match(*row)
        for row in match.everybody(known.root, at=at, columns="id, inside, due_on",
                            where="inside OR due_on IS NOT NULL")
    ]  # fmt: skip
    inside = {one.profile_id for one in answers if one.inside}
    before = set(
        SegmentMember.objects.filter(segment=segment, left_at=None).values_list(
            "profile_id", flat=True
        )
    )
    changes = Changes()
    changes.entered = [(known.id, one) for one in sorted(inside - before)]
    changes.left = [(known.id, one) for one in sorted(before - inside)]
    changes.due = {(known.id, one.profile_id): one.due_on for one in answers if one.due_on}
    recorded = _write(changes, [known], cause=cause, at=at)
    Segment.objects.filter(pk=segment.pk).update(
        state=Segment.State.LIVE, failure="", computed_at=at
    )
    segment.refresh_from_db()
    # Who stands on this segment moves with it.
    recorded += _cascade({known.id: inside ^ before}, cause=cause, at=at)
    if recorded:
        extend.customers_events_recorded(events=recorded, at=at)
    return len(inside ^ before)


def touched(
    *,
    profile_ids: Sequence[int],
    names: set[str],
    traits: bool,
    cause: str,
    at: datetime,
    did: Mapping[str, set[int]] | None = None,
) -> list[Recorded]:
    """Judge these people anew for the segments that depend on what changed; record their changes.

    Inside the caller's transaction, which holds the profiles (`append.hold`). The caller tells the
    floors above. A cause of "event" becomes "trait" where no event of the segment's rule came.

    Args:
        profile_ids: who changed.
        names: the events that came.
        traits: whether traits changed.
        cause: a value of `SegmentMember.Cause`.
        at: the moment.
        did: which of the people each event is about; spares questions where they are many.
    """
    if not profile_ids:
        return []
    rulebook.lock(shared=True)
    every = rulebook.live()
    moved: dict[int, set[int]] = {}
    recorded: list[Recorded] = []
    concerned = [one for one in every if one.deps.names & names or (traits and one.deps.traits)]
    for why in dict.fromkeys(_cause(one, names, cause) for one in concerned):
        alike = [one for one in concerned if _cause(one, names, cause) == why]
        changes = Changes()
        for some, people in rulebook.together(alike, profile_ids, did):
            changes.add(_judge(some, people, at=at))
        recorded += _write(changes, alike, cause=why, at=at)
        for segment_id, profile_id in [*changes.entered, *changes.left]:
            moved.setdefault(segment_id, set()).add(profile_id)
    return recorded + _cascade(moved, cause=cause, at=at, every=every)


def all_of(*, profile_ids: Sequence[int], cause: str, at: datetime) -> list[Recorded]:
    """Judge these people anew for every segment, inner segments first; record their changes."""
    if not profile_ids:
        return []
    rulebook.lock(shared=True)
    recorded: list[Recorded] = []
    for level in rulebook.levels(rulebook.live()):
        recorded += _write(_judge(level, profile_ids, at=at), level, cause=cause, at=at)
    return recorded


def sweep(*, at: datetime, limit: int = 500) -> int:
    """Judge the people whom time alone may have moved by now; return how many answers were due."""
    with transaction.atomic():
        due = SegmentDue.objects.filter(due_at__lte=at).order_by(
            "due_at", "segment_id", "profile_id"
        )
        people = {profile for _, profile in due.values_list("segment_id", "profile_id")[:limit]}
        # People first, then rules: the order of `record` and the fold, or they would wait for
        # each other.
        append.hold(profile_ids=people)
        rulebook.lock(shared=True)
        waiting = list(due.filter(profile_id__in=people).values_list("segment_id", "profile_id"))
        every = rulebook.live()
        moved: dict[int, set[int]] = {}
        recorded: list[Recorded] = []
        for known in every:
            mine = sorted({profile for segment, profile in waiting if segment == known.id})
            if mine:
                changes = _judge([known], mine, at=at)
                recorded += _write(changes, [known], cause=SegmentMember.Cause.CLOCK, at=at)
                moved[known.id] = {profile for _, profile in changes.entered + changes.left}
        recorded += _cascade(moved, cause=SegmentMember.Cause.CLOCK, at=at, every=every)
        # Of segments that are not live and of profiles that are gone: nothing to judge.
        SegmentDue.objects.filter(due_at__lte=at, profile_id__in=people).delete()
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)
        return len(waiting)


def reconcile(*, at: datetime) -> int:
    """Ask everybody about every segment, inner ones first; repair and count what had drifted."""
    drift = 0
    for level in rulebook.levels(rulebook.live()):
        for known in level:
            with transaction.atomic():
                rulebook.lock(shared=False)
                segment = Segment.objects.get(pk=known.id)
                moved = fill(segment=segment, cause=SegmentMember.Cause.REPAIR, at=at)
                Segment.objects.filter(pk=known.id).update(drift=moved)
                drift += moved
    return drift


def members_of(profile_id: int) -> set[int]:
    """Return the ids of the segments that a profile is in now."""
    return set(
        SegmentMember.objects.filter(profile_id=profile_id, left_at=None).values_list(
            "segment_id", flat=True
        )
    )


def size(*, rule: Any, sample: bool, at: datetime | None = None) -> Size:
    """Return how many people a rule picks now.

    Args:
        rule: as it is being written.
        sample: ask a sixteenth where there are many people, and estimate.
        at: the moment; without one, the database's.

    Raises:
        RuleError: the rule is not valid.
    """
    root = rules.parse(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement_timestamp(), reltuples FROM pg_class "
            "WHERE oid = 'customers_profile'::regclass"
        )
        moment, people = cursor.fetchone()
    moment = at or moment
    if sample and people > SMALL:
        where = f"inside AND bucket < {SAMPLE_BUCKETS}"
        hits = match.everybody(root, at=moment, columns="count(*)", where=where)[0][0]
        if hits >= FEW_HITS:
            return Size(hits * (ALL_BUCKETS // SAMPLE_BUCKETS), exact=False)
    return Size(
        match.everybody(root, at=moment, columns="count(*)", where="inside")[0][0], exact=True
    )


def _cause(known: Known, names: set[str], cause: str) -> str:
    if cause == SegmentMember.Cause.EVENT and not known.deps.names & names:
        return SegmentMember.Cause.TRAIT
    return cause


def _cascade(
    moved: dict[int, set[int]], *, cause: str, at: datetime, every: list[Known] | None = None
) -> list[Recorded]:
    """Judge who moved in a segment for the segments that stand on it, and so on."""
    moved = {segment: people for segment, people in moved.items() if people}
    recorded: list[Recorded] = []
    if not moved:
        return recorded
    for level in rulebook.levels(every if every is not None else rulebook.live()):
        for known in level:
            people = set().union(*(moved.get(inner, set()) for inner in known.deps.segments))
            if people:
                changes = _judge([known], sorted(people), at=at)
                recorded += _write(changes, [known], cause=cause, at=at)
                moved.setdefault(known.id, set()).update(
                    profile for _, profile in changes.entered + changes.left
                )
    return recorded


def _judge(some: Sequence[Known], profile_ids: Sequence[int], *, at: datetime) -> Changes:
    changes = Changes()
    if not some or not profile_ids:
        return changes
    query = match.these([one.root for one in some], profile_ids=profile_ids, at=at)
    with connection.cursor() as cursor:
        cursor.execute(query.text, query.values)
        answers = {row[0]: row[1:] for row in cursor.fetchall()}
    before = set(
        SegmentMember.objects.filter(
            profile_id__in=profile_ids, segment_id__in=[one.id for one in some], left_at=None
        ).values_list("segment_id", "profile_id")
    )
    for place, known in enumerate(some):
        for profile_id in profile_ids:
            # Who is merged away or erased has no answer, and belongs nowhere.
            row = answers.get(profile_id)
            inside, due_on = (row[2 * place], row[2 * place + 1]) if row else (False, None)
            key = (known.id, profile_id)
            if inside and key not in before:
                changes.entered.append(key)
            elif not inside and key in before:
                changes.left.append(key)
            if known.deps.timed:
                changes.due[key] = due_on
    return changes


def _write(changes: Changes, some: Sequence[Known], *, cause: str, at: datetime) -> list[Recorded]:
    slugs = {one.id: one.slug for one in some}
    return stay.write(changes=changes, slugs=slugs, cause=cause, at=at)


def _free_slug(name: str) -> str:
    base = slugify(name)[:80] or "segment"
    if not Segment.objects.filter(slug=base).exists():
        return base
    return f"{base}-{ids.key(6).lower()}"
