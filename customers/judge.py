"""Judge people by the rules of segments, and write down who moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import DataError, InternalError, ProgrammingError, transaction

from customers import match, rulebook, stay
from customers.append import Recorded
from customers.rulebook import Known
from customers.stay import Changes
from dxp.lib import rows

# What a single rule can be to blame for.
BAD_RULE = (DataError, ProgrammingError, InternalError)


def people(
    *,
    some: Sequence[Known],
    profile_ids: Sequence[int],
    cause: str,
    at: datetime,
    about: Mapping[int, Sequence[int]] | None = None,
    moved: dict[int, set[int]] | None = None,
    more: bool = False,
) -> list[Recorded]:
    """Judge people for segments that do not stand on each other; return what was recorded.

    Args:
        some: the segments.
        profile_ids: the people.
        cause: a value of `SegmentMember.Cause`.
        at: the moment.
        about: the people whose answer to a segment may have changed, if not all of them.
        moved: takes who moved in which segment.
        more: nothing but more events made it necessary.
    """
    if not some or not profile_ids:
        return []
    changes = _changes(some, profile_ids, about or {}, at, more)
    if moved is not None:
        for segment_id, profile_id in [*changes.entered, *changes.left]:
            moved.setdefault(segment_id, set()).add(profile_id)
    return stay.write(changes=changes, slugs={one.id: one.slug for one in some}, cause=cause, at=at)


def cascade(
    *, moved: dict[int, set[int]], cause: str, at: datetime, every: Sequence[Known] | None = None
) -> list[Recorded]:
    """Judge who moved in a segment for the segments that stand on it, and so on."""
    recorded: list[Recorded] = []
    if not any(moved.values()):
        return recorded
    every = rulebook.live() if every is None else every
    if not any(one.deps.segments for one in every):
        return recorded
    for level in rulebook.levels(every):
        about = {}
        for known in level:
            mine = set().union(*(moved.get(inner, set()) for inner in known.deps.segments))
            if mine:
                about[known.id] = sorted(mine)
        some = [known for known in level if known.id in about]
        everyone = sorted(set().union(*about.values()))
        recorded += people(
            some=some, profile_ids=everyone, cause=cause, at=at, about=about, moved=moved
        )
    return recorded


def _changes(
    some: Sequence[Known],
    profile_ids: Sequence[int],
    about: Mapping[int, Sequence[int]],
    at: datetime,
    more: bool,
) -> Changes:
    try:
        # A rule that PostgreSQL can't answer must not take the others with it.
        with transaction.atomic():
            return _compared(some, profile_ids, about, at, more)
    except BAD_RULE as error:
        if len(some) == 1:
            rulebook.fail(segment_id=some[0].id, words=rulebook.words_of(error))
            return Changes()
    changes = Changes()
    for one in some:
        changes.add(_changes([one], profile_ids, about, at, more))
    return changes


def _compared(
    some: Sequence[Known],
    profile_ids: Sequence[int],
    about: Mapping[int, Sequence[int]],
    at: datetime,
    more: bool,
) -> Changes:
    before = members(segment_ids=[one.id for one in some], profile_ids=profile_ids)
    asked = []
    for one in some:
        members_now, whom = before.get(one.id), about.get(one.id, profile_ids)
        if more and one.grows and members_now:
            # More of the same can't move them out.
            whom = [profile_id for profile_id in whom if profile_id not in members_now]
        asked.append(whom)
    everyone = sorted(set().union(*asked))
    changes = Changes()
    if not everyone:
        return changes
    answers = match.these(
        [one.root for one in some], profile_ids=everyone, at=at,
        known=rulebook.numbers(some), about=asked,
    )  # fmt: skip
    for place, known in enumerate(some):
        was = before.get(known.id, set())
        # Who is merged away or erased has no answer, and belongs nowhere.
        for profile_id in asked[place]:
            inside = answers.inside(place, profile_id)
            if inside != (profile_id in was):
                (changes.entered if inside else changes.left).append((known.id, profile_id))
            elif known.grows and not inside:
                # Time alone moves nobody in.
                continue
            if place in answers.timed:
                due = answers.due(place, profile_id) if inside or not known.grows else None
                changes.due[known.id, profile_id] = due
    return changes


def members(*, segment_ids: Iterable[int], profile_ids: Sequence[int]) -> dict[int, set[int]]:
    """Return which of these people are in which of these segments now."""
    found: dict[int, set[int]] = {}
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT segment_id, profile_id FROM customers_segmentmember WHERE left_at IS NULL "
            "AND profile_id = ANY(%s::bigint[]) AND segment_id = ANY(%s::bigint[])",
            [rows.array(profile_ids), rows.array(segment_ids)],
        )
        for segment_id, profile_id in cursor.fetchall():
            found.setdefault(segment_id, set()).add(profile_id)
    return found
