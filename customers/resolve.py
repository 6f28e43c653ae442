"""Who are the people of a batch: names, evidence, merges, and what the batch tells about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from customers import append, identify, merge, overlay, segment, trait
from customers.append import Recorded
from customers.clean import Fact
from customers.identify import Owned
from customers.models import Alias, IdentityLink, SegmentMember
from customers.trait import Person, Telling
from dxp.lib import rows

ANONYMOUS, USER = str(Alias.Kind.ANONYMOUS), str(Alias.Kind.USER)
TWO_USERS = "two known users"
TOO_MANY = "too many names for one person"
# More names than anybody has: a shared device or a test account.
MOST_ALIASES = 1000


@dataclass(slots=True)
class People:
    """The people of one batch; the fold holds their locks."""

    events: Sequence[tuple[Fact, datetime]]
    names: dict[tuple[str, str], Owned] = field(default_factory=dict)
    owner: dict[int, int] = field(default_factory=dict)
    components: dict[int, list[Owned]] = field(default_factory=dict)
    absorbed: list[int] = field(default_factory=list)
    known: dict[int, Person] = field(default_factory=dict)
    links: list[tuple[int, int, str, datetime, str]] = field(default_factory=list)
    stillborn: list[tuple[int, str, datetime]] = field(default_factory=list)

    @classmethod
    def of(cls, *, events: Sequence[tuple[Fact, datetime]]) -> People:
        """Find or make the batch's aliases, weigh its evidence, and write who owns whom."""
        people = cls(events)
        people._find_names()
        people._load()
        people._weigh()
        people._write_owners()
        return people

    def alias_of(self, fact: Fact) -> Owned:
        """Return the alias an event hangs on: the user's, else the browser's.

        Raises:
            LookupError: it has neither, which collection does not let through.
        """
        if fact.user_id is not None:
            return self.names[USER, fact.user_id]
        if fact.anonymous_id is not None:
            return self.names[ANONYMOUS, fact.anonymous_id]
        raise LookupError("An event without any id got through.")

    @property
    def fresh(self) -> list[int]:
        """The people who were born in this batch."""
        return sorted(one.id for one in self.known.values() if one.is_fresh)

    @property
    def changed(self) -> list[int]:
        """The older people whose traits changed."""
        return sorted(
            one.id for one in self.known.values() if one.has_new_traits and not one.is_fresh
        )

    def merged(self, *, at: datetime) -> list[Recorded]:
        """Move what belonged to absorbed profiles, and judge the segments of those that kept it.

        Before the batch's own events count, so that a change of segment says truly what caused it.
        """
        if not self.absorbed:
            return []
        kept = {number: self._heir(number) for number in self.absorbed}
        newborn = sorted({one for one in kept.values() if self.known[one].is_fresh})
        self._make(newborn)
        for number, heir in kept.items():
            merge.merge(kept=heir, absorbed=number, at=at)
        self._read_people(set(kept.values()))
        for heir in newborn:
            self.known[heir].is_fresh = False
        return segment.all_of(
            profile_ids=sorted(set(kept.values())), cause=SegmentMember.Cause.MERGE, at=at
        )

    def learn(self, *, sources: Sequence[int]) -> None:
        """Take over what the events tell about the people, and write it.

        Args:
            sources: who sent each of the events.
        """
        told = []
        for (fact, received_at), source in zip(self.events, sources, strict=True):
            alias = self.alias_of(fact)
            person = self.known[self.owner[alias.id]]
            trait.see(person=person, fact=fact)
            if fact.type == "identify":
                name = f"source:{source}"
                told.append(
                    Telling(person, alias.id, fact.properties, fact.at, name, received_at)
                )
        points = trait.take(told=told)
        self._make(self.fresh)
        self._update([one for one in self.known.values() if one.is_changed and not one.is_fresh])
        identify.write_contact_points(points=points)

    def _find_names(self) -> None:
        wanted: dict[tuple[str, str], datetime] = {}
        for fact, received_at in self.events:
            for name in ((USER, fact.user_id), (ANONYMOUS, fact.anonymous_id)):
                if name[1] is not None:
                    wanted.setdefault((name[0], name[1]), received_at)
        earlier = [
            (fact.previous_id, received_at)
            for fact, received_at in self.events
            if fact.previous_id is not None
        ]
        self.names = identify.aliases(
            wanted=[*wanted, *((USER, previous) for previous, _ in earlier)]
        )
        for previous, received_at in earlier:
            # An id that was never a user's is a browser's.
            if (USER, previous) not in self.names and (USER, previous) not in wanted:
                wanted.setdefault((ANONYMOUS, previous), received_at)
        self._bear({name: at for name, at in wanted.items() if name not in self.names})

    def _bear(self, missing: dict[tuple[str, str], datetime]) -> None:
        born = identify.bear(wanted=[(*name, at) for name, at in missing.items()])
        self.names.update({(one.kind, one.value): one for one in born})
        lost = [name for name in missing if name not in self.names]
        if lost:
            # Somebody else was faster, or it was known as an earlier id.
            self.names.update(identify.aliases(wanted=lost))

    def _load(self) -> None:
        older = {one.owner for one in self.names.values() if not one.fresh}
        append.hold(profile_ids=older)
        self._read_people(older)
        for one in self.names.values():
            self.owner[one.id] = one.owner
            if one.fresh:
                at = one.first_seen_at
                self.components[one.home] = [one]
                self.known[one.home] = Person(one.home, {}, False, at, at, is_fresh=True)

    def _read_people(self, profile_ids: Iterable[int]) -> None:
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT id, traits::text, is_known, created_at, last_seen_at "
                "FROM customers_profile WHERE id = ANY(%s::bigint[])",
                [rows.array(sorted(profile_ids))],
            )
            for number, traits, is_known, created_at, last_seen_at in cursor.fetchall():
                self.known[number] = Person(
                    number, orjson.loads(traits), is_known, created_at, last_seen_at
                )

    def _evidence(self) -> list[tuple[Owned, Owned, str, datetime]]:
        found: dict[tuple[int, int], tuple[Owned, Owned, str, datetime]] = {}
        for fact, received_at in self.events:
            if fact.type == "identify" and fact.user_id and fact.anonymous_id:
                a, kind = self.names[ANONYMOUS, fact.anonymous_id], IdentityLink.Kind.IDENTIFY
            elif fact.type == "alias" and fact.user_id and fact.previous_id:
                known_user = self.names.get((USER, fact.previous_id))
                a = known_user or self.names[ANONYMOUS, fact.previous_id]
                kind = IdentityLink.Kind.ALIAS
            else:
                continue
            b = self.names[USER, fact.user_id]
            if a.id != b.id:
                found.setdefault((a.id, b.id), (a, b, str(kind), received_at))
        return list(found.values())

    def _weigh(self) -> None:
        evidence = self._evidence()
        older = {self.owner[one.id] for pair in evidence for one in pair[:2] if not one.fresh}
        for one in identify.aliases_of(profile_ids=older) if older else []:
            self.components.setdefault(one.owner, []).append(one)
            self.owner[one.id] = one.owner
        for a, b, kind, at in evidence:
            refused = self._join(a, b)
            self.links.append((a.id, b.id, kind, at, refused))

    def _join(self, a: Owned, b: Owned) -> str:
        """Make two components one; return why not, where they must stay two."""
        ours, theirs = self.owner[a.id], self.owner[b.id]
        if ours == theirs:
            return ""
        mine, other = self.components[ours], self.components[theirs]
        if all(any(one.kind == USER for one in side) for side in (mine, other)):
            return TWO_USERS
        if len(mine) + len(other) > MOST_ALIASES:
            return TOO_MANY
        members = mine + other
        kept = min(members, key=lambda one: one.age).home
        gone = theirs if kept == ours else ours
        self.components[kept] = members
        del self.components[gone]
        for one in members:
            self.owner[one.id] = kept
        if self.known[gone].is_fresh:
            # Born and absorbed in one breath: nothing was ever kept under it.
            self.stillborn.append((gone, "ABSORBED", self.known[gone].created_at))
        else:
            self.absorbed.append(gone)
        del self.known[gone]
        return ""

    def _heir(self, absorbed: int) -> int:
        return next(
            owner
            for owner, members in self.components.items()
            if any(one.home == absorbed for one in members)
        )

    def _write_owners(self) -> None:
        identify.write_links(links=self.links)
        if self.stillborn:
            identify.make_profiles(people=self.stillborn)
        moved = [
            one
            for members in self.components.values()
            for one in members
            if self.owner[one.id] != one.owner
        ]
        overlay.move(
            moved=[
                (one.id, self.owner[one.id], None if one.fresh else one.owner) for one in moved
            ],
            at=max((at for _, at in self.events)),
        )

    def _make(self, profile_ids: Sequence[int]) -> None:
        if profile_ids:
            identify.make_profiles(
                people=[(one, "ACTIVE", self.known[one].created_at) for one in profile_ids],
                told={one: self.known[one] for one in profile_ids},
            )

    def _update(self, some: Sequence[Person]) -> None:
        if not some:
            return
        some = sorted(some, key=lambda one: one.id)
        with rows.raw_cursor() as cursor:
            cursor.execute(
                "UPDATE customers_profile p SET traits = COALESCE(t.traits::jsonb, p.traits), "
                "is_known = t.is_known, created_at = t.created_at, last_seen_at = t.last_seen_at "
                "FROM unnest(%s::bigint[], %s::text[], %s::bool[], %s::timestamptz[], "
                "%s::timestamptz[]) AS t(id, traits, is_known, created_at, last_seen_at) "
                "WHERE p.id = t.id",
                [
                    rows.array(one.id for one in some),
                    rows.array(_told(one.traits) if one.has_new_traits else None for one in some),
                    rows.array(one.is_known for one in some),
                    rows.array(one.created_at for one in some),
                    rows.array(one.last_seen_at for one in some),
                ],
            )


def _told(traits: dict[str, Any]) -> str:
    return orjson.dumps(traits).decode()
