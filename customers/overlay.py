"""Whose an alias's events are, where their stamps say otherwise: by alias and the event's time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dxp.lib import rows


@dataclass(frozen=True, slots=True)
class Hand:
    """A time at which a shared alias was in the hands of `holder`, an alias of `profile`."""

    alias: int
    holder: int
    profile: int
    since: datetime | None
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        """Return whether a moment lies in it."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def move(
    *,
    moved: Sequence[tuple[int, int, int | None]],
    shared: Mapping[int, int] | None = None,
    at: datetime,
) -> None:
    """Give aliases another profile, and have readers see their events there.

    Args:
        moved: (alias, profile, the one that its events may bear, or None where it has none).
        shared: aliases whose hands changed, with the profile that their events may bear.
        at: when.
    """
    ordered = sorted(moved, key=lambda one: one[0])
    if ordered:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "UPDATE customers_alias a SET profile_id = t.owner "
                "FROM unnest(%s::bigint[], %s::bigint[]) AS t(id, owner) WHERE a.id = t.id",
                [rows.array(one[0] for one in ordered), rows.array(one[1] for one in ordered)],
            )
    left = {one[0]: one[2] for one in ordered if one[2] is not None}
    refresh(left={**(shared or {}), **left}, at=at)


def refresh(*, left: Mapping[int, int], at: datetime) -> None:
    """Write anew what overlays the events of aliases, and of those that they hold at times.

    Args:
        left: the profile that each alias's events may bear besides its owner.
        at: when.
    """
    if not left:
        return
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT id, profile_id, is_shared FROM customers_alias "
            "WHERE id = ANY(%(ids)s::bigint[]) OR id IN ("
            "SELECT alias_id FROM customers_aliasownership "
            "WHERE holder_id = ANY(%(ids)s::bigint[])) ORDER BY id",
            {"ids": rows.array(sorted(left))},
        )
        found = cursor.fetchall()
        concerned = rows.array(number for number, _, _ in found)
        cursor.execute(
            "DELETE FROM customers_aliasoverride WHERE alias_id = ANY(%s::bigint[]) "
            "RETURNING alias_id, profile_id, stamps",
            [concerned],
        )
        stamped: dict[int, set[int]] = {number: set() for number, _, _ in found}
        for number, profile, stamps in cursor.fetchall():
            stamped[number] |= {profile, *stamps}
        for number, profile in left.items():
            stamped[number].add(profile)
        shared = [number for number, _, is_shared in found if is_shared]
        hands = hands_of(alias_ids=shared) if shared else {}
        new = []
        for number, owner, is_shared in found:
            stamps = stamped[number]
            if is_shared:
                pieces = _partition(owner, hands.get(number, []))
                stamps |= {owner, *(profile for _, _, profile in pieces)}
                new += [(number, *piece, stamps) for piece in pieces]
            elif stamps - {owner}:
                new.append((number, None, None, owner, stamps | {owner}))
        cursor.execute(
            "INSERT INTO customers_aliasoverride (alias_id, valid, profile_id, stamps, changed_at) "
            "SELECT a, tstzrange(s, u, CASE WHEN s IS NULL THEN '()' ELSE '[)' END), p, "
            "st::bigint[], %s FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], "
            "%s::bigint[], %s::text[]) AS t(a, s, u, p, st)",
            [
                at,
                *(rows.array(row[place] for row in new) for place in range(4)),
                rows.array(rows.array(sorted(row[4])) for row in new),
            ],
        )


def prune(*, alias_ids: Iterable[int]) -> None:
    """Drop what says nothing: rows of aliases none of whose events bears another stamp."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_aliasoverride o WHERE alias_id = ANY(%s::bigint[]) "
            "AND lower_inf(valid) AND upper_inf(valid) AND NOT EXISTS ("
            "SELECT 1 FROM customers_event e WHERE e.profile_id = ANY(o.stamps) "
            "AND e.profile_id <> o.profile_id AND e.alias_id = o.alias_id)",
            [rows.array(sorted(alias_ids))],
        )


def hands_of(*, alias_ids: Iterable[int]) -> dict[int, list[Hand]]:
    """Return the times at which shared aliases were in other hands, the earliest first."""
    found: dict[int, list[Hand]] = {}
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT o.alias_id, o.holder_id, h.profile_id, lower(o.valid), upper(o.valid) "
            "FROM customers_aliasownership o JOIN customers_alias h ON h.id = o.holder_id "
            "WHERE o.alias_id = ANY(%s::bigint[]) ORDER BY o.alias_id, o.valid",
            [rows.array(sorted(alias_ids))],
        )
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(Hand(*row))
    return found


def _partition(
    owner: int, hands: Sequence[Hand]
) -> list[tuple[datetime | None, datetime | None, int]]:
    """Return (since, until, profile) for all of time."""
    pieces: list[tuple[datetime | None, datetime | None, int]] = []
    since: datetime | None = None
    for place, hand in enumerate(hands):
        if hand.since is not None and (place == 0 or since != hand.since):
            pieces.append((since, hand.since, owner))
        pieces.append((hand.since, hand.until, hand.profile))
        if hand.until is None:
            return pieces
        since = hand.until
    return [*pieces, (since, None, owner)]
