"""Who is in a segment: first fill, edits, changes by events, by traits and by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction
from django.utils.text import slugify

from customers import (
    append,
    extend,
    judge,
    match,
    recount,
    rollup,
    rulebook,
    rules,
    stay,
)
from customers.append import Recorded
from customers.explain import Size, history, people, size, uses, why
from customers.models import Segment, SegmentDue, SegmentMember
from customers.rulebook import Known
from customers.stay import Changes
from dxp.lib import ids

__all__ = [
    "InUse", "Size", "all_of", "compute", "compute_waiting", "create", "edit", "fill", "history",
    "members_of", "people", "reconcile", "remove", "size", "sweep", "touched", "uses", "why",
]  # fmt: skip


class InUse(Exception):
    """Something stands on this segment: `uses` says what."""

    def __init__(self, found: Sequence[extend.Use]) -> None:
        super().__init__(", ".join(f"{one.kind} {one.name}" for one in found))
        self.uses = list(found)


def create(
    *, name: str, rule: Any, at: datetime, description: str = "", slug: str | None = None
) -> Segment:
    """Make a segment and fill it with everybody who matches now; journeys hear of later changes.

    Where older events have to be counted first, it stays empty and says that it is computing:
    `compute_waiting` does the rest.

    Raises:
        RuleError: the rule is not valid.
    """
    root = rules.parse(rule)
    with transaction.atomic():
        rulebook.lock(shared=False)
        rulebook.check_references(root, None)
        made = Segment.objects.create(
            name=name, slug=slug or _free_slug(name), description=description,
            rule=rules.canonical(rule),
        )  # fmt: skip
        if rollup.ask_for(matchers=rules.deps_of(root).matchers):
            _fill_or_fail(made, cause=SegmentMember.Cause.FILL, at=at)
    return made


def edit(*, segment: Segment, rule: Any, at: datetime) -> Segment:
    """Give a segment another rule: whom it no longer picks leaves, whom it picks now enters.

    Where older events have to be counted first, it keeps the members that it had until then.

    Raises:
        RuleError: the rule is not valid, or leads back to this segment.
    """
    root = rules.parse(rule)
    with transaction.atomic():
        rulebook.lock(shared=False)
        rulebook.check_references(root, segment.pk)
        segment.rule, segment.state = rules.canonical(rule), Segment.State.COMPUTING
        segment.save(update_fields=["rule", "state"])
        SegmentDue.objects.filter(segment_id=segment.pk).delete()
        if rollup.ask_for(matchers=rules.deps_of(root).matchers):
            _fill_or_fail(segment, cause=SegmentMember.Cause.EDIT, at=at)
    return segment


def compute_waiting(*, at: datetime) -> int:
    """Fill the segments that wait for older events to be counted; return how many."""
    waiting = list(Segment.objects.filter(state=Segment.State.COMPUTING).order_by("pk"))
    for one in waiting:
        compute(segment=one, at=at)
    return len(waiting)


def compute(*, segment: Segment, at: datetime) -> Segment:
    """Count what a segment's rule asks for and was not counted yet, then fill the segment.

    Outside of any transaction: each step commits, so that nobody waits for the whole.
    """
    try:
        recount.backfill(matchers=rules.deps(segment.rule).matchers, at=at)
    except DatabaseError as error:
        rulebook.fail(segment_id=segment.pk, words=rulebook.words_of(error))
    else:
        first = segment.computed_at is None
        cause = SegmentMember.Cause.FILL if first else SegmentMember.Cause.EDIT
        with transaction.atomic():
            rulebook.lock(shared=False)
            _fill_or_fail(segment, cause=cause, at=at)
    segment.refresh_from_db()
    return segment


def remove(*, segment: Segment) -> None:
    """Delete a segment that nothing stands on.

    Raises:
        InUse: something stands on it.
    """
    with transaction.atomic():
        rulebook.lock(shared=False)
        found = uses(segment=segment)
        if found:
            raise InUse(found)
        segment.delete()


def fill(*, segment: Segment, cause: str, at: datetime) -> int:
    """Ask everybody anew and put the difference right; return how many people moved.

    The caller holds the lock of all segments (`create`, `edit`, `reconcile` do).
    """
    known = rulebook.read(segment)
    answers = match.everybody(known.root, at=at)
    inside = {one.profile_id for one in answers if one.inside}
    before = set(
        SegmentMember.objects.filter(segment=segment, left_at=None).values_list(
            "profile_id", flat=True
        )
    )
    changes = Changes()
    changes.entered = [(known.id, one) for one in sorted(inside - before)]
    changes.left = [(known.id, one) for one in sorted(before - inside)]
    changes.due = {
        (known.id, one.profile_id): one.due_at
        for one in answers
        # Time alone moves nobody into a rule that grows.
        if one.due_at and (one.inside or not known.grows)
    }
    recorded = stay.write(changes=changes, slugs={known.id: known.slug}, cause=cause, at=at)
    Segment.objects.filter(pk=segment.pk).update(
        state=Segment.State.LIVE, failure="", computed_at=at
    )
    segment.refresh_from_db()
    # Who stands on this segment moves with it.
    recorded += judge.cascade(moved={known.id: inside ^ before}, cause=cause, at=at)
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
    lists: frozenset[int] = frozenset(),
) -> list[Recorded]:
    """Judge these people anew for the segments that depend on what changed; record their changes.

    Inside the caller's transaction, which holds the profiles (`append.hold`). The caller tells the
    floors above. A cause of "event" becomes "trait" where no event of the segment's rule came.

    Args:
        profile_ids: who changed.
        names: the events that came.
        traits: whether traits or addresses changed.
        cause: a value of `SegmentMember.Cause`.
        at: the moment.
        did: which of the people each event is about; spares questions where they are many.
        lists: on which lists they were put, or off which they were taken.
    """
    if not profile_ids:
        return []
    rulebook.lock(shared=True)
    every = rulebook.live()
    moved: dict[int, set[int]] = {}
    recorded: list[Recorded] = []
    concerned = [
        one
        for one in every
        if one.deps.names & names or (traits and one.deps.of_person) or one.deps.lists & lists
    ]
    # Inner ones first: who stands on one is not to enter and leave again at once.
    for level in rulebook.levels(concerned):
        for why_now in dict.fromkeys(_cause(one, names, cause) for one in level):
            alike = [one for one in level if _cause(one, names, cause) == why_now]
            recorded += judge.people(
                some=alike, profile_ids=profile_ids, cause=why_now, at=at, moved=moved,
                about=None if did is None or traits else _about(alike, did),
                more=not (traits or lists),
            )  # fmt: skip
    return recorded + judge.cascade(moved=moved, cause=cause, at=at, every=every)


def all_of(*, profile_ids: Sequence[int], cause: str, at: datetime) -> list[Recorded]:
    """Judge these people anew for every segment, inner segments first; record their changes."""
    if not profile_ids:
        return []
    rulebook.lock(shared=True)
    recorded: list[Recorded] = []
    for level in rulebook.levels(rulebook.live()):
        recorded += judge.people(some=level, profile_ids=profile_ids, cause=cause, at=at)
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
        about: dict[int, list[int]] = {}
        for segment_id, profile_id in sorted(waiting):
            about.setdefault(segment_id, []).append(profile_id)
        moved: dict[int, set[int]] = {}
        cause = SegmentMember.Cause.CLOCK
        recorded: list[Recorded] = []
        for level in rulebook.levels(one for one in every if one.id in about):
            recorded += judge.people(
                some=level, profile_ids=sorted(people), cause=cause, at=at, about=about,
                moved=moved,
            )  # fmt: skip
        recorded += judge.cascade(moved=moved, cause=cause, at=at, every=every)
        # Of segments that are not live and of profiles that are gone: nothing to judge.
        SegmentDue.objects.filter(due_at__lte=at, profile_id__in=people).delete()
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)
        return len(waiting)


def reconcile(*, at: datetime) -> int:
    """Ask everybody about every segment, inner ones first; repair and count what had drifted.

    A segment that failed is tried again. Counts that no rule asks for any more are dropped.
    """
    drift = 0
    for one in Segment.objects.exclude(state=Segment.State.LIVE).order_by("pk"):
        compute(segment=one, at=at)
    for level in rulebook.levels(rulebook.live()):
        for known in level:
            with transaction.atomic():
                rulebook.lock(shared=False)
                segment = Segment.objects.get(pk=known.id)
                moved = _fill_or_fail(segment, cause=SegmentMember.Cause.REPAIR, at=at)
                Segment.objects.filter(pk=known.id).update(drift=moved)
                drift += moved
    with transaction.atomic():
        rulebook.lock(shared=False)
        asked = {one for known in rulebook.readable() for one in known.deps.matchers}
        rollup.drop_all_but(matchers=asked)
    return drift


def members_of(profile_id: int) -> set[int]:
    """Return the ids of the segments that a profile is in now."""
    return set(
        SegmentMember.objects.filter(profile_id=profile_id, left_at=None).values_list(
            "segment_id", flat=True
        )
    )


def _fill_or_fail(segment: Segment, *, cause: str, at: datetime) -> int:
    """Fill; where that can't be done, the members stay as they were and the segment says why."""
    try:
        with transaction.atomic():
            return fill(segment=segment, cause=cause, at=at)
    except (DatabaseError, rules.RuleError) as error:
        rulebook.fail(segment_id=segment.pk, words=rulebook.words_of(error))
        segment.refresh_from_db()
        return 0


def _about(some: Sequence[Known], did: Mapping[str, set[int]]) -> dict[int, list[int]]:
    return {
        one.id: sorted(set().union(*(did.get(name, set()) for name in one.deps.names)))
        for one in some
    }


def _cause(known: Known, names: set[str], cause: str) -> str:
    if cause == SegmentMember.Cause.EVENT and not known.deps.names & names:
        return SegmentMember.Cause.TRAIT
    return cause


def _free_slug(name: str) -> str:
    base = slugify(name)[:80] or "segment"
    if not Segment.objects.filter(slug=base).exists():
        return base
    return f"{base}-{ids.key(6).lower()}"
