"""Two people become one: by evidence in the fold, or because staff say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from customers import append, extend, link, overlay, segment, trait, turn
from customers.link import Evidence, Scales
from customers.models import IdentityLink, MergeReview, Profile, Refusal, SegmentMember
from dxp.lib import rows


class Refused(Exception):
    """These two can't be made one person; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One profile went into another, because of the link of this pair of names."""

    kept: int
    absorbed: int
    pair: tuple[int, int]
    moved: Sequence[tuple[int, int, int]]
    traits: Mapping[int, Mapping[str, Any]]


def join(
    *,
    a: int,
    b: int,
    by: int | None,
    at: datetime,
    kind: str = IdentityLink.Kind.MANUAL,
    reason: str = "",
) -> IdentityLink:
    """Make two profiles one person, by a link between their oldest names; return the link.

    Staff may join two known users; other kinds of evidence are weighed like that of events.

    Args:
        a: one profile, and
        b: the other; one that was merged away stands for its owner.
        by: the user who says so.
        at: when.
        kind: a value of `IdentityLink.Kind`.
        reason: what staff wrote down.

    Raises:
        Refused: they are one already, or must stay two.
    """
    with transaction.atomic():
        turn.take()
        ours, theirs = _two(a, b)
        scales = Scales({}, {})
        scales.read(people={ours, theirs})
        if ours not in scales.components or theirs not in scales.components:
            raise Refused(_("One of the two is not there any more."))
        oldest = [min(scales.components[one], key=lambda n: n.age) for one in (ours, theirs)]
        evidence = Evidence(oldest[0], oldest[1], str(kind), at)
        traits = dict(Profile.objects.filter(pk__in=[ours, theirs]).values_list("pk", "traits"))
        refused = scales.weigh(evidence)
        if refused:
            raise Refused(str(Refusal(refused).label))
        made = link.write(weighed=[(evidence, "")], at=at, by=by, reason=reason)
        kept = scales.owner[oldest[0].id]
        gone = theirs if kept == ours else ours
        moved = [(one.id, gone, kept) for one in scales.components[kept] if one.owner == gone]
        overlay.move(moved=[(alias, kept, gone) for alias, _gone, _kept in moved], at=at)
        merged = Merged(kept, gone, evidence.pair, moved, traits)
        journal(merged=[merged], links=made, at=at, by=by, reason=reason)
        _settle_reviews(scales, kept, by, at)
        _judge(kept, gone, at)
        return IdentityLink.objects.get(pk=made[evidence.pair])


def _two(a: int, b: int) -> tuple[int, int]:
    owners = append.hold(profile_ids=[a, b])
    if a not in owners or b not in owners:
        raise Refused(_("One of the two is not there any more."))
    if owners[a] == owners[b]:
        raise Refused(_("The two are one person already."))
    return owners[a], owners[b]


def _judge(kept: int, gone: int, at: datetime) -> None:
    absorb(pairs={gone: kept}, at=at)
    trait.recompute(profile_ids=[kept])
    recorded = segment.all_of(profile_ids=[kept], cause=SegmentMember.Cause.MERGE, at=at)
    if recorded:
        extend.customers_events_recorded(events=recorded, at=at)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would make of two people, or why it would be refused."""

    kept: int
    traits: Mapping[str, Any]
    refused: str = ""


def preview(*, a: int, b: int, at: datetime) -> Preview:
    """Return what joining two profiles would leave: tried for real, and taken back."""
    with transaction.atomic():
        try:
            made = join(a=a, b=b, by=None, at=at)
        except Refused as error:
            return Preview(a, {}, str(error))
        kept = made.a.profile
        transaction.set_rollback(True)
    return Preview(kept.pk, kept.traits)


def absorb(*, pairs: Mapping[int, int], at: datetime) -> None:
    """Move what is counted and kept under absorbed profiles to those that their names belong to.

    The names themselves and the links were written before; events are never rewritten. Inside the
    caller's transaction, which holds the profiles.

    Args:
        pairs: the one that keeps, by the absorbed one.
        at: when.
    """
    gone = sorted(pairs)
    told = {
        "gone": rows.array(gone), "kept": rows.array(pairs[one] for one in gone),
        "at": at, "merge": str(SegmentMember.Cause.MERGE),
    }  # fmt: skip
    with rows.raw_cursor() as cursor:
        for statement in _MOVES:
            cursor.execute(statement, told)
    for one in gone:
        extend.customers_profiles_merged(kept=pairs[one], absorbed=one, at=at)


def journal(
    *,
    merged: Sequence[Merged],
    links: Mapping[tuple[int, int], int],
    at: datetime,
    by: int | None = None,
    reason: str = "",
) -> None:
    """Write down which profiles became one, by which link, and what was known of each."""
    if not merged:
        return
    rows.copy_rows(
        "customers_identitychange",
        ("cause", "kept_id", "other_id", "link_id", "at", "by_id", "reason", "moved",
         "traits_before"),
        (
            (
                "merge", one.kept, one.absorbed, links.get(one.pair), at, by, reason,
                orjson.dumps(one.moved).decode(),
                orjson.dumps(one.traits, option=orjson.OPT_NON_STR_KEYS).decode(),
            )
            for one in merged
        ),
    )  # fmt: skip


def _settle_reviews(scales: Scales, kept: int, by: int | None, at: datetime) -> None:
    ids = [one.id for one in scales.components[kept]]
    MergeReview.objects.filter(a__in=ids, b__in=ids, state=MergeReview.State.OPEN).update(
        state=MergeReview.State.MERGED, decided_by=by, decided_at=at
    )


_PAIRS = "unnest(%(gone)s::bigint[], %(kept)s::bigint[]) AS t(gone, kept)"
_MOVES = (
    "INSERT INTO customers_eventday AS d "
    "(profile_id, matcher_id, day, n, amount, first_at, last_at) "
    "SELECT t.kept, matcher_id, day, sum(n), sum(amount), min(first_at), max(last_at) "
    f"FROM customers_eventday e JOIN {_PAIRS} ON e.profile_id = t.gone GROUP BY 1, 2, 3 "
    "ON CONFLICT (profile_id, matcher_id, day) DO UPDATE "
    "SET n = d.n + excluded.n, amount = d.amount + excluded.amount, "
    "first_at = LEAST(d.first_at, excluded.first_at), "
    "last_at = GREATEST(d.last_at, excluded.last_at)",
    "DELETE FROM customers_eventday WHERE profile_id = ANY(%(gone)s::bigint[])",
    f"UPDATE customers_contactpoint c SET profile_id = t.kept FROM {_PAIRS} "
    "WHERE c.profile_id = t.gone",
    # A stay goes on under the other profile; where several stay, one of them goes on.
    "UPDATE customers_segmentmember m SET profile_id = s.kept FROM ("
    "SELECT DISTINCT ON (o.segment_id, t.kept) o.id, t.kept FROM customers_segmentmember o "
    f"JOIN {_PAIRS} ON o.profile_id = t.gone WHERE o.left_at IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM customers_segmentmember k WHERE k.segment_id = o.segment_id "
    "AND k.profile_id = t.kept AND k.left_at IS NULL) "
    "ORDER BY o.segment_id, t.kept, o.entered_at, o.id) AS s WHERE m.id = s.id",
    "UPDATE customers_segmentmember SET left_at = GREATEST(%(at)s, entered_at), "
    "left_cause = %(merge)s WHERE profile_id = ANY(%(gone)s::bigint[]) AND left_at IS NULL",
    "DELETE FROM customers_segmentdue WHERE profile_id = ANY(%(gone)s::bigint[])",
    "INSERT INTO customers_profilelistentry AS l (list_id, profile_id, added_at) "
    "SELECT e.list_id, t.kept, min(e.added_at) FROM customers_profilelistentry e "
    f"JOIN {_PAIRS} ON e.profile_id = t.gone GROUP BY 1, 2 "
    "ON CONFLICT (list_id, profile_id) DO UPDATE "
    "SET added_at = LEAST(l.added_at, excluded.added_at)",
    "DELETE FROM customers_profilelistentry WHERE profile_id = ANY(%(gone)s::bigint[])",
    "UPDATE customers_profile k SET state = 'ACTIVE', is_known = k.is_known OR s.is_known, "
    "created_at = LEAST(k.created_at, s.created_at), "
    "last_seen_at = GREATEST(k.last_seen_at, s.last_seen_at) FROM ("
    "SELECT t.kept, bool_or(is_known) AS is_known, min(created_at) AS created_at, "
    f"max(last_seen_at) AS last_seen_at FROM customers_profile p JOIN {_PAIRS} ON p.id = t.gone "
    "GROUP BY 1) AS s WHERE k.id = s.kept",
    "UPDATE customers_profile SET state = 'ABSORBED' WHERE id = ANY(%(gone)s::bigint[])",
)
