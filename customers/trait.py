"""What we know about somebody: who told it when, and which of several values counts."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
from django.db import transaction

from customers import address, append, define, extend, segment, survive
from customers.clean import Fact
from customers.define import UNDEFINED, Meaning
from customers.models import SegmentMember
from customers.survive import NOTHING, Said
from dxp.lib import rows

COLUMNS = ("alias_id", "key", "value", "is_fit", "source", "observed_at")
# Larger than the id of any row, so that what is told now comes after what was told before.
NOT_WRITTEN_YET = 2**62
EARLIER = "earlier"
# Traits that are addresses: their names are those of the channels.
ADDRESSES = (address.EMAIL, address.PHONE)

_turn = itemgetter(slice(2))
Point = tuple[str, str, str, int, datetime, int]


class NoSuchTrait(ValueError):
    """This trait can't be told by hand, or not with this value; the message says why."""


@dataclass(slots=True)
class Person:
    """A profile as it will be after this batch."""

    id: int
    traits: dict[str, Any]
    is_known: bool
    created_at: datetime
    last_seen_at: datetime
    is_fresh: bool = False
    is_changed: bool = False
    has_new_traits: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """A value as somebody told it. `source` is `source:<id>`, `staff:<id>` or `earlier`."""

    alias_id: int
    key: str
    value: Any
    source: str
    at: datetime
    is_fit: bool = True


@dataclass(frozen=True, slots=True)
class Telling:
    """What one identify call told about a person."""

    person: Person
    alias_id: int
    traits: dict[str, Any]
    at: datetime
    source: str
    received_at: datetime


@dataclass(slots=True)
class _Heard:
    """All that was ever told of one trait of one person."""

    meaning: Meaning
    # (name, value, when, order, source), and what each name told in the order of time: misfits
    # included, so that the same is not written twice.
    told: list[tuple[int, Any, datetime, int, str]] = field(default_factory=list)
    by_alias: dict[int, list[tuple[datetime, int, Any]]] = field(default_factory=dict)

    def hear(self, *, alias: int, value: Any, at: datetime, order: int, source: str) -> None:
        """Take in one value."""
        self.told.append((alias, value, at, order, source))
        insort(self.by_alias.setdefault(alias, []), (at, order, value), key=_turn)

    def is_news(self, *, alias: int, value: Any, at: datetime) -> bool:
        """Return whether a name tells something else than it told up to that moment."""
        if value is None and not self.by_alias:
            # Nobody told anything that could be taken back.
            return False
        mine = self.by_alias.get(alias, [])
        place = bisect_right(mine, (at, NOT_WRITTEN_YET * 2), key=_turn)
        return place == 0 or not survive.same(mine[place - 1][2], value)

    def fits(self, value: Any) -> bool:
        """Return whether a value is of the trait's type."""
        try:
            self.meaning.fitted(value)
        except survive.Misfit:
            return False
        return True

    def value(self) -> Any:
        """Return the value that counts."""
        said = []
        for alias, value, at, order, source in self.told:
            with suppress(survive.Misfit):
                rank = self.meaning.rank(source)
                said.append(Said(alias, self.meaning.fitted(value), at, order, rank))
        return survive.survivor(self.meaning.how, said)


def see(*, person: Person, fact: Fact) -> None:
    """Take note that somebody did something then, and whether we know them by name."""
    if fact.is_active and fact.at > person.last_seen_at:
        person.last_seen_at = fact.at
        person.is_changed = True
    if fact.at < person.created_at:
        person.created_at = fact.at
        person.is_changed = True
    if fact.user_id is not None and not person.is_known:
        person.is_known = person.is_changed = True


def take(*, told: Sequence[Telling]) -> list[Point]:
    """Take over what a batch's identify calls tell; return the addresses among it.

    Null takes back what that name told; what is not mentioned stays. Three statements for a batch,
    none where nothing is told: what the keys mean, what was told before, one COPY of what is new.
    An address: (channel, normal form, as it was given, profile, at, alias).
    """
    told = [one for one in told if one.traits]
    if not told:
        return []
    values: dict[str, list[Any]] = {}
    for one in told:
        for key, value in one.traits.items():
            values.setdefault(key, []).append(value)
    meanings = define.learn(told=values, at=max(one.received_at for one in told))
    older = {one.person.id for one in told if not one.person.is_fresh}
    heard = _read(older, meanings, keys=values) if older else {}
    new: list[Observation] = []
    points: list[Point] = []
    touched: dict[tuple[int, str], Person] = {}
    for one in told:
        for key, value in one.traits.items():
            place = (one.person.id, key)
            known = heard.get(place)
            if known is None:
                known = heard[place] = _Heard(meanings.get(key, UNDEFINED))
            if not known.is_news(alias=one.alias_id, value=value, at=one.at):
                continue
            is_fit = known.fits(value)
            known.hear(
                alias=one.alias_id, value=value, at=one.at,
                order=NOT_WRITTEN_YET + len(new), source=one.source,
            )  # fmt: skip
            new.append(Observation(one.alias_id, key, value, one.source, one.at, is_fit))
            if is_fit:
                touched[place] = one.person
                points += _address(key, value, one)
    observe(observations=new)
    for (_, key), person in touched.items():
        _settle(person, key, heard[person.id, key].value())
    return points


def observe(*, observations: Sequence[Observation]) -> None:
    """Write down what was told; the caller computes the person's traits."""
    if observations:
        rows.copy_rows(
            "customers_traitobservation",
            COLUMNS,
            (
                (one.alias_id, one.key, _json(one.value), one.is_fit, one.source, one.at)
                for one in observations
            ),
        )


def recompute(*, profile_ids: Sequence[int]) -> set[int]:
    """Compute traits anew from what the names that people have now ever told, and from counting.

    The caller holds the profiles. Returns those whose traits changed; their segments are the
    caller's to judge.
    """
    told = _read(set(profile_ids), None)
    found: dict[int, dict[str, Any]] = {one: {} for one in profile_ids}
    for (profile, key), heard in told.items():
        value = heard.value()
        if value is not NOTHING:
            found[profile][key] = value
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT v.profile_id, d.key, v.value::text FROM customers_computedvalue v "
            "JOIN customers_computedtrait c ON c.id = v.computed_id "
            "JOIN customers_traitdef d ON d.id = c.trait_id "
            "WHERE v.profile_id = ANY(%s::bigint[]) AND v.value IS NOT NULL",
            [rows.array(profile_ids)],
        )
        for profile, key, text in cursor.fetchall():
            found[profile][key] = orjson.loads(text)
        cursor.execute(
            "UPDATE customers_profile p SET traits = t.traits "
            "FROM unnest(%s::bigint[], %s::jsonb[]) AS t(id, traits) "
            "WHERE p.id = t.id AND p.traits <> t.traits RETURNING p.id",
            [
                rows.array(found),
                rows.array(orjson.dumps(traits).decode() for traits in found.values()),
            ],
        )
        return {one for (one,) in cursor.fetchall()}


def tell(*, profile_id: int, key: str, value: Any, by: int, at: datetime) -> None:
    """Let staff tell a trait: an observation like any other, with their name on it.

    Null takes back what staff told before.

    Raises:
        NoSuchTrait: the trait is counted, unknown, or of another type; or the person has no name.
    """
    with transaction.atomic():
        owner = append.hold(profile_ids=[profile_id]).get(profile_id, profile_id)
        alias = append.oldest_aliases(profile_ids=[owner]).get(owner)
        meaning = define.meanings(keys=[key]).get(key)
        if alias is None or meaning is None or meaning.is_computed:
            raise NoSuchTrait("This trait can't be set by hand.")
        try:
            meaning.fitted(value)
        except survive.Misfit as error:
            raise NoSuchTrait("The value is not of the trait's type.") from error
        observe(observations=[Observation(alias, key, value, f"staff:{by}", at)])
        changed = recompute(profile_ids=[owner])
        recorded = segment.touched(
            profile_ids=sorted(changed), names=set(), traits=True,
            cause=SegmentMember.Cause.TRAIT, at=at,
        )  # fmt: skip
        if recorded:
            extend.customers_events_recorded(events=recorded, at=at)


def _read(
    profile_ids: set[int], meanings: Mapping[str, Meaning] | None, keys: Iterable[str] | None = None
) -> dict[tuple[int, str], _Heard]:
    """Return what was told about these people, of these keys or of all."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT a.profile_id, o.key, o.alias_id, o.value::text, o.observed_at, o.id, o.source "
            "FROM customers_alias a JOIN customers_traitobservation o ON o.alias_id = a.id "
            "WHERE a.profile_id = ANY(%s::bigint[]) AND (%s OR o.key = ANY(%s::text[]))",
            [rows.array(sorted(profile_ids)), keys is None, rows.array(keys or ())],
        )
        found = cursor.fetchall()
    if meanings is None:
        meanings = define.meanings(keys={row[1] for row in found}) if found else {}
    heard: dict[tuple[int, str], _Heard] = {}
    for profile, key, alias, text, at, order, source in found:
        one = heard.get((profile, key))
        if one is None:
            one = heard[profile, key] = _Heard(meanings.get(key, UNDEFINED))
        value = None if text is None else orjson.loads(text)
        one.hear(alias=alias, value=value, at=at, order=order, source=source)
    return heard


def _settle(person: Person, key: str, value: Any) -> None:
    before = person.traits.get(key, NOTHING)
    if value is NOTHING:
        if before is NOTHING:
            return
        del person.traits[key]
    elif before is not NOTHING and survive.same(before, value):
        return
    else:
        person.traits[key] = value
    person.is_changed = person.has_new_traits = True


def _address(key: str, value: Any, told: Telling) -> list[Point]:
    """Return the address that a trait tells, if it is one."""
    if key not in ADDRESSES or not isinstance(value, str):
        return []
    country = address.country_of({**told.person.traits, **told.traits})
    try:
        normal = address.normal(channel=key, address=value, country=country)
    except address.BadAddress:
        return []
    if not told.person.is_known:
        told.person.is_known = told.person.is_changed = True
    return [(key, normal, value.strip()[:320], told.person.id, told.received_at, told.alias_id)]


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
