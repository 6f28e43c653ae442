"""Shared devices: who had it in hand, and when. No link is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from customers import overlay
from customers.overlay import Hand
from dxp.lib import rows


@dataclass(slots=True)
class Hands:
    """The shared names of a batch. `owner` is the fold's: the profile of each name by now."""

    owner: Mapping[int, int]
    by_alias: dict[int, list[Hand]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    # From when on events may bear the stamp of somebody else: (alias, profile) → the earliest.
    taken: dict[tuple[int, int], datetime] = field(default_factory=dict)

    def read(self, *, alias_ids: Sequence[int]) -> set[int]:
        """Read in whose hands these shared names were; return the profiles of these people."""
        if not alias_ids:
            return set()
        self.by_alias = overlay.hands_of(alias_ids=alias_ids)
        return {hand.profile for hand in self.all}

    @property
    def all(self) -> list[Hand]:
        """All hands, by name and time."""
        return [hand for hands in self.by_alias.values() for hand in hands]

    @property
    def holders(self) -> set[int]:
        """The names in whose hands those that changed are at times."""
        return {hand.holder for alias in self.changed for hand in self.by_alias[alias]}

    def owner_at(self, alias: int, at: datetime) -> int:
        """Return whose the events of a name are at a moment."""
        return self.owner[self.name_at(alias, at)]

    def name_at(self, alias: int, at: datetime) -> int:
        """Return the name under which a shared one acts at a moment: its holder's, or its own."""
        for hand in self.by_alias.get(alias, ()):
            if hand.covers(at):
                return hand.holder
        return alias

    def take(self, *, alias: int, user: int, at: datetime) -> None:
        """Note that a user signed in on a device that had been somebody else's."""
        hands = self.by_alias.setdefault(alias, [])
        before = self.owner_at(alias, at)
        if before == self.owner[user]:
            return
        now = next((hand for hand in hands if hand.covers(at)), None)
        kept = [hand for hand in hands if hand is not now]
        if now is not None and now.since != at:
            kept.append(replace(now, until=at))
        if self.owner[user] != self.owner[alias]:
            later = [hand.since for hand in hands if hand.since is not None and hand.since > at]
            until = now.until if now is not None else min(later, default=None)
            kept.append(Hand(alias, user, self.owner[user], at, until))
        self.by_alias[alias] = sorted(kept, key=_since)
        self.changed.add(alias)
        self.taken[alias, before] = min(at, self.taken.get((alias, before), at))

    def write(self) -> None:
        """Write the hands that changed."""
        if not self.changed:
            return
        ids = rows.array(sorted(self.changed))
        new = [hand for alias in sorted(self.changed) for hand in self.by_alias[alias]]
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "DELETE FROM customers_aliasownership WHERE alias_id = ANY(%s::bigint[])", [ids]
            )
            cursor.execute(
                "INSERT INTO customers_aliasownership (alias_id, holder_id, valid) "
                "SELECT a, h, tstzrange(s, u) FROM unnest(%s::bigint[], %s::bigint[], "
                "%s::timestamptz[], %s::timestamptz[]) AS t(a, h, s, u)",
                [
                    rows.array(hand.alias for hand in new),
                    rows.array(hand.holder for hand in new),
                    rows.array(hand.since for hand in new),
                    rows.array(hand.until for hand in new),
                ],
            )
            cursor.execute(
                "UPDATE customers_alias SET is_shared = true WHERE id = ANY(%s::bigint[]) "
                "AND NOT is_shared",
                [ids],
            )

    def stolen(self) -> set[int]:
        """Return the profiles whose events of earlier batches belong to others now.

        Asked when the overlay is written.
        """
        if not self.taken:
            return set()
        keys = sorted(self.taken)
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT t.p FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) "
                "AS t(a, p, s) WHERE EXISTS (SELECT 1 FROM customers_aliasoverride o "
                "JOIN customers_event e ON e.profile_id = ANY(o.stamps) AND e.alias_id = t.a "
                "WHERE o.alias_id = t.a AND e.at >= t.s)",
                [
                    rows.array(alias for alias, _ in keys),
                    rows.array(profile for _, profile in keys),
                    rows.array(self.taken[key] for key in keys),
                ],
            )
            return {profile for (profile,) in cursor.fetchall()}


def _since(hand: Hand) -> float:
    return float("-inf") if hand.since is None else hand.since.timestamp()
