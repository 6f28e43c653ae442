"""Who is in a segment: first fill, edits, changes by events, by traits and by the clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify

from customers import append, extend, match, rules
from customers.append import New, Recorded
from customers.models import Segment, SegmentDue, SegmentMember
from dxp.lib import ids, rows

SAMPLE_BUCKETS = 64
ALL_BUCKETS = 1024
SMALL = 20_000
FEW_HITS = 50
LOCK = "customers.segments"


@dataclass(frozen=True, slots=True)
class Size:
    """How many people a rule picks; an estimate where `exact` is False."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A segment with its rule read."""

    id: int
    slug: str
    root: rules.Node
    deps: rules.Deps


def create(
    *, name: str, rule: Any, at: datetime, description: str = "", slug: str | None = None
) -> Segment:
    """Make a segment and fill it with everybody who matches now; journeys hear of changes after that.

    Raises:
        RuleError: the rule is not valid.
    """
    root = rules.parse(rule)
    with transaction.atomic():
        _lock(shared=False)
        _check_references(root, None)
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
        _lock(shared=False)
        _check_references(root, segment.pk)
        segment.rule = rule
        segment.save(update_fields=["rule"])
        SegmentDue.objects.filter(segment_id=segment.pk).delete()
        fill(segment=segment, cause=SegmentMember.Cause.EDIT, at=at)
    return segment


def fill(*, segment: Segment, cause: str, at: datetime) -> int:
    """Ask everybody anew and put the difference right; return how many people moved.

    The caller holds the lock of all segments (`create`, `edit`, `reconcile` do).
    """
    known = _read(segment)
    answers = [
        match.Match(*row)
        for row in _ask_all(known.root, at=at, columns="id, inside, due_on",
                            where="inside OR due_on IS NOT NULL")
    ]  # fmt: skip
    inside = {one.profile_id for one in answers if one.inside}
    before = set(
        SegmentMember.objects.filter(segment=segment, left_at=None).values_list(
            "profile_id", flat=True
        )
    )
    changes = _Changes()
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
    *, profile_ids: Sequence[int], names: set[str], traits: bool, cause: str, at: datetime
) -> list[Recorded]:
    """Judge these people anew for the segments that depend on what changed; record their changes.

    Inside the caller's transaction, which holds the profiles (`append.hold`). The caller tells the
    floors above. A cause of "event" becomes "trait" where no event of the segment's rule came.
    """
    if not profile_ids:
        return []
    _lock(shared=True)
    live = _live()
    moved: dict[int, set[int]] = {}
    recorded: list[Recorded] = []
    concerned = [one for one in live if one.deps.names & names or (traits and one.deps.traits)]
    for why in dict.fromkeys(_cause(one, names, cause) for one in concerned):
        some = [one for one in concerned if _cause(one, names, cause) == why]
        changes = _judge(some, profile_ids, at=at)
        recorded += _write(changes, some, cause=why, at=at)
        for segment_id, profile_id in [*changes.entered, *changes.left]:
            moved.setdefault(segment_id, set()).add(profile_id)
    return recorded + _cascade(moved, cause=cause, at=at, live=live)


def all_of(*, profile_ids: Sequence[int], cause: str, at: datetime) -> list[Recorded]:
    """Judge these people anew for every segment, inner segments first; record their changes."""
    if not profile_ids:
        return []
    _lock(shared=True)
    recorded: list[Recorded] = []
    for level in _levels(_live()):
        recorded += _write(_judge(level, profile_ids, at=at), level, cause=cause, at=at)
    return recorded


def sweep(*, at: datetime, limit: int = 500) -> int:
    """Judge the people whom time alone may have moved by now; return how many answers were due."""
    with transaction.atomic():
        due = SegmentDue.objects.filter(due_at__lte=at).order_by("due_at", "segment_id", "profile_id")
        people = {profile for _, profile in due.values_list("segment_id", "profile_id")[:limit]}
        # People first, then rules: the same order as in `record` and the fold, or they would wait for
        # each other.
        append.hold(profile_ids=people)
        _lock(shared=True)
        waiting = list(
            due.filter(profile_id__in=people).values_list("segment_id", "profile_id")
        )
        live = _live()
        moved: dict[int, set[int]] = {}
        recorded: list[Recorded] = []
        for known in live:
            mine = sorted({profile for segment, profile in waiting if segment == known.id})
            if mine:
                changes = _judge([known], mine, at=at)
                recorded += _write(changes, [known], cause=SegmentMember.Cause.CLOCK, at=at)
                moved[known.id] = {profile for _, profile in changes.entered + changes.left}
        recorded += _cascade(moved, cause=SegmentMember.Cause.CLOCK, at=at, live=live)
        # Of segments that are not live and of profiles that are gone: nothing to judge.
        SegmentDue.objects.filter(due_at__lte=at, profile_id__in=people).delete()
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)
        return len(waiting)


def reconcile(*, at: datetime) -> int:
    """Ask everybody about every segment, inner ones first; repair and count what had drifted."""
    drift = 0
    for level in _levels(_live()):
        for known in level:
            with transaction.atomic():
                _lock(shared=False)
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
        hits = _ask_all(root, at=moment, columns="count(*)", where=where)[0][0]
        if hits >= FEW_HITS:
            return Size(hits * (ALL_BUCKETS // SAMPLE_BUCKETS), exact=False)
    return Size(_ask_all(root, at=moment, columns="count(*)", where="inside")[0][0], exact=True)


@dataclass(slots=True)
class _Changes:
    entered: list[tuple[int, int]]
    left: list[tuple[int, int]]
    due: dict[tuple[int, int], date | None]

    def __init__(self) -> None:
        self.entered, self.left, self.due = [], [], {}


def _lock(*, shared: bool) -> None:
    """Changes of people share the lock, changes of rules have it alone: none overlooks the other."""
    with connection.cursor() as cursor:
        kind = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(%s, 0))", [LOCK])


def _read(segment: Segment) -> _Known:
    root = rules.parse(segment.rule)
    return _Known(segment.pk, segment.slug, root, rules.deps_of(root))


def _live() -> list[_Known]:
    return [_read(one) for one in Segment.objects.filter(state=Segment.State.LIVE).order_by("pk")]


def _cause(known: _Known, names: set[str], cause: str) -> str:
    if cause == SegmentMember.Cause.EVENT and not known.deps.names & names:
        return SegmentMember.Cause.TRAIT
    return cause


def _levels(live: Iterable[_Known]) -> list[list[_Known]]:
    """Return segments in layers: each stands only on earlier ones."""
    rest = {one.id: one for one in live}
    levels: list[list[_Known]] = []
    while rest:
        ready = [one for one in rest.values() if not one.deps.segments & set(rest)]
        # Cycles are refused when rules are written; should one appear, nobody must wait for ever.
        level = ready or list(rest.values())
        levels.append(level)
        for one in level:
            del rest[one.id]
    return levels


def _cascade(
    moved: dict[int, set[int]], *, cause: str, at: datetime, live: list[_Known] | None = None
) -> list[Recorded]:
    """Judge who moved in a segment for the segments that stand on it, and so on."""
    moved = {segment: people for segment, people in moved.items() if people}
    recorded: list[Recorded] = []
    if not moved:
        return recorded
    for level in _levels(live if live is not None else _live()):
        for known in level:
            people = set().union(*(moved.get(inner, set()) for inner in known.deps.segments))
            if people:
                changes = _judge([known], sorted(people), at=at)
                recorded += _write(changes, [known], cause=cause, at=at)
                moved.setdefault(known.id, set()).update(
                    profile for _, profile in changes.entered + changes.left
                )
    return recorded


def _ask_all(root: rules.Node, *, at: datetime, columns: str, where: str) -> list[tuple[Any, ...]]:
    query = match.who(root, at=at)
    with transaction.atomic(), connection.cursor() as cursor:
        # Little memory makes a hash join of groups slow by a factor of sixty (measured).
        cursor.execute("SET LOCAL work_mem = '32MB'")
        cursor.execute(f"SELECT {columns} FROM ({query.text}) AS w WHERE {where}", query.values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _judge(some: Sequence[_Known], profile_ids: Sequence[int], *, at: datetime) -> _Changes:
    changes = _Changes()
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


def _write(
    changes: _Changes, some: Sequence[_Known], *, cause: str, at: datetime
) -> list[Recorded]:
    """Write stays, next looks, and the events that tell of them."""
    _write_due(changes.due)
    stays = [*_enter(changes.entered, cause, at), *_leave(changes.left, cause, at)]
    if not stays:
        return []
    slugs = {one.id: one.slug for one in some}
    new = [
        New(
            profile_id=profile,
            name=name,
            properties={"segment": slugs[segment], "segment_id": segment, "cause": str(cause)},
            at=at,
            # A stay has one beginning and one end.
            message_id=f"segment-{stay}-{name.rsplit(' ', maxsplit=1)[-1].lower()}",
        )
        for stay, segment, profile, name in stays
    ]
    aliases = append.oldest_aliases(profile_ids={one.profile_id for one in new})
    new = [one for one in new if one.profile_id in aliases]
    return append.append(new=append.own(new=new, aliases=aliases, at=at))


def _enter(
    keys: Sequence[tuple[int, int]], cause: str, at: datetime
) -> list[tuple[int, int, int, str]]:
    if not keys:
        return []
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_segmentmember "
            "(segment_id, profile_id, entered_at, cause, left_cause) "
            "SELECT s, p, %s, %s, '' FROM unnest(%s::bigint[], %s::bigint[]) AS t(s, p) "
            "ON CONFLICT DO NOTHING RETURNING id, segment_id, profile_id",
            [at, str(cause), [key[0] for key in keys], [key[1] for key in keys]],
        )
        return sorted((*row, "Segment Entered") for row in cursor.fetchall())


def _leave(
    keys: Sequence[tuple[int, int]], cause: str, at: datetime
) -> list[tuple[int, int, int, str]]:
    if not keys:
        return []
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE customers_segmentmember m SET left_at = GREATEST(%s, entered_at), "
            "left_cause = %s FROM unnest(%s::bigint[], %s::bigint[]) AS t(s, p) "
            "WHERE m.segment_id = t.s AND m.profile_id = t.p AND m.left_at IS NULL "
            "RETURNING m.id, m.segment_id, m.profile_id",
            [at, str(cause), [key[0] for key in keys], [key[1] for key in keys]],
        )
        return sorted((*row, "Segment Left") for row in cursor.fetchall())


def _write_due(due: dict[tuple[int, int], date | None]) -> None:
    kept = sorted((key, match.midnight(day)) for key, day in due.items() if day is not None)
    gone = sorted(key for key, day in due.items() if day is None)
    with rows.raw_cursor() as cursor:
        if kept:
            cursor.execute(
                "INSERT INTO customers_segmentdue (segment_id, profile_id, due_at) "
                "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) "
                "ON CONFLICT (segment_id, profile_id) DO UPDATE SET due_at = excluded.due_at "
                "WHERE customers_segmentdue.due_at <> excluded.due_at",
                [[key[0] for key, _ in kept], [key[1] for key, _ in kept], [m for _, m in kept]],
            )
        if gone:
            cursor.execute(
                "DELETE FROM customers_segmentdue d USING unnest(%s::bigint[], %s::bigint[]) "
                "AS t(s, p) WHERE d.segment_id = t.s AND d.profile_id = t.p",
                [[key[0] for key in gone], [key[1] for key in gone]],
            )


def _check_references(root: rules.Node, own: int | None) -> None:
    """Refuse segments that do not exist, and ways that lead back to this one."""
    rest = [rules.deps_of(root).segments]
    known = {one.pk: one for one in Segment.objects.all()}
    seen: set[int] = set()
    while rest:
        for number in rest.pop() - seen:
            if number == own:
                raise rules.RuleError("root", "This segment would ask itself.")
            if number not in known:
                raise rules.RuleError("root", "A segment in this rule does not exist any more.")
            seen.add(number)
            rest.append(rules.deps(known[number].rule).segments)


def _free_slug(name: str) -> str:
    base = slugify(name)[:80] or "segment"
    if not Segment.objects.filter(slug=base).exists():
        return base
    return f"{base}-{ids.key(6).lower()}"
