"""The way back: a link is revoked, and two people are what they were without it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from customers import append, extend, graph, identify, overlay, rollup, segment, trait, turn
from customers.identify import Owned
from customers.merge import Refused
from customers.models import (
    Alias,
    BlockedValue,
    CannotLink,
    IdentityChange,
    IdentityLink,
    MergeReview,
    Profile,
    SegmentMember,
)
from dxp.lib import rows

M = TypeVar("M", bound=models.Model)


def revoke(
    *, link: IdentityLink, by: int | None, at: datetime, reason: str = "", never: bool = False
) -> None:
    """Take a link back, in whatever order; who is held together by nothing else comes apart.

    Names, addresses, counts, traits and segments are as if the link had never been. Events are
    not rewritten, and nothing starts anew that hangs on a person.

    Args:
        link: an accepted link.
        by: the user who says so.
        at: when.
        reason: what staff wrote down.
        never: no evidence may join the two again.

    Raises:
        Refused: the link was refused or revoked already.
    """
    with transaction.atomic():
        turn.take()
        link = IdentityLink.objects.select_for_update(of=["self"]).get(pk=link.pk)
        if link.refused or link.revoked_at is not None:
            raise Refused(_("This link does not hold any more."))
        owner = Alias.objects.values_list("profile_id", flat=True).get(pk=link.a_id)
        names = identify.aliases_of(profile_ids=[owner])
        leaving = _leaving(names, link)
        restored = graph.heir(leaving) if leaving else owner
        append.hold(profile_ids=[owner, restored])
        link.revoked_at, link.revoked_by_id, link.revoked_reason = at, by, reason
        link.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
        if never:
            never_again(a=link.a_id, b=link.b_id, by=by, at=at)
        if not leaving:
            return
        _write_down(link, owner, restored, leaving, by, reason, at)
        _part(owner, restored, leaving, at)


def would_leave(*, link: IdentityLink) -> list[Owned]:
    """Return the names that would come apart from the person's oldest without a link."""
    return _leaving(identify.aliases_of(profile_ids=[link.a.profile_id]), link)


def never_again(*, a: int, b: int, by: int | None, at: datetime) -> None:
    """Note that two names are never the same person, nor what hangs on them."""
    low, high = sorted((a, b))
    CannotLink.objects.get_or_create(a_id=low, b_id=high, defaults={"by_id": by, "at": at})
    _open_reviews(_mates(a), _mates(b)).update(
        state=MergeReview.State.REJECTED, decided_by=by, decided_at=at
    )


def keep_apart(*, a: int, b: int, by: int | None, at: datetime) -> None:
    """Note that two profiles are never the same person.

    Raises:
        Refused: they are one already, or not there any more.
    """
    oldest = append.oldest_aliases(profile_ids=[a, b])
    if len(oldest) < 2:
        raise Refused(_("One of the two is not there any more."))
    never_again(a=oldest[a], b=oldest[b], by=by, at=at)


def allow_again(*, a: int, b: int) -> int:
    """Take back that two profiles are never the same person; return how often it was said."""
    here, there = (Alias.objects.filter(profile_id=one).values("pk") for one in (a, b))
    return int(_between(CannotLink.objects.all(), here, there).delete()[0])


def _mates(name: int) -> QuerySet[Alias, Any]:
    owner = Alias.objects.filter(pk=name).values("profile_id")
    return Alias.objects.filter(profile_id__in=owner).values("pk")


def _between(pairs: QuerySet[M], here: Any, there: Any) -> QuerySet[M]:
    return pairs.filter(Q(a__in=here, b__in=there) | Q(a__in=there, b__in=here))


def _open_reviews(here: Any, there: Any) -> QuerySet[MergeReview]:
    return _between(MergeReview.objects.filter(state=MergeReview.State.OPEN), here, there)


def cut(*, blocked: BlockedValue, at: datetime, by: int | None = None) -> int:
    """Undo every link of a blocked name; return how many there were."""
    held = IdentityLink.objects.filter(refused="", revoked_at=None)
    undone = 0
    for name in Alias.objects.filter(kind=blocked.kind, value=blocked.value):
        for link in [*held.filter(a=name).order_by("pk"), *held.filter(b=name).order_by("pk")]:
            revoke(link=link, by=by, at=at, reason=_("The name is blocked."))
            undone += 1
    BlockedValue.objects.filter(pk=blocked.pk).update(undone_at=at)
    return undone


def cut_blocked(*, at: datetime) -> int:
    """Undo the links of all names that were blocked since the last time; return how many."""
    return sum(cut(blocked=one, at=at) for one in BlockedValue.objects.filter(undone_at=None))


def _leaving(names: Sequence[Owned], link: IdentityLink) -> list[Owned]:
    """Return the names that nothing holds to the person's oldest when a link is gone."""
    ids = [one.id for one in names]
    left = (
        IdentityLink.objects
        .filter(a__in=ids, b__in=ids, refused="", revoked_at=None)
        .exclude(pk=link.pk)
        .values_list("a_id", "b_id")
    )
    return graph.leaving(link.a_id, names, list(left))


def _write_down(
    link: IdentityLink, owner: int, restored: int, leaving: Sequence[Owned], by: int | None,
    reason: str, at: datetime,
) -> None:  # fmt: skip
    before = Profile.objects.values_list("traits", flat=True).get(pk=owner)
    IdentityChange.objects.create(
        cause=IdentityChange.Cause.UNMERGE, kept_id=owner, other_id=restored, link=link, at=at,
        by_id=by, reason=reason, moved=[[one.id, owner, restored] for one in leaving],
        traits_before={str(owner): before},
    )  # fmt: skip


def _part(owner: int, restored: int, leaving: Sequence[Owned], at: datetime) -> None:
    overlay.move(moved=[(one.id, restored, owner) for one in leaving], at=at)
    names = rows.array(one.id for one in leaving)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE customers_profile SET state = 'ACTIVE' WHERE id = %s AND state = 'ABSORBED'",
            [restored],
        )
        # An address goes with the name under which it was told.
        cursor.execute(
            "UPDATE customers_contactpoint SET profile_id = %s WHERE alias_id = ANY(%s::bigint[])",
            [restored, names],
        )
    both = sorted((owner, restored))
    rollup.rebuild(profile_ids=both)
    trait.recompute(profile_ids=both)
    with rows.raw_cursor() as cursor:
        cursor.execute(_SEEN, {"both": rows.array(both), "own": append.own_source()})
    overlay.prune(alias_ids=[one.id for one in leaving])
    extend.customers_profiles_split(kept=owner, restored=restored, at=at)
    recorded = segment.all_of(profile_ids=both, cause=SegmentMember.Cause.UNMERGE, at=at)
    if recorded:
        extend.customers_events_recorded(events=recorded, at=at)


# Whether and since when somebody is known follows from their names, addresses and events, as it
# does in the fold.
_SEEN = """
WITH named AS (
  SELECT profile_id AS id, min(first_seen_at) AS born, bool_or(kind = 'user') AS has_user
  FROM customers_alias WHERE profile_id = ANY(%(both)s::bigint[]) GROUP BY 1
), stamps AS (
  SELECT id AS stamp, id AS person FROM named
  UNION SELECT unnest(stamps), profile_id FROM customers_aliasoverride
  WHERE profile_id = ANY(%(both)s::bigint[])
), did AS (
  SELECT s.person AS id, min(e.at) AS since,
    max(e.at) FILTER (WHERE e.context -> 'active' IS DISTINCT FROM 'false'::jsonb) AS latest
  FROM stamps s JOIN customers_event e ON e.profile_id = s.stamp AND e.source_id <> %(own)s
  LEFT JOIN customers_aliasoverride o ON o.alias_id = e.alias_id AND o.valid @> e.at
  WHERE COALESCE(o.profile_id, e.profile_id) = s.person GROUP BY 1
)
UPDATE customers_profile p SET created_at = LEAST(n.born, d.since),
  last_seen_at = GREATEST(n.born, d.latest), is_known = n.has_user OR EXISTS (
    SELECT 1 FROM customers_contactpoint c WHERE c.profile_id = p.id)
FROM named n LEFT JOIN did d USING (id) WHERE p.id = n.id
"""
