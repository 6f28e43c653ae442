"""Weigh evidence that two names are one person: accept it, or refuse it with a reason.

In this order: undone by staff, blocked values, limits, two known users, never the same person, how
much one person may be made of. What is refused is kept with its reason, and goes to review.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from customers import graph, identify
from customers.identify import Owned
from customers.models import STRENGTH, Alias, IdentityLink, LinkLimit, Refusal
from dxp.lib import rows

# More names than anybody has, and more people with a past of their own than anybody was.
MOST_NAMES = 1000
MOST_MERGES = 100
USER, ANONYMOUS = str(Alias.Kind.USER), str(Alias.Kind.ANONYMOUS)
PROVEN = IdentityLink.Strength.PROVEN
# Staff see to these; the others say all there is to say.
FOR_REVIEW = frozenset({
    Refusal.LIMIT, Refusal.TWO_USERS, Refusal.TOO_MANY_NAMES, Refusal.TOO_MANY_MERGES,
})  # fmt: skip

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something says that two names are one person."""

    a: Owned
    b: Owned
    kind: str
    at: datetime

    @property
    def pair(self) -> Pair:
        return min(self.a.id, self.b.id), max(self.a.id, self.b.id)

    @property
    def strength(self) -> int:
        return int(STRENGTH[IdentityLink.Kind(self.kind)])


@dataclass(frozen=True, slots=True)
class Known:
    """What was said of a pair before."""

    is_linked: bool
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limit:
    """How many, and within how long; None is ever."""

    most: int
    days: int | None

    def since(self, at: datetime) -> datetime | None:
        return None if self.days is None else at - timedelta(days=self.days)


@dataclass(slots=True)
class Scales:
    """The people that evidence is about, and what holds it back."""

    owner: dict[int, int]
    components: dict[int, list[Owned]]
    known: Mapping[Pair, Known] = field(default_factory=dict)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    never: Collection[Pair] = ()
    # By name: the other end, when, and whether it was accepted.
    links: dict[int, list[tuple[int, datetime, bool]]] = field(default_factory=dict)
    overdone: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, *, people: Iterable[int]) -> None:
        """Read what there is to know about these people: names, links, limits, what never is."""
        for one in identify.aliases_of(profile_ids=people):
            self.components.setdefault(one.owner, []).append(one)
            self.owner[one.id] = one.owner
        ids = rows.array(one.id for names in self.components.values() for one in names)
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT a_id, b_id, at, refused = '' FROM customers_identitylink "
                "WHERE (a_id = ANY(%(ids)s::bigint[]) OR b_id = ANY(%(ids)s::bigint[])) "
                "AND revoked_at IS NULL",
                {"ids": ids},
            )
            for a, b, at, accepted in cursor.fetchall():
                self._note(a, b, at, accepted)
            cursor.execute(
                "SELECT a_id, b_id FROM customers_cannotlink "
                "WHERE a_id = ANY(%(ids)s::bigint[]) OR b_id = ANY(%(ids)s::bigint[])",
                {"ids": ids},
            )
            self.never = set(cursor.fetchall())
            cursor.execute("SELECT about, most, days FROM customers_linklimit")
            self.limits = {about: Limit(most, days) for about, most, days in cursor.fetchall()}

    def weigh(self, evidence: Evidence) -> str:
        """Return why the names must stay two, or nothing; where they become one, note it."""
        refused = self._why_not(evidence)
        if refused == "":
            self._join(evidence)
        self._note(evidence.a.id, evidence.b.id, evidence.at, refused == "")
        return str(refused)

    def _why_not(self, one: Evidence) -> str:
        known = self.known.get(one.pair)
        is_staff = one.kind == IdentityLink.Kind.MANUAL
        if not is_staff and known and known.undone_at and one.at <= known.undone_at:
            return Refusal.UNDONE
        if self._is_blocked(one.a, one.b, one.at) or self._is_blocked(one.b, one.a, one.at):
            return Refusal.BLOCKED
        ours, theirs = self.owner[one.a.id], self.owner[one.b.id]
        if ours == theirs:
            return Refusal.NEVER if one.pair in self.never else ""
        mine, other = self.components[ours], self.components[theirs]
        if one.strength < PROVEN and self._is_beyond(mine, other, one.at):
            return Refusal.LIMIT
        if not is_staff and _has_user(mine) and _has_user(other):
            return Refusal.TWO_USERS
        if self._are_never_one(mine, other):
            return Refusal.NEVER
        if len(mine) + len(other) > MOST_NAMES:
            return Refusal.TOO_MANY_NAMES
        if self._merges(mine) + self._merges(other) >= MOST_MERGES:
            return Refusal.TOO_MANY_MERGES
        return ""

    def _is_blocked(self, name: Owned, partner: Owned, at: datetime) -> bool:
        place = name.kind, name.value
        limit = self.limits.get(LinkLimit.About.PARTNERS)
        if place not in self.blocked and limit:
            since = limit.since(at)
            seen = {
                other
                for other, then, _ in self.links.get(name.id, ())
                if since is None or since < then <= at
            } | {partner.id}
            if len(seen) > limit.most:
                self.overdone[place] = len(seen)
                self.blocked.add(place)
        return place in self.blocked

    def _is_beyond(self, mine: Sequence[Owned], other: Sequence[Owned], at: datetime) -> bool:
        limit = self.limits.get(LinkLimit.About.BROWSERS)
        if limit is None:
            return False
        since = limit.since(at)
        counts = [self._joined(side, since, at) for side in (mine, other)]
        return min(counts) > 0 and sum(counts) > limit.most

    def _joined(self, side: Sequence[Owned], since: datetime | None, at: datetime) -> int:
        if not _has_user(side):
            # Browsers that are about to join.
            return sum(one.kind == ANONYMOUS for one in side)
        return sum(
            one.kind == ANONYMOUS
            and any(
                accepted and (since is None or since < then <= at)
                for _, then, accepted in self.links.get(one.id, ())
            )
            for one in side
        )

    def _are_never_one(self, mine: Sequence[Owned], other: Sequence[Owned]) -> bool:
        if not self.never:
            return False
        here, there = {one.id for one in mine}, {one.id for one in other}
        return any((a in here and b in there) or (a in there and b in here) for a, b in self.never)

    def _merges(self, side: Sequence[Owned]) -> int:
        """Return how many people with a past of their own were joined to this one."""
        born = {one.id: one.first_seen_at for one in side}
        return sum(
            accepted and a < b and born[a] < at and born.get(b, at) < at
            for a in born
            for b, at, accepted in self.links.get(a, ())
        )

    def _join(self, one: Evidence) -> None:
        ours, theirs = self.owner[one.a.id], self.owner[one.b.id]
        if ours == theirs:
            return
        members = self.components.pop(ours) + self.components.pop(theirs)
        kept = graph.heir(members)
        self.components[kept] = members
        for name in members:
            self.owner[name.id] = kept

    def _note(self, a: int, b: int, at: datetime, accepted: bool) -> None:
        self.links.setdefault(a, []).append((b, at, accepted))
        self.links.setdefault(b, []).append((a, at, accepted))


def _has_user(side: Iterable[Owned]) -> bool:
    return any(one.kind == USER for one in side)


def known(*, pairs: Collection[Pair]) -> dict[Pair, Known]:
    """Return what was said of these pairs before: are they linked, was it undone and when."""
    wanted = sorted(set(pairs))
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT l.a_id, l.b_id, bool_or(l.revoked_at IS NULL), max(l.revoked_at) "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS t(a, b) "
            "JOIN customers_identitylink l ON l.a_id = t.a AND l.b_id = t.b "
            "WHERE l.refused = '' GROUP BY 1, 2",
            [rows.array(a for a, _ in wanted), rows.array(b for _, b in wanted)],
        )
        return {(a, b): Known(is_linked, at) for a, b, is_linked, at in cursor.fetchall()}


def write(
    *,
    weighed: Sequence[tuple[Evidence, str]],
    at: datetime,
    by: int | None = None,
    reason: str = "",
) -> dict[Pair, int]:
    """Keep evidence with why it was refused, or nothing; return the accepted links by pair.

    A pair that was refused before keeps its first reason. What staff have to decide goes to review.
    """
    first: dict[tuple[Pair, bool], tuple[Evidence, str]] = {}
    for evidence, refused in weighed:
        first.setdefault((evidence.pair, refused == ""), (evidence, refused))
    kept = [first[key] for key in sorted(first)]
    if not kept:
        return {}
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_identitylink "
            "(a_id, b_id, kind, strength, at, refused, by_id, reason) "
            "SELECT t.*, %s, %s FROM unnest(%s::bigint[], %s::bigint[], %s::text[], "
            "%s::smallint[], %s::timestamptz[], %s::text[]) AS t "
            "ON CONFLICT DO NOTHING RETURNING id, a_id, b_id, refused",
            [
                by, reason,
                *(rows.array(one.pair[place] for one, _ in kept) for place in range(2)),
                rows.array(one.kind for one, _ in kept),
                rows.array(one.strength for one, _ in kept),
                rows.array(one.at for one, _ in kept),
                rows.array(refused for _, refused in kept),
            ],
        )  # fmt: skip
        made = {(a, b): number for number, a, b, refused in cursor.fetchall() if not refused}
    _ask_staff([(one, refused) for one, refused in kept if refused in FOR_REVIEW], at)
    return made


def _ask_staff(refused: Sequence[tuple[Evidence, str]], at: datetime) -> None:
    if not refused:
        return
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_mergereview (a_id, b_id, reason, evidence, state, at) "
            "SELECT t.a, t.b, t.reason, t.evidence, 'OPEN', %s FROM unnest(%s::bigint[], "
            "%s::bigint[], %s::text[], %s::jsonb[]) AS t(a, b, reason, evidence) "
            "ON CONFLICT DO NOTHING",
            [
                at,
                *(rows.array(one.pair[place] for one, _ in refused) for place in range(2)),
                rows.array(str(why) for _, why in refused),
                rows.array(
                    orjson.dumps({"kind": one.kind, "at": one.at}).decode() for one, _ in refused
                ),
            ],
        )
