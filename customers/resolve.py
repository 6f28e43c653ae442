"""Who are the people of a batch: names, evidence, merges, and what the batch tells about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import orjson

from customers import append, block, identify, link, merge, overlay, rollup, segment, trait
from customers.append import Recorded
from customers.clean import Fact
from customers.identify import Owned
from customers.link import ANONYMOUS, USER, Evidence, Scales
from customers.merge import Merged
from customers.models import IdentityLink, Refusal, SegmentMember
from customers.share import Hands
from customers.trait import Person, Telling
from dxp.lib import rows

IDENTIFY, ALIAS = str(IdentityLink.Kind.IDENTIFY), str(IdentityLink.Kind.ALIAS)
T = TypeVar("T")


@dataclass(slots=True)
class People:
    """The people of one batch; the fold holds their locks."""

    events: Sequence[tuple[Fact, datetime]]
    names: dict[tuple[str, str], Owned] = field(default_factory=dict)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    # Places of events that are nobody's: all their names are blocked.
    nobody: set[int] = field(default_factory=set)
    owner: dict[int, int] = field(default_factory=dict)
    components: dict[int, list[Owned]] = field(default_factory=dict)
    known: dict[int, Person] = field(default_factory=dict)
    absorbed: list[Merged] = field(default_factory=list)
    weighed: list[tuple[Evidence, str]] = field(default_factory=list)
    overdone: dict[tuple[str, str], int] = field(default_factory=dict)
    stillborn: list[tuple[int, str, datetime]] = field(default_factory=list)
    hands: Hands = field(init=False)

    def __post_init__(self) -> None:
        self.hands = Hands(self.owner)

    @classmethod
    def of(cls, *, events: Sequence[tuple[Fact, datetime]]) -> People:
        """Find or make the batch's aliases, weigh its evidence, and write who owns whom."""
        people = cls(events)
        people._find_names()
        people._load()
        people._weigh()
        people._sign_in()
        people._write_owners()
        return people

    def left(self, some: Sequence[T]) -> Sequence[T]:
        """Return those of the batch's events, or of what stands for them, that are somebody's."""
        if not self.nobody:
            return some
        return [one for place, one in enumerate(some) if place not in self.nobody]

    def owner_of(self, fact: Fact) -> int:
        """Return whose an event is: its alias's owner, at the event's own time."""
        return self.hands.owner_at(self.alias_of(fact).id, fact.at)

    def alias_of(self, fact: Fact) -> Owned:
        """Return the alias an event hangs on: the user's, else the browser's.

        Raises:
            LookupError: it has neither, which collection does not let through.
        """
        for name in ((USER, fact.user_id), (ANONYMOUS, fact.anonymous_id)):
            if name in self.names:
                return self.names[name]  # type: ignore[index]
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
        moved = {one.absorbed: self._heir(one.absorbed) for one in self.absorbed}
        heirs = set(moved.values())
        self._be_born(heirs)
        if moved:
            merge.absorb(pairs=moved, at=at)
            trait.recompute(profile_ids=sorted(heirs))
            self._read_people(heirs)
        stolen = self.hands.stolen()
        if stolen:
            stolen |= {self.owner[one] for one in self.hands.holders | self.hands.changed}
            self._be_born(stolen)
            rollup.rebuild(profile_ids=sorted(stolen))
        recorded = segment.all_of(profile_ids=sorted(heirs), cause=SegmentMember.Cause.MERGE, at=at)
        return recorded + segment.all_of(
            profile_ids=sorted(stolen - heirs), cause=SegmentMember.Cause.EVENT, at=at
        )

    def learn(self, *, sources: Sequence[int]) -> None:
        """Take over what the events tell about the people, and write it.

        Args:
            sources: who sent each of the events.
        """
        told = []
        for (fact, received_at), source in zip(self.events, sources, strict=True):
            alias = self.hands.name_at(self.alias_of(fact).id, fact.at)
            person = self.known[self.owner[alias]]
            trait.see(person=person, fact=fact)
            if fact.type == "identify":
                name = f"source:{source}"
                told.append(Telling(person, alias, fact.properties, fact.at, name, received_at))
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
        asked = [(kind, one) for one, _ in earlier for kind in (USER, ANONYMOUS)]
        self.names, self.blocked = identify.look(wanted=[*wanted, *asked])
        for previous, received_at in earlier:
            # An id that was never a user's is a browser's.
            if (USER, previous) not in self.names and (USER, previous) not in wanted:
                wanted.setdefault((ANONYMOUS, previous), received_at)
        if self.blocked:
            self._drop_nobody()
        self._bear({
            name: at
            for name, at in wanted.items()
            if name not in self.names and name not in self.blocked
        })

    def _drop_nobody(self) -> None:
        for place, (fact, _) in enumerate(self.events):
            names = ((USER, fact.user_id), (ANONYMOUS, fact.anonymous_id))
            if all(one[1] is None or one in self.blocked for one in names):
                self.nobody.add(place)
        self.events = self.left(self.events)

    def _bear(self, missing: dict[tuple[str, str], datetime]) -> None:
        born = identify.bear(wanted=[(*name, at) for name, at in missing.items()])
        self.names.update({(one.kind, one.value): one for one in born})
        lost = [name for name in missing if name not in self.names]
        if lost:
            # Somebody else was faster, or it was known as an earlier id.
            self.names.update(identify.aliases(wanted=lost))

    def _load(self) -> None:
        older = {one.owner for one in self.names.values() if not one.fresh}
        older |= self.hands.read(alias_ids=[one.id for one in self.names.values() if one.shared])
        append.hold(profile_ids=older)
        self._read_people(older)
        for one in self.names.values():
            self.owner[one.id] = one.owner
            if one.fresh:
                at = one.first_seen_at
                self.components[one.home] = [one]
                self.known[one.home] = Person(one.home, {}, False, at, at, is_fresh=True)
        for hand in self.hands.all:
            self.owner.setdefault(hand.holder, hand.profile)

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

    def _evidence(self) -> Iterable[Evidence]:
        for fact, _ in self.events:
            if fact.type == "identify":
                a, kind = self.names.get((ANONYMOUS, fact.anonymous_id or "")), IDENTIFY
            elif fact.type == "alias":
                previous = fact.previous_id or ""
                a = self.names.get((USER, previous)) or self.names.get((ANONYMOUS, previous))
                kind = ALIAS
            else:
                continue
            b = self.names.get((USER, fact.user_id or ""))
            if a is not None and b is not None and a.id != b.id:
                yield Evidence(a, b, kind, fact.at)

    def _weigh(self) -> None:
        first: dict[tuple[int, int], Evidence] = {}
        for one in self._evidence():
            first.setdefault(one.pair, one)
        if not first:
            return
        known = link.known(pairs=first)
        news = [
            one for one in first.values() if not (one.pair in known and known[one.pair].is_linked)
        ]
        if not news:
            return
        scales = Scales(self.owner, self.components, known)
        scales.read(
            people={self.owner[one.id] for new in news for one in (new.a, new.b) if not one.fresh}
        )
        for new in news:
            before = {
                owner: self.components[owner]
                for owner in (self.owner[new.a.id], self.owner[new.b.id])
            }
            refused = scales.weigh(new)
            self.weighed.append((new, refused))
            if not refused and len(before) == 2:
                self._absorb(new, before)
        self.overdone = scales.overdone

    def _absorb(self, why: Evidence, before: Mapping[int, Sequence[Owned]]) -> None:
        kept = self.owner[why.a.id]
        (gone,) = set(before) - {kept}
        person = self.known.pop(gone)
        if person.is_fresh:
            # Born and absorbed in one breath: nothing was ever kept under it.
            self.stillborn.append((gone, "ABSORBED", person.created_at))
            return
        moved = [(one.id, gone, kept) for one in before[gone] if not one.fresh]
        traits = {kept: self.known[kept].traits, gone: person.traits}
        self.absorbed.append(Merged(kept, gone, why.pair, moved, traits))

    def _sign_in(self) -> None:
        """Put shared devices into the hands of who signed in on them, in the order of time."""
        refused = {one.a.id for one, why in self.weighed if why == Refusal.TWO_USERS}
        shared = refused | set(self.hands.by_alias)
        if not shared:
            return
        for one in sorted(self._evidence(), key=lambda one: one.at):
            if one.a.id in shared and one.a.kind == ANONYMOUS and one.kind == IDENTIFY:
                self.hands.take(alias=one.a.id, user=one.b.id, at=one.at)

    def _heir(self, absorbed: int) -> int:
        return next(
            owner
            for owner, members in self.components.items()
            if any(one.home == absorbed for one in members)
        )

    def _write_owners(self) -> None:
        at = max((at for _, at in self.events), default=None)
        if at is None:
            return
        made = link.write(weighed=self.weighed, at=at)
        block.quarantine(values=self.overdone, at=at)
        if self.stillborn:
            identify.make_profiles(people=self.stillborn)
        moved = [
            one
            for members in self.components.values()
            for one in members
            if self.owner[one.id] != one.owner
        ]
        self.hands.write()
        overlay.move(
            moved=[(one.id, self.owner[one.id], None if one.fresh else one.owner) for one in moved],
            shared={alias: self.owner[alias] for alias in self.hands.changed},
            at=at,
        )
        merge.journal(merged=self.absorbed, links=made, at=at)

    def _be_born(self, profile_ids: Iterable[int]) -> None:
        newborn = sorted(one for one in profile_ids if self.known[one].is_fresh)
        self._make(newborn)
        for one in newborn:
            self.known[one].is_fresh = False

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
